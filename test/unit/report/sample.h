/* What the tests of report/ share: one domain with what is known of it, made in memory, at NOW. */
#ifndef JA_TEST_REPORT_SAMPLE_H
#define JA_TEST_REPORT_SAMPLE_H

#include "../pki/fixture.h"
#include "report/derive.h"

#define SAMPLE_NAME "www.example.jp"

/* www.example.jp and mail.example.jp, p256, RenewBefore 30d, Renew always, at a CA. */
ja_plan_domain_t *sample_domain(void);

/* A plan of domains of one CA, up to the NULL. */
ja_plan_t *sample_plan(ja_plan_domain_t *first, ...);

/* A set for the sample's names, valid from `from_s` until `to_s`, both relative to NOW. */
ja_set_t *sample_set(long from_s, long to_s);

/* An empty job; one that failed `ago_s` before NOW and is to be tried again `in_s` after it:
 * the text is said of a value, and of two names, one without name. */
ja_job_t *sample_job(void);
ja_job_t *sample_failed(const char *text, long ago_s, long in_s);

/* A registered account. */
ja_account_file_t *sample_account(void);

/* sample_domain() with a set that is good, which nothing is to be done for; and without any. */
ja_derive_t sample_good(void);
ja_derive_t sample_bare(void);

/* A restart that is refused since `ago_s` before NOW, to be tried again `in_s` after it. */
ja_restart_status_t *sample_refused(const char *reason, long ago_s, long in_s);

/* A report, made at NOW, of what is derived from each, up to the NULL; with one account. */
ja_report_t *sample_report(const ja_derive_t *first, ...);

#endif

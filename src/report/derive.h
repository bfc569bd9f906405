/* report/derive: which state a domain is in, and what comes next: it follows from configuration,
 * sets, job, account and clock, and from no flag anywhere. Pure functions; nothing is read here.
 */
#ifndef JA_REPORT_DERIVE_H
#define JA_REPORT_DERIVE_H

#include "issue/accounts.h"
#include "report/report.h"

/* What is known of one domain. */
typedef struct {
    const ja_plan_domain_t *plan;
    const ja_set_t *live;             /* or NULL                                                 */
    const ja_set_t *staged;           /* or NULL                                                 */
    const ja_job_t *job;              /* never NULL                                              */
    const ja_account_file_t *account; /* of the domain's CA; NULL: there is none yet             */
    apr_time_t now;
    ja_gate_t gate;         /* of the staged set                                       */
    int is_revoked;         /* the live set is, by the OCSP responses that are kept    */
    apr_time_t restored_at; /* when an earlier set was put back; 0: never              */
    apr_time_t waits_until; /* the governor, and what one name may fail in an hour, let it
                               begin; not after `now`: they do                            */
    ja_governor_why_t waits_for;
} ja_derive_t;

/* The domain as it is reported, `damage` and `ocsp` left NULL, `lacks_staple` 0. Nothing is copied:
 * it lives as long as what `from` points to. */
ja_report_domain_t ja_derive_domain(const ja_derive_t *from);

#endif

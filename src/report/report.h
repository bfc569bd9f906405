/* report/report: one read-only picture of all managed domains, made from the store's files and the
 * clock. Status page, server-status section and CLI are renderings of it; they add nothing. Works
 * as root and as the server's user. What state a domain is in is decided in report/derive.
 */
#ifndef JA_REPORT_REPORT_H
#define JA_REPORT_REPORT_H

#include "issue/due.h"
#include "issue/governor.h"
#include "issue/job.h"
#include "issue/plan.h"
#include "issue/restart.h"
#include "issue/response.h"
#include "issue/set.h"

typedef enum {
    JA_REPORT_VALID,    /* a certificate serves, nothing to do now                                */
    JA_REPORT_RENEWING, /* a certificate serves, an attempt is going on or due                    */
    JA_REPORT_ISSUING,  /* no certificate yet, an attempt is going on or due                      */
    JA_REPORT_STAGED,   /* a new set waits for activation                                         */
    JA_REPORT_ERROR,    /* the last attempt, or the account's registration, failed                */
    JA_REPORT_EXPIRED,  /* what is served is past its end                                         */
    JA_REPORT_REVOKED,  /* the CA has revoked what is served                                      */
    JA_REPORT_IDLE,     /* no certificate, and none is wanted                                     */
    JA_REPORT_STATE_COUNT
} ja_report_state_t;
extern const ja_enumstr_t ja_report_state_names; /* "valid", "renewing", ... */

/* What happens next, or has to. */
typedef enum {
    JA_REPORT_NOTHING,  /* not to be renewed by configuration                                     */
    JA_REPORT_OBTAIN,   /* the first certificate is ordered                                       */
    JA_REPORT_RENEW,    /* another certificate is ordered                                         */
    JA_REPORT_RETRY,    /* the same again after a failure                                         */
    JA_REPORT_CONTINUE, /* the attempt that is under way                                          */
    JA_REPORT_OCSP,     /* what is staged waits for the OCSP responder                            */
    JA_REPORT_DELAY,    /* what is staged waits for ManagedDomainActivationDelay                  */
    JA_REPORT_GO_LIVE,  /* what is staged goes live by itself                                     */
    JA_REPORT_RESTART,  /* somebody restarts httpd, which activates what is staged                */
    JA_REPORT_REGISTER, /* the account is registered first                                        */
    JA_REPORT_ACCOUNT,  /* somebody has to put the account right; it is looked at again           */
    JA_REPORT_WAIT,     /* the governor holds it back: `waits_for`                                */
    JA_REPORT_HELD, /* the same as RENEW, later: an earlier set has been put back              */
    JA_REPORT_NEXT_COUNT
} ja_report_next_t;
extern const ja_enumstr_t ja_report_next_names; /* "none", "obtain", "renew", ... */

/* What is kept for stapling with a certificate. */
typedef struct {
    int has; /* 0: nothing that still holds */
    ja_ocsp_facts_t facts;
} ja_report_ocsp_t;

/* `activity` is what is being done right now, in English ("waiting for validation"). `error` is the
 * last one of the domain, or of the account that it waits for, as long as it still matters. */
typedef struct {
    const char *name;
    const apr_array_header_t *names; /* const char *                                              */
    const char *ca_url;
    ja_report_state_t state;
    const ja_set_t *live;   /* or NULL                                                            */
    const ja_set_t *staged; /* or NULL                                                            */
    const apr_array_header_t *ocsp; /* ja_report_ocsp_t: of the live certificates, in their order */
    apr_time_t not_before; /* of the live certificate that ends first; 0: there is none          */
    apr_time_t not_after;
    const char *activity; /* or NULL                                                              */
    ja_report_next_t next_action;
    ja_governor_why_t waits_for; /* JA_REPORT_WAIT: what                                          */
    apr_time_t next_at;          /* never before the report's `now`; 0: no time             */
    const ja_job_error_t *error; /* or NULL                                                 */
    apr_int64_t attempts;        /* failures in a row                                       */
    const apr_array_header_t *history; /* ja_job_event_t, oldest first                            */
    const ja_job_proof_t *proof;       /* of the live set; NULL: not asked yet                    */
    int lacks_staple;   /* a live certificate demands one, and no response that holds is kept     */
    const char *damage; /* what of the store can't be read, in words; or NULL                     */
} ja_report_domain_t;

/* An account. */
typedef struct {
    const char *ca_id;
    const char *ca_url;
    const char *account_url; /* NULL: not registered                                              */
    apr_time_t registered_at;
    const ja_job_error_t *error; /* or NULL                                                       */
    apr_time_t next_at;          /* next try; 0: none                                             */
    int held;                    /* waits for a person: see issue/accounts                        */
    apr_time_t eab_ends_at;      /* of the EAB that is still to be used; 0: none, or not known    */
    const char *damage;          /* account.json can't be read, in words; or NULL                 */
} ja_report_account_t;

typedef struct {
    apr_time_t now;
    const apr_array_header_t *accounts; /* ja_report_account_t                                    */
    const apr_array_header_t *domains;  /* ja_report_domain_t, in the order of the configuration  */
    const ja_restart_status_t *restart; /* of the server by itself, for what is staged; or NULL   */
    const char *restart_damage;         /* activation.json can't be read, in words; or NULL       */
} ja_report_t;

/* `only`: the domain that manages this name and its account, or NULL for all; a name that none
 * manages is JA_E_NOT_FOUND. Damaged files show up in `damage`, they are no error. Reads four small
 * files for each domain, two for each CA, and one for each certificate; the report and what it points to live in
 * `result`. */
ja_err_t *ja_report_make(ja_report_t **report, const ja_plan_t *plan, ja_store_t *store,
                         const char *only, apr_time_t now, apr_pool_t *result,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* How many domains are in each state. */
void ja_report_count(int counts[JA_REPORT_STATE_COUNT], const ja_report_t *report);

/* Does somebody have to look at it? In error, expired, revoked, no certificate although one is
 * wanted, something else served than what is live, nothing to staple where that is demanded, or
 * damaged files. */
int ja_report_domain_is_bad(const ja_report_domain_t *domain);

/* The last try to register, find or update it failed, or its files are damaged. */
int ja_report_account_is_bad(const ja_report_account_t *account);

/* Is there something to say of the server's restart: does one wait, or is it refused? */
int ja_report_has_restart(const ja_report_t *report);

/* It is refused, or can't be told. */
int ja_report_restart_is_bad(const ja_report_t *report);

/* Is anything of it bad? */
int ja_report_is_bad(const ja_report_t *report);

/* What the CA says of one name, on one line: "www.example.jp: caa: CAA records forbid ...". Not
 * escaped. */
const char *ja_report_sub_text(const ja_job_sub_t *sub, apr_pool_t *pool);

/* The domains (const ja_report_domain_t *) by need of attention: bad ones first, then those being
 * worked on, then by expiry. Equal ones stay in the order of the configuration. */
apr_array_header_t *ja_report_by_attention(const ja_report_t *report, apr_pool_t *pool);

#endif

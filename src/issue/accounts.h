/* issue/accounts: the account at one CA: made once, kept for ever. The key is durable before
 * newAccount, the URL right after. If only the URL is lost, the account is found again by its key
 * (RFC 8555 7.3.1). It is never dropped or replaced because of anything that the CA says.
 *
 * Held: the CA has refused the registration, or says that the account is not valid (JA_RETRY_HOLD).
 * Nothing is then registered or ordered until EAB, contacts or CA are changed, or somebody asks for
 * it. Once a day the CA is asked how the account is, which changes nothing there; if it is valid it
 * goes on. What keeps that from being asked is no news: the reason stays the one that a person has
 * to deal with.
 */
#ifndef JA_ISSUE_ACCOUNTS_H
#define JA_ISSUE_ACCOUNTS_H

#include "acme/ca.h"
#include "base/log.h"
#include "base/loop.h"
#include "issue/job.h"
#include "issue/plan.h"

/* accounts/CA-ID/account.json */
typedef struct {
    const char *url; /* NULL: not registered yet */
    const char *ca_url;
    const char *eab_kid;                /* it was bound with, or NULL */
    const apr_array_header_t *contacts; /* as the CA knows them */
    apr_time_t registered_at;
    apr_int64_t attempts; /* failures in a row */
    apr_time_t next_at;
    int held;                    /* nothing is registered or ordered: see above */
    apr_time_t requested_at;     /* the last request to register that was seen ... */
    apr_time_t answered_at;      /* ... and that was done with: they are equal then */
    int may_register;            /* again: somebody has asked for it, or changed something, and the
                                    CA has not said yes or no since */
    apr_int64_t days_told;       /* of the countdown to the end of the EAB: the last step told */
    const char *fingerprint;     /* of contacts and EAB that failed: others are tried at once */
    const ja_job_error_t *error; /* or NULL */
    const ja_job_error_t *not_looked; /* why the last request was answered without a look at the
                                         account, which is used on; NULL: it was not */
} ja_account_file_t;

/* Read it; `*file` is NULL, without error, if there is none. */
ja_err_t *ja_account_file_load(ja_account_file_t **file, ja_store_t *store, const char *ca_id,
                               apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

typedef struct ja_account_keeper_t ja_account_keeper_t;

typedef struct {
    const ja_plan_ca_t *plan;
    ja_store_t *store;
    ja_ca_t *ca;
    ja_loop_t *loop;
    const ja_log_t *log;
    /* Called each time that the account can be used from then on. `is_freed`: it is new, or the CA
     * calls an account valid that was held, or that somebody has asked for. */
    void (*ready)(void *baton, int is_freed);
    void *baton;
} ja_account_conf_t;

/* Begin to find, make or update the account. Lives in `pool`. */
ja_account_keeper_t *ja_account_keeper_start(const ja_account_conf_t *conf, apr_pool_t *pool);

/* Can orders be placed? Then key, its thumbprint, and account URL are not NULL. */
int ja_account_is_ready(const ja_account_keeper_t *keeper);
const ja_jwk_t *ja_account_jwk(const ja_account_keeper_t *keeper);
const char *ja_account_url(const ja_account_keeper_t *keeper);

/* An order has failed with an error of JA_RETRY_HOLD. The account is not ready until the CA has
 * been asked; `ready` is called unless the CA confirms it. Nothing happens if the CA has just been
 * asked.
 */
void ja_account_doubt(ja_account_keeper_t *keeper, const ja_err_t *err);

/* Somebody has asked, at `at`, to register (or to look at the account that there is). Nothing
 * happens if that request has been seen before. */
void ja_account_request(ja_account_keeper_t *keeper, apr_time_t at);

/* Is a newAccount under way, whose reply should not be lost? */
int ja_account_is_critical(const ja_account_keeper_t *keeper);

#endif

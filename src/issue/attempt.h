/* issue/attempt: one attempt at a new set for one domain: an order for each key type that is still
 * missing, one after the other (the later ones find the authorizations valid), then staging. An
 * attempt that failed or was cut off goes on where its job and ASIDE say.
 */
#ifndef JA_ISSUE_ATTEMPT_H
#define JA_ISSUE_ATTEMPT_H

#include "base/log.h"
#include "issue/accounts.h"
#include "issue/set.h"
#include "solve/solver.h"

typedef struct ja_attempt_t ja_attempt_t;

typedef struct {
    const ja_plan_domain_t *domain;
    ja_store_t *store;
    ja_loop_t *loop;
    ja_ca_t *ca;
    const ja_account_keeper_t *account; /* ready */
    ja_solver_t *const *solvers;
    ja_job_t *job;
    const ja_log_t *log;
    ja_set_try_fn *try_out; /* before a set is staged; NULL: nobody can tell */
} ja_attempt_conf_t;

/* The set is staged (`err` is NULL), or it has failed while `activity`. Both live in the pool of
 * start, which the function may clear. */
typedef void ja_attempt_done_fn(void *baton, ja_err_t *err, const char *activity);

/* `done` is called once, never from within; clearing `pool` cancels: what is saved stays, so that
 * it can be gone on with. */
ja_attempt_t *ja_attempt_start(const ja_attempt_conf_t *conf, ja_attempt_done_fn *done, void *baton,
                               apr_pool_t *pool);

/* How many new orders an attempt at `domain` may place at most, as its job is: what
 * `account_thumbprint` has in flight is gone on with. */
int ja_attempt_orders(const ja_plan_domain_t *domain, const ja_job_t *job,
                      const char *account_thumbprint);

/* How many it has placed so far, and how many of those have brought a certificate. */
void ja_attempt_counts(const ja_attempt_t *attempt, int *placed, int *good);

/* Should a stop wait for a reply? */
int ja_attempt_is_critical(const ja_attempt_t *attempt);

#endif

/* issue/runner_peer: what the runner holds of one CA: its connection, account and governor. All
 * requests to the CA go through here, are counted, and their replies' Retry-After is heeded. Which
 * domain is next is the runner's decision; only issue/runner includes it.
 */
#ifndef JA_ISSUE_RUNNER_PEER_H
#define JA_ISSUE_RUNNER_PEER_H

#include "issue/accounts.h"
#include "issue/governor.h"

typedef struct ja_runner_peer_t ja_runner_peer_t;

typedef struct {
    const ja_plan_ca_t *plan;
    ja_limits_t limits;
    ja_store_t *store;
    ja_loop_t *loop;
    ja_http_t *http;
    const ja_log_t *log;
    /* Called from the loop, never from within: those who wait may ask again. What those have waited
     * for whose last error is of one of these classes (1u << ja_retry_t) is over: the CA had been
     * found dead, and has answered; the account is free. */
    void (*changed)(void *baton, unsigned over);
    void *baton;
} ja_runner_peer_conf_t;

/* Begins with finding or making the account. Lives in `pool`. */
ja_runner_peer_t *ja_runner_peer_start(const ja_runner_peer_conf_t *conf, apr_pool_t *pool);

ja_ca_t *ja_runner_peer_ca(const ja_runner_peer_t *peer);
ja_account_keeper_t *ja_runner_peer_account(const ja_runner_peer_t *peer);

/* When a domain may begin that needs `n` new orders: now, later, or JA_GOVERNOR_NEVER: `changed`
 * or the end of an attempt comes first. What the governor waits for is `why`. */
apr_time_t ja_runner_peer_order_at(const ja_runner_peer_t *peer, int n, apr_time_t now,
                                   ja_governor_why_t *why);

/* It begins; saved by the next ja_runner_peer_save(), which has to come before it sends anything.
 */
void ja_runner_peer_take(ja_runner_peer_t *peer, int n, apr_time_t now);
void ja_runner_peer_save(ja_runner_peer_t *peer);

/* It has ended: of `taken` orders so many were placed, and so many brought a certificate. `err`:
 * NULL if all went well. May find that the account is not what it was. */
void ja_runner_peer_ended(ja_runner_peer_t *peer, const char *name, int taken, int placed, int good,
                          const ja_err_t *err);

/* It was cut off: the server stops. */
void ja_runner_peer_cut(ja_runner_peer_t *peer, int taken, int placed, int good);

#endif

/* issue/runner: all managed domains in one event loop. It decides which domain is worked on when:
 * due times are timers, due domains wait until their account and its governor let them begin, then
 * queue for a place (ManagedDomainConcurrency). How the work goes is in issue/attempt.
 *
 * Lives in one process at a time, on one thread. Idle, it makes no system call for a domain between
 * its due times, and one every few seconds to see whether the command asks for something.
 */
#ifndef JA_ISSUE_RUNNER_H
#define JA_ISSUE_RUNNER_H

#include "base/log.h"
#include "base/loop.h"
#include "issue/handover.h"
#include "issue/plan.h"
#include "issue/proof.h"
#include "issue/set.h"
#include "issue/staple_table.h"
#include "net/http.h"
#include "solve/http01.h"

typedef struct ja_runner_t ja_runner_t;

typedef struct {
    const ja_plan_t *plan;
    ja_http01_table_t *http01;  /* shared with the processes that answer */
    ja_handover_t *handover;    /* shared with the parent; NULL: new sets wait for a restart */
    ja_staple_table_t *staples; /* shared with the processes that serve; NULL: none does */
    apr_hash_t *targets;    /* where domains are served with TLS: name (const char *) -> array of
                                 * ja_proof_target_t; NULL: nobody knows */
    ja_set_try_fn *try_out; /* before a set is staged; NULL: nobody can tell */
    const ja_log_t *log;
    const char *user_agent; /* "mod_jprs_acme/0.1.0 ..." */
    /* For tests, else 0: another network than curl's with a loop that waits on it, and how often
     * requests/ is looked at. They live as long as the runner. */
    ja_http_t *http;
    ja_loop_t *loop;
    apr_interval_time_t look_every;
} ja_runner_conf_t;

/* Once in the httpd parent, before children and threads exist. */
ja_err_t *ja_runner_global_init(apr_pool_t *scratch) JA_WARN_UNUSED;

/* Nothing is done yet. `pool` must belong to the thread that will run it. */
ja_err_t *ja_runner_make(ja_runner_t **runner, const ja_runner_conf_t *conf,
                         apr_pool_t *pool) JA_WARN_UNUSED;

/* Work until ja_runner_stop(), or until the clock is found to have been put back (by more than a
 * minute): then another runner has to be made. Opens the store and takes its lock: JA_E_BUSY, at
 * once, if another process has it. */
ja_err_t *ja_runner_run(ja_runner_t *runner) JA_WARN_UNUSED;

/* From any thread, at any time: run() returns within a second, mostly at once. It only waits for
 * the reply to a newOrder or newAccount that is under way, since that reply says where the order or
 * account is. */
void ja_runner_stop(ja_runner_t *runner);

#endif

#include "issue/runner.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/loop.h"
#include "event/event.h"
#include "issue/attempt.h"
#include "issue/fingerprint.h"
#include "issue/runner_domain.h"
#include "net/http_curl.h"
#include "store/store_fs.h"

/* RSA keys are made on so many threads at a time: enough to keep the CA busy, without taking the
 * machine from the server. */
#define WORK_THREADS 2

/* A stop waits so long for the reply to a newOrder or newAccount. */
#define STOP_LIMIT apr_time_from_msec(700)

/* How many nonces may circulate for n orders. An order rarely has more than one request under way;
 * a nonce more costs a request more. */
#define NONCES_MIN       3
#define NONCES_MAX       32
#define ORDERS_PER_NONCE 4

typedef struct slot_t slot_t;

/* A CA with its account. */
typedef struct {
    ja_runner_t *runner;
    ja_ca_t *ca;
    ja_account_keeper_t *account;
    int load;        /* domains that are queued or being worked on */
    slot_t *waiting; /* due domains that wait for the account */
} peer_t;

/* A domain in the schedule. */
struct slot_t {
    ja_runner_t *runner;
    peer_t *peer;
    ja_domain_t domain;
    ja_timer_t *timer;
    ja_attempt_t *attempt; /* NULL: not being worked on */
    apr_pool_t *attempt_pool;
    slot_t *next; /* in the queue, or among those that wait for the account */
};

struct ja_runner_t {
    ja_runner_conf_t conf;
    apr_pool_t *pool;
    ja_loop_t *loop;
    ja_http_t *http;
    ja_store_t *store;
    ja_solver_t *solvers[2];
    apr_hash_t *peers;     /* CA id -> peer_t */
    slot_t *slots;         /* as many as the plan has domains */
    slot_t *first, **last; /* the queue: due, with an account, waiting for a place */
    int running;
    apr_uint32_t is_stopping; /* set by any thread */
    apr_time_t stop_at;       /* the latest end, once the loop has seen it */
};

static void pump(ja_runner_t *r);

/* ---- the schedule ---------------------------------------------------------------------------- */

static int n_domains(const ja_runner_t *r)
{
    return r->conf.plan->domains->nelts;
}

/* Set the timer for the next attempt of a domain that is not being worked on. */
static void schedule(slot_t *slot)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, ja_clock_now());

    if (at != 0) {
        ja_timer_set(slot->timer, at);
    }
}

static void expect_load(peer_t *peer, int change)
{
    int nonces;

    peer->load += change;
    nonces = peer->load / ORDERS_PER_NONCE;
    ja_ca_expect(peer->ca, nonces < NONCES_MIN   ? NONCES_MIN
                           : nonces > NONCES_MAX ? NONCES_MAX
                                                 : nonces);
}

static void enqueue(slot_t *slot)
{
    ja_runner_t *r = slot->runner;

    slot->next = NULL;
    *r->last = slot;
    r->last = &slot->next;
    expect_load(slot->peer, 1);
}

/* A domain is due: it queues, or waits for its account. */
static void on_due(void *baton)
{
    slot_t *slot = baton;

    if (ja_account_is_ready(slot->peer->account)) {
        enqueue(slot);
        pump(slot->runner);
    }
    else {
        slot->next = slot->peer->waiting;
        slot->peer->waiting = slot;
    }
}

static void on_account_ready(void *baton)
{
    peer_t *peer = baton;
    slot_t *slot = peer->waiting;

    peer->waiting = NULL;
    while (slot) {
        slot_t *next = slot->next;

        enqueue(slot);
        slot = next;
    }
    pump(peer->runner);
}

/* ---- attempts -------------------------------------------------------------------------------- */

/* The CA may come any moment to look at challenges of an order in flight. */
static void present_again(slot_t *slot, apr_pool_t *scratch)
{
    const ja_runner_t *r = slot->runner;
    const ja_job_t *job = &slot->domain.job;
    int i;

    for (i = 0; job->thumbprint && i < job->challenges->nelts; i++) {
        const ja_job_challenge_t *challenge =
            &APR_ARRAY_IDX(job->challenges, i, ja_job_challenge_t);
        ja_solve_t what = { challenge->name, challenge->token, job->thumbprint,
                            ja_clock_now() + apr_time_from_sec(3600) };
        ja_solver_t *solver = ja_solver_find(r->solvers, challenge->type);
        ja_err_t *err = solver ? solver->present(solver, &what, scratch) : NULL;

        if (err) {
            ja_event_errored(r->conf.log, slot->domain.plan->name, err,
                             "setting up a challenge again", 0, scratch);
        }
    }
}

/* Nothing is in flight any more. Challenges that a killed process has left behind go; those of
 * orders that will be looked at again stay. */
static void clear_challenges(ja_runner_t *r)
{
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, r->pool);
    ja_http01_clear(r->conf.http01);
    for (i = 0; i < n_domains(r); i++) {
        present_again(&r->slots[i], scratch);
    }
    apr_pool_destroy(scratch);
}

static void tell_batch_done(ja_runner_t *r)
{
    clear_challenges(r);
    ja_event_tell(r->conf.log, JA_EVENT_BATCH_DONE, "mod_jprs_acme",
                  "nothing is in flight any more; longest tick %" APR_TIME_T_FMT " ms",
                  apr_time_as_msec(ja_loop_longest_tick(r->loop)));
}

static void on_attempt_done(void *baton, ja_err_t *err, const char *activity)
{
    slot_t *slot = baton;
    ja_runner_t *r = slot->runner;
    apr_pool_t *attempt_pool = slot->attempt_pool;

    if (err) {
        ja_domain_failed(&slot->domain, err, activity, r->store, r->conf.log);
    }
    else {
        ja_domain_succeeded(&slot->domain, r->store, r->conf.log);
    }
    slot->attempt = NULL;
    slot->attempt_pool = NULL;
    apr_pool_destroy(attempt_pool);
    r->running--;
    expect_load(slot->peer, -1);
    schedule(slot);
    pump(r);
    if (r->running == 0) {
        tell_batch_done(r);
    }
}

static void start_attempt(slot_t *slot)
{
    ja_runner_t *r = slot->runner;
    ja_domain_t *d = &slot->domain;
    ja_attempt_conf_t conf = {
        d->plan,    r->store, r->loop,    slot->peer->ca, slot->peer->account,
        r->solvers, &d->job,  r->conf.log
    };
    ja_due_why_t why;

    ja_domain_next_at(d, &why, ja_clock_now());
    d->job.why = (int)why;
    d->job.fingerprint = ja_fingerprint_domain(d->plan, d->pool);
    if (!d->job.order_url) { /* an order that goes on is told when it does */
        ja_event_tell(r->conf.log, JA_EVENT_RENEWING, d->plan->name, "%s", ja_due_text(why));
    }
    apr_pool_create(&slot->attempt_pool, r->pool);
    slot->attempt = ja_attempt_start(&conf, on_attempt_done, slot, slot->attempt_pool);
    r->running++;
}

/* Give free places to those who queue. */
static void pump(ja_runner_t *r)
{
    while (r->first && r->running < r->conf.plan->concurrency && r->stop_at == 0) {
        slot_t *slot = r->first;

        r->first = slot->next;
        if (!r->first) {
            r->last = &r->first;
        }
        start_attempt(slot);
    }
}

/* ---- the start ------------------------------------------------------------------------------- */

static void start_peer(ja_runner_t *r, const ja_plan_ca_t *plan)
{
    peer_t *peer = apr_pcalloc(r->pool, sizeof(*peer));
    ja_ca_conf_t ca_conf = { plan->id, plan->url, plan->trust_file };
    ja_account_conf_t account_conf = { plan,        r->store,         NULL, r->loop,
                                       r->conf.log, on_account_ready, peer };

    peer->runner = r;
    peer->ca = ja_ca_make(&ca_conf, r->loop, r->http, r->conf.log, r->pool);
    account_conf.ca = peer->ca;
    peer->account = ja_account_keeper_start(&account_conf, r->pool);
    apr_hash_set(r->peers, plan->id, APR_HASH_KEY_STRING, peer);
}

static void start_domain(ja_runner_t *r, slot_t *slot, const ja_plan_domain_t *plan,
                         apr_pool_t *scratch)
{
    slot->runner = r;
    slot->peer = apr_hash_get(r->peers, plan->ca->id, APR_HASH_KEY_STRING);
    slot->timer = ja_timer_make(r->loop, on_due, slot, r->pool);
    ja_domain_load(&slot->domain, plan, r->store, r->conf.log, r->pool);
    present_again(slot, scratch);
    schedule(slot);
}

static void start_all(ja_runner_t *r)
{
    const ja_plan_t *plan = r->conf.plan;
    apr_pool_t *scratch;
    int i;

    r->peers = apr_hash_make(r->pool);
    for (i = 0; i < plan->cas->nelts; i++) {
        start_peer(r, APR_ARRAY_IDX(plan->cas, i, const ja_plan_ca_t *));
    }
    r->slots = apr_pcalloc(r->pool, sizeof(slot_t) * (apr_size_t)n_domains(r));
    apr_pool_create(&scratch, r->pool);
    for (i = 0; i < n_domains(r); i++) {
        start_domain(r, &r->slots[i], APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *),
                     scratch);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
}

/* ---- the end --------------------------------------------------------------------------------- */

static int is_critical(const ja_runner_t *r)
{
    apr_hash_index_t *hi;
    int i;

    for (i = 0; i < n_domains(r); i++) {
        if (r->slots[i].attempt && ja_attempt_is_critical(r->slots[i].attempt)) {
            return 1;
        }
    }
    for (hi = apr_hash_first(NULL, r->peers); hi; hi = apr_hash_next(hi)) {
        if (ja_account_is_critical(((peer_t *)apr_hash_this_val(hi))->account)) {
            return 1;
        }
    }
    return 0;
}

static void on_nothing(void *baton)
{
    (void)baton;
}

/* Asked after each round of the loop. */
static int is_over(void *baton)
{
    ja_runner_t *r = baton;
    apr_time_t now = ja_clock_now();

    if (!__atomic_load_n(&r->is_stopping, __ATOMIC_ACQUIRE)) {
        return 0;
    }
    if (r->stop_at == 0) {
        r->stop_at = now + STOP_LIMIT;
        ja_timer_set(ja_timer_make(r->loop, on_nothing, NULL, r->pool), r->stop_at);
    }
    return now >= r->stop_at || !is_critical(r);
}

void ja_runner_stop(ja_runner_t *runner)
{
    __atomic_store_n(&runner->is_stopping, 1, __ATOMIC_RELEASE);
    ja_loop_wakeup(runner->loop);
}

/* ---- making and running ---------------------------------------------------------------------- */

ja_err_t *ja_runner_global_init(apr_pool_t *scratch)
{
    return ja_http_curl_global_init(scratch);
}

ja_err_t *ja_runner_make(ja_runner_t **runner, const ja_runner_conf_t *conf, apr_pool_t *pool)
{
    ja_runner_t *r = apr_pcalloc(pool, sizeof(*r));
    ja_http_curl_conf_t http_conf = { conf->user_agent, NULL, 0, conf->log };
    ja_loop_io_t *io = apr_pcalloc(pool, sizeof(*io));

    r->conf = *conf;
    r->pool = pool;
    r->last = &r->first;
    JA_TRY(ja_loop_make(&r->loop, WORK_THREADS, pool));
    JA_TRY(ja_http_curl_make(&r->http, io, &http_conf, pool));
    ja_loop_use(r->loop, io);
    r->solvers[0] = ja_http01_solver(conf->http01, pool);
    *runner = r;
    return NULL;
}

ja_err_t *ja_runner_run(ja_runner_t *r)
{
    apr_pool_t *scratch;
    ja_err_t *err;

    apr_pool_create(&scratch, r->pool);
    err = ja_store_fs_open(&r->store, r->conf.plan->store_path, r->pool, scratch);
    if (!err) {
        err = ja_store_lock(r->store, r->pool, scratch);
    }
    if (!err) {
        start_all(r);
        err = ja_loop_run(r->loop, is_over, r);
    }
    err = ja_err_dup(err, r->pool);
    apr_pool_destroy(scratch);
    return err;
}

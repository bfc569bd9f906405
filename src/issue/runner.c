#include "issue/runner.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "base/loop.h"
#include "event/event.h"
#include "issue/attempt.h"
#include "issue/fingerprint.h"
#include "issue/requests.h"
#include "issue/response.h"
#include "issue/rollout.h"
#include "issue/runner_domain.h"
#include "issue/runner_peer.h"
#include "issue/verify.h"
#include "net/http_curl.h"
#include "store/store_fs.h"

/* RSA keys are made on so many threads at a time: enough to keep the CA busy, without taking the
 * machine from the server. */
#define WORK_THREADS 2

/* A stop waits so long for the reply to a newOrder or newAccount. */
#define STOP_LIMIT apr_time_from_msec(700)

/* All timers go by the clock that can be set: put back by more than this, it would make them all late
 * by so much. */
#define CLOCK_BACK apr_time_from_sec(60)

/* How often requests/ is looked at. */
#define LOOK_EVERY apr_time_from_sec(5)

typedef struct slot_t slot_t;

/* First in, first out. */
typedef struct {
    slot_t *first, **last;
} queue_t;

/* A CA with its account and governor. */
typedef struct {
    ja_runner_t *runner;
    ja_runner_peer_t *peer;
    queue_t waiting; /* due domains that may not begin yet */
    ja_timer_t *timer;
} side_t;

typedef enum {
    PLACE_SCHEDULE, /* waits for its time, or for nothing */
    PLACE_WAITING,  /* is due, and in side->waiting */
    PLACE_QUEUE,    /* has been admitted, and waits for a place */
    PLACE_WORK
} place_t;

/* A domain in the schedule. */
struct slot_t {
    ja_runner_t *runner;
    side_t *side;
    ja_domain_t domain;
    place_t place;
    ja_timer_t *timer;
    int taken;             /* orders that the governor has let pass for it */
    ja_attempt_t *attempt; /* NULL: not being worked on */
    apr_pool_t *attempt_pool;
    ja_rollout_t *rollout; /* of its sets */
    ja_verify_t *verify;   /* that they are served */
    slot_t *next;          /* in the queue that it is in */
};

struct ja_runner_t {
    ja_runner_conf_t conf;
    apr_pool_t *pool;
    ja_loop_t *loop;
    ja_http_t *http;
    ja_store_t *store;
    ja_solver_t *solvers[2];
    apr_hash_t *sides; /* CA id -> side_t */
    slot_t *slots;     /* as many as the plan has domains */
    ja_proof_t *proof; /* whether live sets are served */
    queue_t queue;     /* admitted, waiting for a place */
    int running;
    ja_timer_t *look;         /* at requests/ */
    apr_time_t looked_for;    /* what requests/ had changed at then */
    apr_uint32_t is_stopping; /* set by any thread */
    apr_time_t stop_at;       /* the latest end, once the loop has seen it */
    apr_time_t seen_at;       /* the time after the last round */
};

static void pump(ja_runner_t *r);
static void on_look(void *baton);

/* ---- the schedule ---------------------------------------------------------------------------- */

static int n_domains(const ja_runner_t *r)
{
    return r->conf.plan->domains->nelts;
}

static void make_empty(queue_t *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void append(queue_t *queue, slot_t *slot)
{
    slot->next = NULL;
    *queue->last = slot;
    queue->last = &slot->next;
}

static slot_t *take_first(queue_t *queue)
{
    slot_t *slot = queue->first;

    queue->first = slot->next;
    if (!queue->first) {
        queue->last = &queue->first;
    }
    return slot;
}

/* Set the timer for the next attempt of a domain that is not being worked on. */
static void schedule(slot_t *slot)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, ja_clock_now());

    slot->place = PLACE_SCHEDULE;
    if (at != 0) {
        ja_timer_set(slot->timer, at);
    }
}

static int is_due(const slot_t *slot, apr_time_t now)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, now);

    return at != 0 && at <= now;
}

static int n_orders(const slot_t *slot)
{
    const ja_jwk_t *jwk = ja_account_jwk(ja_runner_peer_account(slot->side->peer));

    return ja_attempt_orders(slot->domain.plan, &slot->domain.job,
                             jwk ? ja_jwk_thumbprint(jwk) : "");
}

/* Let those begin that may, as far as account and governor go. What they take is saved before
 * anything is sent. */
static void admit(side_t *side)
{
    apr_time_t now = ja_clock_now();
    int admitted = 0;

    while (side->waiting.first && side->runner->stop_at == 0) {
        slot_t *slot = side->waiting.first;
        int orders;
        apr_time_t at;

        if (!is_due(slot, now)) { /* any more: an earlier set has been put back */
            schedule(take_first(&side->waiting));
            continue;
        }
        orders = n_orders(slot);
        at = ja_runner_peer_order_at(side->peer, orders, now);
        if (at > now) {
            if (at != JA_GOVERNOR_NEVER) {
                ja_timer_set(side->timer, at);
            }
            break;
        }
        take_first(&side->waiting);
        slot->taken = orders;
        ja_runner_peer_take(side->peer, orders, now);
        slot->place = PLACE_QUEUE;
        append(&side->runner->queue, slot);
        admitted++;
    }
    if (admitted > 0) {
        ja_runner_peer_save(side->peer);
        pump(side->runner);
    }
}

static void on_side_time(void *baton)
{
    admit(baton);
}

/* A domain is due. */
static void on_due(void *baton)
{
    slot_t *slot = baton;

    slot->place = PLACE_WAITING;
    append(&slot->side->waiting, slot);
    admit(slot->side);
}

/* Those that have failed for the CA, or for the account, need not wait for their time when that works
 * again. */
static void hurry(side_t *side, unsigned over)
{
    ja_runner_t *r = side->runner;
    int i;

    for (i = 0; i < n_domains(r); i++) {
        slot_t *slot = &r->slots[i];

        if (slot->side == side && slot->place == PLACE_SCHEDULE
            && ja_domain_awaits(&slot->domain, over)) {
            ja_domain_hurry(&slot->domain);
            schedule(slot);
        }
    }
}

static void on_change(void *baton, unsigned over)
{
    side_t *side = baton;

    if (over != 0) {
        hurry(side, over);
    }
    admit(side);
}

/* ---- sets going live ------------------------------------------------------------------------- */

static void use_sets(slot_t *slot)
{
    ja_rollout_sets(slot->rollout, slot->domain.live, slot->domain.staged);
    ja_verify_set(slot->verify, slot->domain.live, slot->domain.job.proof);
}

static void discard(slot_t *slot, ja_code_t code, const char *activity, const char *why)
{
    const ja_runner_t *r = slot->runner;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, r->pool);
    ja_domain_discard(&slot->domain, ja_err_make(code, scratch, "%s", why), activity, r->store,
                      r->conf.log);
    apr_pool_destroy(scratch);
}

/* An attempt has the job and the sets in its hands: they must not change under it. */
static int on_news(void *baton, ja_news_t news)
{
    slot_t *slot = baton;

    if (slot->place == PLACE_WORK) {
        return 0;
    }
    switch (news) {
    case JA_NEWS_TAKEN:
        ja_domain_reload(&slot->domain, slot->runner->store, slot->runner->conf.log);
        break;
    case JA_NEWS_REVOKED:
        discard(slot, JA_E_REVOKED, "waiting for the OCSP responder",
                "the staged certificate is revoked");
        break;
    case JA_NEWS_REFUSED:
        discard(slot, JA_E_SET_BAD, "handing the staged set over", "the parent has refused it");
        break;
    }
    use_sets(slot);
    if (slot->place == PLACE_SCHEDULE) {
        schedule(slot);
    }
    return 1;
}

static void on_proved(void *baton, const ja_job_proof_t *proof)
{
    slot_t *slot = baton;

    ja_domain_proved(&slot->domain, proof, slot->place == PLACE_WORK, slot->runner->store,
                     slot->runner->conf.log);
}

static ja_verify_t *make_verify(slot_t *slot)
{
    const ja_runner_t *r = slot->runner;
    const char *name = slot->domain.plan->name;
    ja_verify_conf_t conf = { .plan = slot->domain.plan,
                              .loop = r->loop,
                              .store = r->store,
                              .log = r->conf.log,
                              .proof = r->proof,
                              .found = on_proved,
                              .baton = slot };

    conf.targets =
        r->conf.targets ? apr_hash_get(r->conf.targets, name, APR_HASH_KEY_STRING) : NULL;
    return ja_verify_make(&conf, r->pool);
}

static void start_rollout(slot_t *slot)
{
    const ja_runner_t *r = slot->runner;
    ja_rollout_conf_t conf = { .plan = slot->domain.plan,
                               .loop = r->loop,
                               .http = r->http,
                               .store = r->store,
                               .log = r->conf.log,
                               .handover = r->conf.handover,
                               .staples = r->conf.staples,
                               .news = on_news,
                               .baton = slot };

    slot->rollout = ja_rollout_make(&conf, r->pool);
    slot->verify = make_verify(slot);
    use_sets(slot);
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
    int placed, good;

    ja_attempt_counts(slot->attempt, &placed, &good);
    ja_runner_peer_ended(slot->side->peer, slot->domain.plan->name, slot->taken, placed, good, err);
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
    use_sets(slot);
    schedule(slot);
    pump(r);
    admit(slot->side);
    if (r->running == 0) {
        tell_batch_done(r);
    }
}

static void start_attempt(slot_t *slot)
{
    ja_runner_t *r = slot->runner;
    ja_domain_t *d = &slot->domain;
    ja_attempt_conf_t conf = { d->plan,
                               r->store,
                               r->loop,
                               ja_runner_peer_ca(slot->side->peer),
                               ja_runner_peer_account(slot->side->peer),
                               r->solvers,
                               &d->job,
                               r->conf.log };
    ja_due_why_t why;

    ja_domain_next_at(d, &why, ja_clock_now());
    d->job.why = (int)why;
    d->job.fingerprint = ja_fingerprint_domain(d->plan, d->pool);
    if (!d->job.order_url) { /* an order that goes on is told when it does */
        ja_event_tell(r->conf.log, JA_EVENT_RENEWING, d->plan->name, "%s", ja_due_text(why));
    }
    slot->place = PLACE_WORK;
    apr_pool_create(&slot->attempt_pool, r->pool);
    slot->attempt = ja_attempt_start(&conf, on_attempt_done, slot, slot->attempt_pool);
    r->running++;
}

/* Give free places to those who queue. */
static void pump(ja_runner_t *r)
{
    while (r->queue.first && r->running < r->conf.plan->concurrency && r->stop_at == 0) {
        start_attempt(take_first(&r->queue));
    }
}

/* ---- the start ------------------------------------------------------------------------------- */

/* What the requests of an order are reckoned by. */
static int most_names(const ja_plan_t *plan, const ja_plan_ca_t *ca)
{
    int most = 1;
    int i;

    for (i = 0; i < plan->domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);

        if (domain->ca == ca && domain->names->nelts > most) {
            most = domain->names->nelts;
        }
    }
    return most;
}

static void start_side(ja_runner_t *r, const ja_plan_ca_t *plan)
{
    side_t *side = apr_pcalloc(r->pool, sizeof(*side));
    ja_runner_peer_conf_t conf = { .plan = plan,
                                   .limits = { r->conf.plan->rate, r->conf.plan->concurrency,
                                               most_names(r->conf.plan, plan) },
                                   .store = r->store,
                                   .loop = r->loop,
                                   .http = r->http,
                                   .log = r->conf.log,
                                   .changed = on_change,
                                   .baton = side };

    side->runner = r;
    make_empty(&side->waiting);
    side->timer = ja_timer_make(r->loop, on_side_time, side, r->pool);
    side->peer = ja_runner_peer_start(&conf, r->pool);
    apr_hash_set(r->sides, plan->id, APR_HASH_KEY_STRING, side);
}

static void start_domain(ja_runner_t *r, slot_t *slot, const ja_plan_domain_t *plan,
                         apr_pool_t *scratch)
{
    slot->runner = r;
    slot->side = apr_hash_get(r->sides, plan->ca->id, APR_HASH_KEY_STRING);
    slot->timer = ja_timer_make(r->loop, on_due, slot, r->pool);
    ja_domain_load(&slot->domain, plan, r->store, r->conf.log, r->pool);
    present_again(slot, scratch);
    start_rollout(slot);
    schedule(slot);
}

/* OCSP responses of certificates that nobody has any more go. */
static void sweep_responses(ja_runner_t *r, apr_pool_t *scratch)
{
    apr_array_header_t *digests = apr_array_make(scratch, n_domains(r), sizeof(const char *));
    ja_err_t *err;
    int i;

    for (i = 0; i < n_domains(r); i++) {
        ja_set_add_digests(digests, r->slots[i].domain.live);
        ja_set_add_digests(digests, r->slots[i].domain.staged);
    }
    err = ja_response_sweep(r->store, digests, scratch);
    if (err) {
        ja_event_errored(r->conf.log, "mod_jprs_acme", err, "tidying up OCSP responses", 0,
                         scratch);
    }
}

static void start_all(ja_runner_t *r)
{
    const ja_plan_t *plan = r->conf.plan;
    apr_pool_t *scratch;
    int i;

    r->proof = ja_proof_make(&(ja_proof_conf_t){ .loop = r->loop }, r->pool);
    r->sides = apr_hash_make(r->pool);
    for (i = 0; i < plan->cas->nelts; i++) {
        start_side(r, APR_ARRAY_IDX(plan->cas, i, const ja_plan_ca_t *));
    }
    r->slots = apr_pcalloc(r->pool, sizeof(slot_t) * (apr_size_t)n_domains(r));
    apr_pool_create(&scratch, r->pool);
    for (i = 0; i < n_domains(r); i++) {
        start_domain(r, &r->slots[i], APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *),
                     scratch);
        apr_pool_clear(scratch);
    }
    sweep_responses(r, scratch);
    apr_pool_destroy(scratch);
    r->look = ja_timer_make(r->loop, on_look, r, r->pool);
    ja_timer_set(r->look, ja_clock_now() + 1); /* the accounts have been read by then */
}

/* ---- what somebody asks for ------------------------------------------------------------------ */

static ja_err_t *take_request(ja_runner_t *r, apr_pool_t *scratch)
{
    apr_hash_index_t *hi;
    apr_time_t changed_at, at;

    JA_TRY(ja_store_changed_at(&changed_at, r->store, JA_GROUP_REQUESTS, scratch));
    if (changed_at == r->looked_for) {
        return NULL;
    }
    r->looked_for = changed_at;
    JA_TRY(ja_request_load(&at, r->store, scratch));
    for (hi = apr_hash_first(scratch, r->sides); at != 0 && hi; hi = apr_hash_next(hi)) {
        ja_account_request(ja_runner_peer_account(((side_t *)apr_hash_this_val(hi))->peer), at);
    }
    return NULL;
}

/* What is looked at while nothing is to be done: one system call, and the parent's words. */
static void on_look(void *baton)
{
    ja_runner_t *r = baton;
    apr_pool_t *scratch;
    ja_err_t *err;
    int i;

    for (i = 0; i < n_domains(r); i++) {
        ja_rollout_look(r->slots[i].rollout);
    }
    apr_pool_create(&scratch, r->pool);
    err = take_request(r, scratch);
    if (err) {
        ja_event_errored(r->conf.log, "jprs_acme", err, "looking at requests", 0, scratch);
    }
    apr_pool_destroy(scratch);
    ja_timer_set(r->look, ja_clock_now() + (r->conf.look_every ? r->conf.look_every : LOOK_EVERY));
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
    for (hi = apr_hash_first(NULL, r->sides); hi; hi = apr_hash_next(hi)) {
        const side_t *side = apr_hash_this_val(hi);

        if (ja_account_is_critical(ja_runner_peer_account(side->peer))) {
            return 1;
        }
    }
    return 0;
}

/* Orders that were let pass and not placed are given back; what is saved holds for the next run. */
static void settle(ja_runner_t *r)
{
    apr_hash_index_t *hi;
    int i;

    for (i = 0; i < n_domains(r); i++) {
        const slot_t *slot = &r->slots[i];
        int placed = 0, good = 0;

        if (slot->attempt) {
            ja_attempt_counts(slot->attempt, &placed, &good);
        }
        if (slot->place == PLACE_QUEUE || slot->place == PLACE_WORK) {
            ja_runner_peer_cut(slot->side->peer, slot->taken, placed, good);
        }
    }
    for (hi = apr_hash_first(NULL, r->sides); hi; hi = apr_hash_next(hi)) {
        ja_runner_peer_save(((side_t *)apr_hash_this_val(hi))->peer);
    }
}

static void on_nothing(void *baton)
{
    (void)baton;
}

/* The run ends if the clock was put back: the next one makes its timers from the files. */
static void look_at_clock(ja_runner_t *r, apr_time_t now)
{
    if (now < r->seen_at - CLOCK_BACK) {
        ja_log_line(r->conf.log, JA_LOG_NOTICE,
                    "mod_jprs_acme: the clock was put back by %" APR_TIME_T_FMT
                    " s: all due times are looked up again",
                    apr_time_sec(r->seen_at - now));
        __atomic_store_n(&r->is_stopping, 1, __ATOMIC_RELEASE);
        r->stop_at = 0;
    }
    r->seen_at = now;
}

/* Asked after each round of the loop. */
static int is_over(void *baton)
{
    ja_runner_t *r = baton;
    apr_time_t now = ja_clock_now();

    look_at_clock(r, now);
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
    make_empty(&r->queue);
    if (conf->http) {
        r->http = conf->http;
        r->loop = conf->loop;
    }
    else {
        JA_TRY(ja_loop_make(&r->loop, WORK_THREADS, pool));
        JA_TRY(ja_http_curl_make(&r->http, io, &http_conf, pool));
        ja_loop_use(r->loop, io);
    }
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
        settle(r);
    }
    err = ja_err_dup(err, r->pool);
    apr_pool_destroy(scratch);
    return err;
}

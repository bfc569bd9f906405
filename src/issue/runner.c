#include "issue/runner_private.h"

#include <string.h>

#include "base/clock.h"
#include "event/event.h"
#include "issue/fingerprint.h"
#include "issue/requests.h"
#include "net/http_curl.h"
#include "store/store_fs.h"

/* RSA keys are made on so many threads at a time: enough to keep the CA busy, without taking the
 * machine from the server. */
#define WORK_THREADS 2

/* How often requests/ is looked at. */
#define LOOK_EVERY apr_time_from_sec(5)

static void start_attempt(ja_slot_t *slot);
static void on_look(void *baton);

/* ---- the schedule ---------------------------------------------------------------------------- */

int ja_runner_count(const ja_runner_t *r)
{
    return r->conf.plan->domains->nelts;
}

static void make_empty(ja_slot_queue_t *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void append(ja_slot_queue_t *queue, ja_slot_t *slot)
{
    slot->next = NULL;
    *queue->last = slot;
    queue->last = &slot->next;
}

static ja_slot_t *take_first(ja_slot_queue_t *queue)
{
    ja_slot_t *slot = queue->first;

    queue->first = slot->next;
    if (!queue->first) {
        queue->last = &queue->first;
    }
    return slot;
}

void ja_runner_schedule(ja_slot_t *slot)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, ja_clock_now());

    slot->place = JA_SLOT_SCHEDULED;
    if (at != 0) {
        ja_timer_set(slot->timer, at);
    }
}

static int is_due(const ja_slot_t *slot, apr_time_t now)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, now);

    return at != 0 && at <= now;
}

static int n_orders(const ja_slot_t *slot)
{
    const ja_jwk_t *jwk = ja_account_jwk(ja_runner_peer_account(slot->side->peer));

    return ja_attempt_orders(slot->domain.plan, &slot->domain.job,
                             jwk ? ja_jwk_thumbprint(jwk) : "");
}

/* Once for each time that is waited for. */
static void wait_until(ja_side_t *side, apr_time_t at, ja_governor_why_t why)
{
    char date[APR_RFC822_DATE_LEN];

    if (at == JA_GOVERNOR_NEVER) {
        return; /* the end of something in flight comes first, or the account's news */
    }
    ja_timer_set(side->timer, at);
    if (why == side->told_why && ja_clock_now() < side->told_at) {
        return;
    }
    side->told_why = why;
    side->told_at = at;
    apr_rfc822_date(date, at);
    ja_event_tell(side->runner->conf.log, JA_EVENT_ORDERS_WAIT, side->id,
                  "domains that are due wait until %s: %s", date, ja_governor_why_text(why));
}

/* The first that waits gets a place, if account and governor let it. */
static int admit_first(ja_side_t *side, ja_slot_queue_t *admitted)
{
    apr_time_t now = ja_clock_now();
    ja_slot_t *slot;
    ja_governor_why_t why;
    apr_time_t at;

    while (side->waiting.first && !is_due(side->waiting.first, now)) {
        ja_runner_schedule(take_first(&side->waiting)); /* an earlier set has been put back */
    }
    slot = side->waiting.first;
    if (!slot) {
        return 0;
    }
    slot->taken = n_orders(slot);
    at = ja_runner_peer_order_at(side->peer, slot->taken, now, &why);
    if (at > now) {
        wait_until(side, at, why);
        return 0;
    }
    take_first(&side->waiting);
    ja_runner_peer_take(side->peer, slot->taken, now);
    side->has_taken = 1;
    append(admitted, slot);
    return 1;
}

static void save_taken(ja_runner_t *r)
{
    int i;

    for (i = 0; i < r->sides->nelts; i++) {
        ja_side_t *side = APR_ARRAY_IDX(r->sides, i, ja_side_t *);

        if (side->has_taken) {
            ja_runner_peer_save(side->peer);
            side->has_taken = 0;
        }
    }
}

/* Give free places to those who wait, the CAs taking turns. The governor is asked for each when
 * there is a place for it, and not before: what the CA has said in the meantime counts. What they
 * take is saved before anything is sent. */
static void admit(ja_runner_t *r)
{
    ja_slot_queue_t admitted;
    int refused = 0;

    make_empty(&admitted);
    while (r->stop_at == 0 && r->running < r->conf.plan->concurrency && refused < r->sides->nelts) {
        ja_side_t *side = APR_ARRAY_IDX(r->sides, r->turn, ja_side_t *);

        r->turn = (r->turn + 1) % r->sides->nelts;
        if (admit_first(side, &admitted)) {
            r->running++;
            refused = 0;
        }
        else {
            refused++;
        }
    }
    save_taken(r);
    while (admitted.first) {
        start_attempt(take_first(&admitted));
    }
}

static void on_side_time(void *baton)
{
    admit(((ja_side_t *)baton)->runner);
}

/* A domain is due. */
static void on_due(void *baton)
{
    ja_slot_t *slot = baton;

    if (slot->domain.is_unread) {
        ja_domain_reload(&slot->domain, slot->runner->store, slot->runner->conf.log);
        ja_runner_use_sets(slot);
        ja_runner_schedule(slot);
        return;
    }
    slot->place = JA_SLOT_WAITING;
    append(&slot->side->waiting, slot);
    admit(slot->runner);
}

/* Those that have failed for the CA, or for the account, need not wait for their time when that
 * works again. */
static void hurry(ja_side_t *side, unsigned over)
{
    ja_runner_t *r = side->runner;
    int i;

    for (i = 0; i < ja_runner_count(r); i++) {
        ja_slot_t *slot = &r->slots[i];

        if (slot->side == side && slot->place == JA_SLOT_SCHEDULED
            && ja_domain_awaits(&slot->domain, over)) {
            ja_domain_hurry(&slot->domain);
            ja_runner_schedule(slot);
        }
    }
}

static void on_change(void *baton, unsigned over)
{
    ja_side_t *side = baton;

    if (over != 0) {
        hurry(side, over);
    }
    admit(side->runner);
}

/* ---- attempts -------------------------------------------------------------------------------- */

/* The CA may come any moment to look at challenges of an order in flight. */
static void present_again(ja_slot_t *slot, apr_pool_t *scratch)
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
    for (i = 0; i < ja_runner_count(r); i++) {
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
    ja_slot_t *slot = baton;
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
    ja_runner_use_sets(slot);
    ja_runner_schedule(slot);
    admit(r);
    if (r->running == 0) {
        tell_batch_done(r);
    }
}

static void start_attempt(ja_slot_t *slot)
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
                               r->conf.log,
                               r->conf.try_out };
    ja_due_why_t why;

    ja_domain_next_at(d, &why, ja_clock_now());
    d->job.why = (int)why;
    d->job.fingerprint = ja_fingerprint_domain(d->plan, d->pool);
    if (!d->job.order_url) { /* an order that goes on is told when it does */
        ja_event_tell(r->conf.log, JA_EVENT_RENEWING, d->plan->name, "%s", ja_due_text(why));
    }
    slot->place = JA_SLOT_WORKED_ON;
    apr_pool_create(&slot->attempt_pool, r->pool);
    slot->attempt = ja_attempt_start(&conf, on_attempt_done, slot, slot->attempt_pool);
}

/* ---- the start ------------------------------------------------------------------------------- */

static ja_side_t *start_side(ja_runner_t *r, const ja_plan_ca_t *plan)
{
    ja_side_t *side = apr_pcalloc(r->pool, sizeof(*side));
    ja_runner_peer_conf_t conf = { .plan = plan,
                                   .limits = ja_governor_limits(r->conf.plan, plan),
                                   .store = r->store,
                                   .loop = r->loop,
                                   .http = r->http,
                                   .log = r->conf.log,
                                   .changed = on_change,
                                   .baton = side };

    side->runner = r;
    side->id = plan->id;
    make_empty(&side->waiting);
    side->timer = ja_timer_make(r->loop, on_side_time, side, r->pool);
    side->peer = ja_runner_peer_start(&conf, r->pool);
    return side;
}

static ja_side_t *side_of(const ja_runner_t *r, const ja_plan_ca_t *plan)
{
    int i = 0;

    while (strcmp(APR_ARRAY_IDX(r->sides, i, ja_side_t *)->id, plan->id) != 0) {
        i++;
    }
    return APR_ARRAY_IDX(r->sides, i, ja_side_t *);
}

static void start_domain(ja_runner_t *r, ja_slot_t *slot, const ja_plan_domain_t *plan,
                         apr_pool_t *scratch)
{
    slot->runner = r;
    slot->side = side_of(r, plan->ca);
    slot->timer = ja_timer_make(r->loop, on_due, slot, r->pool);
    ja_domain_load(&slot->domain, plan, r->store, r->conf.log, r->pool);
    present_again(slot, scratch);
    ja_runner_start_sets(slot);
    ja_runner_schedule(slot);
}

static void start_all(ja_runner_t *r)
{
    const ja_plan_t *plan = r->conf.plan;
    apr_pool_t *scratch;
    int i;

    r->proof = ja_proof_make(&(ja_proof_conf_t){ .loop = r->loop }, r->pool);
    r->sides = apr_array_make(r->pool, plan->cas->nelts, sizeof(ja_side_t *));
    for (i = 0; i < plan->cas->nelts; i++) {
        APR_ARRAY_PUSH(r->sides, ja_side_t *) =
            start_side(r, APR_ARRAY_IDX(plan->cas, i, const ja_plan_ca_t *));
    }
    r->slots = apr_pcalloc(r->pool, sizeof(ja_slot_t) * (apr_size_t)ja_runner_count(r));
    apr_pool_create(&scratch, r->pool);
    for (i = 0; i < ja_runner_count(r); i++) {
        start_domain(r, &r->slots[i], APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *),
                     scratch);
        apr_pool_clear(scratch);
    }
    ja_runner_sweep(r, scratch);
    apr_pool_destroy(scratch);
    r->look = ja_timer_make(r->loop, on_look, r, r->pool);
    ja_timer_set(r->look, ja_clock_now() + 1); /* the accounts have been read by then */
}

/* ---- what somebody asks for ------------------------------------------------------------------ */

static ja_err_t *take_request(ja_runner_t *r, apr_pool_t *scratch)
{
    apr_time_t changed_at, at;
    int i;

    JA_TRY(ja_store_changed_at(&changed_at, r->store, JA_GROUP_REQUESTS, scratch));
    if (changed_at == r->looked_for) {
        return NULL;
    }
    r->looked_for = changed_at;
    JA_TRY(ja_request_load(&at, r->store, scratch));
    for (i = 0; at != 0 && i < r->sides->nelts; i++) {
        ja_account_request(ja_runner_peer_account(APR_ARRAY_IDX(r->sides, i, ja_side_t *)->peer),
                           at);
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

    for (i = 0; i < ja_runner_count(r); i++) {
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
        err = ja_loop_run(r->loop, ja_runner_is_over, r);
        ja_runner_settle(r);
    }
    err = ja_err_dup(err, r->pool);
    apr_pool_destroy(scratch);
    return err;
}

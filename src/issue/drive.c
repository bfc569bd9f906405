#include "issue/drive.h"

#include <apr_strings.h>

#include "base/clock.h"

struct ja_drive_t {
    ja_drive_conf_t conf;
    ja_flow_t *flow;
    ja_state_t state;
    ja_drive_done_fn *done;
    void *baton;
    apr_pool_t *pool;
    apr_pool_t *exchange; /* of the present state's exchange, NULL between exchanges */
    ja_timer_t *timer;
    const apr_array_header_t *asks; /* ja_ask_t */
    apr_array_header_t *replies;    /* const ja_heard_t *, as many as asks */
    int outstanding;
    int hears_refusal; /* as the wait says */
    ja_err_t *err;     /* the first of the failed replies, in `exchange` */
};

/* Which of the replies a call is for. */
typedef struct {
    ja_drive_t *drive;
    int index;
} call_t;

static void enter(ja_drive_t *d, ja_next_t next);

void ja_drive_forget(ja_job_t *job)
{
    job->state = JA_ST_IDLE;
    job->spec = -1;
    job->order_url = NULL;
    job->thumbprint = NULL;
    job->challenges = apr_array_make(job->challenges->pool, 0, sizeof(ja_job_challenge_t));
}

static void withdraw_challenges(const ja_flow_t *f)
{
    int i;

    for (i = 0; i < f->picked->nelts; i++) {
        const ja_picked_t *picked = &APR_ARRAY_IDX(f->picked, i, ja_picked_t);

        picked->solver->withdraw(picked->solver, &picked->what);
    }
}

static void end_exchange(ja_drive_t *d)
{
    if (d->exchange) {
        apr_pool_t *exchange = d->exchange;

        d->exchange = NULL;
        apr_pool_destroy(exchange);
    }
}

/* Is there nothing to go on with in the order? */
static int is_spent_by(const ja_err_t *err)
{
    switch (ja_err_row(err->code)->retry) {
    case JA_RETRY_LATER:
    case JA_RETRY_CA:
    case JA_RETRY_HOLD: /* the account's fault: the order can wait for it */
        return 0;
    case JA_RETRY_FRESH:
    case JA_RETRY_SLOW:
    case JA_RETRY_ANEW:
    case JA_RETRY_ASKED:
        break;
    }
    return 1;
}

/* The end, good or bad. The last thing a callback does: `done` may clear everything. Challenges of
 * an order that will be looked at again stay: the CA may come at any time. */
static void finish(ja_drive_t *d, ja_err_t *err)
{
    ja_err_t *kept = ja_err_dup(err, d->pool);
    const char *activity = ja_flow_row(d->state)->activity;

    end_exchange(d);
    if (!kept || d->flow->is_spent || is_spent_by(kept)) {
        withdraw_challenges(d->flow);
        ja_drive_forget(d->conf.job);
    }
    d->done(d->baton, kept, activity);
}

/* ---- the position, saved before anything is done about it ------------------------------------ */

static const apr_array_header_t *challenges_of(const ja_flow_t *f)
{
    apr_array_header_t *challenges =
        apr_array_make(f->pool, f->picked->nelts, sizeof(ja_job_challenge_t));
    int i;

    for (i = 0; i < f->picked->nelts; i++) {
        const ja_picked_t *picked = &APR_ARRAY_IDX(f->picked, i, ja_picked_t);

        APR_ARRAY_PUSH(challenges, ja_job_challenge_t) =
            (ja_job_challenge_t){ picked->solver->type, picked->what.name, picked->what.token };
    }
    return challenges;
}

static ja_err_t *save_position(ja_drive_t *d, ja_state_t from, ja_state_t to, apr_pool_t *scratch)
{
    ja_job_t *job = d->conf.job;
    int is_durable =
        ja_flow_row(from)->save == JA_SAVE_DURABLE || ja_flow_row(to)->save == JA_SAVE_DURABLE;

    job->state = to;
    job->spec = (int)d->flow->spec;
    job->order_url = d->flow->order_url;
    job->thumbprint = d->flow->thumbprint;
    if (to != JA_ST_RESUME
        && to != JA_ST_AUTHZ) { /* until they are picked again those of before the restart hold */
        job->challenges = challenges_of(d->flow);
    }
    if (!is_durable && ja_flow_row(to)->save == JA_SAVE_NOT) {
        return NULL;
    }
    return ja_job_save(job, d->flow->store, d->flow->domain->name,
                       is_durable ? JA_FS_DURABLE : JA_FS_LAZY, scratch);
}

/* ---- waiting for what a state asks for ------------------------------------------------------- */

/* Everything has come: hand it to the state. */
static void settle(ja_drive_t *d)
{
    ja_outcome_t outcome = { d->replies, NULL };
    ja_next_t next = { d->state, 0 };
    ja_err_t *err = d->err;

    d->flow->now = ja_clock_now();
    if (err && d->hears_refusal && err->http_status != 0) {
        outcome.refusal = err;
        err = NULL;
    }
    if (!err) {
        err = ja_flow_row(d->state)->hear(&next, d->flow, &outcome, d->exchange);
    }
    if (err) {
        finish(d, err);
        return;
    }
    end_exchange(d);
    enter(d, next);
}

static void on_reply(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    call_t *call = baton;
    ja_drive_t *d = call->drive;

    APR_ARRAY_IDX(d->replies, call->index, const ja_heard_t *) = heard;
    if (err && !d->err) {
        d->err = err;
    }
    if (--d->outstanding == 0) {
        settle(d);
    }
}

static ja_err_t *start_calls(ja_drive_t *d)
{
    int i;

    d->replies = apr_array_make(d->exchange, d->asks->nelts, sizeof(const ja_heard_t *));
    for (i = 0; i < d->asks->nelts; i++) {
        call_t *call = apr_palloc(d->exchange, sizeof(*call));

        call->drive = d;
        call->index = i;
        APR_ARRAY_PUSH(d->replies, const ja_heard_t *) = NULL;
        JA_TRY(ja_ca_call(d->conf.ca, &APR_ARRAY_IDX(d->asks, i, ja_ask_t), d->conf.jwk,
                          d->conf.account_url, on_reply, call, d->exchange));
        d->outstanding++;
    }
    return NULL;
}

/* Work on another thread: it sees the flow, and nothing else of what is here. */
typedef struct {
    ja_drive_t *drive;
    ja_work_fn *work;
} work_t;

static ja_err_t *run_work(void *baton, const volatile int *cancelled, apr_pool_t *pool)
{
    work_t *work = baton;

    return work->work(work->drive->flow, cancelled, pool);
}

static void on_work_done(void *baton, ja_err_t *err)
{
    ja_drive_t *d = ((work_t *)baton)->drive;

    d->err = err;
    settle(d);
}

static ja_err_t *start_work(ja_drive_t *d, ja_work_fn *fn)
{
    work_t *work = apr_palloc(d->exchange, sizeof(*work));

    work->drive = d;
    work->work = fn;
    return ja_loop_offload(d->conf.loop, run_work, on_work_done, work, d->exchange);
}

static ja_err_t *start_waiting(ja_drive_t *d, int *is_waiting)
{
    ja_wait_t wait = { .kind = JA_WAIT_NOTHING };

    wait.asks = apr_array_make(d->exchange, 1, sizeof(ja_ask_t));
    d->asks = wait.asks;
    d->replies = apr_array_make(d->exchange, 1, sizeof(const ja_heard_t *));
    JA_TRY(ja_flow_row(d->state)->ask(&wait, d->flow, d->exchange));
    d->hears_refusal = wait.hears_refusal;
    switch (wait.kind) {
    case JA_WAIT_NOTHING:
        return NULL;
    case JA_WAIT_CALLS:
        JA_TRY(start_calls(d));
        break;
    case JA_WAIT_WORK:
        JA_TRY(start_work(d, wait.work));
        break;
    }
    *is_waiting = 1;
    return NULL;
}

/* Begin the exchange of the present state. */
static void begin(ja_drive_t *d)
{
    int is_waiting = 0;
    ja_err_t *err;

    if (!ja_flow_row(d->state)->ask) {
        finish(d, NULL);
        return;
    }
    d->flow->now = ja_clock_now();
    d->err = NULL;
    d->outstanding = 0;
    apr_pool_create(&d->exchange, d->pool);
    err = start_waiting(d, &is_waiting);
    if (err) {
        finish(d, err);
    }
    else if (!is_waiting) {
        settle(d);
    }
}

static void on_time(void *baton)
{
    begin(baton);
}

/* ---- the one place that changes the state ---------------------------------------------------- */

static ja_err_t *change_state(ja_drive_t *d, ja_state_t to, apr_pool_t *scratch)
{
    ja_state_t from = d->state;

    if (to == from) {
        return NULL;
    }
    if (from != JA_ST_IDLE && !(ja_flow_row(from)->may_enter & (1u << to))) {
        return ja_err_make(JA_E_INTERNAL, scratch, "an order may not go from %s to %s",
                           ja_enumstr_print(&ja_state_names, from),
                           ja_enumstr_print(&ja_state_names, to));
    }
    JA_TRY(save_position(d, from, to, scratch));
    d->state = to;
    return NULL;
}

static void enter(ja_drive_t *d, ja_next_t next)
{
    apr_pool_t *scratch;
    ja_err_t *err;

    apr_pool_create(&scratch, d->pool);
    err = ja_err_dup(change_state(d, next.to, scratch), d->pool);
    apr_pool_destroy(scratch);
    if (err) {
        finish(d, err);
    }
    else if (next.at > ja_clock_now()) {
        ja_timer_set(d->timer, next.at);
    }
    else {
        begin(d);
    }
}

static void on_start(void *baton)
{
    ja_drive_t *d = baton;
    ja_next_t next = { d->flow->order_url ? JA_ST_RESUME : JA_ST_ORDER, 0 };

    d->timer = ja_timer_make(d->conf.loop, on_time, d, d->pool);
    enter(d, next);
}

ja_drive_t *ja_drive_start(const ja_drive_conf_t *conf, ja_flow_t *flow, ja_drive_done_fn *done,
                           void *baton, apr_pool_t *pool)
{
    ja_drive_t *d = apr_pcalloc(pool, sizeof(*d));

    d->conf = *conf;
    d->flow = flow;
    d->done = done;
    d->baton = baton;
    d->pool = pool;
    d->timer = ja_timer_make(conf->loop, on_start, d, pool);
    ja_timer_set(d->timer, ja_clock_now());
    return d;
}

int ja_drive_is_critical(const ja_drive_t *drive)
{
    return drive->state == JA_ST_ORDER && drive->outstanding > 0;
}

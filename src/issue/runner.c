#include "issue/runner_private.h"

#include <string.h>

#include "base/clock.h"
#include "event/event.h"
#include "issue/requests.h"
#include "issue/revocation.h"
#include "net/http_curl.h"
#include "store/store_fs.h"

/* RSA keys are made on so many threads at a time: enough to keep the CA busy, without taking the
 * machine from the server. */
#define WORK_THREADS 2

/* How often requests/ is looked at. */
#define LOOK_EVERY apr_time_from_sec(5)

static void on_look(void *baton);

int ja_runner_count(const ja_runner_t *r)
{
    return r->conf.plan->domains->nelts;
}

/* ---- the start ------------------------------------------------------------------------------- */

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
    ja_domain_load(&slot->domain, plan, r->store, r->conf.log, r->pool);
    ja_runner_present_again(slot, scratch);
    ja_runner_start_sets(slot);
    ja_runner_enter(slot);
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
            ja_runner_start_side(r, APR_ARRAY_IDX(plan->cas, i, const ja_plan_ca_t *));
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

static ja_err_t *mind_revocations(ja_runner_t *r, apr_pool_t *scratch)
{
    int n = 0;
    int i;

    JA_TRY(ja_revocation_count(&n, r->store, scratch));
    for (i = 0; n != r->n_revocations && i < ja_runner_count(r); i++) {
        ja_runner_mind_revocation(&r->slots[i]);
    }
    r->n_revocations = n;
    return NULL;
}

static ja_err_t *take_requests(ja_runner_t *r, apr_pool_t *scratch)
{
    apr_time_t changed_at, at;
    int i;

    JA_TRY(ja_store_changed_at(&changed_at, r->store, JA_GROUP_REQUESTS, scratch));
    if (changed_at == r->looked_for) {
        return NULL;
    }
    r->looked_for = changed_at;
    JA_TRY(mind_revocations(r, scratch));
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
    err = take_requests(r, scratch);
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

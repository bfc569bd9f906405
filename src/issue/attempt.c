#include "issue/attempt.h"

#include <string.h>

#include "base/clock.h"
#include "event/event.h"
#include "issue/drive.h"

struct ja_attempt_t {
    ja_attempt_conf_t conf;
    ja_attempt_done_fn *done;
    void *baton;
    apr_pool_t *pool;
    int goes_on;               /* an earlier attempt may have left certificates in ASIDE */
    int key_index;             /* of the plan's key types, being worked on */
    apr_array_header_t *certs; /* ja_set_cert_t, of the key types before that */
    int is_new;                /* the order being worked on was placed by this attempt */
    int placed, good;          /* of these */
    ja_drive_t *drive;         /* NULL between orders */
    ja_flow_t *flow;           /* the drive's */
    apr_pool_t *drive_pool;
};

static void next_order(ja_attempt_t *a);

static ja_key_spec_t spec_at(const ja_attempt_t *a, int index)
{
    return APR_ARRAY_IDX(a->conf.domain->keys, index, ja_key_spec_t);
}

/* ---- staging: when there is a certificate for every key type --------------------------------- */

static ja_err_t *stage(void *baton, const volatile int *cancelled, apr_pool_t *pool)
{
    ja_attempt_t *a = baton;
    const ja_plan_domain_t *domain = a->conf.domain;
    const ja_set_t *set;

    (void)cancelled;
    if (a->conf.try_out) {
        JA_TRY(ja_set_try(a->conf.try_out, a->conf.store, domain, a->certs, pool));
    }
    return ja_set_stage(&set, a->conf.store, domain->name, a->certs, domain->ca->url,
                        ja_clock_now(), pool, pool);
}

static void on_staged(void *baton, ja_err_t *err)
{
    ja_attempt_t *a = baton;

    a->done(a->baton, ja_err_dup(err, a->pool), "staging the certificates");
}

static void begin_staging(ja_attempt_t *a)
{
    ja_err_t *err = ja_loop_offload(a->conf.loop, stage, on_staged, a, a->pool);

    if (err) {
        a->done(a->baton, err, "staging the certificates");
    }
}

/* ---- one order ------------------------------------------------------------------------------- */

/* A new order that did not get as far as the CA, because that was down, counts for no limit. */
static int has_unsent(const ja_attempt_t *a)
{
    return a->flow && a->is_new && a->flow->orders_sent == 0;
}

static void on_order_done(void *baton, ja_err_t *err, const char *activity)
{
    ja_attempt_t *a = baton;
    apr_pool_t *drive_pool = a->drive_pool;
    int is_unsent = has_unsent(a);

    err = ja_err_dup(err, a->pool);
    ja_job_copy(a->conf.job, a->conf.job, a->pool); /* its order lived with the drive */
    if (!err) {
        ja_set_cert_copy(apr_array_push(a->certs), &a->flow->cert, a->pool);
    }
    a->drive = NULL;
    a->flow = NULL;
    a->drive_pool = NULL;
    apr_pool_destroy(drive_pool);
    if (err) {
        if (is_unsent) {
            a->placed--;
            ja_job_unplace(a->conf.job);
        }
        a->done(a->baton, err, activity);
        return;
    }
    ja_event_tell(a->conf.log, JA_EVENT_ISSUED, a->conf.domain->name,
                  "a certificate for a key of type %s",
                  ja_enumstr_print(&ja_key_spec_names, (int)spec_at(a, a->key_index)));
    if (a->is_new) {
        a->good++;
        ja_job_unplace(a->conf.job);
    }
    a->key_index++;
    next_order(a);
}

/* An order of another account, or for a key type that is no longer wanted, is of no use. */
static int can_resume(const ja_job_t *job, ja_key_spec_t spec, const char *thumbprint)
{
    return job->order_url && job->spec == (int)spec && job->thumbprint
           && strcmp(job->thumbprint, thumbprint) == 0;
}

static void begin_order(ja_attempt_t *a, ja_key_spec_t spec)
{
    const ja_jwk_t *jwk = ja_account_jwk(a->conf.account);
    ja_drive_conf_t conf = { a->conf.loop, a->conf.ca, jwk, ja_account_url(a->conf.account),
                             a->conf.job };
    ja_flow_t *flow;

    apr_pool_create(&a->drive_pool, a->pool);
    flow = ja_flow_make(a->conf.domain, spec, a->conf.store, a->conf.solvers,
                        ja_jwk_thumbprint(jwk), a->drive_pool);
    a->is_new = !can_resume(a->conf.job, spec, flow->thumbprint);
    if (a->is_new) { /* saved with the state, before anything is sent */
        a->placed++;
        ja_job_place(a->conf.job, ja_clock_now(), a->pool);
    }
    else {
        flow->order_url = a->conf.job->order_url;
        flow->is_resumed = 1;
        flow->was_answered = a->conf.job->state == JA_ST_VALIDATE;
        ja_event_tell(a->conf.log, JA_EVENT_RESUMED, a->conf.domain->name, "order %s",
                      flow->order_url);
    }
    a->flow = flow;
    a->drive = ja_drive_start(&conf, flow, on_order_done, a, a->drive_pool);
}

/* Did an earlier attempt get as far as this certificate? Only then files are looked at. */
static int is_there(ja_attempt_t *a, ja_key_spec_t spec)
{
    ja_set_cert_t cert;
    apr_pool_t *scratch;
    int is_there;

    if (!a->goes_on) {
        return 0;
    }
    apr_pool_create(&scratch, a->pool);
    is_there = ja_set_has_cert(&cert, a->conf.store, a->conf.domain->name, spec,
                               a->conf.domain->names, ja_clock_now(), a->pool, scratch);
    if (is_there) {
        APR_ARRAY_PUSH(a->certs, ja_set_cert_t) = cert;
    }
    apr_pool_destroy(scratch);
    return is_there;
}

static void next_order(ja_attempt_t *a)
{
    while (a->key_index < a->conf.domain->keys->nelts) {
        ja_key_spec_t spec = spec_at(a, a->key_index);

        if (!is_there(a, spec)) {
            begin_order(a, spec);
            return;
        }
        a->key_index++;
    }
    begin_staging(a);
}

/* A first attempt begins with nothing in ASIDE: what is there belongs to a renewal long past. */
static void clear_aside(ja_attempt_t *a)
{
    apr_pool_t *scratch;
    ja_err_t *err;

    apr_pool_create(&scratch, a->pool);
    err = ja_store_remove_name(a->conf.store, JA_GROUP_ASIDE, a->conf.domain->name, scratch);
    if (err) {
        ja_log_line(a->conf.log, JA_LOG_WARNING, "%s: %s: %s", a->conf.domain->name,
                    ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
    }
    apr_pool_destroy(scratch);
}

static void on_start(void *baton)
{
    ja_attempt_t *a = baton;

    if (!a->goes_on) {
        clear_aside(a);
    }
    next_order(a);
}

ja_attempt_t *ja_attempt_start(const ja_attempt_conf_t *conf, ja_attempt_done_fn *done, void *baton,
                               apr_pool_t *pool)
{
    ja_attempt_t *a = apr_pcalloc(pool, sizeof(*a));

    a->conf = *conf;
    a->done = done;
    a->baton = baton;
    a->pool = pool;
    a->certs = apr_array_make(pool, conf->domain->keys->nelts, sizeof(ja_set_cert_t));
    a->goes_on = conf->job->started_at != 0;
    if (!a->goes_on) {
        conf->job->started_at = ja_clock_now();
    }
    ja_timer_set(ja_timer_make(conf->loop, on_start, a, pool), ja_clock_now());
    return a;
}

int ja_attempt_orders(const ja_plan_domain_t *domain, const ja_job_t *job,
                      const char *account_thumbprint)
{
    int orders = domain->keys->nelts;
    int i;

    for (i = 0; i < domain->keys->nelts; i++) {
        if (can_resume(job, APR_ARRAY_IDX(domain->keys, i, ja_key_spec_t), account_thumbprint)) {
            return orders - 1;
        }
    }
    return orders;
}

void ja_attempt_counts(const ja_attempt_t *attempt, int *placed, int *good)
{
    *placed = attempt->placed - has_unsent(attempt);
    *good = attempt->good;
}

int ja_attempt_is_critical(const ja_attempt_t *attempt)
{
    return attempt->drive && ja_drive_is_critical(attempt->drive);
}

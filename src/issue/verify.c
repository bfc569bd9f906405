#include "issue/verify.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "issue/response.h"

/* Children adopt a set with their next handshake. */
#define FIRST_AFTER apr_time_from_sec(1)

/* The next try, while it may be a matter of time; and when somebody has to mend something, who may
 * do so without a restart of this server. */
#define AGAIN_AFTER apr_time_from_sec(60)
#define ERROR_AFTER apr_time_from_sec(6 * 3600)

struct ja_verify_t {
    ja_verify_conf_t conf;
    apr_pool_t *pool;
    const ja_set_t *live;        /* or NULL                                       */
    apr_pool_t *live_pool;       /* its own                                       */
    apr_time_t live_at;          /* since when we know that it is live            */
    apr_array_header_t *earlier; /* const char *: digests of those before it      */
    ja_timer_t *timer;
    int is_asking;
    int is_stale;     /* what is being asked is about the set before it */
    const char *told; /* the verdict that was told last, or NULL: none            */
};

static void on_time(void *baton);

ja_verify_t *ja_verify_make(const ja_verify_conf_t *conf, apr_pool_t *pool)
{
    ja_verify_t *v = apr_pcalloc(pool, sizeof(*v));

    v->conf = *conf;
    v->pool = pool;
    v->timer = ja_timer_make(conf->loop, on_time, v, pool);
    return v;
}

static const char *digest_of(const ja_set_t *set)
{
    return APR_ARRAY_IDX(set->certs, 0, const ja_set_cert_t).facts.sha256;
}

/* ---- a proof --------------------------------------------------------------------------------- */

/* One that a certificate needs has to be there; another one should, once the runner has it. */
static ja_proof_staple_t staple_of(const ja_verify_t *v, apr_pool_t *scratch)
{
    ja_proof_staple_t staple = v->conf.plan->stapling ? JA_STAPLE_WANTED : JA_STAPLE_UNASKED;
    int i;

    for (i = 0; i < v->live->certs->nelts && staple != JA_STAPLE_UNASKED; i++) {
        const ja_cert_facts_t *cert = &APR_ARRAY_IDX(v->live->certs, i, const ja_set_cert_t).facts;
        ja_ocsp_facts_t said;
        int has = 0;
        ja_err_t *err = ja_response_find(&has, &said, NULL, v->conf.store, cert->sha256,
                                         ja_clock_now(), scratch, scratch);

        if (err || !has || said.status != JA_OCSP_GOOD) {
            staple = JA_STAPLE_UNASKED;
        }
        else if (cert->must_staple) {
            staple = JA_STAPLE_REQUIRED;
        }
    }
    return staple;
}

/* Told when it is news: the first time, and when it changes. */
static void tell(ja_verify_t *v, const ja_proof_result_t *result)
{
    const char *verdict = ja_enumstr_print(&ja_proof_verdict_names, (int)result->verdict);
    apr_pool_t *scratch;

    if (!v->told || strcmp(v->told, verdict) != 0) {
        apr_pool_create(&scratch, v->pool);
        ja_proof_tell(v->conf.log, result, scratch);
        apr_pool_destroy(scratch);
        v->told = verdict; /* of the table */
    }
}

static void on_done(void *baton, const ja_proof_result_t *result)
{
    ja_verify_t *v = baton;
    ja_job_proof_t proof = { 0 };
    int is_stale = v->is_stale;

    v->is_asking = v->is_stale = 0;
    if (is_stale || !v->live || result->verdict == JA_PROOF_UNASKED) {
        return;
    }
    if (result->again) {
        ja_timer_set(v->timer, ja_clock_now() + AGAIN_AFTER);
        return;
    }
    tell(v, result);
    proof.sha256 = digest_of(v->live);
    proof.at = result->at;
    proof.verdict = ja_enumstr_print(&ja_proof_verdict_names, (int)result->verdict);
    proof.error_id = result->err ? ja_err_row(result->err->code)->id : NULL;
    proof.text = result->text;
    v->conf.found(v->conf.baton, &proof);
    if (result->err) {
        ja_timer_set(v->timer, ja_clock_now() + ERROR_AFTER);
    }
}

static void on_time(void *baton)
{
    ja_verify_t *v = baton;
    ja_proof_job_t job = { .name = v->conf.plan->name,
                           .live = v->live,
                           .live_at = v->live_at,
                           .earlier = v->earlier,
                           .targets = v->conf.targets };
    apr_pool_t *scratch;

    if (v->is_asking) { /* about the set before this one */
        ja_timer_set(v->timer, ja_clock_now() + FIRST_AFTER);
        return;
    }
    apr_pool_create(&scratch, v->pool);
    job.staple = staple_of(v, scratch);
    v->is_asking = 1;
    ja_proof_begin(v->conf.proof, &job, on_done, v); /* copies it */
    apr_pool_destroy(scratch);
}

/* ---- sets ------------------------------------------------------------------------------------ */

/* The digests of a set that is not live any more, in the pool of the one that is. */
static apr_array_header_t *digests_of(const ja_set_t *set, apr_pool_t *pool)
{
    apr_array_header_t *digests = apr_array_make(pool, 1, sizeof(const char *));
    int i;

    for (i = 0; set && i < set->certs->nelts; i++) {
        APR_ARRAY_PUSH(digests, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t).facts.sha256);
    }
    return digests;
}

static void change(ja_verify_t *v, const ja_set_t *live)
{
    apr_pool_t *old = v->live_pool;

    apr_pool_create(&v->live_pool, v->pool);
    v->earlier = digests_of(v->live, v->live_pool);
    v->live = live ? ja_set_copy(live, v->live_pool) : NULL;
    v->live_at = ja_clock_now();
    v->told = NULL;
    v->is_stale = v->is_asking;
    ja_timer_stop(v->timer);
    if (old) {
        apr_pool_destroy(old);
    }
}

void ja_verify_set(ja_verify_t *v, const ja_set_t *live, const ja_job_proof_t *last)
{
    int is_proved;

    if (ja_set_is_same(v->live, live)) {
        return;
    }
    change(v, live);
    is_proved = live && last && !last->error_id && strcmp(last->sha256, digest_of(live)) == 0;
    if (live && v->conf.targets && !is_proved) {
        ja_timer_set(v->timer, v->live_at + FIRST_AFTER);
    }
}

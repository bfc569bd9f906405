/* The proofs of issue/proof.h: one handshake after the other, on another thread. */
#include "issue/proof.h"

#include <string.h>

#include <apr_ring.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "event/event.h"

typedef struct run_t run_t;
APR_RING_HEAD(run_ring_t, run_t);

/* One proof, in a pool of its own: waiting in the queue, or the one that is made. */
struct run_t {
    APR_RING_ENTRY(run_t) link;
    apr_pool_t *pool;
    ja_proof_t *proof;
    ja_proof_job_t job;
    ja_proof_done_fn *done;
    void *baton;
    ja_handshake_kind_t kinds[JA_HANDSHAKE_KINDS]; /* to be asked for */
    int n_kinds;
    int n_questions;
    int next;                   /* the question that is next */
    apr_array_header_t *silent; /* ja_endpoint_t: where nobody answers, or that is not here */
    ja_handshake_ask_t ask;     /* the question under way, and what it has shown: the other */
    ja_handshake_t seen;        /* thread's until it hands them back */
    ja_proof_finding_t gravest;
    ja_proof_result_t result;
};

struct ja_proof_t {
    ja_proof_conf_t conf;
    apr_pool_t *pool;
    ja_timer_t *timer; /* starts the next one of the queue */
    struct run_ring_t queue;
    run_t *current; /* or NULL */
};

/* ---- the copy of a job ----------------------------------------------------------------------- */

static const apr_array_header_t *copy_texts(const apr_array_header_t *from, apr_pool_t *pool)
{
    apr_array_header_t *texts;
    int i;

    if (!from) {
        return NULL;
    }
    texts = apr_array_make(pool, from->nelts, sizeof(const char *));
    for (i = 0; i < from->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(from, i, const char *));
    }
    return texts;
}

static const apr_array_header_t *copy_targets(const apr_array_header_t *from, apr_pool_t *pool)
{
    apr_array_header_t *targets = apr_array_make(pool, from->nelts, sizeof(ja_proof_target_t));
    const ja_proof_target_t *target;
    int i;

    for (i = 0; i < from->nelts && i < JA_PROOF_MAX_TARGETS; i++) {
        target = &APR_ARRAY_IDX(from, i, const ja_proof_target_t);
        APR_ARRAY_PUSH(targets, ja_proof_target_t) = (ja_proof_target_t){
            .at = { apr_pstrdup(pool, target->at.address), target->at.port },
            .name = apr_pstrdup(pool, target->name),
        };
    }
    return targets;
}

static void copy_job(ja_proof_job_t *job, const ja_proof_job_t *from, apr_pool_t *pool)
{
    *job = *from;
    job->name = apr_pstrdup(pool, from->name);
    job->live = ja_set_copy(from->live, pool);
    job->earlier = copy_texts(from->earlier, pool);
    job->targets = copy_targets(from->targets, pool);
}

/* ---- which questions ------------------------------------------------------------------------- */

/* A set with one kind of key is asked for without saying which: so the server cannot but show what
 * it has. */
static void find_kinds(run_t *run)
{
    const apr_array_header_t *certs = run->job.live->certs;
    int n_ec = 0;
    int i, spec;

    for (i = 0; i < certs->nelts; i++) {
        spec = APR_ARRAY_IDX(certs, i, const ja_set_cert_t).spec;
        n_ec += spec == JA_KEY_P256 || spec == JA_KEY_P384;
    }
    if (n_ec == 0 || n_ec == certs->nelts) {
        run->kinds[run->n_kinds++] = JA_HANDSHAKE_ANY;
        return;
    }
    run->kinds[run->n_kinds++] = JA_HANDSHAKE_RSA;
    run->kinds[run->n_kinds++] = JA_HANDSHAKE_EC;
}

static void find_questions(run_t *run)
{
    int all;

    find_kinds(run);
    all = run->job.targets->nelts * run->n_kinds;
    run->n_questions = all < JA_PROOF_MAX_HANDSHAKES ? all : JA_PROOF_MAX_HANDSHAKES;
    run->result.left_out = all - run->n_questions;
}

/* The i-th question: all kinds of all targets, or of a part of the targets that is spread evenly
 * over them. */
static void make_question(ja_handshake_ask_t *ask, const run_t *run, int i)
{
    int target = i * run->job.targets->nelts / run->n_questions;
    const ja_proof_target_t *to = &APR_ARRAY_IDX(run->job.targets, target, ja_proof_target_t);

    ask->to = to->at;
    ask->sni = to->name;
    ask->kind = run->kinds[i % run->n_kinds];
    ask->ask_staple = run->job.staple != JA_STAPLE_UNASKED;
    ask->limit = JA_PROOF_HANDSHAKE_LIMIT;
}

static int is_silent(const run_t *run, const ja_endpoint_t *at)
{
    int i;

    for (i = 0; i < run->silent->nelts; i++) {
        if (ja_endpoint_is_same(at, &APR_ARRAY_IDX(run->silent, i, ja_endpoint_t))) {
            return 1;
        }
    }
    return 0;
}

/* The next question to be asked; 0 if there is none. */
static int next_question(run_t *run)
{
    while (run->next < run->n_questions) {
        make_question(&run->ask, run, run->next++);
        if (!is_silent(run, &run->ask.to)) {
            return 1;
        }
        run->result.left_out++;
    }
    return 0;
}

/* ---- the result ------------------------------------------------------------------------------ */

static int gravity(const ja_proof_finding_t *finding)
{
    return (int)finding->verdict + (finding->err ? JA_PROOF_VERDICTS : 0);
}

/* `finding` lives in the run's pool. */
static void note(run_t *run, const ja_proof_finding_t *finding)
{
    run->result.asked++;
    run->result.verified +=
        !finding->err
        && (finding->verdict == JA_PROOF_VERIFIED || finding->verdict == JA_PROOF_UNSTAPLED);
    if (gravity(finding) > gravity(&run->gravest)) {
        run->gravest = *finding;
    }
}

static const char *left_out(const ja_proof_result_t *result, apr_pool_t *pool)
{
    return result->left_out == 0 ? "" : apr_psprintf(pool, "; left out: %d", result->left_out);
}

static void conclude(run_t *run)
{
    ja_proof_result_t *result = &run->result;
    const ja_proof_finding_t *gravest = &run->gravest;
    const char *rest = left_out(result, run->pool);

    result->name = run->job.name;
    result->at = ja_clock_now();
    result->verdict = gravest->verdict;
    result->again = gravest->again;
    if (result->asked == 0) {
        result->text = "no address of this server serves this domain with TLS";
    }
    else if (gravest->verdict == JA_PROOF_VERIFIED) {
        result->text = apr_psprintf(run->pool, "the live certificate is served in %d handshake%s%s",
                                    result->asked, result->asked == 1 ? "" : "s", rest);
    }
    else {
        result->text = apr_psprintf(run->pool, "%d of %d handshakes are as they should be%s; %s",
                                    result->verified, result->asked, rest, gravest->text);
    }
    if (gravest->err) {
        result->err =
            ja_err_wrap(gravest->err, run->pool, "%d of %d handshakes are as they should be%s",
                        result->verified, result->asked, rest);
    }
}

void ja_proof_tell(const ja_log_t *log, const ja_proof_result_t *result, apr_pool_t *scratch)
{
    if (result->err) {
        ja_event_errored(log, result->name, result->err, "checking what is served", 0, scratch);
    }
    else if (!result->again && result->asked > 0) {
        ja_event_tell(log, JA_EVENT_VERIFIED, result->name, "%s", result->text);
    }
}

/* ---- going through it ------------------------------------------------------------------------ */

static void start_soon(ja_proof_t *proof)
{
    if (!proof->current && !APR_RING_EMPTY(&proof->queue, run_t, link)) {
        ja_timer_set(proof->timer, ja_clock_now());
    }
}

static void finish(run_t *run)
{
    ja_proof_t *proof = run->proof;

    conclude(run);
    proof->current = NULL;
    run->done(run->baton, &run->result);
    apr_pool_destroy(run->pool);
    start_soon(proof);
}

/* On another thread. An address that has moved to another machine is not asked. A server that has
 * no certificate of the wanted kind ends the handshake: what it has instead says more than that. */
static ja_err_t *shake_hands(void *baton, const volatile int *cancelled, apr_pool_t *pool)
{
    run_t *run = baton;
    ja_proof_handshake_fn *handshake = run->proof->conf.handshake;
    ja_handshake_ask_t any = run->ask;
    ja_err_t *err;

    if (!ja_endpoint_is_local(&run->ask.to)) {
        return ja_err_make(JA_E_NOT_FOUND, pool, "%s is not here",
                           ja_endpoint_print(&run->ask.to, pool));
    }
    err = handshake(&run->seen, &run->ask, cancelled, pool, pool);
    if (err && err->code == JA_E_TLS && any.kind != JA_HANDSHAKE_ANY) {
        any.kind = JA_HANDSHAKE_ANY;
        err = handshake(&run->seen, &any, cancelled, pool, pool);
    }
    return err;
}

static void hear(void *baton, ja_err_t *err);

static void go_on(run_t *run)
{
    ja_proof_finding_t failed = { .verdict = JA_PROOF_FAILED };
    ja_err_t *err;

    if (!next_question(run)) {
        finish(run);
        return;
    }
    err = ja_loop_offload(run->proof->conf.loop, shake_hands, hear, run, run->pool);
    if (err) {
        failed.err = err;
        failed.text = ja_err_text(err, run->pool);
        note(run, &failed);
        finish(run);
    }
}

/* Would other questions at that address fail in the same way? */
static int is_for_all(ja_code_t code)
{
    return code == JA_E_CONNECT || code == JA_E_TIMEOUT || code == JA_E_NOT_FOUND;
}

/* What `seen` and `err` point to is gone after this: a finding is made in the run's pool. */
static void hear(void *baton, ja_err_t *err)
{
    run_t *run = baton;
    ja_proof_finding_t finding;

    if (err && err->code == JA_E_NOT_FOUND) {
        run->result.left_out++;
    }
    else {
        ja_proof_judge(&finding, &run->job, &run->ask, &run->seen, err, ja_clock_now(), run->pool);
        note(run, &finding);
    }
    if (err && is_for_all(err->code)) {
        APR_ARRAY_PUSH(run->silent, ja_endpoint_t) = run->ask.to;
    }
    go_on(run);
}

static void start_next(void *baton)
{
    ja_proof_t *proof = baton;

    proof->current = APR_RING_FIRST(&proof->queue);
    APR_RING_REMOVE(proof->current, link);
    find_questions(proof->current);
    go_on(proof->current);
}

ja_proof_t *ja_proof_make(const ja_proof_conf_t *conf, apr_pool_t *pool)
{
    ja_proof_t *proof = apr_pcalloc(pool, sizeof(*proof));

    proof->conf = *conf;
    if (!proof->conf.handshake) {
        proof->conf.handshake = ja_handshake_run;
    }
    proof->pool = pool;
    proof->timer = ja_timer_make(conf->loop, start_next, proof, pool);
    APR_RING_INIT(&proof->queue, run_t, link);
    return proof;
}

void ja_proof_begin(ja_proof_t *proof, const ja_proof_job_t *job, ja_proof_done_fn *done,
                    void *baton)
{
    apr_pool_t *pool;
    run_t *run;

    apr_pool_create(&pool, proof->pool);
    run = apr_pcalloc(pool, sizeof(*run));
    run->pool = pool;
    run->proof = proof;
    run->done = done;
    run->baton = baton;
    run->silent = apr_array_make(pool, 1, sizeof(ja_endpoint_t));
    copy_job(&run->job, job, pool);
    APR_RING_INSERT_TAIL(&proof->queue, run, run_t, link);
    start_soon(proof);
}

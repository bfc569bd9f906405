#include "issue/staple.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "base/rand.h"
#include "event/event.h"
#include "issue/response.h"
#include "issue/staple_due.h"
#include "issue/staple_private.h"

/* For the whole exchange. */
#define TIMEOUT apr_time_from_sec(30)

/* A responder's Retry-After is waited for, but so long at most. */
#define RETRY_AFTER_MAX apr_time_from_sec(3600)

#define STATUS_OK 200

struct ja_staple_t {
    ja_staple_conf_t conf;
    apr_pool_t *pool;
    ja_staple_changed_fn *changed;
    void *baton;

    const char *sha256;
    const char *url;     /* NULL: there is nobody to ask */
    ja_bytes_t pem;      /* the chain: parsed when a response has come, as it is small this way */
    ja_bytes_t request;  /* DER */
    const char *get_url; /* NULL: too long for GET */

    ja_ocsp_facts_t facts;
    int has_facts;
    int is_awaited;
    int failures;
    int does_get; /* the next try is GET */
    apr_pool_t *error_pool;
    const ja_err_t *error;
    apr_pool_t *exchange; /* NULL: nothing is under way */
    ja_timer_t *timer;    /* NULL: it has not begun, or there is nothing to do */
    apr_time_t next_at;
};

/* What another thread finds out at the beginning, in its pool. */
typedef struct {
    ja_staple_t *staple; /* of it only what does not change: conf, sha256, pem */
    ja_staple_found_t found;
} opening_t;

const ja_ocsp_facts_t *ja_staple_facts(const ja_staple_t *staple)
{
    return staple->has_facts ? &staple->facts : NULL;
}

apr_time_t ja_staple_next_at(const ja_staple_t *staple)
{
    return staple->next_at;
}

const ja_err_t *ja_staple_error(const ja_staple_t *staple)
{
    return staple->error;
}

static ja_staple_state_t state_of(const ja_staple_t *s)
{
    const ja_staple_state_t state = { ja_staple_facts(s), s->failures, s->is_awaited };

    return state;
}

int ja_staple_runs_out(const ja_staple_t *staple)
{
    const ja_staple_state_t state = state_of(staple);

    return ja_staple_is_short(&state, ja_clock_now());
}

static void plan_try(ja_staple_t *s, apr_time_t at)
{
    s->next_at = at;
    ja_timer_set(s->timer, at);
}

static void set_error(ja_staple_t *s, const ja_err_t *err)
{
    if (s->error_pool) {
        apr_pool_destroy(s->error_pool);
        s->error_pool = NULL;
    }
    s->error = NULL;
    if (err) {
        apr_pool_create(&s->error_pool, s->pool);
        s->error = ja_err_dup(err, s->error_pool);
    }
}

/* ---- the response at hand -------------------------------------------------------------------- */

static void take(ja_staple_t *s, const ja_ocsp_facts_t *facts)
{
    s->facts = *facts;
    s->has_facts = 1;
}

/* To the server processes. `unknown` is nothing to show a client. */
static void publish(const ja_staple_t *s, const void *der, apr_size_t len, apr_pool_t *scratch)
{
    const ja_staple_conf_t *conf = &s->conf;
    ja_err_t *err;

    if (!conf->table) {
        return;
    }
    err = ja_staple_table_put(conf->table, conf->domain_index, s->sha256, der, len,
                              ja_ocsp_until(&s->facts), scratch);
    if (err) {
        ja_log_line(conf->log, JA_LOG_INFO, "%s: %s: the OCSP response is not served: %s",
                    conf->name, ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
    }
}

/* A response that can't be stored is served all the same: the next server process that starts has
 * to fetch it again, and that is all. */
static void save(const ja_staple_t *s, const void *der, apr_size_t len, apr_pool_t *scratch)
{
    const ja_item_t item = { ja_response_item(s->sha256, scratch), der, len, 1 };
    ja_err_t *err = ja_store_save(s->conf.store, JA_GROUP_OCSP, NULL, &item, JA_FS_LAZY, scratch);

    if (err) {
        ja_event_errored(s->conf.log, s->conf.name, err, "storing an OCSP response", 0, scratch);
    }
}

static void tell_status(const ja_staple_t *s)
{
    char until[APR_RFC822_DATE_LEN];

    apr_rfc822_date(until, ja_ocsp_until(&s->facts));
    ja_log_line(s->conf.log, JA_LOG_INFO,
                "%s: OCSP says that the certificate %.16s... is %s (response until %s)",
                s->conf.name, s->sha256, ja_enumstr_print(&ja_ocsp_status_names, s->facts.status),
                until);
}

/* A verified one has come: is it one to keep? */
static void consider(ja_staple_t *s, const ja_ocsp_facts_t *facts, const ja_http_reply_t *reply,
                     apr_pool_t *scratch)
{
    int is_news = !s->has_facts || facts->status != s->facts.status;

    if (!ja_staple_is_better(facts, ja_staple_facts(s))) {
        return;
    }
    take(s, facts);
    if (is_news) {
        tell_status(s);
    }
    if (facts->status != JA_OCSP_UNKNOWN) {
        save(s, reply->body, reply->body_len, scratch);
        publish(s, reply->body, reply->body_len, scratch);
    }
}

/* ---- an exchange ----------------------------------------------------------------------------- */

static ja_err_t *check_reply(ja_ocsp_facts_t *facts, const ja_staple_t *s,
                             const ja_http_reply_t *reply, apr_pool_t *scratch)
{
    ja_err_t *err;

    if (reply->status == STATUS_OK) {
        return ja_staple_verify(facts, &s->pem, reply->body, reply->body_len, scratch);
    }
    err = ja_err_make(JA_E_OCSP_BAD, scratch, "the OCSP responder %s does not answer", s->url);
    err->http_status = reply->status;
    err->retry_at = ja_http_retry_at(reply, ja_clock_now());
    return err;
}

/* Which method the next try has. No answer at all: the other one, as caches and proxies have
 * trouble with one or the other. An answer that does not settle it: POST, which no cache on the way
 * answers. */
static void choose_method(ja_staple_t *s, int is_answer)
{
    s->does_get = !is_answer && !s->does_get && s->get_url;
}

static void fail(ja_staple_t *s, const ja_err_t *err, apr_pool_t *scratch)
{
    ja_log_line(s->conf.log, s->failures == 0 ? JA_LOG_INFO : JA_LOG_DEBUG,
                "%s: %s: no %sOCSP response: %s", s->conf.name, ja_err_row(err->code)->id,
                s->has_facts ? "new " : "", ja_err_log_text(err, scratch));
    s->failures++;
    choose_method(s, err->code == JA_E_OCSP_REFUSED);
}

/* `unknown` is one more reason to ask less often, unless something waits. */
static void succeed(ja_staple_t *s, const ja_ocsp_facts_t *facts)
{
    if (facts->status == JA_OCSP_UNKNOWN) {
        s->failures++;
        choose_method(s, 1);
    }
    else {
        s->failures = 0;
    }
}

static void plan_next(ja_staple_t *s, apr_time_t retry_at)
{
    const ja_staple_state_t state = state_of(s);
    apr_time_t now = ja_clock_now();
    apr_time_t at = ja_staple_due(&state, now, ja_rand_unit());

    if (retry_at > now + RETRY_AFTER_MAX) {
        retry_at = now + RETRY_AFTER_MAX;
    }
    plan_try(s, at > retry_at ? at : retry_at);
}

/* `err` may live in the exchange's pool. */
static void conclude(ja_staple_t *s, const ja_http_reply_t *reply, ja_err_t *err)
{
    apr_pool_t *exchange = s->exchange;
    ja_ocsp_facts_t facts;

    if (!err) {
        err = check_reply(&facts, s, reply, exchange);
    }
    if (err) {
        fail(s, err, exchange);
    }
    else {
        succeed(s, &facts);
        consider(s, &facts, reply, exchange);
    }
    set_error(s, err);
    plan_next(s, err ? err->retry_at : 0);
    s->exchange = NULL;
    apr_pool_destroy(exchange);
}

static void on_reply(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    ja_staple_t *s = baton;

    conclude(s, reply, err);
    s->changed(s->baton);
}

static const ja_http_req_t *request_of(const ja_staple_t *s, apr_pool_t *pool)
{
    ja_http_req_t *req = apr_pcalloc(pool, sizeof(*req));

    req->accept = "application/ocsp-response";
    req->max_bytes = JA_OCSP_MAX_BYTES;
    req->timeout = TIMEOUT;
    req->plain_ok = 1; /* RFC 6960 A.1: what comes is signed */
    if (s->does_get) {
        req->method = JA_HTTP_GET;
        req->url = s->get_url;
        return req;
    }
    req->method = JA_HTTP_POST;
    req->url = s->url;
    req->content_type = "application/ocsp-request";
    req->body = s->request.bytes;
    req->body_len = s->request.len;
    return req;
}

static void on_time(void *baton)
{
    ja_staple_t *s = baton;
    ja_err_t *err;

    s->next_at = 0;
    apr_pool_create(&s->exchange, s->pool);
    err = ja_http_start(s->conf.http, request_of(s, s->exchange), on_reply, s, s->exchange);
    if (err) {
        on_reply(s, NULL, err);
    }
}

/* ---- the beginning: on another thread, as OpenSSL takes a millisecond to read a chain -------- */

static ja_err_t *open_work(void *baton, const volatile int *cancelled, apr_pool_t *pool)
{
    opening_t *o = baton;
    const ja_staple_t *s = o->staple;

    (void)cancelled; /* it is short */
    return ja_staple_find(&o->found, s->conf.store, s->sha256, &s->pem, pool);
}

static void give_up(ja_staple_t *s, const ja_err_t *err, apr_pool_t *scratch)
{
    ja_log_line(s->conf.log, JA_LOG_INFO, "%s: %s: no OCSP response can be had: %s", s->conf.name,
                ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
    set_error(s, err);
}

/* There is somebody to ask. */
static void begin(ja_staple_t *s, const ja_staple_found_t *found, apr_pool_t *scratch)
{
    ja_staple_state_t state;

    s->url = apr_pstrdup(s->pool, found->url);
    s->request.bytes = apr_pmemdup(s->pool, found->request.bytes, found->request.len);
    s->request.len = found->request.len;
    s->get_url = ja_ocsp_get_url(s->url, &s->request, s->pool);
    if (found->has_facts) {
        take(s, &found->facts);
        publish(s, found->stored.bytes, found->stored.len, scratch);
    }
    if (found->unused) {
        ja_log_line(s->conf.log, JA_LOG_DEBUG, "%s: the stored OCSP response is not used: %s",
                    s->conf.name, ja_err_log_text(found->unused, scratch));
    }
    s->timer = ja_timer_make(s->conf.loop, on_time, s, s->pool);
    state = state_of(s);
    plan_try(s, ja_staple_first(&state, ja_clock_now(), ja_rand_unit()));
}

/* What the thread has found lives in its pool until this returns. */
static void opened(void *baton, ja_err_t *err)
{
    opening_t *o = baton;
    ja_staple_t *s = o->staple;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, s->pool);
    if (err) {
        give_up(s, err, scratch);
    }
    else if (o->found.url) {
        begin(s, &o->found, scratch);
    }
    apr_pool_destroy(scratch);
    s->changed(s->baton);
}

static ja_err_t *open_chain(ja_staple_t *s, ja_group_t group, const char *file, apr_pool_t *scratch)
{
    opening_t *o = apr_pcalloc(s->pool, sizeof(*o));

    o->staple = s;
    JA_TRY(ja_store_load(&s->pem, s->conf.store, group, s->conf.name, file, JA_CHAIN_MAX_BYTES,
                         s->pool, scratch));
    return ja_loop_offload(s->conf.loop, open_work, opened, o, s->pool);
}

ja_staple_t *ja_staple_start(const ja_staple_conf_t *conf, ja_group_t group,
                             const ja_set_cert_t *cert, int is_awaited,
                             ja_staple_changed_fn *changed, void *baton, apr_pool_t *pool)
{
    ja_staple_t *s = apr_pcalloc(pool, sizeof(*s));
    apr_pool_t *scratch;
    ja_err_t *err;

    s->conf = *conf;
    s->pool = pool;
    s->changed = changed;
    s->baton = baton;
    s->is_awaited = is_awaited;
    s->sha256 = apr_pstrdup(pool, cert->facts.sha256);

    apr_pool_create(&scratch, pool);
    err = cert->facts.ocsp_url ? open_chain(s, group, cert->fullchain_file, scratch) : NULL;
    if (err) {
        give_up(s, err, scratch);
    }
    apr_pool_destroy(scratch);
    return s;
}

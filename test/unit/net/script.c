#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/script.h"

#include <string.h>

#include <apr_strings.h>

#include "base/base64url.h"

/* A row and how often it may still be taken. */
typedef struct {
    script_row_t row;
    int left;
} line_t;

typedef struct {
    script_t *script;
    const ja_http_req_t *req;
    const script_sent_t *sent;
    const line_t *line;
    ja_http_done_fn *done;
    void *baton;
    apr_pool_t *pool;
} asked_t;

struct script_t {
    ja_http_t http;
    apr_pool_t *pool;
    apr_array_header_t *lines;       /* line_t *                             */
    apr_array_header_t *sent;        /* script_sent_t *                      */
    apr_array_header_t *outstanding; /* asked_t *                            */
    int nonces;
};

/* ---- what is asked ---- */

static const char *decoded(const ja_json_t *jws, const char *member, apr_pool_t *pool)
{
    const char *text = ja_json_get_str(jws, member, NULL);
    ja_secret_t *bytes;

    if (!text) {
        return NULL;
    }
    assert_null(ja_base64url_parse(&bytes, text, pool, pool));
    return (const char *)bytes->bytes;
}

static void read_jws(script_sent_t *sent, apr_pool_t *pool)
{
    const char *header;
    ja_json_t *jws;
    ja_json_t *json;

    assert_null(ja_json_parse(&jws, sent->body, strlen(sent->body), 1 << 20, pool, pool));
    header = decoded(jws, "protected", pool);
    assert_non_null(header);
    assert_null(ja_json_parse(&json, header, strlen(header), 1 << 20, pool, pool));
    sent->header = json;
    sent->alg = ja_json_get_str(json, "alg", NULL);
    sent->nonce = ja_json_get_str(json, "nonce", NULL);
    sent->kid = ja_json_get_str(json, "kid", NULL);
    sent->payload = decoded(jws, "payload", pool);
}

static const script_sent_t *record(script_t *script, const ja_http_req_t *req)
{
    script_sent_t *sent = apr_pcalloc(script->pool, sizeof(*sent));

    sent->method = req->method;
    sent->url = apr_pstrdup(script->pool, req->url);
    sent->content_type = apr_pstrdup(script->pool, req->content_type);
    sent->accept = apr_pstrdup(script->pool, req->accept);
    sent->body = req->body ? apr_pstrmemdup(script->pool, req->body, req->body_len) : NULL;
    sent->body_len = req->body_len;
    sent->max_bytes = req->max_bytes;
    if (sent->content_type && strcmp(sent->content_type, "application/jose+json") == 0) {
        read_jws(sent, script->pool);
    }
    APR_ARRAY_PUSH(script->sent, const script_sent_t *) = sent;
    return sent;
}

static int fits(const script_row_t *row, const ja_http_req_t *req)
{
    int method = row->method == 0 ? SCRIPT_POST : row->method;

    return (method == SCRIPT_ANY_METHOD || method == 1 + (int)req->method)
           && (!row->url || strstr(req->url, row->url));
}

static const line_t *take_line(script_t *script, const ja_http_req_t *req)
{
    line_t *line;
    int i;

    for (i = 0; i < script->lines->nelts; i++) {
        line = APR_ARRAY_IDX(script->lines, i, line_t *);
        if (line->left != 0 && fits(&line->row, req)) {
            line->left -= line->left > 0 ? 1 : 0;
            return line;
        }
    }
    fail_msg("nobody expected a request to %s", req->url);
    return NULL;
}

/* ---- the transport ---- */

static void remove_at(apr_array_header_t *list, int index)
{
    asked_t **asked = (asked_t **)(void *)list->elts;

    memmove(&asked[index], &asked[index + 1], sizeof(*asked) * (size_t)(list->nelts - index - 1));
    list->nelts--;
}

static apr_status_t cancel(void *data)
{
    asked_t *asked = data;
    apr_array_header_t *list = asked->script->outstanding;
    int i;

    for (i = 0; i < list->nelts; i++) {
        if (APR_ARRAY_IDX(list, i, asked_t *) == asked) {
            remove_at(list, i);
            break;
        }
    }
    return APR_SUCCESS;
}

static ja_err_t *start(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                       void *baton, apr_pool_t *pool)
{
    script_t *script = http->impl;
    asked_t *asked = apr_pcalloc(pool, sizeof(*asked));

    asked->script = script;
    asked->req = req;
    asked->sent = record(script, req);
    asked->line = take_line(script, req);
    asked->done = done;
    asked->baton = baton;
    asked->pool = pool;
    APR_ARRAY_PUSH(script->outstanding, asked_t *) = asked;
    apr_pool_cleanup_register(pool, asked, cancel, apr_pool_cleanup_null);
    return NULL;
}

static void set_header(apr_table_t *headers, const char *name, const char *value)
{
    if (value && *value) {
        apr_table_set(headers, name, value);
    }
}

static const char *body_of(const asked_t *asked, const char **type)
{
    const script_row_t *row = &asked->line->row;

    *type = row->json || row->body_fn ? "application/json"
            : row->problem            ? "application/problem+json; charset=utf-8"
                                      : row->type;
    if (row->body_fn) {
        return row->body_fn(row->body_baton, asked->sent, asked->pool);
    }
    return row->json ? row->json : row->problem ? row->problem : row->body ? row->body : "";
}

static const ja_http_reply_t *reply_of(const asked_t *asked)
{
    const script_row_t *row = &asked->line->row;
    ja_http_reply_t *reply = apr_pcalloc(asked->pool, sizeof(*reply));
    apr_table_t *headers = apr_table_make(asked->pool, 4);
    const char *type;
    const char *body = body_of(asked, &type);

    set_header(headers, "Content-Type", type);
    set_header(headers, "Location", row->location);
    set_header(headers, "Retry-After", row->retry_after);
    set_header(headers, "Replay-Nonce",
               row->nonce ? row->nonce
                          : apr_psprintf(asked->pool, "nonce-%d", ++asked->script->nonces));
    reply->status = row->status ? row->status : 200;
    reply->headers = headers;
    reply->body_len = asked->line->row.body_len ? asked->line->row.body_len : strlen(body);
    reply->body = apr_pstrmemdup(asked->pool, body, reply->body_len);
    return reply;
}

/* ---- the test's side ---- */

void script_deliver(script_t *script, int place)
{
    asked_t *asked;
    const ja_http_reply_t *reply = NULL;
    ja_err_t *err = NULL;

    assert_in_range(place, 0, script->outstanding->nelts - 1);
    asked = APR_ARRAY_IDX(script->outstanding, place, asked_t *);
    if (asked->line->row.fails) {
        err = ja_err_make(asked->line->row.code, asked->pool, "scripted failure of %s",
                          asked->req->url);
    }
    else {
        reply = reply_of(asked);
        if (reply->body_len > asked->req->max_bytes) {
            err = ja_err_make(JA_E_TOO_LARGE, asked->pool, "the reply of %s is too large",
                              asked->req->url);
            reply = NULL;
        }
    }
    apr_pool_cleanup_run(asked->pool, asked, cancel);
    asked->done(asked->baton, reply, err);
}

void script_round(script_t *script)
{
    int count = script->outstanding->nelts;

    /* What is cancelled meanwhile makes room for what was asked meanwhile: good enough for a
     * test. */
    while (count-- > 0 && script->outstanding->nelts > 0) {
        script_deliver(script, 0);
    }
}

void script_run(script_t *script)
{
    int deliveries = 0;

    while (script->outstanding->nelts > 0) {
        assert_true(++deliveries < 100000);
        script_deliver(script, 0);
    }
}

void script_reverse(script_t *script, int count)
{
    asked_t **asked = (asked_t **)(void *)script->outstanding->elts;
    asked_t *swap;
    int i;

    assert_in_range(count, 0, script->outstanding->nelts);
    for (i = 0; i < count / 2; i++) {
        swap = asked[i];
        asked[i] = asked[count - 1 - i];
        asked[count - 1 - i] = swap;
    }
}

int script_count(const script_t *script, const char *part)
{
    int count = 0;
    int i;

    for (i = 0; i < script->sent->nelts; i++) {
        if (!part || strstr(APR_ARRAY_IDX(script->sent, i, script_sent_t *)->url, part)) {
            count++;
        }
    }
    return count;
}

const script_sent_t *script_sent(const script_t *script, int index)
{
    if (index < 0) {
        index += script->sent->nelts;
    }
    assert_in_range(index, 0, script->sent->nelts - 1);
    return APR_ARRAY_IDX(script->sent, index, script_sent_t *);
}

int script_outstanding(const script_t *script)
{
    return script->outstanding->nelts;
}

void script_expect(script_t *script, const script_row_t *row)
{
    line_t *line = apr_pcalloc(script->pool, sizeof(*line));

    line->row = *row;
    line->left = row->times == 0 ? 1 : row->times;
    APR_ARRAY_PUSH(script->lines, line_t *) = line;
}

void script_expect_ca(script_t *script)
{
    static const script_row_t DIRECTORY = {
        .method = SCRIPT_GET,
        .url = SCRIPT_DIRECTORY,
        .times = SCRIPT_ANY_NUMBER,
        .nonce = "",
        .json = "{\"newNonce\":\"https://ca.example/nonce\",\"newAccount\":\"https://ca.example/"
                "new-account\","
                "\"newOrder\":\"https://ca.example/new-order\",\"revokeCert\":\"https://ca.example/"
                "revoke\","
                "\"keyChange\":\"https://ca.example/key-change\","
                "\"meta\":{\"termsOfService\":\"https://ca.example/"
                "terms\",\"externalAccountRequired\":true}}",
    };
    static const script_row_t NONCE = {
        .method = SCRIPT_HEAD,
        .url = "https://ca.example/nonce",
        .times = SCRIPT_ANY_NUMBER,
    };

    script_expect(script, &DIRECTORY);
    script_expect(script, &NONCE);
}

void script_end(script_t *script)
{
    const line_t *line;
    int i;

    for (i = 0; i < script->lines->nelts; i++) {
        line = APR_ARRAY_IDX(script->lines, i, line_t *);
        if (line->left > 0) {
            fail_msg("%d requests to %s did not come", line->left,
                     line->row.url ? line->row.url : "any URL");
        }
    }
    assert_int_equal(script->outstanding->nelts, 0);
}

ja_http_t *script_http(script_t *script)
{
    return &script->http;
}

script_t *script_make(apr_pool_t *pool)
{
    script_t *script = apr_pcalloc(pool, sizeof(*script));

    script->http.impl = script;
    script->http.start = start;
    script->pool = pool;
    script->lines = apr_array_make(pool, 8, sizeof(line_t *));
    script->sent = apr_array_make(pool, 8, sizeof(script_sent_t *));
    script->outstanding = apr_array_make(pool, 8, sizeof(asked_t *));
    return script;
}

/* net/http: HTTP requests and replies as values. The transport is behind a vtable: net/http_curl is
 * the real one, unit tests script theirs. Asynchronous: start() returns at once, `done` is called
 * from the loop. No redirects are followed.
 */
#ifndef JA_NET_HTTP_H
#define JA_NET_HTTP_H

#include <apr_tables.h>

#include "base/err.h"

typedef enum {
    JA_HTTP_HEAD,
    JA_HTTP_GET,
    JA_HTTP_POST
} ja_http_method_t;

typedef struct {
    ja_http_method_t method;
    const char *url;
    const char *content_type; /* of the body, or NULL */
    const char *accept;       /* or NULL */
    const char *body;         /* or NULL */
    apr_size_t body_len;
    apr_size_t max_bytes;        /* of the reply's body; more is JA_E_TOO_LARGE */
    apr_interval_time_t timeout; /* for the whole exchange; 0: 60 s */
    const char *trust_file;      /* PEM of trust anchors, or NULL: the system's */
    int plain_ok;                /* http to any host: no secret is sent, the reply is signed */
} ja_http_req_t;

typedef struct {
    int status;                 /* 100 .. 599 */
    const apr_table_t *headers; /* at most 64, each at most 8 KiB; the rest is dropped */
    const char *body;           /* with a NUL behind; "" if there is none */
    apr_size_t body_len;
} ja_http_reply_t;

/* Called once: a reply of whatever status, or an error (JA_E_RESOLVE, JA_E_PROXY,
 * JA_E_CONNECT, JA_E_TLS, JA_E_TIMEOUT, JA_E_CUT, JA_E_TOO_LARGE, JA_E_HTTP). Both live in the pool
 * that was given to start. */
typedef void ja_http_done_fn(void *baton, const ja_http_reply_t *reply, ja_err_t *err);

typedef struct ja_http_t ja_http_t;
struct ja_http_t {
    void *impl;
    /* `req` and what it points to live in `pool`. Clearing `pool` before `done` cancels the
     * exchange, and `done` is not called. `done` is never called from within start(). `done` may
     * clear `pool`. */
    ja_err_t *(*start)(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                       void *baton, apr_pool_t *pool);
};

/* start(). */
ja_err_t *ja_http_start(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                        void *baton, apr_pool_t *pool) JA_WARN_UNUSED;

/* The value of a header, or NULL. */
const char *ja_http_header(const ja_http_reply_t *reply, const char *name);

/* Retry-After (RFC 9110 10.2.3) of seconds or a date as absolute time, no earlier than `now`, no
 * later than `now` + a day; 0: none or nonsense. */
apr_time_t ja_http_retry_at(const ja_http_reply_t *reply, apr_time_t now);

/* Is the media type of the body `type` ("application/problem+json"), whatever the parameters and
 * case? */
int ja_http_is_type(const ja_http_reply_t *reply, const char *type);

#endif

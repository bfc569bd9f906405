/* acme/heard: a successful reply of the CA, read as far as that is the same for all resources. */
#ifndef JA_ACME_HEARD_H
#define JA_ACME_HEARD_H

#include "acme/problem.h"
#include "json/bind.h"

typedef struct {
    ja_kind_t kind;               /* what was asked */
    const char *url;              /* where it went */
    const ja_http_reply_t *reply; /* status 2xx */
    const ja_json_t *json;        /* the body, if it has a JSON media type; else NULL */
    const char *location;         /* Location made absolute, or NULL. ja_url_parse() takes it;
                                     whose URL it is, is checked when it is asked           */
    apr_time_t retry_at;          /* 0: none */
} ja_heard_t;

/* Read `reply` to a request of `kind` to `url`. What is not 2xx, or has a problem document as its
 * body, is that problem's error. A bad Location is an error (JA_E_URL) where something was to be
 * created, and left out elsewhere. JSON that can't be read: JA_E_PROTOCOL. All lives in `result`,
 * and errors too. */
ja_err_t *ja_heard_make(ja_heard_t **heard, const ja_http_reply_t *reply, ja_kind_t kind,
                        const char *url, apr_pool_t *result) JA_WARN_UNUSED;

/* The body as a struct, by `bind`. JA_E_PROTOCOL if it is no JSON, or not what `bind` says. */
ja_err_t *ja_heard_read(void *out, const ja_bind_t *bind, const ja_heard_t *heard,
                        apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* What the tests of acme/ share: a scripted CA, a key, and replies made by hand. */
#ifndef JA_TEST_ACME_TALK_H
#define JA_TEST_ACME_TALK_H

#include "../base/check.h"

#include <apr_strings.h>

#include "../net/script.h"
#include "acme/heard.h"
#include "acme/jws.h"
#include "base/clock.h"

#define NOW apr_time_from_sec(1893456000) /* 2030-01-01T00:00:00Z */

static apr_time_t now = NOW;

static inline apr_time_t tell_time(void *baton)
{
    (void)baton;
    return now;
}

static inline ja_jwk_t *new_key(void)
{
    ja_jwk_t *jwk;

    WORKS(ja_jwk_make(&jwk, pool, pool));
    return jwk;
}

static inline ja_http_reply_t *reply_with(int status, const char *type, const char *body)
{
    ja_http_reply_t *reply = apr_pcalloc(pool, sizeof(*reply));
    apr_table_t *headers = apr_table_make(pool, 4);

    if (type) {
        apr_table_set(headers, "Content-Type", type);
    }
    reply->status = status;
    reply->headers = headers;
    reply->body = body;
    reply->body_len = strlen(body);
    return reply;
}

#define ASKED "https://ca.example/asked"

/* A reply of ASKED with JSON, and with a Location unless that is NULL. */
static inline const ja_heard_t *heard_of(ja_kind_t kind, const char *location, const char *json)
{
    ja_http_reply_t *reply = reply_with(200, "application/json", json);
    ja_heard_t *heard;

    if (location) {
        apr_table_set((apr_table_t *)reply->headers, "Location", location);
    }
    WORKS(ja_heard_make(&heard, reply, kind, ASKED, pool));
    return heard;
}

/* An array of const char *, up to the NULL. */
static inline apr_array_header_t *strs(const char *first, ...)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(const char *));
    const char *one;
    va_list args;

    va_start(args, first);
    for (one = first; one; one = va_arg(args, const char *)) {
        APR_ARRAY_PUSH(list, const char *) = one;
    }
    va_end(args);
    return list;
}

#endif

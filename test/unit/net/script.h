/* A transport for tests: what it answers is written down beforehand, what was asked can be looked
 * at afterwards. Nothing is sent anywhere, and no reply arrives before the test says so: several
 * requests may be outstanding, and their replies may come in any order.
 *
 *     script_t *script = script_make(pool);
 *     script_expect(script, &(script_row_t){ .url = "/order/1", .json = "{...}" });
 *     ... code under test, with script_http(script) ...
 *     script_run(script);
 *     assert_string_equal(script_sent(script, 0)->payload, "");
 *     script_end(script);
 *
 * A request takes the first row that is not used up and fits. A request that no row fits fails
 * the test. */
#ifndef JA_TEST_NET_SCRIPT_H
#define JA_TEST_NET_SCRIPT_H

#include "json/json.h"
#include "net/http.h"

typedef struct script_t script_t;

/* What was asked; of a signed body (RFC 7515) the decoded parts. Lives as long as the script. */
typedef struct {
    ja_http_method_t method;
    const char *url;
    const char *content_type;
    const char *accept;
    const char *body;
    apr_size_t body_len;
    apr_size_t max_bytes;
    const ja_json_t *header;       /* the protected header, or NULL                            */
    const char *alg, *nonce, *kid; /* of it, or NULL                                           */
    const char *payload;           /* decoded, or NULL                                         */
} script_sent_t;

/* A body that depends on what was asked. */
typedef const char *script_body_fn(void *baton, const script_sent_t *sent, apr_pool_t *pool);

#define SCRIPT_ANY_NUMBER (-1)
#define SCRIPT_ANY_METHOD (-1)

typedef struct {
    const char *url;     /* part of the URL; NULL fits all                         */
    int method;          /* 0: POST; or 1 + ja_http_method_t, or SCRIPT_ANY_METHOD */
    int times;           /* 0: once; or a number, or SCRIPT_ANY_NUMBER             */
    int status;          /* 0: 200                                                 */
    const char *json;    /* body of type application/json                          */
    const char *problem; /* body of type application/problem+json                  */
    const char *body;    /* any other, of `type`                                   */
    apr_size_t body_len; /* of that; 0: it is text                                 */
    const char *type;
    script_body_fn *body_fn; /* instead of `json`                                      */
    void *body_baton;
    const char *location;
    const char *retry_after;
    const char *nonce; /* NULL: "nonce-1", "nonce-2", ...; "": none              */
    int fails;         /* no reply but an error of `code`                        */
    ja_code_t code;
} script_row_t;

#define SCRIPT_HEAD (1 + JA_HTTP_HEAD)
#define SCRIPT_GET  (1 + JA_HTTP_GET)
#define SCRIPT_POST (1 + JA_HTTP_POST)

/* Everything lives in `pool`, which outlives what is tested. */
script_t *script_make(apr_pool_t *pool);
ja_http_t *script_http(script_t *script);

/* `row` is copied, its strings are not. */
void script_expect(script_t *script, const script_row_t *row);

/* A directory of https://ca.example/ and a nonce for each HEAD, as often as they are wanted. */
void script_expect_ca(script_t *script);
#define SCRIPT_DIRECTORY "https://ca.example/directory"

/* Requests so far, of all and of those with `part` in their URL; and the one of that number, from
 * 0 (-1: the last). */
int script_count(const script_t *script, const char *part);
const script_sent_t *script_sent(const script_t *script, int index);

/* Those without reply yet, the cancelled ones not counted. */
int script_outstanding(const script_t *script);

/* Deliver the reply to the outstanding request of that place, from 0; to all there are, the first
 * first; to all, and to those that come of it, until none is left. */
void script_deliver(script_t *script, int place);
void script_round(script_t *script);
void script_run(script_t *script);

/* The first `count` replies in reverse order. */
void script_reverse(script_t *script, int count);

/* Fails the test unless every row with a number was used up and nothing is outstanding. */
void script_end(script_t *script);

#endif

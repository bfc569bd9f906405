/* What the tests of the real transport share: a client, a server, and one exchange after the
 * other. */
#ifndef JA_TEST_NET_EXCHANGE_H
#define JA_TEST_NET_EXCHANGE_H

#include "../base/check.h"

#include <stdlib.h>

#include <apr_strings.h>

#include "net/http_curl.h"
#include "net/server.h"

#define MAX_BYTES 1000

static ja_http_t *http;
static ja_loop_io_t io;

typedef struct {
    ja_http_req_t req;
    const ja_http_reply_t *reply;
    ja_err_t *err;
    int calls;
} outcome_t;

static void client_begins(void)
{
    const ja_http_curl_conf_t conf = { .user_agent = "test/1" };

    WORKS(ja_http_curl_global_init(pool));
    WORKS(ja_http_curl_make(&http, &io, &conf, pool));
}

static void on_done(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    outcome_t *outcome = baton;

    outcome->calls++;
    outcome->reply = reply;
    outcome->err = err;
}

static outcome_t *begin(const char *url, apr_pool_t *owner)
{
    outcome_t *outcome = apr_pcalloc(pool, sizeof(*outcome));

    outcome->req = (ja_http_req_t){ .method = JA_HTTP_GET, .url = url, .max_bytes = MAX_BYTES };
    WORKS(ja_http_start(http, &outcome->req, on_done, outcome, owner));
    assert_int_equal(outcome->calls, 0);
    return outcome;
}

/* One round of the loop. */
static void go_round(int timeout_ms)
{
    WORKS(io.poll(io.baton, timeout_ms, pool));
    WORKS(io.work(io.baton, pool));
}

static void wait_for(const outcome_t *outcome)
{
    while (outcome->calls == 0) {
        go_round(10000);
    }
    assert_int_equal(outcome->calls, 1);
    assert_true(!outcome->reply != !outcome->err);
}

#endif

#include "talk.h"

#include "acme/peer.h"

static void nothing(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    (void)baton;
    (void)reply;
    (void)err;
}

static void requests_are_completed_and_counted(void **state)
{
    script_t *script = script_make(pool);
    ja_peer_t peer = { .http = script_http(script), .name = "CA", .trust_file = "/etc/ca.pem" };
    ja_http_req_t req = { .method = JA_HTTP_GET, .url = ASKED };

    (void)state;
    script_expect(script, &(script_row_t){ .method = SCRIPT_GET, .times = 2 });
    WORKS(ja_peer_start(&peer, JA_KIND_DIRECTORY, &req, nothing, NULL, pool));
    assert_string_equal(req.trust_file, "/etc/ca.pem");
    assert_int_equal(req.max_bytes, JA_PEER_MAX_BYTES);
    req.max_bytes = 7;
    WORKS(ja_peer_start(&peer, JA_KIND_DIRECTORY, &req, nothing, NULL, pool));
    assert_int_equal(req.max_bytes, 7);
    assert_int_equal(peer.counts[JA_KIND_DIRECTORY], 2);
    assert_int_equal(peer.counts[JA_KIND_NONCE], 0);
    script_run(script);
    script_end(script);
}

static ja_err_t *refuse(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                        void *baton, apr_pool_t *owner)
{
    (void)http;
    (void)done;
    (void)baton;
    return ja_err_make(JA_E_URL, owner, "not %s", req->url);
}

static void what_was_not_sent_is_not_counted(void **state)
{
    ja_http_t http = { .start = refuse };
    ja_peer_t peer = { .http = &http, .name = "CA" };
    ja_http_req_t req = { .method = JA_HTTP_GET, .url = ASKED };

    (void)state;
    FAILS(ja_peer_start(&peer, JA_KIND_NONCE, &req, nothing, NULL, pool), JA_E_URL, ASKED);
    assert_int_equal(peer.counts[JA_KIND_NONCE], 0);
}

static ja_err_t *no_orders(void *baton, ja_kind_t kind, apr_pool_t *owner)
{
    return kind == JA_KIND_NEW_ORDER ? ja_err_make(JA_E_RATE_LIMITED, owner, "%s", (char *)baton)
                                     : NULL;
}

static void what_may_not_be_sent_is_not(void **state)
{
    script_t *script = script_make(pool);
    ja_peer_t peer = {
        .http = script_http(script), .name = "CA", .may_send = no_orders, .baton = "later"
    };
    ja_http_req_t req = { .method = JA_HTTP_GET, .url = ASKED };

    (void)state;
    script_expect(script, &(script_row_t){ .method = SCRIPT_GET });
    FAILS(ja_peer_start(&peer, JA_KIND_NEW_ORDER, &req, nothing, NULL, pool), JA_E_RATE_LIMITED,
          "later");
    assert_int_equal(peer.counts[JA_KIND_NEW_ORDER], 0);
    WORKS(ja_peer_start(&peer, JA_KIND_ORDER, &req, nothing, NULL, pool));
    script_run(script);
    script_end(script);
}

static void only_gone_is_gone(void **state)
{
    static const int OTHERS[] = { 200, 301, 400, 403, 405, 429, 500, 503 };
    ja_peer_t peer = { .name = "CA" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        ja_peer_notice(&peer, reply_with(OTHERS[i], NULL, ""));
        assert_false(peer.has_moved);
    }
    ja_peer_notice(&peer, reply_with(404, NULL, ""));
    assert_true(peer.has_moved);
    peer.has_moved = 0;
    ja_peer_notice(&peer, reply_with(410, NULL, ""));
    assert_true(peer.has_moved);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(requests_are_completed_and_counted),
        TEST(what_was_not_sent_is_not_counted),
        TEST(what_may_not_be_sent_is_not),
        TEST(only_gone_is_gone),
    };

    return RUN_TESTS(tests);
}

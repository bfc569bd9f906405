#include "outcome.h"

#include "acme/call.h"

#define BAD_NONCE "{\"type\":\"urn:ietf:params:acme:error:badNonce\",\"detail\":\"stale\"}"

static script_t *script;
static ja_peer_t peer;
static ja_loop_t *loop;
static ja_nonces_t *nonces;
static ja_jwk_t *jwk;
static ja_directory_t *directory;

static int begins(void **state)
{
    int begun = pool_begins(state);

    turns = 0;
    script = script_make(pool);
    peer = (ja_peer_t){ .http = script_http(script), .name = "CA", .trust_file = "/etc/ca.pem" };
    WORKS(ja_loop_make(&loop, 1, pool));
    nonces = ja_nonces_make(&peer, loop, pool);
    ja_nonces_use(nonces, "https://ca.example/nonce");
    jwk = new_key();
    WORKS(ja_directory_hear(&directory,
                            reply_with(200, "application/json",
                                       "{\"newNonce\":\"https://ca.example/"
                                       "nonce\",\"newAccount\":\"https://ca.example/new-account\","
                                       "\"newOrder\":\"https://orders.example/new-order\"}"),
                            SCRIPT_DIRECTORY, pool, pool));
    script_expect(script, &(script_row_t){ .method = SCRIPT_HEAD, .times = SCRIPT_ANY_NUMBER });
    return begun;
}

static int ends(void **state)
{
    script_end(script);
    return pool_ends(state);
}

static ja_err_t *send_it(outcome_t *outcome, const char *kid)
{
    ja_call_t *call =
        ja_call_make(&peer, nonces, &outcome->ask, jwk, kid, on_done, outcome, outcome->pool);

    return ja_call_send(call, directory);
}

static outcome_t *ask(const char *path)
{
    outcome_t *outcome = outcome_make(path, "");

    WORKS(send_it(outcome, KID));
    assert_int_equal(outcome->calls, 0);
    return outcome;
}

static void expect(const char *url, const char *json)
{
    script_expect(script, &(script_row_t){ .url = url, .json = json });
}

static void a_request_is_signed_and_its_reply_read(void **state)
{
    outcome_t *outcome = ask("/order/1");
    const script_sent_t *sent;

    (void)state;
    script_expect(script, &(script_row_t){ .url = "/order/1",
                                           .json = "{\"status\":\"ready\"}",
                                           .location = "/order/1" });
    script_run(script);
    assert_int_equal(outcome->calls, 1);
    assert_string_equal(ja_json_get_str(outcome->heard->json, "status", ""), "ready");
    assert_string_equal(outcome->heard->location, "https://ca.example/order/1");
    assert_int_equal(outcome->heard->kind, JA_KIND_ORDER);

    sent = script_sent(script, 1);
    assert_int_equal(sent->method, JA_HTTP_POST);
    assert_string_equal(sent->content_type, "application/jose+json");
    assert_string_equal(sent->payload, "");
    assert_string_equal(sent->nonce, "nonce-1");
    assert_string_equal(sent->kid, KID);
    assert_string_equal(ja_json_get_str(sent->header, "url", ""), "https://ca.example/order/1");
    assert_int_equal(sent->max_bytes, 64 * 1024);
    assert_int_equal(peer.counts[JA_KIND_ORDER], 1);
}

static void resources_are_found_in_the_directory(void **state)
{
    outcome_t *outcome = outcome_make("", "{}");

    (void)state;
    outcome->ask.to = JA_TO_NEW_ORDER;
    outcome->ask.kind = JA_KIND_NEW_ORDER;
    outcome->ask.max_bytes = 1000;
    outcome->ask.accept = "a/b";
    WORKS(send_it(outcome, KID));
    expect("https://orders.example/new-order", "{}");
    script_run(script);
    assert_non_null(outcome->heard);
    assert_int_equal(script_sent(script, -1)->max_bytes, 1000);
    assert_string_equal(script_sent(script, -1)->accept, "a/b");
}

static ja_err_t *late_payload(const char **payload, void *baton, const ja_directory_t *dir,
                              apr_pool_t *result, apr_pool_t *scratch)
{
    (void)scratch;
    if (baton) {
        return ja_err_make(JA_E_CONFIG, result, "nothing to say");
    }
    *payload = apr_psprintf(result, "{\"to\":\"%s\"}", dir->new_account);
    return NULL;
}

static void a_payload_may_be_made_late(void **state)
{
    outcome_t *outcome = outcome_make("", NULL);

    (void)state;
    outcome->ask.to = JA_TO_NEW_ACCOUNT;
    outcome->ask.payload_fn = late_payload;
    WORKS(send_it(outcome, NULL));
    expect("/new-account", "{}");
    script_run(script);
    assert_string_equal(script_sent(script, -1)->payload,
                        "{\"to\":\"https://ca.example/new-account\"}");
    assert_null(script_sent(script, -1)->kid);
    assert_non_null(ja_json_get(script_sent(script, -1)->header, "jwk"));

    outcome->ask.payload_baton = outcome;
    FAILS(send_it(outcome, NULL), JA_E_CONFIG, "nothing");
}

static void foreign_urls_are_not_asked(void **state)
{
    outcome_t *outcome = outcome_make("", "");

    (void)state;
    outcome->ask.url = "https://internal.example/";
    FAILS(send_it(outcome, KID), JA_E_URL, "internal.example");
    outcome->ask.url = "http://ca.example/";
    FAILS(send_it(outcome, KID), JA_E_URL, "http");
    assert_int_equal(script_count(script, NULL), 0);
    assert_int_equal(outcome->calls, 0);
}

static void problems_are_errors(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(
        script, &(script_row_t){
                    .status = 403,
                    .retry_after = "60",
                    .problem = "{\"type\":\"urn:ietf:params:acme:error:caa\",\"detail\":\"no\"}" });
    script_run(script);
    FAILS(outcome->err, JA_E_CAA,
          "order https://ca.example/order/1: the CA says caa: no (HTTP 403)");
    assert_true(outcome->err->retry_at > 0);
}

static void the_nonce_of_an_error_is_used(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(script, &(script_row_t){ .status = 500, .nonce = "from-the-error" });
    script_run(script);
    FAILS(outcome->err, JA_E_CA_INTERNAL, "");
    expect("/order/2", "{}");
    (void)ask("/order/2");
    script_run(script);
    assert_string_equal(script_sent(script, -1)->nonce, "from-the-error");
}

static void a_reply_without_nonce_is_no_failure(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(script, &(script_row_t){ .url = "/order/1", .json = "{}", .nonce = "" });
    script_run(script);
    assert_non_null(outcome->heard);
    expect("/order/2", "{}");
    (void)ask("/order/2");
    script_run(script);
    assert_int_equal(script_count(script, "/nonce"), 2);
}

static void bad_nonce_is_tried_again_with_the_replys(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(script,
                  &(script_row_t){ .status = 400, .problem = BAD_NONCE, .nonce = "better" });
    expect("/order/1", "{\"status\":\"valid\"}");
    script_run(script);
    assert_non_null(outcome->heard);
    assert_int_equal(outcome->calls, 1);
    assert_string_equal(script_sent(script, 2)->nonce, "better");
    assert_int_equal(script_count(script, "/nonce"), 1);
    assert_int_equal(script_count(script, "/order/1"), 2);
}

static void bad_nonce_without_a_new_one_fetches_one(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(script, &(script_row_t){ .status = 400, .problem = BAD_NONCE, .nonce = "" });
    expect("/order/1", "{}");
    script_run(script);
    assert_non_null(outcome->heard);
    assert_int_equal(script_count(script, "/nonce"), 2);
}

static void bad_nonce_is_not_for_ever(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(script, &(script_row_t){ .status = 400, .problem = BAD_NONCE, .times = 6 });
    script_run(script);
    FAILS(outcome->err, JA_E_BAD_NONCE, "stale");
    assert_int_equal(outcome->calls, 1);
    assert_int_equal(script_count(script, "/order/1"), 6);
    expect("/order/2", "{}");
    (void)ask("/order/2"); /* the last of its nonces is there for others */
    script_run(script);
    assert_int_equal(script_count(script, "/nonce"), 1);
}

static void bad_nonce_of_another_status_is_no_invitation(void **state)
{
    outcome_t *outcome = ask("/order/1");

    (void)state;
    script_expect(script, &(script_row_t){ .status = 403, .problem = BAD_NONCE });
    script_run(script);
    FAILS(outcome->err, JA_E_BAD_NONCE, "");
}

static void failures_of_the_way_are_handed_on(void **state)
{
    outcome_t *first = ask("/order/1");
    outcome_t *second = ask("/order/2");

    (void)state;
    script_expect(script, &(script_row_t){ .url = "/order/1", .fails = 1, .code = JA_E_TIMEOUT });
    expect("/order/2", "{}");
    script_run(script);
    FAILS(first->err, JA_E_TIMEOUT, "");
    assert_non_null(second->heard); /* with a nonce fetched for the lost one */
    assert_int_equal(script_count(script, "/nonce"), 2);
}

static void a_cancelled_call_holds_up_nobody(void **state)
{
    outcome_t *first = ask("/order/1");
    outcome_t *second = ask("/order/2");

    (void)state;
    expect("/order/1", "{}");
    expect("/order/2", "{}");
    script_round(script);
    assert_int_equal(script_count(script, "/order/1"), 1);
    apr_pool_destroy(first->pool);
    script_run(script);
    assert_int_equal(first->calls, 0);
    assert_non_null(second->heard);
}

static void one_that_waits_may_be_cancelled(void **state)
{
    outcome_t *first = ask("/order/1");
    outcome_t *second = ask("/order/2");
    outcome_t *third = ask("/order/3");

    (void)state;
    expect("/order/1", "{}");
    expect("/order/3", "{}");
    apr_pool_destroy(second->pool);
    script_run(script);
    assert_non_null(first->heard);
    assert_int_equal(second->calls, 0);
    assert_non_null(third->heard);
}

/* A flow that ends itself in its callback, and another flow with it. */
typedef struct {
    apr_pool_t *own;
    apr_pool_t *other;
    outcome_t *next;
} ender_t;

static void end_all(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    ender_t *ender = baton;

    assert_non_null(heard);
    assert_null(err);
    apr_pool_destroy(ender->other);
    apr_pool_destroy(ender->own);
    ender->next = ask("/order/9");
}

static void callbacks_may_end_everything(void **state)
{
    outcome_t *ending = outcome_make("/order/1", "");
    outcome_t *ended;
    ender_t ender = { .own = ending->pool };
    ja_call_t *call =
        ja_call_make(&peer, nonces, &ending->ask, jwk, KID, end_all, &ender, ending->pool);

    (void)state;
    WORKS(ja_call_send(call, directory));
    ended = ask("/order/2");
    ender.other = ended->pool;
    expect("/order/1", "{}");
    expect("/order/9", "{}");
    script_run(script);
    assert_int_equal(ended->calls, 0);
    assert_non_null(ender.next->heard);
    assert_int_equal(script_count(script, "/nonce"), 1);
}

static void replies_may_overtake_each_other(void **state)
{
    outcome_t *outcomes[8];
    int i;

    (void)state;
    ja_nonces_expect(nonces, 8);
    for (i = 0; i < 8; i++) {
        outcomes[i] = ask(apr_psprintf(pool, "/order/%d", i));
        expect(apr_psprintf(pool, "/order/%d", i), apr_psprintf(pool, "{\"number\":%d}", i));
    }
    script_round(script);
    assert_int_equal(script_outstanding(script), 8);
    script_reverse(script, 8);
    script_run(script);
    for (i = 0; i < 8; i++) {
        assert_int_equal(ja_json_get_int(outcomes[i]->heard->json, "number", -1), i);
        assert_int_equal(outcomes[i]->turn, 8 - i);
    }
}

static void a_ca_need_not_revoke(void **state)
{
    outcome_t *outcome = outcome_make("", "{}");

    (void)state;
    outcome->ask.kind = JA_KIND_REVOKE;
    outcome->ask.to = JA_TO_REVOKE;
    FAILS(send_it(outcome, KID), JA_E_PROTOCOL, "no URL for the revocation");
}

static void a_resource_that_is_gone_is_noticed(void **state)
{
    outcome_t *outcome = outcome_make("", "{}");

    (void)state;
    outcome->ask.to = JA_TO_NEW_ORDER;
    WORKS(send_it(outcome, KID));
    script_expect(script, &(script_row_t){ .url = "new-order", .status = 404 });
    script_run(script);
    assert_true(peer.has_moved);
}

#define CALL_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CALL_TEST(a_request_is_signed_and_its_reply_read),
        CALL_TEST(resources_are_found_in_the_directory),
        CALL_TEST(a_payload_may_be_made_late),
        CALL_TEST(foreign_urls_are_not_asked),
        CALL_TEST(problems_are_errors),
        CALL_TEST(the_nonce_of_an_error_is_used),
        CALL_TEST(a_reply_without_nonce_is_no_failure),
        CALL_TEST(bad_nonce_is_tried_again_with_the_replys),
        CALL_TEST(bad_nonce_without_a_new_one_fetches_one),
        CALL_TEST(bad_nonce_is_not_for_ever),
        CALL_TEST(bad_nonce_of_another_status_is_no_invitation),
        CALL_TEST(failures_of_the_way_are_handed_on),
        CALL_TEST(a_cancelled_call_holds_up_nobody),
        CALL_TEST(one_that_waits_may_be_cancelled),
        CALL_TEST(callbacks_may_end_everything),
        CALL_TEST(replies_may_overtake_each_other),
        CALL_TEST(a_ca_need_not_revoke),
        CALL_TEST(a_resource_that_is_gone_is_noticed),
    };

    return RUN_TESTS(tests);
}

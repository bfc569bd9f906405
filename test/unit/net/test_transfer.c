#include "exchange.h"

static char *seen;

/* The path says what is wanted. */
static char *answer(void *baton, const char *request)
{
    char text[2 * MAX_BYTES];

    (void)baton;
    free(seen);
    seen = strdup(request);
    if (strncmp(request, "GET /bytes/", 11) == 0) {
        size_t count = (size_t)atoi(request + 11);

        memset(text, 'x', count);
        text[count] = '\0';
        return server_reply("", text);
    }
    if (strncmp(request, "GET /chunked", 12) == 0) {
        memset(text, 'y', 600);
        text[600] = '\0';
        return strdup(apr_pstrcat(baton,
                                  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n258\r\n",
                                  text, "\r\n258\r\n", text, "\r\n0\r\n\r\n", NULL));
    }
    if (strncmp(request, "GET /hang", 9) == 0) {
        return NULL;
    }
    if (strncmp(request, "GET /close", 10) == 0) {
        return strdup("");
    }
    if (strncmp(request, "GET /cut", 8) == 0) {
        return strdup("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc");
    }
    if (strncmp(request, "GET /garbage", 12) == 0) {
        return strdup("SSH-2.0-OpenSSH_9.2p1\r\n\r\nConnection: close");
    }
    if (strncmp(request, "GET /redirect", 13) == 0) {
        return strdup("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    }
    if (strncmp(request, "GET /interim", 12) == 0) {
        return strdup("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\nHTTP/1.1 200 OK\r\nX-Late: "
                      "1\r\nContent-Length: 0\r\n\r\n");
    }
    if (strncmp(request, "HEAD ", 5) == 0) {
        return strdup("HTTP/1.1 204 No Content\r\nReplay-Nonce: abc\r\n\r\n");
    }
    return server_reply("Content-Type:  application/json  \r\nEmpty:\r\n", "{}");
}

static server_t *server;

static outcome_t *ask(const char *path)
{
    outcome_t *outcome;

    if (!server) {
        client_begins();
        server = server_start(answer, pool, pool);
    }
    outcome = begin(server_url(server, path, pool), pool);
    wait_for(outcome);
    return outcome;
}

static int forget_server(void **state)
{
    int ended = pool_ends(state);

    server = NULL;
    free(seen);
    seen = NULL;
    return ended;
}

static void reads_status_headers_and_body(void **state)
{
    const ja_http_reply_t *reply = ask("/x")->reply;

    (void)state;
    assert_non_null(reply);
    assert_int_equal(reply->status, 200);
    assert_string_equal(reply->body, "{}");
    assert_int_equal(reply->body_len, 2);
    assert_true(ja_http_is_type(reply, "application/json"));
    assert_string_equal(ja_http_header(reply, "empty"), "");
    assert_non_null(strstr(seen, "User-Agent: test/1\r\n"));
}

static void keeps_to_the_size_limit(void **state)
{
    (void)state;
    assert_int_equal(ask("/bytes/1000")->reply->body_len, MAX_BYTES);
    assert_int_equal(ask("/bytes/1001")->err->code, JA_E_TOO_LARGE);
    assert_int_equal(ask("/chunked")->err->code, JA_E_TOO_LARGE);
    assert_int_equal(ask("/bytes/0")->reply->body_len, 0);
    assert_string_equal(ask("/bytes/0")->reply->body, "");
}

static void follows_no_redirect(void **state)
{
    const ja_http_reply_t *reply = ask("/redirect")->reply;

    (void)state;
    assert_int_equal(reply->status, 302);
    assert_int_equal(server_requests(server), 1);
}

static void forgets_interim_replies(void **state)
{
    const ja_http_reply_t *reply = ask("/interim")->reply;

    (void)state;
    assert_int_equal(reply->status, 200);
    assert_null(ja_http_header(reply, "X-Early"));
    assert_string_equal(ja_http_header(reply, "X-Late"), "1");
}

static void tells_failures_apart(void **state)
{
    (void)state;
    assert_int_equal(ask("/close")->err->code, JA_E_CUT);
    assert_int_equal(ask("/cut")->err->code, JA_E_CUT);
    assert_int_equal(ask("/garbage")->err->code, JA_E_HTTP);
}

static void gives_up_after_the_timeout(void **state)
{
    outcome_t *outcome;

    (void)state;
    client_begins();
    server = server_start(answer, pool, pool);
    outcome = apr_pcalloc(pool, sizeof(*outcome));
    outcome->req = (ja_http_req_t){
        .method = JA_HTTP_GET,
        .url = server_url(server, "/hang", pool),
        .max_bytes = MAX_BYTES,
        .timeout = apr_time_from_msec(50),
    };
    WORKS(ja_http_start(http, &outcome->req, on_done, outcome, pool));
    wait_for(outcome);
    assert_int_equal(outcome->err->code, JA_E_TIMEOUT);
}

static void sends_method_headers_and_body(void **state)
{
    outcome_t *outcome;

    (void)state;
    ask("/x");
    outcome = apr_pcalloc(pool, sizeof(*outcome));
    outcome->req = (ja_http_req_t){
        .method = JA_HTTP_POST,
        .url = server_url(server, "/post", pool),
        .content_type = "application/jose+json",
        .accept = "application/pem-certificate-chain",
        .body = "{\"a\":1}rest",
        .body_len = 7,
        .max_bytes = MAX_BYTES,
    };
    WORKS(ja_http_start(http, &outcome->req, on_done, outcome, pool));
    wait_for(outcome);
    assert_non_null(strstr(seen, "POST /post HTTP/1.1\r\n"));
    assert_non_null(strstr(seen, "Content-Type: application/jose+json\r\n"));
    assert_non_null(strstr(seen, "Accept: application/pem-certificate-chain\r\n"));
    assert_non_null(strstr(seen, "Accept-Language: en, ja;q=0.9\r\n"));
    assert_non_null(strstr(seen, "\r\n\r\n{\"a\":1}"));
    assert_null(strstr(seen, "rest"));
    assert_null(strstr(seen, "Expect"));
}

/* A handle that has posted is used again: nothing of the old request may be left on it. */
static void asks_for_the_head_only(void **state)
{
    outcome_t *outcome;

    sends_method_headers_and_body(state);
    outcome = apr_pcalloc(pool, sizeof(*outcome));
    outcome->req =
        (ja_http_req_t){ .method = JA_HTTP_HEAD, .url = server_url(server, "/nonce", pool) };
    WORKS(ja_http_start(http, &outcome->req, on_done, outcome, pool));
    wait_for(outcome);
    assert_int_equal(outcome->reply->status, 204);
    assert_string_equal(ja_http_header(outcome->reply, "Replay-Nonce"), "abc");
    assert_null(strstr(seen, "Content-Type"));
    assert_null(strstr(seen, "jose"));
    assert_int_equal(server_connections(server), 1);
}

#define SERVER_TEST(FN) cmocka_unit_test_setup_teardown(FN, pool_begins, forget_server)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(reads_status_headers_and_body), SERVER_TEST(keeps_to_the_size_limit),
        SERVER_TEST(follows_no_redirect),           SERVER_TEST(forgets_interim_replies),
        SERVER_TEST(tells_failures_apart),          SERVER_TEST(gives_up_after_the_timeout),
        SERVER_TEST(sends_method_headers_and_body), SERVER_TEST(asks_for_the_head_only),
    };

    return RUN_TESTS(tests);
}

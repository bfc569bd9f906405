#include "exchange.h"

#include <pthread.h>

/* Answers everything but /hang. */
static char *answer(void *baton, const char *request)
{
    (void)baton;
    return strstr(request, " /hang") ? NULL : server_reply("", "here");
}

static server_t *server;

static const char *url(const char *path)
{
    return server_url(server, path, pool);
}

static int begins(void **state)
{
    int begun = pool_begins(state);

    client_begins();
    server = server_start(answer, NULL, pool);
    return begun;
}

static apr_pool_t *new_pool(void)
{
    apr_pool_t *made;

    apr_pool_create(&made, pool);
    return made;
}

static void serves_many_at_once_on_few_connections(void **state)
{
    outcome_t *outcomes[250];
    int i;

    (void)state;
    for (i = 0; i < 250; i++) {
        outcomes[i] = begin(url("/x"), new_pool());
    }
    for (i = 0; i < 250; i++) {
        while (outcomes[i]->calls == 0) {
            go_round(10000);
        }
        assert_string_equal(outcomes[i]->reply->body, "here");
    }
    assert_in_range(server_connections(server), 1, 16);
    assert_int_equal(server_requests(server), 250);
}

static void uses_a_connection_again(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        wait_for(begin(url("/x"), pool));
    }
    assert_int_equal(server_connections(server), 1);
}

static void forgets_an_exchange_with_its_pool(void **state)
{
    apr_pool_t *owner = new_pool();
    outcome_t *cancelled = begin(url("/hang"), owner);

    (void)state;
    while (server_requests(server) == 0) {
        go_round(10);
    }
    apr_pool_destroy(owner);
    wait_for(begin(url("/x"), pool));
    assert_int_equal(cancelled->calls, 0);
}

static void forgets_one_that_has_not_begun(void **state)
{
    apr_pool_t *owner = new_pool();
    outcome_t *cancelled = begin(url("/x"), owner);

    (void)state;
    apr_pool_destroy(owner);
    wait_for(begin(url("/y"), pool));
    assert_int_equal(cancelled->calls, 0);
    assert_int_equal(server_requests(server), 1);
}

typedef struct {
    apr_pool_t *owner;
    apr_pool_t *other;
    ja_http_req_t next;
    outcome_t *outcome;
} chain_t;

/* What a flow may do in its callback: end itself, end another, and go on. */
static void clear_all_and_go_on(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    chain_t *chain = baton;

    WORKS(err);
    assert_string_equal(reply->body, "here");
    apr_pool_destroy(chain->other);
    apr_pool_destroy(chain->owner);
    chain->outcome = begin(url("/next"), pool);
}

static void callbacks_may_clear_pools_and_start_anew(void **state)
{
    chain_t chain = { .owner = new_pool(), .other = new_pool() };
    ja_http_req_t *req = apr_pcalloc(chain.owner, sizeof(*req));
    outcome_t *other;

    (void)state;
    req->method = JA_HTTP_GET;
    req->url = url("/x");
    req->max_bytes = MAX_BYTES;
    other = begin(url("/hang"), chain.other);
    WORKS(ja_http_start(http, req, clear_all_and_go_on, &chain, chain.owner));
    while (!chain.outcome) {
        go_round(10000);
    }
    wait_for(chain.outcome);
    assert_int_equal(other->calls, 0);
}

static void the_client_may_go_first(void **state)
{
    apr_pool_t *client = new_pool();
    apr_pool_t *owner = new_pool();
    const ja_http_curl_conf_t conf = { .user_agent = "test/1" };
    outcome_t *outcome;

    (void)state;
    WORKS(ja_http_curl_make(&http, &io, &conf, client));
    outcome = begin(url("/hang"), owner);
    go_round(0);
    (void)begin(url("/hang"), owner);
    apr_pool_destroy(client);
    apr_pool_destroy(owner);
    assert_int_equal(outcome->calls, 0);
}

static void *wake(void *baton)
{
    (void)baton;
    io.wakeup(io.baton);
    return NULL;
}

static void another_thread_can_end_the_waiting(void **state)
{
    apr_time_t began = apr_time_now();
    pthread_t thread;

    (void)state;
    (void)begin(url("/hang"), pool);
    while (server_requests(server) == 0) {
        go_round(10);
    }
    pthread_create(&thread, NULL, wake, NULL);
    WORKS(io.poll(io.baton, 60000, pool));
    pthread_join(thread, NULL);
    assert_true(apr_time_now() - began < apr_time_from_sec(30));
}

static void refuses_urls_that_nobody_may_ask(void **state)
{
    ja_http_req_t req = { .method = JA_HTTP_GET, .url = "http://example.jp/" };

    (void)state;
    FAILS(ja_http_start(http, &req, on_done, NULL, pool), JA_E_URL, "loopback");
    req.plain_ok = 1; /* nothing leaves before the loop goes round */
    WORKS(ja_http_start(http, &req, on_done, NULL, new_pool()));
}

static void tells_of_a_server_that_is_not_there(void **state)
{
    apr_pool_t *closed = new_pool();
    const char *nowhere = server_url(server_start(answer, NULL, closed), "/", pool);
    outcome_t *outcome;

    (void)state;
    apr_pool_destroy(closed);
    outcome = begin(nowhere, pool);
    wait_for(outcome);
    assert_int_equal(outcome->err->code, JA_E_CONNECT);
}

#define SERVER_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, pool_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER_TEST(serves_many_at_once_on_few_connections),
        SERVER_TEST(uses_a_connection_again),
        SERVER_TEST(forgets_an_exchange_with_its_pool),
        SERVER_TEST(forgets_one_that_has_not_begun),
        SERVER_TEST(callbacks_may_clear_pools_and_start_anew),
        SERVER_TEST(the_client_may_go_first),
        SERVER_TEST(another_thread_can_end_the_waiting),
        SERVER_TEST(refuses_urls_that_nobody_may_ask),
        SERVER_TEST(tells_of_a_server_that_is_not_there),
    };

    return RUN_TESTS(tests);
}

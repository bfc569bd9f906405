#include "talk.h"

#include "acme/nonces.h"

#define URL "https://ca.example/nonce"

static script_t *script;
static ja_peer_t peer;
static ja_nonces_t *nonces;

/* What one who wants a nonce has heard. */
typedef struct {
    const char *nonce;
    ja_err_t *err;
    int calls;
    int turn; /* the how manieth of all it was */
    apr_pool_t *pool;
} wish_t;

static int turns;

static int begins(void **state)
{
    int begun = pool_begins(state);

    turns = 0;
    now = NOW;
    ja_clock_use(tell_time, NULL);
    script = script_make(pool);
    peer = (ja_peer_t){ .http = script_http(script), .name = "CA" };
    nonces = ja_nonces_make(&peer, pool);
    ja_nonces_use(nonces, URL);
    return begun;
}

static int ends(void **state)
{
    int ended;

    script_end(script);
    ended = pool_ends(state);
    ja_clock_use(NULL, NULL);
    return ended;
}

static void on_nonce(void *baton, const char *nonce, ja_err_t *err)
{
    wish_t *wish = baton;

    wish->nonce = nonce;
    wish->err = err;
    wish->calls++;
    wish->turn = ++turns;
}

static wish_t *take(void)
{
    wish_t *wish = apr_pcalloc(pool, sizeof(*wish));

    apr_pool_create(&wish->pool, pool);
    WORKS(ja_nonces_take(&wish->nonce, nonces, on_nonce, wish, wish->pool));
    return wish;
}

static void expect_heads(int times)
{
    script_expect(script, &(script_row_t){
                              .method = SCRIPT_HEAD, .url = URL, .status = 204, .times = times });
}

static const ja_http_reply_t *reply_nonce(const char *nonce)
{
    ja_http_reply_t *reply = reply_with(200, NULL, "");

    apr_table_set((apr_table_t *)reply->headers, "Replay-Nonce", nonce);
    return reply;
}

/* The exchange of `nonce`s owner is over. */
static void give_back(const char *nonce)
{
    ja_nonces_end(nonces, nonce ? reply_nonce(nonce) : NULL);
    ja_nonces_pump(nonces);
}

static void the_first_is_fetched(void **state)
{
    wish_t *wish;

    (void)state;
    expect_heads(1);
    wish = take();
    assert_null(wish->nonce);
    script_run(script);
    assert_int_equal(wish->calls, 1);
    assert_string_equal(wish->nonce, "nonce-1");
    assert_int_equal(peer.counts[JA_KIND_NONCE], 1);
}

static void a_stock_needs_no_head(void **state)
{
    (void)state;
    ja_nonces_keep(nonces, reply_nonce("kept"));
    assert_string_equal(take()->nonce, "kept");
    assert_int_equal(script_count(script, NULL), 0);
}

static void one_that_comes_back_serves_the_next(void **state)
{
    wish_t *first;
    wish_t *second;
    wish_t *third;

    (void)state;
    expect_heads(1);
    first = take();
    second = take();
    third = take();
    script_run(script);
    assert_string_equal(first->nonce, "nonce-1");
    assert_int_equal(second->calls, 0);
    give_back("a");
    assert_string_equal(second->nonce, "a");
    assert_int_equal(third->calls, 0);
    give_back("b");
    assert_string_equal(third->nonce, "b");
}

static void those_who_wait_longest_come_first(void **state)
{
    wish_t *first;
    wish_t *second;

    (void)state;
    expect_heads(1);
    (void)take();
    first = take();
    script_run(script);
    ja_nonces_end(nonces, reply_nonce("a"));
    second = take();
    assert_null(second->nonce);
    ja_nonces_pump(nonces);
    assert_string_equal(first->nonce, "a");
    assert_int_equal(second->calls, 0);
}

static void a_batch_gets_as_many_as_may_circulate(void **state)
{
    wish_t *wishes[10];
    int i;

    (void)state;
    expect_heads(4);
    ja_nonces_expect(nonces, 4);
    for (i = 0; i < 10; i++) {
        wishes[i] = take();
    }
    assert_int_equal(script_outstanding(script), 4);
    script_run(script);
    for (i = 0; i < 10; i++) {
        assert_int_equal(wishes[i]->calls, i < 4);
    }
    for (i = 4; i < 10; i++) {
        give_back(apr_psprintf(pool, "back-%d", i));
        assert_int_equal(wishes[i]->calls, 1);
        assert_int_equal(wishes[i]->turn, i + 1);
    }
}

static void no_more_heads_than_waiters(void **state)
{
    (void)state;
    expect_heads(2);
    ja_nonces_expect(nonces, 32);
    (void)take();
    (void)take();
    assert_int_equal(script_outstanding(script), 2);
    script_run(script);
}

static void a_lost_one_is_replaced(void **state)
{
    wish_t *second;

    (void)state;
    expect_heads(2);
    (void)take();
    second = take();
    script_run(script);
    give_back(NULL);
    assert_int_equal(script_outstanding(script), 1);
    script_run(script);
    assert_string_equal(second->nonce, "nonce-2");
}

static void nobody_waits_after_leaving(void **state)
{
    wish_t *first;
    wish_t *second;

    (void)state;
    expect_heads(1);
    first = take();
    second = take();
    apr_pool_destroy(first->pool);
    script_run(script);
    assert_int_equal(first->calls, 0);
    assert_string_equal(second->nonce, "nonce-1");
}

static void a_failed_head_fails_all_when_nothing_circulates(void **state)
{
    wish_t *first;
    wish_t *second;

    (void)state;
    script_expect(
        script,
        &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .fails = 1, .code = JA_E_CONNECT });
    first = take();
    second = take();
    script_run(script);
    FAILS(first->err, JA_E_CONNECT, URL);
    FAILS(second->err, JA_E_CONNECT, URL);
    assert_int_equal(first->calls, 1);
    assert_int_equal(second->calls, 1);
}

static void a_failed_head_does_not_matter_while_others_circulate(void **state)
{
    wish_t *first;
    wish_t *second;

    (void)state;
    ja_nonces_expect(nonces, 2);
    ja_nonces_keep(nonces, reply_nonce("kept"));
    script_expect(
        script,
        &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .fails = 1, .code = JA_E_CONNECT });
    first = take();
    second = take();
    script_run(script);
    assert_int_equal(second->calls, 0);
    assert_int_equal(script_outstanding(script), 0); /* no second HEAD at once */
    assert_string_equal(first->nonce, "kept");
    give_back("again");
    assert_string_equal(second->nonce, "again");
}

static void a_head_without_nonce_is_a_failure(void **state)
{
    wish_t *wish;

    (void)state;
    script_expect(script, &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .nonce = "" });
    wish = take();
    script_run(script);
    FAILS(wish->err, JA_E_PROTOCOL, "Replay-Nonce");
    script_expect(script,
                  &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .nonce = "", .status = 503 });
    wish = take();
    script_run(script);
    FAILS(wish->err, JA_E_CA_INTERNAL, "new nonce " URL);
}

/* Who asks again while being told of the failure waits for a new HEAD, and nobody is told twice. */
static void ask_again(void *baton, const char *nonce, ja_err_t *err)
{
    wish_t *again = baton;

    assert_null(nonce);
    assert_non_null(err);
    WORKS(ja_nonces_take(&again->nonce, nonces, on_nonce, again, pool));
}

static void a_failure_may_be_answered_by_asking_again(void **state)
{
    wish_t again = { 0 };
    const char *nonce;

    (void)state;
    script_expect(
        script,
        &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .fails = 1, .code = JA_E_CONNECT });
    expect_heads(1);
    WORKS(ja_nonces_take(&nonce, nonces, ask_again, &again, pool));
    script_round(script);
    assert_int_equal(again.calls, 0);
    script_run(script);
    assert_string_equal(again.nonce, "nonce-1");
}

static void what_is_no_nonce_is_ignored(void **state)
{
    char longest[JA_NONCE_MAX + 2];

    (void)state;
    memset(longest, 'n', sizeof(longest));
    longest[JA_NONCE_MAX] = '\0';
    assert_string_equal(ja_nonces_of(reply_nonce(longest)), longest);
    longest[JA_NONCE_MAX] = 'n';
    longest[JA_NONCE_MAX + 1] = '\0';
    assert_null(ja_nonces_of(reply_nonce(longest)));
    assert_null(ja_nonces_of(reply_nonce("")));
    assert_null(ja_nonces_of(reply_nonce("a b")));
    assert_null(ja_nonces_of(reply_nonce("a+b")));
    assert_null(ja_nonces_of(reply_nonce("a=")));
    assert_null(ja_nonces_of(reply_nonce("\xc3\xa9")));
    assert_string_equal(ja_nonces_of(reply_nonce("AZaz09-_")), "AZaz09-_");
    assert_null(ja_nonces_of(reply_with(200, NULL, "")));
}

static void the_stock_is_bounded_and_fresh(void **state)
{
    wish_t *wish;
    int i;

    (void)state;
    for (i = 0; i < JA_NONCES_MAX + 5; i++) {
        ja_nonces_keep(nonces, reply_nonce(apr_psprintf(pool, "n%d", i)));
    }
    for (i = JA_NONCES_MAX + 4; i >= 5; i--) {
        assert_string_equal(take()->nonce, apr_psprintf(pool, "n%d", i));
    }
    while (i-- > -JA_NONCES_MAX + 4) {
        ja_nonces_end(nonces, NULL);
    }
    ja_nonces_keep(nonces, reply_nonce("old"));
    now += JA_NONCES_AGE + 1;
    expect_heads(1);
    wish = take();
    assert_null(wish->nonce);
    script_run(script);
    assert_string_equal(wish->nonce, "nonce-1");
}

#define NONCE_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        NONCE_TEST(the_first_is_fetched),
        NONCE_TEST(a_stock_needs_no_head),
        NONCE_TEST(one_that_comes_back_serves_the_next),
        NONCE_TEST(those_who_wait_longest_come_first),
        NONCE_TEST(a_batch_gets_as_many_as_may_circulate),
        NONCE_TEST(no_more_heads_than_waiters),
        NONCE_TEST(a_lost_one_is_replaced),
        NONCE_TEST(nobody_waits_after_leaving),
        NONCE_TEST(a_failed_head_fails_all_when_nothing_circulates),
        NONCE_TEST(a_failed_head_does_not_matter_while_others_circulate),
        NONCE_TEST(a_head_without_nonce_is_a_failure),
        NONCE_TEST(a_failure_may_be_answered_by_asking_again),
        NONCE_TEST(what_is_no_nonce_is_ignored),
        NONCE_TEST(the_stock_is_bounded_and_fresh),
    };

    return RUN_TESTS(tests);
}

#include "talk.h"

#include "acme/nonces.h"

#define URL "https://ca.example/nonce"

static script_t *script;
static ja_peer_t peer;
static ja_loop_t *loop;
static ja_nonces_t *nonces;

/* What one who wants a nonce has heard. */
typedef struct {
    const char *nonce;
    ja_trip_t trip;
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
    WORKS(ja_loop_make(&loop, 1, pool));
    nonces = ja_nonces_make(&peer, loop, pool);
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
    WORKS(ja_nonces_take(&wish->nonce, nonces, &wish->trip, on_nonce, wish, wish->pool));
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

/* The exchange is over; its reply brings `nonce`, or is none. */
static void give_back(wish_t *wish, const char *nonce)
{
    ja_nonces_end(nonces, &wish->trip, nonce ? reply_nonce(nonce) : NULL);
    ja_nonces_pump(nonces);
}

static int is_over(void *baton)
{
    (void)baton;
    return 1;
}

/* The loop goes round once, that much later; nothing but time has passed. */
static void wait_a_while(apr_interval_time_t while_)
{
    now += while_;
    ja_loop_wakeup(loop);
    WORKS(ja_loop_run(loop, is_over, NULL));
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
    give_back(first, "a");
    assert_string_equal(second->nonce, "a");
    assert_int_equal(third->calls, 0);
    give_back(second, "b");
    assert_string_equal(third->nonce, "b");
}

static void those_who_wait_longest_come_first(void **state)
{
    wish_t *other;
    wish_t *first;
    wish_t *second;

    (void)state;
    expect_heads(1);
    other = take();
    first = take();
    script_run(script);
    ja_nonces_end(nonces, &other->trip, reply_nonce("a"));
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
        give_back(wishes[i - 4], apr_psprintf(pool, "back-%d", i));
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
    wish_t *first;
    wish_t *second;

    (void)state;
    expect_heads(2);
    first = take();
    second = take();
    script_run(script);
    give_back(first, NULL);
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
    give_back(first, "again");
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
    WORKS(ja_nonces_take(&again->nonce, nonces, &again->trip, on_nonce, again, pool));
}

static void a_failure_may_be_answered_by_asking_again(void **state)
{
    wish_t again = { 0 };
    ja_trip_t trip = { 0 };
    const char *nonce;

    (void)state;
    script_expect(
        script,
        &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .fails = 1, .code = JA_E_CONNECT });
    expect_heads(1);
    WORKS(ja_nonces_take(&nonce, nonces, &trip, ask_again, &again, pool));
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
        wish = take();
        assert_string_equal(wish->nonce, apr_psprintf(pool, "n%d", i));
        ja_nonces_end(nonces, &wish->trip, NULL);
    }
    ja_nonces_keep(nonces, reply_nonce("old"));
    now += JA_NONCES_AGE + 1;
    expect_heads(1);
    wish = take();
    assert_null(wish->nonce);
    script_run(script);
    assert_string_equal(wish->nonce, "nonce-1");
}

static void a_slow_exchange_holds_up_nobody(void **state)
{
    wish_t *slow;
    wish_t *second;
    wish_t *third;

    (void)state;
    expect_heads(2);
    slow = take();
    script_run(script);
    second = take();
    third = take();
    wait_a_while(JA_TRIP_PATIENCE - 1);
    assert_int_equal(script_outstanding(script), 0);
    wait_a_while(1);
    assert_int_equal(script_outstanding(script), 1); /* as many as may circulate */
    script_run(script);
    assert_string_equal(second->nonce, "nonce-2");
    give_back(second, "a");
    assert_string_equal(third->nonce, "a");
    give_back(slow, "late");
    assert_string_equal(take()->nonce, "late");
}

static void who_comes_later_need_not_wait_for_slow_ones(void **state)
{
    wish_t *second;

    (void)state;
    expect_heads(2);
    (void)take();
    script_run(script);
    now += JA_TRIP_PATIENCE;
    second = take();
    script_run(script);
    assert_string_equal(second->nonce, "nonce-2");
}

static void slow_ones_become_slow_one_by_one(void **state)
{
    int i;

    (void)state;
    expect_heads(4);
    ja_nonces_expect(nonces, 2);
    (void)take();
    script_run(script);
    now += JA_TRIP_PATIENCE / 2;
    (void)take();
    script_run(script);
    for (i = 0; i < 5; i++) {
        (void)take();
    }
    wait_a_while(JA_TRIP_PATIENCE / 2);
    assert_int_equal(script_outstanding(script), 1);
    script_run(script);
    wait_a_while(JA_TRIP_PATIENCE / 2);
    assert_int_equal(script_outstanding(script), 1);
    script_run(script);
}

/* To a CA that is slow with everything, newNonce too. */
static void a_slow_head_is_not_repeated(void **state)
{
    wish_t *first;

    (void)state;
    expect_heads(2);
    first = take();
    wait_a_while(JA_TRIP_PATIENCE);
    wait_a_while(JA_TRIP_PATIENCE);
    assert_int_equal(script_outstanding(script), 1);
    (void)take(); /* one for it, though */
    assert_int_equal(script_outstanding(script), 2);
    script_deliver(script, 1);
    assert_string_equal(first->nonce, "nonce-1");
    script_run(script);
}

static void a_new_try_is_a_new_trip(void **state)
{
    wish_t *first;

    (void)state;
    expect_heads(1);
    first = take();
    script_run(script);
    (void)take();
    now += JA_TRIP_PATIENCE - 1;
    ja_nonces_again(nonces, &first->trip);
    wait_a_while(JA_TRIP_PATIENCE - 1);
    assert_int_equal(script_outstanding(script), 0);
    expect_heads(1);
    wait_a_while(1);
    assert_int_equal(script_outstanding(script), 1);
    script_run(script);
}

static void a_failed_head_costs_one_when_only_slow_ones_are_left(void **state)
{
    wish_t *slow;
    wish_t *second;
    wish_t *third;

    (void)state;
    expect_heads(1);
    slow = take();
    script_run(script);
    second = take();
    third = take();
    script_expect(
        script,
        &(script_row_t){ .method = SCRIPT_HEAD, .url = URL, .fails = 1, .code = JA_E_CONNECT });
    expect_heads(1);
    wait_a_while(JA_TRIP_PATIENCE);
    script_round(script);
    FAILS(second->err, JA_E_CONNECT, URL);
    assert_int_equal(third->calls, 0);
    script_run(script);
    assert_string_equal(third->nonce, "nonce-2");
    give_back(slow, NULL);
}

static void there_is_a_limit_to_all_that_travel(void **state)
{
    wish_t *last;
    wish_t *first = NULL;
    int i;

    (void)state;
    expect_heads(JA_NONCES_MAX_TRIPS);
    for (i = 0; i < JA_NONCES_MAX_TRIPS; i++) {
        last = take();
        script_run(script);
        assert_int_equal(last->calls, 1);
        first = first ? first : last;
        now += JA_TRIP_PATIENCE;
    }
    last = take();
    wait_a_while(JA_TRIP_PATIENCE);
    assert_int_equal(script_outstanding(script), 0);
    expect_heads(1);
    give_back(first, NULL);
    script_run(script);
    assert_int_equal(last->calls, 1);
}

/* Whose trip seems to begin in the future is not counted on. */
static void a_clock_that_is_put_back_stops_nothing(void **state)
{
    (void)state;
    expect_heads(2);
    (void)take();
    script_run(script);
    now -= apr_time_from_sec(3600);
    (void)take();
    assert_int_equal(script_outstanding(script), 1);
    script_run(script);
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
        NONCE_TEST(a_slow_exchange_holds_up_nobody),
        NONCE_TEST(who_comes_later_need_not_wait_for_slow_ones),
        NONCE_TEST(slow_ones_become_slow_one_by_one),
        NONCE_TEST(a_slow_head_is_not_repeated),
        NONCE_TEST(a_new_try_is_a_new_trip),
        NONCE_TEST(a_failed_head_costs_one_when_only_slow_ones_are_left),
        NONCE_TEST(there_is_a_limit_to_all_that_travel),
        NONCE_TEST(a_clock_that_is_put_back_stops_nothing),
    };

    return RUN_TESTS(tests);
}

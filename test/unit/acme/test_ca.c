#include "outcome.h"

#include "acme/nonces.h"

#define DAY apr_time_from_sec(24 * 60 * 60)

static script_t *script;
static ja_loop_t *loop;
static ja_ca_t *ca;
static ja_jwk_t *jwk;

static int begins(void **state)
{
    static const ja_ca_conf_t CONF = { .name = "CA", .directory_url = SCRIPT_DIRECTORY };
    int begun = pool_begins(state);

    turns = 0;
    now = NOW;
    ja_clock_use(tell_time, NULL);
    script = script_make(pool);
    WORKS(ja_loop_make(&loop, 1, pool));
    ca = ja_ca_make(&CONF, loop, script_http(script), NULL, pool);
    jwk = new_key();
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

static outcome_t *ask(const char *path)
{
    outcome_t *outcome = outcome_make(path, "");

    WORKS(ja_ca_call(ca, &outcome->ask, jwk, KID, on_done, outcome, outcome->pool));
    assert_int_equal(outcome->calls, 0);
    return outcome;
}

static void expect_orders(int times)
{
    script_expect(script, &(script_row_t){ .url = "/order/", .json = "{}", .times = times });
}

static void nothing_is_sent_before_the_first_call(void **state)
{
    (void)state;
    assert_null(ja_ca_directory(ca));
    assert_int_equal(script_count(script, NULL), 0);
}

static void the_first_call_reads_the_directory(void **state)
{
    outcome_t *outcome;

    (void)state;
    script_expect_ca(script);
    expect_orders(1);
    outcome = ask("/order/1");
    script_run(script);
    assert_non_null(outcome->heard);
    assert_string_equal(script_sent(script, 0)->url, SCRIPT_DIRECTORY);
    assert_int_equal(script_sent(script, 0)->method, JA_HTTP_GET);
    assert_int_equal(script_sent(script, 1)->method, JA_HTTP_HEAD);
    assert_int_equal(script_sent(script, 2)->method, JA_HTTP_POST);
    assert_true(ja_ca_directory(ca)->eab_required);
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 1);
    assert_int_equal(ja_ca_count(ca, JA_KIND_NONCE), 1);
    assert_int_equal(ja_ca_count(ca, JA_KIND_ORDER), 1);
    assert_int_equal(ja_ca_count(ca, JA_KIND_COUNT), 0);
}

static void all_wait_for_the_same_directory(void **state)
{
    outcome_t *outcomes[20];
    int i;

    (void)state;
    script_expect_ca(script);
    expect_orders(20);
    ja_ca_expect(ca, 20);
    for (i = 0; i < 20; i++) {
        outcomes[i] = ask("/order/1");
    }
    assert_int_equal(script_outstanding(script), 1);
    script_run(script);
    for (i = 0; i < 20; i++) {
        assert_non_null(outcomes[i]->heard);
        assert_int_equal(outcomes[i]->turn, i + 1);
    }
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 1);
    assert_int_equal(ja_ca_count(ca, JA_KIND_NONCE), 20);
}

/* Seven requests one after another, as one order makes them: one HEAD. */
static void a_single_order_costs_one_head(void **state)
{
    int i;

    (void)state;
    script_expect_ca(script);
    expect_orders(7);
    for (i = 0; i < 7; i++) {
        (void)ask("/order/1");
        script_run(script);
    }
    assert_int_equal(ja_ca_count(ca, JA_KIND_NONCE), 1);
    assert_int_equal(script_count(script, NULL), 9);
}

static void a_failed_directory_fails_all_that_wait(void **state)
{
    outcome_t *first = ask("/order/1");
    outcome_t *second;

    (void)state;
    second = ask("/order/2");
    script_run(script);
    FAILS(first->err, JA_E_CONNECT, "directory");
    FAILS(second->err, JA_E_CONNECT, "directory");
    assert_null(ja_ca_directory(ca));

    script_expect_ca(script);
    expect_orders(1);
    first = ask("/order/1");
    script_run(script);
    assert_non_null(first->heard);
}

static int begins_unreachable(void **state)
{
    int begun = begins(state);

    script_expect(script,
                  &(script_row_t){ .method = SCRIPT_GET, .fails = 1, .code = JA_E_CONNECT });
    return begun;
}

static void a_garbled_directory_fails_too(void **state)
{
    outcome_t *outcome;

    (void)state;
    script_expect(
        script,
        &(script_row_t){ .method = SCRIPT_GET, .body = "<h1>hello</h1>", .type = "text/html" });
    outcome = ask("/order/1");
    script_run(script);
    FAILS(outcome->err, JA_E_HTTP, "hello");
}

/* Who asks again in his callback is not failed by the same failure. */
static void ask_again(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    outcome_t **again = baton;

    assert_null(heard);
    assert_non_null(err);
    *again = ask("/order/2");
}

static void a_failure_may_be_answered_by_asking_again(void **state)
{
    outcome_t *outcome = outcome_make("/order/1", "");
    outcome_t *again = NULL;

    (void)state;
    WORKS(ja_ca_call(ca, &outcome->ask, jwk, KID, ask_again, &again, outcome->pool));
    script_expect_ca(script);
    expect_orders(1);
    script_run(script);
    assert_non_null(again->heard);
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 2);
}

static void the_directory_is_kept_for_a_day(void **state)
{
    (void)state;
    script_expect_ca(script);
    expect_orders(4);
    (void)ask("/order/1");
    script_run(script);
    now += DAY - 1;
    (void)ask("/order/1");
    script_run(script);
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 1);
    now += 1;
    (void)ask("/order/1");
    script_run(script);
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 2);
    now -= 3 * DAY; /* a clock that was put right */
    (void)ask("/order/1");
    script_run(script);
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 3);
}

static void a_wrong_url_in_it_makes_it_be_read_again(void **state)
{
    outcome_t *outcome = outcome_make("", "{}");

    (void)state;
    script_expect_ca(script);
    script_expect(script, &(script_row_t){ .url = "/new-order", .status = 404 });
    outcome->ask.to = JA_TO_NEW_ORDER;
    outcome->ask.kind = JA_KIND_NEW_ORDER;
    WORKS(ja_ca_call(ca, &outcome->ask, jwk, KID, on_done, outcome, outcome->pool));
    script_run(script);
    FAILS(outcome->err, JA_E_HTTP, "404");
    expect_orders(1);
    (void)ask("/order/1");
    script_run(script);
    assert_int_equal(ja_ca_count(ca, JA_KIND_DIRECTORY), 2);
}

static void one_that_waits_may_be_cancelled(void **state)
{
    outcome_t *first;
    outcome_t *second;

    (void)state;
    script_expect_ca(script);
    expect_orders(1);
    first = ask("/order/1");
    second = ask("/order/2");
    apr_pool_destroy(first->pool);
    script_run(script);
    assert_int_equal(first->calls, 0);
    assert_non_null(second->heard);
}

static void errors_found_late_are_handed_to_the_caller(void **state)
{
    outcome_t *outcome;

    (void)state;
    script_expect_ca(script);
    outcome = outcome_make("", "");
    outcome->ask.url = "https://elsewhere.example/order/1";
    WORKS(ja_ca_call(ca, &outcome->ask, jwk, KID, on_done, outcome, outcome->pool));
    script_run(script);
    FAILS(outcome->err, JA_E_URL, "elsewhere.example");
    /* Now that the directory is there, at once. */
    FAILS(ja_ca_call(ca, &outcome->ask, jwk, KID, on_done, outcome, outcome->pool), JA_E_URL,
          "elsewhere.example");
    assert_int_equal(outcome->calls, 1);
}

/* An order: so many requests, one after the other. */
typedef struct {
    outcome_t *outcome;
    int left;
} chain_t;

static void next_of(chain_t *chain)
{
    if (chain->left > 0 && (!chain->outcome || chain->outcome->calls > 0)) {
        chain->outcome = ask("/order/1");
        chain->left--;
    }
}

static int is_over(void *baton)
{
    (void)baton;
    return 1;
}

/* So many orders side by side, at a CA that answers after 50 ms. */
static void run_orders(chain_t *chains, int count)
{
    int i;

    for (i = 0; i < count; i++) {
        chains[i] = (chain_t){ .left = 9 };
        next_of(&chains[i]);
    }
    while (script_outstanding(script) > 0) {
        now += apr_time_from_msec(50);
        script_round(script);
        for (i = 0; i < count; i++) {
            next_of(&chains[i]);
        }
        ja_loop_wakeup(loop);
        WORKS(ja_loop_run(loop, is_over, NULL));
    }
}

static void a_batch_costs_no_more_heads_than_expected(void **state)
{
    chain_t chains[50];
    int i;

    (void)state;
    script_expect_ca(script);
    expect_orders(50 * 9);
    ja_ca_expect(ca, 12);
    run_orders(chains, 50);
    for (i = 0; i < 50; i++) {
        WORKS(chains[i].outcome->err);
    }
    assert_int_equal(ja_ca_count(ca, JA_KIND_NONCE), 12);
}

/* Three replies never come: the other orders are done nevertheless. */
static void held_replies_hold_up_no_others(void **state)
{
    outcome_t *held[3];
    chain_t chain = { .left = 9 };
    int i;

    (void)state;
    script_expect_ca(script);
    expect_orders(3 + 9);
    ja_ca_expect(ca, 3);
    for (i = 0; i < 3; i++) {
        held[i] = ask("/order/held");
    }
    while (script_count(script, "/held") < 3) {
        script_deliver(script, 0); /* the directory, the HEADs */
    }
    for (next_of(&chain); chain.left > 0 || chain.outcome->calls == 0; next_of(&chain)) {
        now += JA_TRIP_PATIENCE;
        ja_loop_wakeup(loop);
        WORKS(ja_loop_run(loop, is_over, NULL));
        assert_int_equal(script_outstanding(script), 4);
        script_deliver(script, 3);
    }
    assert_int_equal(held[0]->calls + held[1]->calls + held[2]->calls, 0);
    assert_int_equal(ja_ca_count(ca, JA_KIND_NONCE), 4);
    script_run(script);
}

static void everything_may_end_in_between(void **state)
{
    int round;

    (void)state;
    script_expect_ca(script);
    script_expect(script,
                  &(script_row_t){ .url = "/order/", .json = "{}", .times = SCRIPT_ANY_NUMBER });
    for (round = 0; round < 4; round++) {
        const ja_ca_conf_t conf = { .name = "CA", .directory_url = SCRIPT_DIRECTORY };
        apr_pool_t *all;
        ja_ca_t *other;
        int i;

        apr_pool_create(&all, pool);
        other = ja_ca_make(&conf, loop, script_http(script), NULL, all);
        ja_ca_expect(other, 3);
        for (i = 0; i < 10; i++) {
            outcome_t *outcome = outcome_make("/order/1", "");
            apr_pool_t *own;

            apr_pool_create(&own, all);
            WORKS(ja_ca_call(other, &outcome->ask, jwk, KID, on_done, outcome, own));
        }
        for (i = 0; i < round; i++) {
            script_round(script);
        }
        apr_pool_destroy(all);
        assert_int_equal(script_outstanding(script), 0);
    }
}

#define CA_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CA_TEST(nothing_is_sent_before_the_first_call),
        CA_TEST(the_first_call_reads_the_directory),
        CA_TEST(all_wait_for_the_same_directory),
        CA_TEST(a_single_order_costs_one_head),
        cmocka_unit_test_setup_teardown(a_failed_directory_fails_all_that_wait, begins_unreachable,
                                        ends),
        CA_TEST(a_garbled_directory_fails_too),
        cmocka_unit_test_setup_teardown(a_failure_may_be_answered_by_asking_again,
                                        begins_unreachable, ends),
        CA_TEST(the_directory_is_kept_for_a_day),
        CA_TEST(a_wrong_url_in_it_makes_it_be_read_again),
        CA_TEST(one_that_waits_may_be_cancelled),
        CA_TEST(errors_found_late_are_handed_to_the_caller),
        CA_TEST(a_batch_costs_no_more_heads_than_expected),
        CA_TEST(held_replies_hold_up_no_others),
        CA_TEST(everything_may_end_in_between),
    };

    return RUN_TESTS(tests);
}

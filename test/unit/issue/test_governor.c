#include "../base/check.h"

#include <string.h>
#include <unistd.h>

#include "../store/tree.h"
#include "issue/backoff.h"
#include "issue/governor_file.h"

#define NOW     apr_time_from_sec(1893456000)
#define SECONDS apr_time_from_sec(1)
#define HOUR    apr_time_from_sec(3600)

static const ja_limits_t LIMITS = { { 0, 0 }, 50, 1 };
static const ja_limits_t THREE = { { 3, 24 * HOUR }, 50, 1 };
static const ja_retry_t CA = JA_RETRY_CA;
static const ja_retry_t FRESH = JA_RETRY_FRESH;
static const char *const NAMES[] = { "a", "b", "c", "d" };

static ja_governor_t governor;

static int governor_begins(void **state)
{
    memset(&governor, 0, sizeof(governor));
    return pool_begins(state);
}

#define GOVERNOR_TEST(FN) cmocka_unit_test_setup_teardown(FN, governor_begins, pool_ends)

static ja_governor_why_t why; /* order_at() said */

static apr_time_t order_at(int in_flight, apr_time_t now)
{
    return ja_governor_order_at(&governor, &LIMITS, 1, in_flight, now, &why);
}

static apr_time_t three_at(int n, apr_time_t now)
{
    return ja_governor_order_at(&governor, &THREE, n, 0, now, &why);
}

static void at_first_everything_may_begin(void **state)
{
    (void)state;
    assert_int_equal(order_at(0, NOW), NOW);
    assert_int_equal(order_at(1000, NOW), NOW);
    assert_int_equal(ja_governor_request_at(&governor, &LIMITS, NOW), NOW);
}

static void orders_keep_the_rate(void **state)
{
    (void)state;
    ja_governor_take(&governor, &THREE, 3, NOW);
    ja_governor_settle(&governor, 0, 3);
    assert_true(three_at(1, NOW) >= NOW + 24 * HOUR);
    assert_int_equal(why, JA_GOVERNOR_ORDERS);
    assert_int_equal(three_at(0, NOW), NOW);
    assert_int_equal(why, JA_GOVERNOR_FREE);
    ja_governor_settle(&governor, 1, 0);
    assert_int_equal(three_at(1, NOW), NOW);
}

static void so_many_may_fail_in_an_hour(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        assert_int_equal(order_at(i, NOW), NOW);
        ja_governor_take(&governor, &LIMITS, 1, NOW);
    }
    assert_in_range(order_at(100, NOW), NOW + HOUR, NOW + HOUR + HOUR / JA_WINDOW_PARTS);
    assert_int_equal(why, JA_GOVERNOR_FAILING);
    ja_governor_settle(&governor, 0, 1);
    assert_int_equal(order_at(99, NOW), NOW);
}

/* A name may fail five times in an hour: with little concurrency one or two would use up all. */
static void few_names_do_not_use_up_what_may_fail(void **state)
{
    const ja_limits_t one = { { 0, 0 }, 1, 1 };
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        assert_int_equal(ja_governor_order_at(&governor, &one, 1, 0, NOW, &why), NOW);
        ja_governor_take(&governor, &one, 1, NOW);
    }
    assert_true(ja_governor_order_at(&governor, &one, 1, 0, NOW, &why) >= NOW + HOUR);
}

static void orders_make_room_for_requests(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < JA_GOVERNOR_PER_HOUR; i++) {
        assert_int_equal(ja_governor_request_at(&governor, &LIMITS, NOW), NOW);
        ja_governor_request(&governor, NOW);
    }
    assert_true(ja_governor_request_at(&governor, &LIMITS, NOW) >= NOW + HOUR);
    assert_true(order_at(0, NOW) >= NOW + HOUR);
    assert_int_equal(why, JA_GOVERNOR_REQUESTS);
    ja_governor_take(&governor, &LIMITS, 1, NOW);
    for (i = 0; i < JA_GOVERNOR_PER_ORDER + JA_GOVERNOR_PER_NAME; i++) {
        assert_int_equal(ja_governor_request_at(&governor, &LIMITS, NOW), NOW);
        ja_governor_request(&governor, NOW);
    }
    assert_true(ja_governor_request_at(&governor, &LIMITS, NOW) >= NOW + HOUR);
}

static void a_retry_after_holds_all_and_then_it_begins_slowly(void **state)
{
    (void)state;
    assert_int_equal(ja_governor_heard(&governor, 503, NOW + 600 * SECONDS, NOW), 1);
    assert_int_equal(ja_governor_heard(&governor, 429, NOW + 60 * SECONDS, NOW), 1);
    assert_int_equal(ja_governor_heard(&governor, 200, NOW + 6000 * SECONDS, NOW), 0);
    assert_int_equal(order_at(0, NOW), NOW + 600 * SECONDS);
    assert_int_equal(why, JA_GOVERNOR_HELD);
    assert_int_equal(ja_governor_held_until(&governor, NOW), NOW + 600 * SECONDS);
    ja_governor_ended(&governor, &LIMITS, NAMES[0], NULL, 0, NOW + 599 * SECONDS);
    assert_int_equal(order_at(1, NOW + 600 * SECONDS), NOW + 600 * SECONDS);
    assert_int_equal(order_at(2, NOW + 600 * SECONDS), JA_GOVERNOR_NEVER);
    assert_int_equal(why, JA_GOVERNOR_TURN);
    ja_governor_ended(&governor, &LIMITS, NAMES[0], NULL, 0, NOW + 601 * SECONDS);
    assert_int_equal(order_at(2, NOW + 601 * SECONDS), NOW + 601 * SECONDS);
    assert_int_equal(order_at(3, NOW + 601 * SECONDS), JA_GOVERNOR_NEVER);
}

static void it_holds_for_a_day_at_most(void **state)
{
    (void)state;
    ja_governor_heard(&governor, 503, NOW + 1000 * HOUR, NOW);
    assert_int_equal(order_at(0, NOW), NOW + 24 * HOUR);
    assert_int_equal(order_at(0, NOW - 1000 * HOUR), NOW - 1000 * HOUR);
}

/* Before as after a restart: the file has whole seconds. */
static void it_does_not_end_before_its_time(void **state)
{
    (void)state;
    ja_governor_heard(&governor, 503, NOW + 600 * SECONDS + 1, NOW);
    assert_int_equal(order_at(0, NOW), NOW + 601 * SECONDS);
}

static void the_lane_opens_in_the_end(void **state)
{
    int i;

    (void)state;
    ja_governor_heard(&governor, 429, NOW + SECONDS, NOW);
    for (i = 0; i < LIMITS.concurrency; i++) {
        ja_governor_ended(&governor, &LIMITS, NAMES[0], &FRESH, 0, NOW + HOUR);
    }
    assert_int_equal(order_at(1000, NOW + HOUR), NOW + HOUR);
}

static void find_dead(int name, apr_time_t now)
{
    ja_governor_ended(&governor, &LIMITS, NAMES[name], &CA, 0, now);
}

static void one_domain_alone_does_not_make_the_ca_dead(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        find_dead(0, NOW);
    }
    find_dead(1, NOW);
    assert_int_equal(order_at(0, NOW), NOW);
    ja_governor_heard(&governor, 400, 0, NOW);
    find_dead(2, NOW);
    find_dead(3, NOW);
    ja_governor_heard(&governor, 500, 0, NOW);
    assert_int_equal(order_at(0, NOW), NOW);
}

static void a_dead_ca_is_tried_by_one_at_a_time(void **state)
{
    apr_time_t now = NOW;
    int i;

    (void)state;
    for (i = 0; i < 50; i++) {
        find_dead(i % 3, NOW);
    }
    assert_true(ja_governor_is_down(&governor));
    assert_int_equal(order_at(0, NOW), NOW + 30 * SECONDS);
    assert_int_equal(why, JA_GOVERNOR_DOWN);
    assert_int_equal(order_at(1, NOW + HOUR), JA_GOVERNOR_NEVER);
    for (i = 0; i < 20; i++) {
        now = order_at(0, now);
        find_dead(i % 3, now);
        assert_true(order_at(0, now) <= now + HOUR / 2);
    }
    assert_int_equal(order_at(0, now), now + HOUR / 2);
    now += HOUR / 2;
    assert_int_equal(ja_governor_heard(&governor, 404, 0, now), 1);
    assert_false(ja_governor_is_down(&governor));
    assert_int_equal(order_at(1, now), now);
    assert_int_equal(order_at(2, now), JA_GOVERNOR_NEVER);
}

static void it_outlives_restarts(void **state)
{
    ja_store_t *store = tree_store(tree_dir(pool), geteuid(), pool);
    ja_governor_t again;
    ja_err_t *damage;
    int i;

    (void)state;
    ja_governor_load(&again, &damage, store, "ca", pool);
    assert_null(damage);
    assert_memory_equal(&again, &governor, sizeof(again));
    for (i = 0; i < 3; i++) {
        find_dead(i, NOW);
    }
    ja_governor_take(&governor, &THREE, 2, NOW);
    ja_governor_take(&governor, &THREE, 1, NOW + HOUR);
    ja_governor_request(&governor, NOW);
    ja_governor_heard(&governor, 503, NOW + 2 * HOUR, NOW);
    WORKS(ja_governor_save(&governor, store, "ca", pool));
    ja_governor_load(&again, &damage, store, "ca", pool);
    assert_null(damage);
    governor.streak = 0;
    governor.last = NULL;
    assert_memory_equal(&again, &governor, sizeof(again));
}

static void what_is_damaged_begins_anew(void **state)
{
    const char *dir = tree_dir(pool);
    ja_store_t *store = tree_store(dir, geteuid(), pool);
    ja_governor_t again;
    ja_err_t *damage;

    (void)state;
    WORKS(ja_governor_save(&governor, store, "ca", pool));
    tree_put(tree_path(pool, "%s/store/accounts/ca/governor.json", dir), "{\"orders\":7}");
    ja_governor_load(&again, &damage, store, "ca", pool);
    FAILS(damage, JA_E_SYNTAX, "orders");
    assert_memory_equal(&again, &governor, sizeof(again));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        GOVERNOR_TEST(at_first_everything_may_begin),
        GOVERNOR_TEST(orders_keep_the_rate),
        GOVERNOR_TEST(so_many_may_fail_in_an_hour),
        GOVERNOR_TEST(few_names_do_not_use_up_what_may_fail),
        GOVERNOR_TEST(orders_make_room_for_requests),
        GOVERNOR_TEST(a_retry_after_holds_all_and_then_it_begins_slowly),
        GOVERNOR_TEST(it_holds_for_a_day_at_most),
        GOVERNOR_TEST(it_does_not_end_before_its_time),
        GOVERNOR_TEST(the_lane_opens_in_the_end),
        GOVERNOR_TEST(one_domain_alone_does_not_make_the_ca_dead),
        GOVERNOR_TEST(a_dead_ca_is_tried_by_one_at_a_time),
        GOVERNOR_TEST(it_outlives_restarts),
        GOVERNOR_TEST(what_is_damaged_begins_anew),
    };

    return cmocka_run_group_tests(tests, apr_begins, apr_ends);
}

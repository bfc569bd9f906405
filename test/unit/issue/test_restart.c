#include "../base/check.h"

#include <unistd.h>

#include "../store/tree.h"
#include "issue/restart.h"

#define NOW     apr_time_from_sec(1893456000)
#define SECONDS apr_time_from_sec(1)
#define MINUTES apr_time_from_sec(60)

static ja_restart_pace_t pace;

static int pace_begins(void **state)
{
    memset(&pace, 0, sizeof(pace));
    return pool_begins(state);
}

#define PACE_TEST(FN) cmocka_unit_test_setup_teardown(FN, pace_begins, pool_ends)

/* A restart at `at`, as soon as it may be after sets have been waiting since then. */
static void restart(apr_time_t at)
{
    ja_restart_want(&pace, 1, at);
    ja_restart_begin(&pace, at);
}

static void it_waits_until_no_set_joins_any_more(void **state)
{
    (void)state;
    ja_restart_want(&pace, 1, NOW);
    assert_int_equal(ja_restart_at(&pace, NOW), NOW + JA_RESTART_CALM);
    ja_restart_want(&pace, 1, NOW + 5 * SECONDS);
    assert_int_equal(ja_restart_at(&pace, NOW + 5 * SECONDS), NOW + 5 * SECONDS + JA_RESTART_CALM);
    ja_restart_want(&pace, 0, NOW + 10 * SECONDS);
    assert_int_equal(ja_restart_at(&pace, NOW + 10 * SECONDS), NOW + 5 * SECONDS + JA_RESTART_CALM);
}

static void it_does_not_wait_for_ever(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        ja_restart_want(&pace, 1, NOW + i * SECONDS);
    }
    assert_int_equal(ja_restart_at(&pace, NOW + 99 * SECONDS), NOW + JA_RESTART_WAIT);
}

static void restarts_are_apart(void **state)
{
    (void)state;
    restart(NOW);
    ja_restart_want(&pace, 1, NOW + 10 * SECONDS);
    assert_int_equal(ja_restart_at(&pace, NOW + 10 * SECONDS), NOW + JA_RESTART_INTERVAL);
}

static void those_that_follow_at_once_get_rarer(void **state)
{
    apr_time_t at = NOW;
    int i;

    (void)state;
    for (i = 0; i < 20; i++) {
        restart(at);
        at += pace.interval;
    }
    assert_int_equal(pace.interval, JA_RESTART_INTERVAL_LAST);
    restart(at + JA_RESTART_INTERVAL_LAST);
    assert_int_equal(pace.interval, JA_RESTART_INTERVAL);
}

static void after_failures_the_pause_grows_to_an_hour(void **state)
{
    apr_time_t at = NOW;
    int i;

    (void)state;
    ja_restart_want(&pace, 1, NOW - 60 * MINUTES);
    ja_restart_fail(&pace, at);
    assert_int_equal(ja_restart_at(&pace, at), NOW + MINUTES);
    for (i = 0; i < 20; i++) {
        at = ja_restart_at(&pace, at);
        ja_restart_fail(&pace, at);
    }
    assert_int_equal(ja_restart_at(&pace, at), at + 60 * MINUTES);
    ja_restart_renew(&pace);
    assert_true(ja_restart_at(&pace, at) <= at);
    ja_restart_fail(&pace, at);
    assert_int_equal(ja_restart_at(&pace, at), at + MINUTES);
}

static void a_clock_that_is_set_back_stops_nothing(void **state)
{
    const apr_time_t before = NOW - 10000 * MINUTES;

    (void)state;
    restart(NOW);
    ja_restart_want(&pace, 1, NOW);
    ja_restart_fail(&pace, NOW);
    assert_true(ja_restart_at(&pace, before) <= before + MINUTES);
}

static void nothing_of_a_generation_is_left_to_the_next_but_the_interval(void **state)
{
    (void)state;
    ja_restart_want(&pace, 1, NOW);
    ja_restart_fail(&pace, NOW);
    ja_restart_begin(&pace, NOW);
    assert_int_equal(pace.wanted_at, 0);
    assert_int_equal(pace.pause, 0);
    assert_int_equal(pace.restarted_at, NOW);
}

static void a_status_is_read_back(void **state)
{
    ja_store_t *store = tree_store(tree_dir(pool), geteuid(), pool);
    ja_restart_status_t status = { JA_RESTART_REFUSED, NOW, NOW + MINUTES, "no \"way\"" };
    const ja_restart_status_t *found;

    (void)state;
    WORKS(ja_restart_load(&found, store, pool, pool));
    assert_null(found);
    WORKS(ja_restart_save(&status, store, pool));
    WORKS(ja_restart_load(&found, store, pool, pool));
    assert_int_equal(found->state, JA_RESTART_REFUSED);
    assert_int_equal(found->since, NOW);
    assert_int_equal(found->next_at, NOW + MINUTES);
    assert_string_equal(found->reason, "no \"way\"");
    WORKS(ja_restart_clear(store, pool));
    WORKS(ja_restart_clear(store, pool));
    WORKS(ja_restart_load(&found, store, pool, pool));
    assert_null(found);
}

static void a_damaged_status_is_told(void **state)
{
    const char *dir = tree_dir(pool);
    ja_store_t *store = tree_store(dir, geteuid(), pool);
    const ja_restart_status_t *found;

    (void)state;
    tree_put(tree_path(pool, "%s/store/activation.json", dir), "{\"state\":\"?\"}");
    FAILS(ja_restart_load(&found, store, pool, pool), JA_E_SYNTAX, "activation.json");
    assert_null(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PACE_TEST(it_waits_until_no_set_joins_any_more),
        PACE_TEST(it_does_not_wait_for_ever),
        PACE_TEST(restarts_are_apart),
        PACE_TEST(those_that_follow_at_once_get_rarer),
        PACE_TEST(after_failures_the_pause_grows_to_an_hour),
        PACE_TEST(a_clock_that_is_set_back_stops_nothing),
        PACE_TEST(nothing_of_a_generation_is_left_to_the_next_but_the_interval),
        TEST(a_status_is_read_back),
        TEST(a_damaged_status_is_told),
    };

    return RUN_TESTS(tests);
}

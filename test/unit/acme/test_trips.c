#include "talk.h"

#include "acme/trips.h"

static ja_trips_t trips;

static int begins(void **state)
{
    now = NOW;
    ja_clock_use(tell_time, NULL);
    ja_trips_init(&trips);
    return pool_begins(state);
}

static int ends(void **state)
{
    ja_clock_use(NULL, NULL);
    return pool_ends(state);
}

static void assert_counts(int brisk, int slow)
{
    ja_trips_sort(&trips);
    assert_int_equal(trips.brisk, brisk);
    assert_int_equal(trips.slow, slow);
}

static void patience_has_an_end(void **state)
{
    ja_trip_t first = { 0 };
    ja_trip_t second = { 0 };

    (void)state;
    assert_int_equal(ja_trips_next_slow(&trips), 0);
    ja_trip_begin(&trips, &first);
    now += 1000;
    ja_trip_begin(&trips, &second);
    assert_int_equal(ja_trips_next_slow(&trips), NOW + JA_TRIP_PATIENCE);
    now = NOW + JA_TRIP_PATIENCE - 1;
    assert_counts(2, 0);
    now++;
    assert_counts(1, 1);
    assert_int_equal(ja_trips_next_slow(&trips), NOW + 1000 + JA_TRIP_PATIENCE);
    now += 1000;
    assert_counts(0, 2);
    assert_int_equal(ja_trips_next_slow(&trips), 0);
}

static void trips_end_once_in_any_order(void **state)
{
    ja_trip_t all[4] = { 0 };
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        ja_trip_begin(&trips, &all[i]);
        now += JA_TRIP_PATIENCE / 2;
    }
    assert_counts(1, 3);
    ja_trip_end(&trips, &all[1]);
    ja_trip_end(&trips, &all[1]);
    assert_counts(1, 2);
    ja_trip_end(&trips, &all[3]);
    ja_trip_end(&trips, &all[3]);
    assert_counts(0, 2);
    ja_trip_end(&trips, &all[0]);
    ja_trip_end(&trips, &all[2]);
    assert_counts(0, 0);
}

static void one_may_begin_anew(void **state)
{
    ja_trip_t slow = { 0 };
    ja_trip_t brisk = { 0 };

    (void)state;
    ja_trip_begin(&trips, &slow);
    now += JA_TRIP_PATIENCE;
    ja_trip_begin(&trips, &brisk);
    assert_counts(1, 1);
    ja_trip_begin(&trips, &slow);
    assert_counts(2, 0);
    now += JA_TRIP_PATIENCE - 1;
    ja_trip_begin(&trips, &brisk);
    now++;
    assert_counts(1, 1);
    assert_int_equal(slow.pace, JA_TRIP_SLOW);
}

static void the_future_is_slow(void **state)
{
    ja_trip_t trip = { 0 };

    (void)state;
    ja_trip_begin(&trips, &trip);
    now--;
    assert_counts(0, 1);
}

#define TRIPS_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TRIPS_TEST(patience_has_an_end),
        TRIPS_TEST(trips_end_once_in_any_order),
        TRIPS_TEST(one_may_begin_anew),
        TRIPS_TEST(the_future_is_slow),
    };

    return RUN_TESTS(tests);
}

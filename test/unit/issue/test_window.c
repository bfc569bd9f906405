#include "../base/check.h"

#include "base/rand.h"
#include "issue/window.h"

#define NOW  apr_time_from_sec(1893456000)
#define HOUR apr_time_from_sec(3600)

static const ja_rate_t TEN = { 10, HOUR };

static void so_many_fit_and_no_more(void **state)
{
    ja_window_t window = { 0 };
    apr_time_t at;

    (void)state;
    ja_window_add(&window, HOUR, 4, NOW);
    assert_int_equal(ja_window_at(&window, &TEN, 6, NOW), NOW);
    at = ja_window_at(&window, &TEN, 7, NOW);
    assert_in_range(at, NOW + HOUR, NOW + HOUR + HOUR / JA_WINDOW_PARTS);
    assert_int_equal(ja_window_at(&window, &TEN, 7, at), at);
    ja_window_take_back(&window, 1);
    assert_int_equal(ja_window_at(&window, &TEN, 7, NOW), NOW);
    ja_window_take_back(&window, 100);
    assert_int_equal(ja_window_count(&window, HOUR, NOW), 0);
}

static void more_than_the_limit_fits_into_nothing(void **state)
{
    ja_window_t window = { 0 };

    (void)state;
    assert_int_equal(ja_window_at(&window, &TEN, 11, NOW), NOW);
    ja_window_add(&window, HOUR, 1, NOW);
    assert_true(ja_window_at(&window, &TEN, 11, NOW) >= NOW + HOUR);
}

static void without_a_limit_all_fits(void **state)
{
    const ja_rate_t none = { 0, 0 };
    ja_window_t window = { 0 };

    (void)state;
    ja_window_add(&window, HOUR, 1000, NOW);
    assert_int_equal(ja_window_at(&window, &none, 1000, NOW), NOW);
}

static void a_clock_that_was_ahead_does_not_block(void **state)
{
    ja_window_t window = { 0 };

    (void)state;
    ja_window_add(&window, HOUR, 10, NOW + 1000 * HOUR);
    assert_int_equal(ja_window_at(&window, &TEN, 1, NOW), NOW);
}

/* Whatever comes when: never more than the limit in any stretch of that length. */
static void the_limit_holds_in_every_stretch(void **state)
{
    static apr_time_t times[4000];
    int round, n, i;

    (void)state;
    for (round = 0; round < 20; round++) {
        ja_window_t window = { 0 };
        apr_time_t now = NOW;

        for (n = 0; n < 4000;) {
            now += (apr_time_t)(ja_rand_unit() * ja_rand_unit() * (double)HOUR / 2);
            if (ja_window_at(&window, &TEN, 1, now) > now) {
                now = ja_window_at(&window, &TEN, 1, now);
                assert_int_equal(ja_window_at(&window, &TEN, 1, now), now);
            }
            ja_window_add(&window, HOUR, 1, now);
            times[n++] = now;
        }
        for (i = 10; i < n; i++) {
            assert_true(times[i] - times[i - 10] >= HOUR);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(so_many_fit_and_no_more),          TEST(more_than_the_limit_fits_into_nothing),
        TEST(without_a_limit_all_fits),         TEST(a_clock_that_was_ahead_does_not_block),
        TEST(the_limit_holds_in_every_stretch),
    };

    return RUN_TESTS(tests);
}

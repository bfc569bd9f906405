#include "../base/check.h"

#include <limits.h>
#include <math.h>

#include "base/rand.h"
#include "issue/backoff.h"

#define NOW      apr_time_from_sec(1893456000)
#define MIN_WAIT apr_time_from_sec(30)
#define HOUR     3600
#define DAY      (24 * HOUR)

static long wait_s(int attempt, ja_retry_t retry, double unit)
{
    return (long)apr_time_sec(ja_backoff(attempt, retry, 0, unit, NOW) - NOW);
}

static void waits_grow_to_a_day(void **state)
{
    static const struct {
        int attempt;
        ja_retry_t retry;
        long wait_s;
    } CASES[] = {
        { 1, JA_RETRY_LATER, 30 },        { 2, JA_RETRY_LATER, 60 },
        { 3, JA_RETRY_FRESH, 120 },       { 4, JA_RETRY_LATER, 300 },
        { 5, JA_RETRY_LATER, 900 },       { 6, JA_RETRY_FRESH, 1800 },
        { 7, JA_RETRY_LATER, HOUR },      { 8, JA_RETRY_LATER, 3 * HOUR },
        { 9, JA_RETRY_LATER, 6 * HOUR },  { 10, JA_RETRY_LATER, 12 * HOUR },
        { 11, JA_RETRY_LATER, 20 * HOUR },      { 12, JA_RETRY_LATER, 20 * HOUR },
        { INT_MAX, JA_RETRY_LATER, 20 * HOUR }, { 1, JA_RETRY_SLOW, 6 * HOUR },
        { 1, JA_RETRY_ASKED, 6 * HOUR },
        { 2, JA_RETRY_SLOW, 12 * HOUR },  { 3, JA_RETRY_SLOW, 20 * HOUR },
        { 4, JA_RETRY_SLOW, 20 * HOUR },        { INT_MAX, JA_RETRY_SLOW, 20 * HOUR },
        { 0, JA_RETRY_LATER, 30 },        { -1, JA_RETRY_LATER, 30 },
        { INT_MIN, JA_RETRY_LATER, 30 },  { INT_MIN, JA_RETRY_SLOW, 6 * HOUR },
        { 1, JA_RETRY_HOLD, 30 },         { 12, JA_RETRY_HOLD, 20 * HOUR },
        { 1, JA_RETRY_CA, 30 },           { 6, JA_RETRY_CA, 1800 },
        { 7, JA_RETRY_CA, 1800 },         { INT_MAX, JA_RETRY_CA, 1800 },
        { 1, JA_RETRY_ANEW, 0 },          { 2, JA_RETRY_ANEW, 60 },
        { 12, JA_RETRY_ANEW, 20 * HOUR },       { INT_MIN, JA_RETRY_ANEW, 0 },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_int_equal(wait_s(CASES[i].attempt, CASES[i].retry, 0), CASES[i].wait_s);
    }
}

static void a_fifth_is_left_to_chance(void **state)
{
    (void)state;
    assert_int_equal(wait_s(1, JA_RETRY_LATER, 0.5), 33);
    assert_int_equal(wait_s(1, JA_RETRY_LATER, 1), 36);
    assert_int_equal(wait_s(11, JA_RETRY_LATER, 1), DAY);
    assert_int_equal(wait_s(1, JA_RETRY_LATER, -1e300), 30);
    assert_int_equal(wait_s(1, JA_RETRY_LATER, 1e300), 36);
    assert_int_equal(wait_s(1, JA_RETRY_LATER, (double)NAN), 30);
    assert_int_equal(wait_s(1, JA_RETRY_LATER, (double)INFINITY), 36);
}

static void the_ca_may_ask_for_more_time(void **state)
{
    static const struct {
        apr_time_t retry_after;
        apr_interval_time_t wait;
    } CASES[] = {
        { apr_time_from_sec(-DAY), apr_time_from_sec(60) },
        { apr_time_from_sec(59), apr_time_from_sec(60) },
        { apr_time_from_sec(60) + 1, apr_time_from_sec(60) + 1 },
        { apr_time_from_sec(DAY), apr_time_from_sec(DAY) },
        { apr_time_from_sec(DAY) + 1, apr_time_from_sec(DAY) },
        { INT64_MAX - NOW, apr_time_from_sec(DAY) },
        { INT64_MIN, apr_time_from_sec(60) },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        apr_time_t at = ja_backoff(2, JA_RETRY_LATER, NOW + CASES[i].retry_after, 0, NOW);

        assert_int_equal(at - NOW, CASES[i].wait);
    }
}

/* A number of any size, the ends of the range among them. */
static apr_int64_t any_number(void)
{
    static const apr_int64_t ENDS[] = { 0, 1, -1, INT64_MAX, INT64_MIN, INT_MAX, INT_MIN };
    double unit = ja_rand_unit();

    if (unit < 0.1) {
        return ENDS[(int)(unit * 70) % 7];
    }
    return (apr_int64_t)((ja_rand_unit() - 0.5) * (double)(1ULL << (int)(ja_rand_unit() * 64)));
}

static void is_never_too_early_nor_too_late(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 200000; i++) {
        int attempt = (int)any_number();
        ja_retry_t retry = (ja_retry_t)((int)(ja_rand_unit() * 6) % 6);
        apr_time_t at = ja_backoff(attempt, retry, any_number(), ja_rand_unit() * 4 - 2, NOW);

        assert_true(at >= NOW + (retry == JA_RETRY_ANEW && attempt <= 1 ? 0 : MIN_WAIT));
        assert_true(at <= NOW + JA_BACKOFF_MAX);
    }
}

static void never_gets_shorter_from_one_to_the_next(void **state)
{
    int attempt;

    (void)state;
    for (attempt = 1; attempt < 40; attempt++) {
        assert_true(wait_s(attempt + 1, JA_RETRY_LATER, 0) >= wait_s(attempt, JA_RETRY_LATER, 0));
        assert_true(wait_s(attempt + 1, JA_RETRY_SLOW, 0) >= wait_s(attempt, JA_RETRY_SLOW, 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(waits_grow_to_a_day),
        TEST(a_fifth_is_left_to_chance),
        TEST(the_ca_may_ask_for_more_time),
        TEST(is_never_too_early_nor_too_late),
        TEST(never_gets_shorter_from_one_to_the_next),
    };

    return RUN_TESTS(tests);
}

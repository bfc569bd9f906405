#include "../base/check.h"

#include "issue/countdown.h"

#define NOW  apr_time_from_sec(1893456000)
#define DAYS apr_time_from_sec(86400)

static void without_a_date_there_is_no_end(void **state)
{
    (void)state;
    assert_int_equal(ja_countdown_end(0), 0);
    assert_int_equal(ja_countdown_end(NOW), NOW + 14 * DAYS);
}

static void it_goes_by_steps(void **state)
{
    static const struct {
        apr_interval_time_t left;
        int days;
        apr_interval_time_t next; /* so long before the end */
    } CASES[] = {
        { 14 * DAYS, -1, 7 * DAYS },
        { 7 * DAYS + 1, -1, 7 * DAYS },
        { 7 * DAYS, 7, 3 * DAYS },
        { 4 * DAYS, 7, 3 * DAYS },
        { 3 * DAYS, 3, DAYS },
        { DAYS, 1, 0 },
        { 1, 1, 0 },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        apr_time_t end = NOW + CASES[i].left;

        assert_int_equal(ja_countdown_days(end, NOW), CASES[i].days);
        assert_int_equal(ja_countdown_next(end, NOW), end - CASES[i].next);
    }
    assert_int_equal(ja_countdown_days(NOW, NOW), 0);
    assert_int_equal(ja_countdown_next(NOW, NOW), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_date_there_is_no_end),
        TEST(it_goes_by_steps),
    };

    return RUN_TESTS(tests);
}

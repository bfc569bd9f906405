#include "../base/check.h"

#include "issue/staple_due.h"

#define NOW      apr_time_from_sec(1893456000)
#define MINUTE   60L
#define HOUR     (60 * MINUTE)
#define DAY      (24 * HOUR)
#define IN(S)    (NOW + apr_time_from_sec(S))
#define NEARLY_1 0.999999

/* At hand: since `from`, until `to` seconds from now (0: not said). */
static ja_ocsp_facts_t response(int status, long from, long to)
{
    const ja_ocsp_facts_t facts = {
        .status = status, .this_update = IN(from), .next_update = to ? IN(to) : 0, .reason = -1
    };

    return facts;
}

static long due_s(const ja_ocsp_facts_t *facts, int failures, int is_awaited, double unit)
{
    const ja_staple_state_t state = { facts, failures, is_awaited };

    return (long)apr_time_sec(ja_staple_due(&state, NOW, unit) - NOW);
}

static long first_s(const ja_ocsp_facts_t *facts, int is_awaited, double unit)
{
    const ja_staple_state_t state = { facts, 0, is_awaited };

    return (long)apr_time_sec(ja_staple_first(&state, NOW, unit) - NOW);
}

static void what_is_awaited_is_polled(void **state)
{
    ja_ocsp_facts_t unknown = response(JA_OCSP_UNKNOWN, 0, HOUR);

    (void)state;
    assert_int_equal(first_s(NULL, 1, 0.5), 0);
    assert_int_equal(first_s(&unknown, 1, 0.5), 0);
    assert_int_equal(due_s(NULL, 0, 1, 0), 15);
    assert_int_equal(due_s(NULL, 100, 1, NEARLY_1), 59);
    assert_int_equal(due_s(&unknown, 7, 1, 0.5), 37);
}

static void good_and_revoked_are_not_polled(void **state)
{
    ja_ocsp_facts_t good = response(JA_OCSP_GOOD, 0, 4 * DAY);
    ja_ocsp_facts_t revoked = response(JA_OCSP_REVOKED, 0, 4 * DAY);

    (void)state;
    assert_int_equal(first_s(&good, 1, 0), 2 * DAY);
    assert_int_equal(due_s(&good, 0, 1, 0), 2 * DAY);
    assert_int_equal(due_s(&revoked, 0, 1, 0), 2 * DAY);
}

static void the_start_is_spread(void **state)
{
    ja_ocsp_facts_t old = response(JA_OCSP_GOOD, -3 * DAY, DAY);
    ja_ocsp_facts_t very_old = response(JA_OCSP_GOOD, -3 * DAY, 2 * MINUTE);

    (void)state;
    assert_int_equal(first_s(NULL, 0, 0), 0);
    assert_int_equal(first_s(NULL, 0, NEARLY_1), 299);
    assert_int_equal(first_s(&old, 0, 0), 0);
    assert_int_equal(first_s(&old, 0, 0.5), 150);
    assert_int_equal(first_s(&very_old, 0, NEARLY_1), 59);
}

static void it_is_renewed_at_half_life(void **state)
{
    ja_ocsp_facts_t week = response(JA_OCSP_GOOD, -DAY, 6 * DAY);
    ja_ocsp_facts_t unsaid = response(JA_OCSP_GOOD, 0, 0);
    ja_ocsp_facts_t year = response(JA_OCSP_GOOD, 0, 365 * DAY);
    ja_ocsp_facts_t minute = response(JA_OCSP_GOOD, 0, MINUTE);

    (void)state;
    assert_int_equal(due_s(&week, 0, 0, 0), 5 * DAY / 2);
    assert_in_range(due_s(&week, 0, 0, NEARLY_1), 5 * DAY / 2 + 8 * HOUR, 5 * DAY / 2 + 9 * HOUR);
    assert_int_equal(due_s(&unsaid, 0, 0, 0), HOUR);
    assert_int_equal(due_s(&year, 0, 0, 0), 7 * DAY);
    assert_int_equal(due_s(&minute, 0, 0, 0), 5 * MINUTE);
}

/* A cache that goes on handing out the same one is not asked all the time. */
static void an_old_one_again_is_no_reason_for_haste(void **state)
{
    ja_ocsp_facts_t old = response(JA_OCSP_GOOD, -4 * DAY, 3 * DAY);
    ja_ocsp_facts_t older = response(JA_OCSP_GOOD, -7 * DAY, 2 * HOUR);
    ja_ocsp_facts_t oldest = response(JA_OCSP_GOOD, -7 * DAY, 1);

    (void)state;
    assert_int_equal(due_s(&old, 0, 0, 0), HOUR);
    assert_int_equal(due_s(&older, 0, 0, 0), HOUR / 2);
    assert_int_equal(due_s(&oldest, 0, 0, 0), 5 * MINUTE);
}

static void failures_back_off(void **state)
{
    ja_ocsp_facts_t unknown = response(JA_OCSP_UNKNOWN, 0, HOUR);
    int n;

    (void)state;
    assert_int_equal(due_s(NULL, 1, 0, 0), MINUTE);
    assert_int_equal(due_s(NULL, 1, 0, 0.5), 66);
    assert_int_equal(due_s(NULL, 2, 0, 0), 2 * MINUTE);
    assert_int_equal(due_s(NULL, 6, 0, 0), 32 * MINUTE);
    assert_int_equal(due_s(&unknown, 3, 0, 0), 4 * MINUTE);
    for (n = 7; n < 100000; n *= 10) {
        assert_int_equal(due_s(NULL, n, 0, 0), HOUR);
    }
}

static void a_retry_comes_before_the_end(void **state)
{
    ja_ocsp_facts_t good = response(JA_OCSP_GOOD, -DAY, 4 * DAY);
    ja_ocsp_facts_t ends = response(JA_OCSP_GOOD, -DAY, 40 * MINUTE);
    ja_ocsp_facts_t ended = response(JA_OCSP_GOOD, -DAY, -HOUR);

    (void)state;
    assert_int_equal(due_s(&good, 1, 0, 0), MINUTE);
    assert_int_equal(due_s(&good, 50, 0, 0), HOUR);
    assert_int_equal(due_s(&ends, 50, 0, 0), 20 * MINUTE);
    assert_int_equal(due_s(&ends, 1, 0, 0), MINUTE);
    assert_int_equal(due_s(&ended, 50, 0, 0), HOUR);
}

static void a_newer_one_is_better(void **state)
{
    ja_ocsp_facts_t good = response(JA_OCSP_GOOD, 0, HOUR);
    ja_ocsp_facts_t longer = response(JA_OCSP_GOOD, 0, 2 * HOUR);
    ja_ocsp_facts_t newer = response(JA_OCSP_GOOD, 1, HOUR);

    (void)state;
    assert_true(ja_staple_is_better(&good, NULL));
    assert_false(ja_staple_is_better(&good, &good));
    assert_true(ja_staple_is_better(&newer, &good));
    assert_false(ja_staple_is_better(&good, &newer));
    assert_true(ja_staple_is_better(&longer, &good));
    assert_false(ja_staple_is_better(&good, &longer));
}

static void unknown_takes_nobodys_place(void **state)
{
    ja_ocsp_facts_t old_unknown = response(JA_OCSP_UNKNOWN, 0, HOUR);
    ja_ocsp_facts_t unknown = response(JA_OCSP_UNKNOWN, 10, HOUR);
    ja_ocsp_facts_t good = response(JA_OCSP_GOOD, 0, HOUR);
    ja_ocsp_facts_t revoked = response(JA_OCSP_REVOKED, 0, HOUR);

    (void)state;
    assert_true(ja_staple_is_better(&unknown, NULL));
    assert_true(ja_staple_is_better(&unknown, &old_unknown));
    assert_false(ja_staple_is_better(&old_unknown, &unknown));
    assert_false(ja_staple_is_better(&unknown, &good));
    assert_false(ja_staple_is_better(&unknown, &revoked));
    assert_true(ja_staple_is_better(&good, &unknown)); /* made beforehand, so it is older */
}

static void revoked_takes_the_place_of_good(void **state)
{
    ja_ocsp_facts_t good = response(JA_OCSP_GOOD, 0, HOUR);
    ja_ocsp_facts_t newer = response(JA_OCSP_GOOD, 1, HOUR);
    ja_ocsp_facts_t revoked = response(JA_OCSP_REVOKED, 0, HOUR);

    (void)state;
    assert_true(ja_staple_is_better(&revoked, &good));
    assert_false(ja_staple_is_better(&good, &revoked));
    assert_false(ja_staple_is_better(&revoked, &newer));
    assert_true(ja_staple_is_better(&newer, &revoked)); /* certificateHold can end */
}

static int is_short(const ja_ocsp_facts_t *facts, int failures)
{
    const ja_staple_state_t state = { facts, failures, 0 };

    return ja_staple_is_short(&state, NOW);
}

static void the_last_quarter_is_short_if_the_responder_fails(void **state)
{
    ja_ocsp_facts_t quarter = response(JA_OCSP_GOOD, -3 * DAY, DAY);
    ja_ocsp_facts_t less = response(JA_OCSP_GOOD, -3 * DAY, DAY - 1);
    ja_ocsp_facts_t ended = response(JA_OCSP_GOOD, -3 * DAY, -1);
    ja_ocsp_facts_t unsaid = response(JA_OCSP_GOOD, -6 * DAY, 0);
    ja_ocsp_facts_t unknown = response(JA_OCSP_UNKNOWN, 0, DAY);

    (void)state;
    assert_false(is_short(&quarter, 1));
    assert_true(is_short(&less, 1));
    assert_true(is_short(&ended, 1));
    assert_true(is_short(&unsaid, 1));
    assert_true(is_short(&unknown, 1));
    assert_true(is_short(NULL, 1));
    assert_false(is_short(&less, 0));
    assert_false(is_short(&ended, 0));
    assert_false(is_short(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_quarter_is_short_if_the_responder_fails),
        TEST(what_is_awaited_is_polled),
        TEST(good_and_revoked_are_not_polled),
        TEST(the_start_is_spread),
        TEST(it_is_renewed_at_half_life),
        TEST(an_old_one_again_is_no_reason_for_haste),
        TEST(failures_back_off),
        TEST(a_retry_comes_before_the_end),
        TEST(a_newer_one_is_better),
        TEST(unknown_takes_nobodys_place),
        TEST(revoked_takes_the_place_of_good),
    };

    return RUN_TESTS(tests);
}

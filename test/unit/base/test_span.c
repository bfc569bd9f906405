#include "check.h"

#include "base/span.h"

#define SEC ((apr_interval_time_t)APR_USEC_PER_SEC)
#define DAY (86400 * SEC)

static void durations_are_read_in_every_unit(void **state)
{
    static const struct {
        const char *text;
        apr_interval_time_t duration;
    } CASES[] = {
        { "250ms", 250 * 1000 },   { "45s", 45 * SEC },    { "10min", 600 * SEC },
        { "10mi", 600 * SEC },     { "12h", 43200 * SEC }, { "30d", 30 * DAY },
        { "2w", 14 * DAY },        { "30D", 30 * DAY },    { "0s", 0 },
        { "36500d", 36500 * DAY }, { "007d", 7 * DAY },
    };
    ja_span_t span;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        memset(&span, 0xff, sizeof(span));
        assert_true(ja_span_parse(&span, CASES[i].text));
        assert_int_equal(span.duration, CASES[i].duration);
        assert_int_equal(span.percent, 0);
    }
}

static void shares_are_read(void **state)
{
    ja_span_t span;

    (void)state;
    assert_true(ja_span_parse(&span, "1%"));
    assert_int_equal(span.percent, 1);
    assert_true(ja_span_parse(&span, "99%"));
    assert_int_equal(span.percent, 99);
    assert_int_equal(span.duration, 0);
}

static void anything_else_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "",
        " ",
        "d",
        "%",
        "30 d",
        " 30d",
        "30d ",
        "-1d",
        "+1d",
        "1.5d",
        "1e3",
        "0x10",
        "30dd",
        "30days",
        "0%",
        "100%",
        "120%",
        "33%%",
        "33 %",
        "4294967297%",
        "36501d",
        "9223372036854775807",
        "9223372036854775808d",
        "99999999999999999999999999999999w",
        "5215w",
        "30m",
        "0",
        "30",
        "1y",
    };
    ja_span_t span;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        if (ja_span_parse(&span, TEXTS[i])) {
            fail_msg("\"%s\" was read", TEXTS[i]);
        }
    }
}

static void printed_is_the_largest_unit_that_divides(void **state)
{
    static const char *const TEXTS[] = {
        "33%", "30d", "36h", "90min", "61s", "250ms", "14d", "0ms"
    };
    ja_span_t span;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        assert_true(ja_span_parse(&span, TEXTS[i]));
        assert_string_equal(ja_span_print(&span, pool), TEXTS[i]);
    }
}

static void a_share_is_of_the_lifetime(void **state)
{
    ja_span_t third = { 0, 33 };
    ja_span_t month = { 30 * DAY, 0 };

    (void)state;
    assert_int_equal(ja_span_of(&third, 100 * DAY), 33 * DAY);
    assert_int_equal(ja_span_of(&third, 0), 0);
    assert_true(ja_span_of(&third, INT64_MAX) > 0);
    assert_int_equal(ja_span_of(&month, 90 * DAY), 30 * DAY);
    assert_int_equal(ja_span_of(&month, 7 * DAY), 30 * DAY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(durations_are_read_in_every_unit), TEST(shares_are_read),
        TEST(anything_else_is_refused),         TEST(printed_is_the_largest_unit_that_divides),
        TEST(a_share_is_of_the_lifetime),
    };

    return RUN_TESTS(tests);
}

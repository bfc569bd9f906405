#include "../base/check.h"

#include <ctype.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "event/event.h"

#define NOW apr_time_from_sec(1893456000)

static const char *line; /* the last one, or NULL */
static ja_level_t level;
static int lines;

static void keep(void *baton, ja_level_t of, const char *text)
{
    (void)baton;
    line = apr_pstrdup(pool, text);
    level = of;
    lines++;
}

static const ja_log_t LOG = { .write = keep, .level = JA_LOG_DEBUG };
static const ja_log_t QUIET = { .write = keep, .level = JA_LOG_ERROR };

static apr_time_t test_clock(void *baton)
{
    (void)baton;
    return NOW;
}

static int event_begins(void **state)
{
    line = NULL;
    lines = 0;
    ja_clock_use(test_clock, NULL);
    return pool_begins(state);
}

static int event_ends(void **state)
{
    ja_clock_use(NULL, NULL);
    return pool_ends(state);
}

#define EVENT_TEST(FN) cmocka_unit_test_setup_teardown(FN, event_begins, event_ends)

static void an_event_is_one_line(void **state)
{
    (void)state;
    ja_event_tell(&LOG, JA_EVENT_STAGED, "a.jp", "%d certificates", 2);
    assert_string_equal(line, "a.jp: JA0006: staged: 2 certificates");
    assert_int_equal(level, JA_LOG_NOTICE);
    assert_int_equal(lines, 1);
}

static void ids_and_names_are_unique(void **state)
{
    int i, j;

    (void)state;
    for (i = 0; i < JA_EVENT_COUNT; i++) {
        ja_event_tell(&LOG, (ja_event_t)i, "a.jp", "x");
        assert_int_equal(strncmp(line, "a.jp: JA0", 9), 0);
        assert_true(isdigit(line[9]) && isdigit(line[11]) && line[12] == ':');
        assert_non_null(strstr(line, ja_event_name((ja_event_t)i)));
        for (j = 0; j < i; j++) {
            const char *first = line;

            ja_event_tell(&LOG, (ja_event_t)j, "a.jp", "x");
            assert_memory_not_equal(first + 6, line + 6, 6);
            assert_string_not_equal(ja_event_name((ja_event_t)i), ja_event_name((ja_event_t)j));
            line = first;
        }
    }
}

static void what_is_not_wanted_is_not_written(void **state)
{
    ja_err_t *err = ja_err_make(JA_E_TIMEOUT, pool, "polling");

    (void)state;
    ja_event_tell(&QUIET, JA_EVENT_STAGED, "a.jp", "x");
    ja_event_errored(&QUIET, "a.jp", err, NULL, 0, pool);
    ja_event_tell(NULL, JA_EVENT_STAGED, "a.jp", "x");
    ja_event_errored(NULL, "a.jp", err, NULL, 0, pool);
    assert_int_equal(lines, 0);
}

static void a_long_text_is_cut(void **state)
{
    char text[10000];

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    ja_event_tell(&LOG, JA_EVENT_STAGED, "a.jp", "%s", text);
    assert_in_range(strlen(line), 1000, 4096);
}

static void an_error_tells_what_why_and_when(void **state)
{
    ja_err_t *err = ja_err_make(JA_E_TIMEOUT, pool, "polling order 1");

    (void)state;
    ja_event_errored(&LOG, "a.jp", err, "waiting for validation", NOW + apr_time_from_sec(90),
                     pool);
    assert_int_equal(
        strncmp(line, "a.jp: JA0302: while waiting for validation: polling order 1. ", 61), 0);
    assert_non_null(strstr(line, ja_err_row(JA_E_TIMEOUT)->en));
    assert_non_null(strstr(line, "Next try at Tue, 01 Jan 2030 00:01:30 GMT, in 90 s."));
    assert_int_equal(level, ja_err_row(JA_E_TIMEOUT)->level);
}

static void waiting_is_told_in_the_unit_that_fits(void **state)
{
    static const struct {
        apr_int64_t ms;
        const char *text;
    } CASES[] = {
        { 1, "in 1 s." },
        { 119000, "in 119 s." },
        { 119001, "in 2 min." },
        { 750000, "in 13 min." },
        { 7199000, "in 120 min." },
        { 25613000, "in 7 h." },
        { 259200000, "in 3 days." },
    };
    ja_err_t *err = ja_err_make(JA_E_TIMEOUT, pool, "polling");
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        ja_event_errored(&LOG, "a.jp", err, NULL, NOW + apr_time_from_msec(CASES[i].ms), pool);
        if (!strstr(line, CASES[i].text)) {
            fail_msg("no \"%s\" in \"%s\"", CASES[i].text, line);
        }
    }
}

static void activity_and_time_may_be_unknown(void **state)
{
    ja_err_t *err = ja_err_make(JA_E_IO, pool, "reading");

    (void)state;
    ja_event_errored(&LOG, "a.jp", err, NULL, 0, pool);
    assert_int_equal(strncmp(line, "a.jp: JA0202: reading. ", 23), 0);
    assert_null(strstr(line, "Next try"));
    ja_event_errored(&LOG, "a.jp", err, NULL, NOW - apr_time_from_sec(5), pool);
    assert_non_null(strstr(line, "in 0 s."));
}

/* What is refused for the account is not tried again before that works; it is looked at. */
static void what_is_held_says_what_is_waited_for(void **state)
{
    ja_err_t *err = ja_err_make(JA_E_UNAUTHORIZED, pool, "order");

    (void)state;
    ja_event_errored(&LOG, "a.jp", err, NULL, JA_EVENT_WITH_ACCOUNT, pool);
    assert_non_null(strstr(line, "next try as soon as that is valid."));
    ja_event_errored(&LOG, "ca", err, NULL, NOW + apr_time_from_sec(86400), pool);
    assert_non_null(
        strstr(line, " The CA is asked again at Wed, 02 Jan 2030 00:00:00 GMT, in 24 h."));
}

/* Text of the CA may hold anything: it stays one line, and is no format. */
static void text_of_the_ca_does_no_harm(void **state)
{
    ja_err_t *err =
        ja_err_make(JA_E_PROBLEM, pool, "%s", "order %s%n\nb.jp: JA0006: staged\x1b[31m");

    (void)state;
    ja_event_errored(&LOG, "a.jp", err, NULL, 0, pool);
    assert_non_null(strstr(line, "order %s%n b.jp"));
    assert_null(strchr(line, '\n'));
    assert_null(strchr(line, '\x1b'));
    assert_int_equal(lines, 1);
}

static void the_log_line_is_ascii(void **state)
{
    ja_problem_t problem = { .type = "caa", .detail = "CAA records forbid it / 禁止されています" };
    ja_err_t *err = ja_err_make(JA_E_CAA, pool, "finalize");
    const char *at;

    (void)state;
    err->problem = &problem;
    ja_event_errored(&LOG, "a.jp", err, "sending the CSR", 0, pool);
    assert_non_null(strstr(line, "the CA says caa: CAA records forbid it [...]. CAA records of"));
    for (at = line; *at; at++) {
        assert_in_range((unsigned char)*at, ' ', '~');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        EVENT_TEST(an_event_is_one_line),
        EVENT_TEST(ids_and_names_are_unique),
        EVENT_TEST(what_is_not_wanted_is_not_written),
        EVENT_TEST(a_long_text_is_cut),
        EVENT_TEST(an_error_tells_what_why_and_when),
        EVENT_TEST(waiting_is_told_in_the_unit_that_fits),
        EVENT_TEST(activity_and_time_may_be_unknown),
        EVENT_TEST(what_is_held_says_what_is_waited_for),
        EVENT_TEST(text_of_the_ca_does_no_harm),
        EVENT_TEST(the_log_line_is_ascii),
    };

    return RUN_TESTS(tests);
}

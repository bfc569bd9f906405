#include "check.h"

#include <apr_strings.h>

#include "base/log.h"

static ja_level_t last_level;
static const char *last_line;
static int lines;

static void collect(void *baton, ja_level_t level, const char *line)
{
    assert_string_equal(baton, "baton");
    last_level = level;
    last_line = apr_pstrdup(pool, line);
    lines++;
}

static ja_log_t log_at(ja_level_t level)
{
    ja_log_t log = { collect, "baton", level };

    lines = 0;
    return log;
}

static void lines_reach_the_sink(void **state)
{
    ja_log_t log = log_at(JA_LOG_INFO);

    (void)state;
    ja_log_line(&log, JA_LOG_WARNING, "%s: %s", "www.example.jp", "JA0200");
    assert_int_equal(lines, 1);
    assert_int_equal(last_level, JA_LOG_WARNING);
    assert_string_equal(last_line, "www.example.jp: JA0200");
}

static void lines_above_the_level_are_not_written(void **state)
{
    ja_log_t log = log_at(JA_LOG_INFO);

    (void)state;
    ja_log_line(&log, JA_LOG_INFO, "in");
    ja_log_line(&log, JA_LOG_DEBUG, "out");
    assert_int_equal(lines, 1);
    assert_true(ja_log_is(&log, JA_LOG_ERROR));
    assert_true(ja_log_is(&log, JA_LOG_INFO));
    assert_false(ja_log_is(&log, JA_LOG_DEBUG));
}

static void no_log_takes_everything_and_writes_nothing(void **state)
{
    (void)state;
    ja_log_line(NULL, JA_LOG_ERROR, "x");
    assert_false(ja_log_is(NULL, JA_LOG_ERROR));
}

static void long_lines_are_cut(void **state)
{
    ja_log_t log = log_at(JA_LOG_INFO);

    (void)state;
    ja_log_line(&log, JA_LOG_INFO, "%5000d", 1);
    assert_int_equal(strlen(last_line), 4095);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_reach_the_sink),
        TEST(lines_above_the_level_are_not_written),
        TEST(no_log_takes_everything_and_writes_nothing),
        TEST(long_lines_are_cut),
    };

    return RUN_TESTS(tests);
}

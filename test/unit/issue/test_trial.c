#include "../base/check.h"

#include <apr_strings.h>

#include "issue/restart.h"
#include "issue/trial.h"

static const char *reason_of(int exit_code, const char *output)
{
    return ja_trial_reason(exit_code, output, strlen(output), pool);
}

static void the_marker_and_a_good_end_are_needed_both(void **state)
{
    (void)state;
    assert_null(reason_of(0, "AH00558: a warning\n" JA_TRIAL_MARKER "\nSyntax OK\n"));
    assert_non_null(strstr(reason_of(0, "Syntax OK\n"), "can't be checked"));
    assert_non_null(strstr(reason_of(0, "no " JA_TRIAL_MARKER "\n"), "can't be checked"));
    assert_non_null(reason_of(1, JA_TRIAL_MARKER "\n"));
}

static void a_syntax_error_is_told_with_its_place(void **state)
{
    (void)state;
    assert_string_equal(reason_of(1, "AH00112: Warning: DocumentRoot does not exist\n"
                                     "AH00526: Syntax error on line 3 of /etc/x.conf:\n"
                                     "Invalid command 'Foo'\n"),
                        "AH00526: Syntax error on line 3 of /etc/x.conf: Invalid command 'Foo'");
}

static void what_changes_from_time_to_time_is_left_out(void **state)
{
    (void)state;
    assert_string_equal(
        reason_of(1, "[Wed Nov 25 22:34:41.123 2026] [ssl:emerg] [pid 12:tid 3] AH02562: no\n"),
        "AH02562: no");
}

static void the_last_lines_are_told(void **state)
{
    (void)state;
    assert_string_equal(reason_of(1, "one\ntwo\n\n  \nthree\nfour\n"), "two; three; four");
    assert_string_equal(reason_of(9, ""), "httpd -t ended with 9, without a word");
}

static void any_bytes_make_one_line_of_text(void **state)
{
    static const char BYTES[] = "a\x1b[2J\tb\x00\xff\r\n\xe3\x81\x82\x7f";
    const char *big = apr_pstrcat(pool, "x", apr_psprintf(pool, "%5000d", 1), NULL);

    (void)state;
    assert_string_equal(ja_trial_reason(1, BYTES, sizeof(BYTES) - 1, pool),
                        "a [2J b?? ; \xe3\x81\x82 ");
    assert_int_equal(strlen(reason_of(1, big)), JA_RESTART_REASON_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_marker_and_a_good_end_are_needed_both),
        TEST(a_syntax_error_is_told_with_its_place),
        TEST(what_changes_from_time_to_time_is_left_out),
        TEST(the_last_lines_are_told),
        TEST(any_bytes_make_one_line_of_text),
    };

    return RUN_TESTS(tests);
}

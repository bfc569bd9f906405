#include "check.h"

#include "base/enumstr.h"

static const char *const NAMES[] = { [0] = "auto", [1] = "always", [2] = "manual" };
static const ja_enumstr_t TABLE = { NAMES, 3 };
static const ja_enumstr_t NOTHING = { NULL, 0 };

static void values_have_names(void **state)
{
    (void)state;
    assert_string_equal(ja_enumstr_print(&TABLE, 0), "auto");
    assert_string_equal(ja_enumstr_print(&TABLE, 2), "manual");
}

static void values_out_of_range_are_question_marks(void **state)
{
    (void)state;
    assert_string_equal(ja_enumstr_print(&TABLE, -1), "?");
    assert_string_equal(ja_enumstr_print(&TABLE, 3), "?");
    assert_string_equal(ja_enumstr_print(&NOTHING, 0), "?");
}

static void names_have_values_whatever_their_case(void **state)
{
    (void)state;
    assert_int_equal(ja_enumstr_parse(&TABLE, "auto"), 0);
    assert_int_equal(ja_enumstr_parse(&TABLE, "MANUAL"), 2);
}

static void other_names_have_none(void **state)
{
    (void)state;
    assert_int_equal(ja_enumstr_parse(&TABLE, "automatic"), -1);
    assert_int_equal(ja_enumstr_parse(&TABLE, "aut"), -1);
    assert_int_equal(ja_enumstr_parse(&TABLE, ""), -1);
    assert_int_equal(ja_enumstr_parse(&TABLE, NULL), -1);
}

static void the_list_says_what_is_allowed(void **state)
{
    (void)state;
    assert_string_equal(ja_enumstr_list(&TABLE, pool), "auto, always, manual");
    assert_string_equal(ja_enumstr_list(&NOTHING, pool), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(values_have_names),
        TEST(values_out_of_range_are_question_marks),
        TEST(names_have_values_whatever_their_case),
        TEST(other_names_have_none),
        TEST(the_list_says_what_is_allowed),
    };

    return RUN_TESTS(tests);
}

#include "../base/check.h"

#include <apr_strings.h>

#include "store/names.h"

static void a_plain_name_is_its_own_directory(void **state)
{
    (void)state;
    assert_string_equal(ja_names_dir("www.example.jp", pool), "www.example.jp");
    assert_string_equal(ja_names_dir("xn--wgv71a119e.jp", pool), "xn--wgv71a119e.jp");
    assert_string_equal(ja_names_dir("acme_1.example.jp-0a", pool), "acme_1.example.jp-0a");
    assert_string_equal(ja_names_dir(repeated('a', 200), pool), repeated('a', 200));
}

static void a_wildcard_has_a_directory_of_its_own(void **state)
{
    (void)state;
    assert_string_equal(ja_names_dir("*.example.jp", pool), "_wildcard.example.jp");
    assert_null(ja_names_dir("_wildcard.example.jp", pool));
    assert_null(ja_names_dir("*._wildcard.example.jp", pool));
    assert_null(ja_names_dir("www.*.jp", pool));
    assert_null(ja_names_dir("*", pool));
    assert_null(ja_names_dir("*.", pool));
}

static void what_is_no_plain_name_has_none(void **state)
{
    static const char *const BAD[] = { "",     ".",           "..",      ".hidden",
                                       "a/b",  "/etc/passwd", "a\nb",    "WWW.jp",
                                       "a b",  "a\\b",        "~",       "caf\xc3\xa9.jp",
                                       "*./x", "*..",         "*.*.a.jp" };
    apr_size_t i;

    (void)state;
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        assert_null(ja_names_dir(BAD[i], pool));
    }
    assert_null(ja_names_dir(repeated('a', 254), pool));
}

static void long_names_leave_room_and_stay_apart(void **state)
{
    const char *one = ja_names_dir(repeated('a', 253), pool);
    const char *other = ja_names_dir(repeated('a', 252), pool);
    const char *wild = ja_names_dir(apr_pstrcat(pool, "*.", repeated('a', 251), NULL), pool);

    (void)state;
    assert_true(strlen(one) <= 200);
    assert_true(strlen(wild) <= 200);
    assert_string_not_equal(one, other);
    assert_memory_equal(one, repeated('a', 150), 150);
    assert_memory_equal(wild, "_wildcard.a", 11);
    assert_string_equal(ja_names_dir(repeated('a', 253), pool), one);
    /* What comes out is a name like any other. */
    assert_string_equal(ja_names_dir(one, pool), one);
}

static void a_directory_tells_a_name_that_has_it(void **state)
{
    const char *const DIRS[] = {
        "www.example.jp", "_wildcard.example.jp", ja_names_dir(repeated('a', 253), pool),
        ja_names_dir(apr_pstrcat(pool, "*.", repeated('a', 251), NULL), pool)
    };
    apr_size_t i;

    (void)state;
    assert_string_equal(ja_names_of(DIRS[0], pool), "www.example.jp");
    assert_string_equal(ja_names_of(DIRS[1], pool), "*.example.jp");
    for (i = 0; i < sizeof(DIRS) / sizeof(DIRS[0]); i++) {
        assert_string_equal(ja_names_dir(ja_names_of(DIRS[i], pool), pool), DIRS[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_plain_name_is_its_own_directory),    TEST(a_wildcard_has_a_directory_of_its_own),
        TEST(what_is_no_plain_name_has_none),       TEST(long_names_leave_room_and_stay_apart),
        TEST(a_directory_tells_a_name_that_has_it),
    };

    return RUN_TESTS(tests);
}

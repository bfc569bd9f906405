#include "../base/check.h"

#include "issue/eab_slips.h"

#define KID  "4e6f7c2a-90b1-4c55-8d3e-0a1b2c3d4e5f" /* as many CAs write it: base64url by chance */
#define KEY  "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldCE"
#define KEY2 "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldCEhISE="

static void what_is_right_is_no_slip(void **state)
{
    (void)state;
    WORKS(ja_eab_slips_kid(KID, "it", pool));
    WORKS(ja_eab_slips_kid("a+b/c=d!\"~", "it", pool));
    WORKS(ja_eab_slips_kid("", "it", pool));
    WORKS(ja_eab_slips_hmac(KEY, "it", pool));
    WORKS(ja_eab_slips_hmac("", "it", pool));
}

/* Around each of them is text of one, two and three bytes a character: positions are counted in
 * characters. */
static void each_foreign_character_has_its_name(void **state)
{
    static const struct {
        const char *text;
        const char *says;
    } CASES[] = {
        { "abc def", "it has a blank at position 4: write it without any" },
        { "abc\tdef", "a tab at position 4" },
        { "abc\ndef", "a line break at position 4: write it on one line" },
        { "abc\r", "a line break at position 4" },
        { "\u00a0abc", "a non-breaking blank at position 1" },
        { "abc\u2003", "a typographic blank at position 4" },
        { "abc\u2028", "a line break at position 4" },
        { "abc\u3000", "a full-width blank at position 4: write it without any blank" },
        { "\ufeff"
          "abc",
          "a byte order mark (BOM), which is invisible at position 1" },
        { "a\u200b"
          "bc",
          "an invisible character at position 2: copy it again as plain text" },
        { "a\u00ad"
          "bc",
          "an invisible character at position 2" },
        { "a\uff22"
          "c",
          "a full-width character at position 2: write it half-width (ASCII)" },
        { "a\uff0d"
          "c",
          "a full-width character at position 2" },
        { "a\u2013"
          "c",
          "a typographic dash at position 2: write \"-\"" },
        { "a\u2212"
          "c",
          "a typographic dash at position 2" },
        { "\u201c"
          "abc\u201d",
          "a typographic quote at position 1: write it without quotes" },
        { "ab\x1b[31m", "a control character at position 3" },
        { "ab\x7f", "a control character at position 3" },
        { "ab\u00e9", "not printable ASCII at position 3" },
        { "\u9375", "not printable ASCII at position 1" },
        { "\U0001f511", "not printable ASCII at position 1" },
        { "abc\xff", "not printable ASCII at position 4" },
        { "abc\xe3\x80", "not printable ASCII at position 4" },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        FAILS(ja_eab_slips_kid(CASES[i].text, "it", pool), JA_E_CONFIG, CASES[i].says);
        FAILS(ja_eab_slips_hmac(CASES[i].text, "it", pool), JA_E_CONFIG, CASES[i].says);
    }
}

static void the_other_base64_is_named_in_keys_alone(void **state)
{
    (void)state;
    FAILS(ja_eab_slips_hmac("ab+c", "line 2: the HMAC key", pool), JA_E_CONFIG,
          "line 2: the HMAC key has \"+\" at position 3, so it is standard base64");
    FAILS(ja_eab_slips_hmac("ab/c", "it", pool), JA_E_CONFIG, "\"_\" for \"/\"");
    FAILS(ja_eab_slips_hmac("abc=", "it", pool), JA_E_CONFIG, "without \"=\" at the end");
    FAILS(ja_eab_slips_hmac("'abc'", "it", pool), JA_E_CONFIG, "a quote at position 1");
    FAILS(ja_eab_slips_kid("'abc'", "it", pool), JA_E_CONFIG, "a quote at position 1");
    FAILS(ja_eab_slips_kid("abc\"", "it", pool), JA_E_CONFIG, "a quote at position 4");
    WORKS(ja_eab_slips_kid("o'hara", "it", pool));
    WORKS(ja_eab_slips_kid("", "it", pool));
}

static void interchanged_words_are_noticed_if_they_can_be(void **state)
{
    (void)state;
    assert_true(ja_eab_slips_is_swapped(KEY, "kid-1", pool));
    assert_true(ja_eab_slips_is_swapped(KEY2, "kid-1", pool));
    assert_true(ja_eab_slips_is_swapped("+/+/" KEY, "1234567", pool));
    assert_true(ja_eab_slips_is_swapped(KEY, "user@example.jp", pool));
    assert_true(ja_eab_slips_is_swapped(KEY, KID, pool));
    assert_false(ja_eab_slips_is_swapped("kid-1", KEY, pool));
    assert_false(ja_eab_slips_is_swapped(KID, KEY, pool));
    assert_false(ja_eab_slips_is_swapped(KID, KEY2, pool)); /* its fault is another one */
    assert_false(ja_eab_slips_is_swapped(KEY, KEY, pool));
    /* As JPRS hands them out, 32 bytes each: nobody can tell. */
    assert_false(ja_eab_slips_is_swapped("NUtFiBgcWr9oGCWmF8PQd2d499T7WrgqsnkxIOAPASE",
                                         "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG", pool));
    assert_false(ja_eab_slips_is_swapped("short-kid", "shorter", pool));
    /* Longer than the key id and incomplete: not interchanged. */
    assert_false(ja_eab_slips_is_swapped(KID, KEY "AB", pool));
    assert_false(ja_eab_slips_is_swapped("", "", pool));
}

static ja_err_t *look(const char *bytes, size_t len)
{
    return ja_eab_slips_file((const unsigned char *)bytes, len, pool);
}

static void files_of_other_encodings_are_named(void **state)
{
    (void)state;
    WORKS(look("kid\n", 4));
    WORKS(look("", 0));
    WORKS(look("\xef\xbb", 2));
    FAILS(look("\xef\xbb\xbfkid", 6), JA_E_CONFIG, "save it as UTF-8 without BOM");
    FAILS(look("\xff\xfek\0", 4), JA_E_CONFIG, "UTF-16");
    FAILS(look("\xfe\xff\0k", 4), JA_E_CONFIG, "UTF-16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_right_is_no_slip),
        TEST(each_foreign_character_has_its_name),
        TEST(the_other_base64_is_named_in_keys_alone),
        TEST(interchanged_words_are_noticed_if_they_can_be),
        TEST(files_of_other_encodings_are_named),
    };

    return RUN_TESTS(tests);
}

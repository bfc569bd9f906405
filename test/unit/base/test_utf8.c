#include "check.h"

#include <apr_strings.h>

#include "base/utf8.h"

static const struct {
    const char *text;
    apr_uint32_t c;
} GOOD[] = {
    { "a", 'a' },
    { "\x7f", 0x7f },
    { "\xc2\x80", 0x80 },
    { "\xdf\xbf", 0x7ff },
    { "\xe0\xa0\x80", 0x800 },
    { "\xe3\x81\x82", 0x3042 },
    { "\xed\x9f\xbf", 0xd7ff },
    { "\xee\x80\x80", 0xe000 },
    { "\xef\xbf\xbf", 0xffff },
    { "\xf0\x90\x80\x80", 0x10000 },
    { "\xf4\x8f\xbf\xbf", 0x10ffff },
};
#define N_GOOD (sizeof(GOOD) / sizeof(GOOD[0]))

static void characters_are_read(void **state)
{
    apr_uint32_t c;
    size_t i;

    (void)state;
    for (i = 0; i < N_GOOD; i++) {
        size_t len = strlen(GOOD[i].text);

        assert_int_equal(ja_utf8_read(&c, apr_pstrcat(pool, GOOD[i].text, "\x80", NULL), len + 1),
                         len);
        assert_int_equal(c, GOOD[i].c);
        assert_int_equal(ja_utf8_read(&c, GOOD[i].text, len - 1), 0);
    }
    assert_int_equal(ja_utf8_read(&c, "", 1), 1);
    assert_int_equal(c, 0);
}

/* Every number but those of surrogates. */
static void what_is_written_is_read(void **state)
{
    apr_uint32_t c;
    apr_uint32_t read;
    char bytes[4];

    (void)state;
    for (c = 0; c < 0x110000; c++) {
        apr_size_t len = ja_utf8_write(bytes, c);

        if (c >= 0xd800 && c <= 0xdfff) {
            assert_int_equal(ja_utf8_read(&read, bytes, len), 0);
        }
        else if (ja_utf8_read(&read, bytes, len) != len || read != c) {
            fail_msg("U+%04X", c);
        }
    }
}

/* Whatever four bytes there are: what is taken for a character is its only form. */
static void what_is_read_is_written_in_the_same_way(void **state)
{
    static const unsigned char EDGES[] = { 0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                           0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe3, 0xec, 0xed, 0xef,
                                           0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xfe, 0xff };
    const unsigned n = sizeof(EDGES);
    unsigned i;

    (void)state;
    for (i = 0; i < n * n * n * n; i++) {
        const unsigned char bytes[4] = { EDGES[i % n], EDGES[i / n % n], EDGES[i / n / n % n],
                                         EDGES[i / n / n / n] };
        char again[4];
        apr_uint32_t c;
        apr_size_t len = ja_utf8_read(&c, (const char *)bytes, 4);

        if (len > 0
            && (c > 0x10ffff || ja_utf8_write(again, c) != len || memcmp(bytes, again, len) != 0)) {
            fail_msg("%02x %02x %02x %02x", bytes[0], bytes[1], bytes[2], bytes[3]);
        }
    }
}

static const char *mended(const char *text)
{
    char *copy = apr_pstrdup(pool, text);

    ja_utf8_mend(copy, strlen(copy));
    return copy;
}

static void what_is_none_is_replaced_byte_by_byte(void **state)
{
    static const char *const ROWS[][2] = {
        { "", "" },
        { "a\xff"
          "b",
          "a?b" },
        { "\x80", "?" },
        { "\xc0\xaf", "??" }, /* longer than need be */
        { "\xe0\x80\xaf", "???" },
        { "\xf0\x80\x80\xaf", "????" },
        { "\xed\xa0\x80", "???" },      /* a surrogate    */
        { "\xf4\x90\x80\x80", "????" }, /* beyond Unicode */
        { "\xf8\x88\x80\x80\x80", "?????" },
        { "\xe3\x81", "??" }, /* cut off */
        { "\xe3\x81\xe3\x81\x82", "??\xe3\x81\x82" },
        { "\xe3\x81\x82\xf0\x9f\x98\x80\xc3\xa9", "\xe3\x81\x82\xf0\x9f\x98\x80\xc3\xa9" },
    };
    char with_nul[] = "a\0b";
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        assert_string_equal(mended(ROWS[i][0]), ROWS[i][1]);
    }
    ja_utf8_mend(with_nul, 3);
    assert_string_equal(with_nul, "a?b");
}

static void a_copy_is_cut_between_characters(void **state)
{
    static const char TEXT[] = "a\xe3\x81\x82"
                               "b";

    (void)state;
    assert_string_equal(ja_utf8_copy(TEXT, 5, 100, pool), TEXT);
    assert_string_equal(ja_utf8_copy(TEXT, 5, 5, pool), TEXT);
    assert_string_equal(ja_utf8_copy(TEXT, 5, 4, pool), "a\xe3\x81\x82");
    assert_string_equal(ja_utf8_copy(TEXT, 5, 3, pool), "a");
    assert_string_equal(ja_utf8_copy(TEXT, 5, 1, pool), "a");
    assert_string_equal(ja_utf8_copy(TEXT, 5, 0, pool), "");
    assert_string_equal(ja_utf8_copy(TEXT, 3, 100, pool), "a??");
    assert_string_equal(ja_utf8_copy("\xff\xff\xff", 3, 2, pool), "??");
    assert_string_equal(ja_utf8_copy("", 0, 10, pool), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(characters_are_read),
        TEST(what_is_written_is_read),
        TEST(what_is_read_is_written_in_the_same_way),
        TEST(what_is_none_is_replaced_byte_by_byte),
        TEST(a_copy_is_cut_between_characters),
    };

    return RUN_TESTS(tests);
}

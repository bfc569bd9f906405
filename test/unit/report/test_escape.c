#include "../base/check.h"
#include "report/escape.h"

#define LINE(text)  ja_escape_line(text, 100, pool)
#define HTML(text)  ja_escape_html(text, 100, pool)
#define ASCII(text) ja_escape_ascii(text, 100, pool)

static void plain_text_stays(void **state)
{
    (void)state;
    assert_string_equal(LINE("a b ~ 'x' \"y\" <z>"), "a b ~ 'x' \"y\" <z>");
    assert_string_equal(LINE("日本語 é 𠮷"), "日本語 é 𠮷");
    assert_string_equal(ASCII("a b ~"), "a b ~");
    assert_string_equal(HTML("a b ~"), "a b ~");
    assert_string_equal(LINE(""), "");
    assert_string_equal(LINE(NULL), "");
    assert_string_equal(HTML(NULL), "");
}

static void html_is_inert_and_ascii(void **state)
{
    (void)state;
    assert_string_equal(HTML("<script>alert('1' & \"2\")</script>"),
                        "&lt;script&gt;alert(&#39;1&#39; &amp; &quot;2&quot;)&lt;/script&gt;");
    assert_string_equal(HTML("日é𠮷"), "&#26085;&#233;&#134071;");
}

static void control_characters_do_nothing(void **state)
{
    (void)state;
    assert_string_equal(LINE("a\x1b[31mb\r\nc\td\x7f"
                             "e"),
                        "a [31mb  c d e");
    assert_string_equal(LINE("a\xc2\x9b"
                             "31mb"),
                        "a 31mb"); /* CSI of C1 */
    assert_string_equal(HTML("a\x1b<\n"), "a &lt; ");
    assert_string_equal(LINE("a\xe2\x80\xae"
                             "b\xe2\x80\xa8"
                             "c\xef\xbb\xbf"
                             "d"),
                        "a?b?c?d");
}

/* Truncated, overlong, surrogates, beyond Unicode, stray continuation bytes. */
static void what_is_no_utf8_is_replaced(void **state)
{
    static const char *const BAD[] = { "\xe6\x97",         "\xff",         "\xc0\xaf",
                                       "\xe0\x80\xaf",     "\xed\xa0\x80", "\xf4\x90\x80\x80",
                                       "\xf8\x88\x80\x80", "\x80",         "\xe6" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        const char *text = LINE(BAD[i]);

        assert_int_equal(strspn(text, "?"), strlen(BAD[i]));
        assert_int_equal(strlen(text), strlen(BAD[i]));
    }
    assert_string_equal(LINE("\xe6"
                             "a"),
                        "?a");
}

static void long_text_is_cut_between_characters(void **state)
{
    char *big = apr_palloc(pool, 10 * 1024 + 1);

    (void)state;
    assert_string_equal(ja_escape_line("abc", 3, pool), "abc");
    assert_string_equal(ja_escape_line("abcd", 3, pool), "abc...");
    assert_string_equal(ja_escape_line("日本語", 2, pool), "日本...");
    assert_string_equal(ja_escape_line("日本語", 3, pool), "日本語");
    assert_string_equal(ja_escape_html("<<<", 2, pool), "&lt;&lt;...");
    memset(big, '<', 10 * 1024);
    big[10 * 1024] = '\0';
    assert_int_equal(strlen(ja_escape_html(big, 300, pool)), 300 * 4 + 3);
    memset(big, '\xff', 10 * 1024);
    assert_int_equal(strlen(ja_escape_html(big, 300, pool)), 300 + 3);
}

static void ascii_has_nothing_else(void **state)
{
    (void)state;
    assert_string_equal(ASCII("日 é\n"), "? ? ");
}

static void width_is_that_of_a_terminal(void **state)
{
    (void)state;
    assert_int_equal(ja_escape_width(""), 0);
    assert_int_equal(ja_escape_width("abc"), 3);
    assert_int_equal(ja_escape_width("日本語"), 6);
    assert_int_equal(ja_escape_width("ﾊﾝｶｸ"), 4);
    assert_int_equal(ja_escape_width("e\xcc\x81"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(plain_text_stays),
        TEST(html_is_inert_and_ascii),
        TEST(control_characters_do_nothing),
        TEST(what_is_no_utf8_is_replaced),
        TEST(long_text_is_cut_between_characters),
        TEST(ascii_has_nothing_else),
        TEST(width_is_that_of_a_terminal),
    };

    return RUN_TESTS(tests);
}

#include "../base/check.h"

#include <apr_strings.h>

#include "issue/dnsname.h"

#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void names_become_lower_case_a_labels(void **state)
{
    static const struct {
        const char *text;
        const char *name;
    } CASES[] = {
        { "www.example.jp", "www.example.jp" },
        { "WWW.Example.JP", "www.example.jp" },
        { "www.example.jp.", "www.example.jp" },
        { "*.example.jp", "*.example.jp" },
        { "*.EXAMPLE.jp.", "*.example.jp" },
        { "日本語.jp", "xn--wgv71a119e.jp" },
        { "*.日本語.jp", "*.xn--wgv71a119e.jp" },
        { "www。日本語。jp", "www.xn--wgv71a119e.jp" },
        { "ＷＷＷ.ｅｘａｍｐｌｅ.jp", "www.example.jp" },
        { "xn--wgv71a119e.jp", "xn--wgv71a119e.jp" },
        { "straße.de", "xn--strae-oqa.de" },
        { "1.2.3.4.in-addr.arpa", "1.2.3.4.in-addr.arpa" },
        { A63 ".jp", A63 ".jp" },
    };
    const char *why = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        const char *name = ja_dnsname_parse(CASES[i].text, &why, pool);

        assert_non_null(name);
        assert_string_equal(name, CASES[i].name);
        assert_string_equal(ja_dnsname_parse(name, &why, pool), name);
    }
}

static void what_is_no_name_is_refused_with_the_reason(void **state)
{
    static const struct {
        const char *text;
        const char *why;
    } CASES[] = {
        { "", "empty" },
        { ".", "empty" },
        { "*.", "empty" },
        { "localhost", "only one label" },
        { "*.jp", "only one label" },
        { "*", "whole first label" },
        { "www.*.jp", "whole first label" },
        { "w*.example.jp", "whole first label" },
        { "*.*.example.jp", "whole first label" },
        { "a..jp", "empty label" },
        { ".example.jp", "empty label" },
        { "a.jp..", "empty label" },
        { "a_b.example.jp", "\"a_b\"" },
        { "a b.jp", "character" },
        { "https://www.example.jp/", "character" },
        { "www.example.jp:443", "character" },
        { "[::1]", "character" },
        { "-a.jp", "begins or ends" },
        { "a-.jp", "begins or ends" },
        { "192.0.2.1", "IP address" },
        { "a" A63 ".jp", "64 octets; at most 63" },
        { A63 "." A63 "." A63 "." A63 ".jp", "258 octets; at most 253" },
        { "\xff\xfe.jp", "A-labels" },
        { "a\nb.jp", "\"a?b\"" },
        { "日本\xe2\x80\x8b語_.jp", "" },
    };
    const char *why = NULL;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        why = NULL;
        if (ja_dnsname_parse(CASES[i].text, &why, pool)) {
            fail_msg("\"%s\" was taken", CASES[i].text);
        }
        assert_non_null(why);
        if (!strstr(why, CASES[i].why)) {
            fail_msg("\"%s\" is not in \"%s\"", CASES[i].why, why);
        }
    }
}

/* 253 octets are the most, whatever the labels. */
static void the_longest_name_is_taken(void **state)
{
    const char *longest =
        A63 "." A63 "." A63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.jp";
    const char *why = NULL;

    (void)state;
    assert_int_equal(strlen(longest), 253);
    assert_non_null(ja_dnsname_parse(longest, &why, pool));
    assert_null(ja_dnsname_parse(apr_pstrcat(pool, "*.", longest, NULL), &why, pool));
    assert_null(ja_dnsname_parse(apr_pstrcat(pool, longest, "p", NULL), &why, pool));
}

static void wildcards_are_known_and_found(void **state)
{
    (void)state;
    assert_true(ja_dnsname_is_wildcard("*.example.jp"));
    assert_false(ja_dnsname_is_wildcard("www.example.jp"));
    assert_string_equal(ja_dnsname_wildcard_of("www.example.jp", pool), "*.example.jp");
    assert_string_equal(ja_dnsname_wildcard_of("a.b.example.jp", pool), "*.b.example.jp");
    assert_null(ja_dnsname_wildcard_of("example.jp", pool));
    assert_null(ja_dnsname_wildcard_of("*.example.jp", pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(names_become_lower_case_a_labels),
        TEST(what_is_no_name_is_refused_with_the_reason),
        TEST(the_longest_name_is_taken),
        TEST(wildcards_are_known_and_found),
    };

    return RUN_TESTS(tests);
}

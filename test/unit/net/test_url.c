#include "../base/check.h"

#include <apr_strings.h>

#include "net/url.h"

static void is_url(const char *text, const char *scheme, const char *host, int port)
{
    ja_url_t url;

    WORKS(ja_url_parse(&url, text, pool, pool));
    assert_string_equal(url.scheme, scheme);
    assert_string_equal(url.host, host);
    assert_int_equal(url.port, port);
}

static void is_refused(const char *text, const char *why)
{
    ja_url_t url;

    FAILS(ja_url_parse(&url, text, pool, pool), JA_E_URL, why);
}

static void reads_the_authority(void **state)
{
    (void)state;
    is_url("https://acme.amecert.jprs.jp/DV/getDirectory", "https", "acme.amecert.jprs.jp", 443);
    is_url("HTTPS://Example.JP", "https", "example.jp", 443);
    is_url("https://example.jp:8443?x=/@", "https", "example.jp", 8443);
    is_url("https://192.0.2.1:1/", "https", "192.0.2.1", 1);
    is_url("https://[2001:DB8::1]:65535/", "https", "2001:db8::1", 65535);
    is_url("https://[2001:db8::1]", "https", "2001:db8::1", 443);
}

static void takes_http_for_loopback_only(void **state)
{
    (void)state;
    is_url("http://127.0.0.1:8080/dir", "http", "127.0.0.1", 8080);
    is_url("http://127.255.0.9/", "http", "127.255.0.9", 80);
    is_url("http://[::1]/", "http", "::1", 80);
    is_url("http://LocalHost/", "http", "localhost", 80);
    is_refused("http://example.jp/", "loopback");
    is_refused("http://127.0.0.1.example.jp/", "loopback");
    is_refused("http://127.1/", "loopback");
    is_refused("http://128.0.0.1/", "loopback");
    is_refused("http://localhost.example.jp/", "loopback");
    is_refused("http://[::ffff:127.0.0.1]/", "loopback");
}

static void plain_http_can_be_allowed(void **state)
{
    (void)state;
    WORKS(ja_url_check("http://ocsp.example.jp/a", 1, pool));
    WORKS(ja_url_check("http://192.0.2.1:8080", 1, pool));
    WORKS(ja_url_check("https://ocsp.example.jp/", 1, pool));
    WORKS(ja_url_check("https://ocsp.example.jp/", 0, pool));
    WORKS(ja_url_check("http://127.0.0.1/", 0, pool));
    FAILS(ja_url_check("http://ocsp.example.jp/a", 0, pool), JA_E_URL, "loopback");
    FAILS(ja_url_check("ftp://ocsp.example.jp/", 1, pool), JA_E_URL, "https://");
    FAILS(ja_url_check("http://user@ocsp.example.jp/", 1, pool), JA_E_URL, "user name");
    FAILS(ja_url_check("http://ocsp.example.jp:0/", 1, pool), JA_E_URL, "port");
    FAILS(ja_url_check("http://ocsp.example.jp/\r\nX: y", 1, pool), JA_E_URL, "position");
}

static void refuses_what_is_no_plain_url(void **state)
{
    (void)state;
    is_refused("", "https://");
    is_refused("/acme/order/1", "https://");
    is_refused("ftp://example.jp/", "https://");
    is_refused("file:///etc/passwd", "https://");
    is_refused("https:/example.jp/", "https://");
    is_refused("https://", "host");
    is_refused("https:///path", "host");
    is_refused("https://:443/", "host");
    is_refused("https://user@example.jp/", "user name");
    is_refused("https://user:pw@example.jp/", "user name");
    is_refused("https://user:pw@example.jp/#top", "user name");
    is_refused("ftp://user:pw@example.jp", "user name");
    is_refused("https://example.jp\\@evil.example/", "user name");
    is_refused("https://example.jp\\evil.example/", "host");
    is_refused("https://example%2ejp/", "host");
    is_refused("https://[::1", "host");
    is_refused("https://[::1]x/", "host");
    is_refused("https://[example.jp]/", "host");
    is_refused("https://example.jp/#top", "fragment");
    is_refused("https://example.jp/a b", "position 21");
    is_refused("https://example.jp/\r\nHost: x", "position 20");
    is_refused("https://example.jp/\x7f", "ASCII");
    is_refused("https://\xe6\x97\xa5\xe6\x9c\xac.jp/", "position 9");
}

static void shows_no_password(void **state)
{
    ja_url_t url;

    (void)state;
    assert_null(
        strstr(ja_err_text(ja_url_parse(&url, "https://user:secret@example.jp/", pool, pool), pool),
               "secret"));
}

static void refuses_impossible_ports(void **state)
{
    static const char *const PORTS[] = { "",   "0",  "65536", "99999", "100000",
                                         "-1", "+1", "80x",   "8 0" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(PORTS) / sizeof(PORTS[0]); i++) {
        is_refused(apr_pstrcat(pool, "https://example.jp:", PORTS[i], "/", NULL), "");
    }
}

static void refuses_long_ones(void **state)
{
    char text[JA_URL_MAX + 2];

    (void)state;
    memset(text, 'a', sizeof(text));
    memcpy(text, "https://example.jp/", 19);
    text[JA_URL_MAX] = '\0';
    is_url(text, "https", "example.jp", 443);
    text[JA_URL_MAX] = 'a';
    text[JA_URL_MAX + 1] = '\0';
    is_refused(text, "longer");
}

static int is_same(const char *a, const char *b)
{
    ja_url_t one;
    ja_url_t other;

    WORKS(ja_url_parse(&one, a, pool, pool));
    WORKS(ja_url_parse(&other, b, pool, pool));
    return ja_url_is_same_authority(&one, &other);
}

static void compares_authorities(void **state)
{
    (void)state;
    assert_true(is_same("https://example.jp/a", "https://EXAMPLE.jp:443/b"));
    assert_false(is_same("https://example.jp", "https://example.jp:8443"));
    assert_false(is_same("https://example.jp", "https://example.jp.evil.example"));
    assert_false(is_same("https://localhost:80", "http://localhost:80"));
}

static const char *resolved(const char *base, const char *reference)
{
    const char *absolute;

    WORKS(ja_url_resolve(&absolute, base, reference, pool, pool));
    return absolute;
}

static void resolves_references(void **state)
{
    const char *absolute;

    (void)state;
    assert_string_equal(resolved("https://a.example:8/x", "https://b.example/y"),
                        "https://b.example/y");
    assert_string_equal(resolved("https://a.example:8/x/z", "/y"), "https://a.example:8/y");
    assert_string_equal(resolved("https://a.example?q", "/y"), "https://a.example/y");
    FAILS(ja_url_resolve(&absolute, "https://a.example/x", "y", pool, pool), JA_E_URL, "");
    FAILS(ja_url_resolve(&absolute, "https://a.example/x", "", pool, pool), JA_E_URL, "");
    FAILS(ja_url_resolve(&absolute, "https://a.example/x", "//b.example/y", pool, pool), JA_E_URL,
          "");
    FAILS(ja_url_resolve(&absolute, "https://a.example/x", "http://b.example/y", pool, pool),
          JA_E_URL, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(reads_the_authority),       TEST(takes_http_for_loopback_only),
        TEST(plain_http_can_be_allowed), TEST(refuses_what_is_no_plain_url),
        TEST(shows_no_password),         TEST(refuses_impossible_ports),
        TEST(refuses_long_ones),         TEST(compares_authorities),
        TEST(resolves_references),
    };

    return RUN_TESTS(tests);
}

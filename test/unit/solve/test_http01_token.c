/* Which request paths ask for a token: ja_http01_token(), the gate of the request hook. */
#include "../base/check.h"

#include <apr_strings.h>

#include "solve/http01.h"

#define PREFIX "/.well-known/acme-challenge/"

/* A challenge's path with a token of `len` characters. */
static const char *path_of(int len)
{
    char *token = apr_palloc(pool, (apr_size_t)len + 1);

    memset(token, 'a', (size_t)len);
    token[len] = '\0';
    return apr_pstrcat(pool, PREFIX, token, NULL);
}

static void the_token_follows_the_prefix(void **state)
{
    apr_size_t len;

    (void)state;
    assert_string_equal(ja_http01_token(&len, PREFIX "AZaz09-_"), "AZaz09-_");
    assert_int_equal(len, 8);
}

static void a_token_has_1_to_128_characters(void **state)
{
    apr_size_t len;

    (void)state;
    assert_null(ja_http01_token(&len, PREFIX));
    assert_non_null(ja_http01_token(&len, path_of(1)));
    assert_non_null(ja_http01_token(&len, path_of(128)));
    assert_int_equal(len, 128);
    assert_null(ja_http01_token(&len, path_of(129)));
    assert_null(ja_http01_token(&len, path_of(10240)));
}

static void nothing_else_is_a_challenge_s_path(void **state)
{
    static const char *const OTHERS[] = {
        "",
        "/",
        "*",
        PREFIX "a/",
        PREFIX "a/b",
        PREFIX "/a",
        PREFIX "a?b",
        PREFIX "a%2Fb",
        PREFIX "a%00",
        PREFIX "../acme-challenge/a",
        PREFIX "a b",
        PREFIX "a+",
        PREFIX "a=",
        PREFIX "\xe3\x81\x82",
        "/.well-known//acme-challenge/a",
        "//.well-known/acme-challenge/a",
        "/.WELL-KNOWN/acme-challenge/a",
        "/.well-known/acme-challeng",
        "/.well-known/acme-challengea",
        "http://www.example.jp" PREFIX "a",
    };
    apr_size_t len, i;

    (void)state;
    assert_null(ja_http01_token(&len, NULL));
    for (i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++) {
        if (ja_http01_token(&len, OTHERS[i])) {
            fail_msg("%s", OTHERS[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_token_follows_the_prefix),
        TEST(a_token_has_1_to_128_characters),
        TEST(nothing_else_is_a_challenge_s_path),
    };

    return RUN_TESTS(tests);
}

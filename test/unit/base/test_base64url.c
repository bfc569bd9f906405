#include "check.h"

#include "base/base64url.h"

/* RFC 4648 10, without the padding; and the two characters in which base64url differs. */
static const struct {
    const char *bytes;
    const char *text;
} SAMPLES[] = {
    { "", "" },
    { "f", "Zg" },
    { "fo", "Zm8" },
    { "foo", "Zm9v" },
    { "foob", "Zm9vYg" },
    { "fooba", "Zm9vYmE" },
    { "foobar", "Zm9vYmFy" },
    { "\xfb\xff\xbf", "-_-_" },
};

static void samples_are_printed(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(SAMPLES) / sizeof(*SAMPLES); i++) {
        assert_string_equal(ja_base64url_print(SAMPLES[i].bytes, strlen(SAMPLES[i].bytes), pool),
                            SAMPLES[i].text);
    }
}

static void samples_are_parsed(void **state)
{
    ja_secret_t *bytes;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(SAMPLES) / sizeof(*SAMPLES); i++) {
        WORKS(ja_base64url_parse(&bytes, SAMPLES[i].text, pool, pool));
        assert_int_equal(bytes->len, strlen(SAMPLES[i].bytes));
        assert_memory_equal(bytes->bytes, SAMPLES[i].bytes, bytes->len + 1);
    }
}

static void all_bytes_come_back(void **state)
{
    unsigned char bytes[256];
    ja_secret_t *parsed;
    apr_size_t len;

    (void)state;
    for (len = 0; len < sizeof(bytes); len++) {
        bytes[len] = (unsigned char)(len * 7);
    }
    for (len = 0; len <= sizeof(bytes); len++) {
        WORKS(ja_base64url_parse(&parsed, ja_base64url_print(bytes, len, pool), pool, pool));
        assert_int_equal(parsed->len, len);
        assert_memory_equal(parsed->bytes, bytes, len);
    }
}

static void foreign_characters_are_refused_and_their_place_is_said(void **state)
{
    static const char *const TEXTS[] = { "Zm9*", "Zm9+",  "Zm9/",    "Zm9=",
                                         "Zm9 ", "Zm9\n", "Zm9\x80", "Zm9\xff" };
    ja_secret_t *bytes;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        FAILS(ja_base64url_parse(&bytes, TEXTS[i], pool, pool), JA_E_SYNTAX, "character 4 ");
    }
    FAILS(ja_base64url_parse(&bytes, "!", pool, pool), JA_E_SYNTAX, "1 character");
    FAILS(ja_base64url_parse(&bytes, "!A", pool, pool), JA_E_SYNTAX, "character 1 ");
    FAILS(ja_base64url_parse(&bytes, "Zg==", pool, pool), JA_E_SYNTAX, "character 3 ");
}

static void impossible_lengths_are_refused(void **state)
{
    ja_secret_t *bytes;

    (void)state;
    FAILS(ja_base64url_parse(&bytes, "A", pool, pool), JA_E_SYNTAX, "1 character");
    FAILS(ja_base64url_parse(&bytes, "Zm9vA", pool, pool), JA_E_SYNTAX, "5 character");
}

static void spare_bits_are_refused(void **state)
{
    ja_secret_t *bytes;

    (void)state;
    FAILS(ja_base64url_parse(&bytes, "Zh", pool, pool), JA_E_SYNTAX, "beyond the last byte");
    FAILS(ja_base64url_parse(&bytes, "Zm9", pool, pool), JA_E_SYNTAX, "beyond the last byte");
}

static void messages_never_quote(void **state)
{
    ja_secret_t *bytes;
    ja_err_t *err = ja_base64url_parse(&bytes, "c2VjcmV0LXNlY3JldC1zZWNyZXQ!", pool, pool);

    (void)state;
    assert_non_null(err);
    assert_null(strstr(ja_err_text(err, pool), "c2Vj"));
    assert_null(strchr(ja_err_text(err, pool), '!'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(samples_are_printed),
        TEST(samples_are_parsed),
        TEST(all_bytes_come_back),
        TEST(foreign_characters_are_refused_and_their_place_is_said),
        TEST(impossible_lengths_are_refused),
        TEST(spare_bits_are_refused),
        TEST(messages_never_quote),
    };

    return RUN_TESTS(tests);
}

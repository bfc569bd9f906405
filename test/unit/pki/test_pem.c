#include "fixture.h"

#include <string.h>

#include "pki/pem.h"

#define X1 "-----BEGIN X-----\naGVsbG8=\n-----END X-----\n"
#define X2 "-----BEGIN X-----\nd29ybGQ=\n-----END X-----\n"

static ja_err_t *next_of(ja_secret_t **der, const char *text)
{
    const char *at = text;

    return ja_pem_next(der, &at, text + strlen(text), "X", pool, pool);
}

static void blocks_come_one_after_another(void **state)
{
    const char *text = "\r\n \t" X1 "\n\n" X2 " ";
    const char *at = text;
    const char *end = text + strlen(text);
    ja_secret_t *der;

    (void)state;
    works(ja_pem_next(&der, &at, end, "X", pool, pool));
    assert_string_equal(der->bytes, "hello");
    works(ja_pem_next(&der, &at, end, "X", pool, pool));
    assert_string_equal(der->bytes, "world");
    works(ja_pem_next(&der, &at, end, "X", pool, pool));
    assert_null(der);
    assert_ptr_equal(at, end);
}

static void empty_text_has_no_block(void **state)
{
    ja_secret_t *der;

    (void)state;
    works(next_of(&der, ""));
    assert_null(der);
    works(next_of(&der, " \r\n"));
    assert_null(der);
}

static void crlf_and_a_missing_last_newline_are_fine(void **state)
{
    ja_secret_t *der;

    (void)state;
    works(next_of(&der, "-----BEGIN X-----\r\naGVsbG8=\r\n-----END X-----"));
    assert_int_equal(der->len, 5);
}

static void other_text_is_refused(void **state)
{
    static const char *const TEXTS[] = {
        "hello\n" X1,
        "-----BEGIN Y-----\naGVsbG8=\n-----END Y-----\n",
        "-----BEGIN X-----\naGVsbG8=\n",
        "-----BEGIN X-----\naGVsbG8=\n-----END Y-----\n",
        "-----BEGIN X-----\naGVs\n-bG8=\n-----END X-----\n",
        "-----BEGIN X-----\naGVs\n-----BEGIN X-----\nbG8=\n-----END X-----\n",
        "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\naGVsbG8=\n-----END X-----\n",
        "-----BEGIN X",
        "-",
    };
    ja_secret_t *der;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        fails(next_of(&der, TEXTS[i]), JA_E_SYNTAX, "something other than whole X blocks");
    }
}

static void damaged_blocks_are_refused(void **state)
{
    static const char *const TEXTS[] = {
        "-----BEGIN X-----\n!!!!\n-----END X-----\n",
        "-----BEGIN X-----\naGVsbG8\n-----END X-----\n",
        "-----BEGIN X-----\n-----END X-----\n",
        "-----BEGIN X----------END X-----\n",
    };
    ja_secret_t *der;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(TEXTS[0]); i++) {
        fails(next_of(&der, TEXTS[i]), JA_E_SYNTAX, "damaged");
        assert_null(der);
    }
}

static void headers_are_refused(void **state)
{
    ja_secret_t *der;

    (void)state;
    fails(next_of(&der, "-----BEGIN X-----\nComment: no\n\naGVsbG8=\n-----END X-----\n"),
          JA_E_SYNTAX, "headers or is encrypted");
    assert_null(der);
}

/* The text may be a part of something larger. */
static void nothing_is_read_behind_the_end(void **state)
{
    const char *at = X1;
    const char *end = at + strlen(X1) - 2;
    ja_secret_t *der;

    (void)state;
    fails(ja_pem_next(&der, &at, end, "X", pool, pool), JA_E_SYNTAX, "other than whole");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(blocks_come_one_after_another),
        TEST(empty_text_has_no_block),
        TEST(crlf_and_a_missing_last_newline_are_fine),
        TEST(other_text_is_refused),
        TEST(damaged_blocks_are_refused),
        TEST(headers_are_refused),
        TEST(nothing_is_read_behind_the_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

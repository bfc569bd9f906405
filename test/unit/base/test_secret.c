#include "check.h"

#include "base/secret.h"

static void a_secret_is_a_copy_with_a_nul_behind(void **state)
{
    char bytes[] = "ab\0cd";
    ja_secret_t *secret = ja_secret_make(bytes, 5, pool);

    (void)state;
    bytes[0] = 'x';
    assert_int_equal(secret->len, 5);
    assert_memory_equal(secret->bytes, "ab\0cd", 6);
}

static void an_empty_secret_is_possible(void **state)
{
    ja_secret_t *secret = ja_secret_make(NULL, 0, pool);

    (void)state;
    assert_int_equal(secret->len, 0);
    assert_string_equal(secret->bytes, "");
}

static void a_blank_secret_is_zero(void **state)
{
    ja_secret_t *secret = ja_secret_blank(3, pool);

    (void)state;
    assert_int_equal(secret->len, 3);
    assert_memory_equal(secret->bytes, "\0\0\0", 4);
}

static const unsigned char *watched;
static int was_wiped;

static apr_status_t look(void *data)
{
    (void)data;
    was_wiped = memcmp(watched, "\0\0\0\0\0\0", 6) == 0;
    return APR_SUCCESS;
}

/* Looked at in a cleanup that runs after the one that wipes, while the memory is still there. */
static void it_is_wiped_with_its_pool(void **state)
{
    apr_pool_t *inner;

    (void)state;
    apr_pool_create(&inner, pool);
    apr_pool_cleanup_register(inner, NULL, look, apr_pool_cleanup_null);
    watched = ja_secret_make("secret", 6, inner)->bytes;
    assert_memory_equal(watched, "secret", 6);
    apr_pool_destroy(inner);
    assert_true(was_wiped);
}

static void wiping_overwrites(void **state)
{
    char bytes[] = "secret";

    (void)state;
    ja_secret_wipe(bytes, 3);
    assert_memory_equal(bytes, "\0\0\0ret", 6);
}

static void equality_is_of_length_and_content(void **state)
{
    (void)state;
    assert_true(ja_secret_is_equal("abc", 3, "abc", 3));
    assert_true(ja_secret_is_equal("", 0, "", 0));
    assert_false(ja_secret_is_equal("abc", 3, "abd", 3));
    assert_false(ja_secret_is_equal("abc", 3, "xbc", 3));
    assert_false(ja_secret_is_equal("abc", 3, "abc", 2));
    assert_false(ja_secret_is_equal("a\0b", 3, "a\0c", 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_secret_is_a_copy_with_a_nul_behind),
        TEST(an_empty_secret_is_possible),
        TEST(a_blank_secret_is_zero),
        TEST(it_is_wiped_with_its_pool),
        TEST(wiping_overwrites),
        TEST(equality_is_of_length_and_content),
    };

    return RUN_TESTS(tests);
}

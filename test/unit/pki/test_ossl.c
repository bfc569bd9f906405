#include "fixture.h"

#include <string.h>

#include "pki/ossl.h"

static void error_empties_the_queue(void **state)
{
    (void)state;
    ERR_raise(ERR_LIB_PEM, ERR_R_MALLOC_FAILURE);
    ERR_raise_data(ERR_LIB_USER, ERR_R_PASSED_NULL_PARAMETER, "number %d", 7);
    fails(ja_ossl_err(JA_E_CRYPTO, pool, "doing %s", "this"), JA_E_CRYPTO,
          "doing this: malloc failure; passed a null parameter (number 7)");
    assert_int_equal(ERR_peek_error(), 0);
}

static void error_without_reasons(void **state)
{
    (void)state;
    assert_string_equal(ja_err_text(ja_ossl_err(JA_E_CRYPTO, pool, "doing this"), pool),
                        "doing this");
}

static void many_reasons_are_cut(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 15; i++) {
        ERR_raise_data(ERR_LIB_USER, ERR_R_INTERNAL_ERROR, "%0100d", i);
    }
    assert_true(strlen(ja_err_text(ja_ossl_err(JA_E_CRYPTO, pool, "x"), pool)) <= 256 + 3);
    assert_int_equal(ERR_peek_error(), 0);
}

static void utf8_is_cut_between_characters(void **state)
{
    (void)state;
    assert_string_equal(ja_ossl_utf8_cut("abc", 3, 3, pool), "abc");
    assert_string_equal(ja_ossl_utf8_cut("abcd", 4, 3, pool), "abc");
    assert_string_equal(ja_ossl_utf8_cut("a\xe3\x81\x82", 4, 4, pool), "a\xe3\x81\x82");
    assert_string_equal(ja_ossl_utf8_cut("a\xe3\x81\x82", 4, 3, pool), "a");
    assert_string_equal(ja_ossl_utf8_cut("a\xe3\x81\x82", 4, 2, pool), "a");
    assert_string_equal(ja_ossl_utf8_cut("\x80\x80\x80", 3, 2, pool), "");
}

static int freed;

static void count(int *object)
{
    freed += *object;
}
JA_OSSL_OWN(own, int, count)

static void owned_objects_go_with_their_pool(void **state)
{
    apr_pool_t *child;
    int object = 5;

    (void)state;
    apr_pool_create(&child, pool);
    assert_ptr_equal(own(&object, child), &object);
    assert_null(own(NULL, child));
    assert_int_equal(freed, 0);
    apr_pool_destroy(child);
    assert_int_equal(freed, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(error_empties_the_queue),
        TEST(error_without_reasons),
        TEST(many_reasons_are_cut),
        TEST(utf8_is_cut_between_characters),
        TEST(owned_objects_go_with_their_pool),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "set_fixture.h"

#include "issue/staple.h"

static void put(const char *item)
{
    const ja_item_t what = { item, "x", 1, 1 };

    works(ja_store_save(store, JA_GROUP_OCSP, NULL, &what, JA_FS_LAZY, pool));
}

static void nothing_to_sweep_is_no_error(void **state)
{
    (void)state;
    works(ja_staple_sweep(store, names_of(NULL), pool));
    works(ja_staple_sweep(store, names_of("aa", NULL), pool));
}

static void only_known_certificates_keep_theirs(void **state)
{
    (void)state;
    put(ja_staple_item("aa", pool));
    put(ja_staple_item("bb", pool));
    put("aa.txt");
    works(ja_staple_sweep(store, names_of("aa", "cc", NULL), pool));
    assert_true(tree_has(in_store("ocsp/aa.der")));
    assert_int_equal(tree_count(in_store("ocsp")), 1);
    works(ja_staple_sweep(store, names_of(NULL), pool));
    assert_int_equal(tree_count(in_store("ocsp")), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(nothing_to_sweep_is_no_error),
        SET_TEST(only_known_certificates_keep_theirs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

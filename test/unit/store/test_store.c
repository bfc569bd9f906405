/* What the dispatcher refuses before any store sees it: the store here does nothing but count. */
#include "../base/check.h"

#include "store/store.h"

static int calls;

static ja_err_t *load(ja_bytes_t *bytes, ja_store_t *store, ja_group_t group, const char *name,
                      const char *item, apr_size_t max, apr_pool_t *result, apr_pool_t *scratch)
{
    (void)store, (void)group, (void)name, (void)item, (void)max, (void)result, (void)scratch;
    bytes->len = 0;
    calls++;
    return NULL;
}

static ja_err_t *save(ja_store_t *store, ja_group_t group, const char *name, const ja_item_t *item,
                      ja_fs_safety_t safety, apr_pool_t *scratch)
{
    (void)store, (void)group, (void)name, (void)item, (void)safety, (void)scratch;
    calls++;
    return NULL;
}

static ja_err_t *remove_item(ja_store_t *store, ja_group_t group, const char *name,
                             const char *item, apr_pool_t *scratch)
{
    (void)store, (void)group, (void)name, (void)item, (void)scratch;
    calls++;
    return NULL;
}

static ja_err_t *remove_name(ja_store_t *store, ja_group_t group, const char *name,
                             apr_pool_t *scratch)
{
    (void)store, (void)group, (void)name, (void)scratch;
    calls++;
    return NULL;
}

static ja_err_t *commit(int *generation, ja_store_t *store, const char *name,
                        const ja_item_t *items, int n_items, int keep, apr_pool_t *scratch)
{
    (void)generation, (void)store, (void)name, (void)items, (void)n_items, (void)keep;
    (void)scratch;
    calls++;
    return NULL;
}

static const ja_store_ops_t OPS = {
    .load = load,
    .save = save,
    .remove = remove_item,
    .remove_name = remove_name,
    .commit = commit,
};

static ja_store_t store = { .ops = &OPS };

static ja_err_t *load_item(ja_group_t group, const char *name, const char *item)
{
    ja_bytes_t bytes;

    return ja_store_load(&bytes, &store, group, name, item, 10, pool, pool);
}

static ja_err_t *save_item(ja_group_t group, const char *name, const char *item, apr_size_t len)
{
    const ja_item_t what = { item, "", len, 0 };

    return ja_store_save(&store, group, name, &what, JA_FS_LAZY, pool);
}

static const char *longest_name(apr_size_t len)
{
    char *name = apr_pcalloc(pool, len + 1);

    memset(name, 'a', len);
    return name;
}

static void good_arguments_reach_the_store(void **state)
{
    (void)state;
    calls = 0;
    WORKS(load_item(JA_GROUP_TOP, NULL, "config.json"));
    WORKS(load_item(JA_GROUP_LIVE, "a.jp", "set.json"));
    WORKS(save_item(JA_GROUP_JOBS, NULL, "a.jp.json", JA_STORE_MAX_ITEM));
    WORKS(ja_store_remove(&store, JA_GROUP_ASIDE, "a.jp", "set.json", pool));
    WORKS(ja_store_remove_name(&store, JA_GROUP_STAGING, "a.jp", pool));
    assert_int_equal(calls, 5);
    WORKS(load_item(JA_GROUP_JOBS, NULL, longest_name(240)));
    FAILS(load_item(JA_GROUP_JOBS, NULL, longest_name(241)), JA_E_INTERNAL, "no item");
}

static void groups_have_names_or_not(void **state)
{
    apr_array_header_t *listed;
    int has;

    (void)state;
    calls = 0;
    FAILS(load_item(JA_GROUP_TOP, "a.jp", "config.json"), JA_E_INTERNAL, "top");
    FAILS(load_item(JA_GROUP_LIVE, NULL, "set.json"), JA_E_INTERNAL, "live");
    FAILS(load_item(JA_GROUP_COUNT, NULL, "set.json"), JA_E_INTERNAL, "no group");
    FAILS(ja_store_remove_name(&store, JA_GROUP_JOBS, NULL, pool), JA_E_INTERNAL, "jobs");
    FAILS(ja_store_has(&has, &store, JA_GROUP_TOP, NULL, pool), JA_E_INTERNAL, "top");
    FAILS(ja_store_list(&listed, &store, JA_GROUP_JOBS, 9, pool, pool), JA_E_INTERNAL, "listed");
    FAILS(ja_store_list(&listed, &store, JA_GROUP_ASIDE, 9, pool, pool), JA_E_INTERNAL, "listed");
    FAILS(ja_store_list_items(&listed, &store, JA_GROUP_LIVE, 9, pool, pool), JA_E_INTERNAL,
          "live");
    FAILS(ja_store_list_items(&listed, &store, JA_GROUP_TOP, 9, pool, pool), JA_E_INTERNAL,
          "listed");
    assert_int_equal(calls, 0);
}

static void items_are_plain_file_names(void **state)
{
    static const char *const BAD[] = {
        "", ".", "..", ".lock", "../x", "a/b", "/etc/passwd", "a\n"
    };
    apr_size_t i;

    (void)state;
    calls = 0;
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        FAILS(load_item(JA_GROUP_JOBS, NULL, BAD[i]), JA_E_INTERNAL, "no item");
        FAILS(save_item(JA_GROUP_JOBS, NULL, BAD[i], 0), JA_E_INTERNAL, "no item");
    }
    assert_int_equal(calls, 0);
}

static void sets_change_as_a_whole_only(void **state)
{
    (void)state;
    calls = 0;
    FAILS(save_item(JA_GROUP_LIVE, "a.jp", "set.json", 0), JA_E_INTERNAL, "whole sets");
    FAILS(save_item(JA_GROUP_STAGING, "a.jp", "set.json", 0), JA_E_INTERNAL, "whole sets");
    FAILS(ja_store_remove(&store, JA_GROUP_LIVE, "a.jp", "set.json", pool), JA_E_INTERNAL,
          "whole sets");
    assert_int_equal(calls, 0);
}

static void sizes_have_limits(void **state)
{
    const ja_item_t large = { "set.json", "", JA_STORE_MAX_ITEM + 1, 0 };
    int generation;

    (void)state;
    calls = 0;
    FAILS(save_item(JA_GROUP_JOBS, NULL, "a.jp.json", JA_STORE_MAX_ITEM + 1), JA_E_TOO_LARGE,
          "a.jp.json");
    FAILS(ja_store_commit(&generation, &store, "a.jp", &large, 1, 1, pool), JA_E_TOO_LARGE,
          "set.json");
    FAILS(ja_store_commit(&generation, &store, "a.jp", &large, 0, 1, pool), JA_E_INTERNAL,
          "0 files");
    FAILS(ja_store_commit(&generation, &store, "a.jp", &large, JA_STORE_MAX_ENTRIES + 1, 1, pool),
          JA_E_INTERNAL, "65 files");
    FAILS(ja_store_commit(&generation, &store, "a.jp", &large, 1, 0, pool), JA_E_INTERNAL, "0 of");
    assert_int_equal(calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(good_arguments_reach_the_store),
        TEST(groups_have_names_or_not),
        TEST(items_are_plain_file_names),
        TEST(sets_change_as_a_whole_only),
        TEST(sizes_have_limits),
    };

    return RUN_TESTS(tests);
}

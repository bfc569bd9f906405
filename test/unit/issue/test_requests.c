#include "../base/check.h"

#include <unistd.h>

#include "../store/tree.h"
#include "issue/requests.h"

#define NOW apr_time_from_sec(1893456000)

static void a_request_is_read_back(void **state)
{
    ja_store_t *store = tree_store(tree_dir(pool), geteuid(), pool);
    apr_time_t at, asked_at;

    (void)state;
    WORKS(ja_request_load(&at, store, pool));
    assert_int_equal(at, 0);
    WORKS(ja_request_save(&asked_at, store, NOW + 5, pool));
    WORKS(ja_request_load(&at, store, pool));
    assert_int_equal(at, NOW);
    assert_int_equal(asked_at, NOW);
}

static void each_is_another_one_and_is_noticed(void **state)
{
    ja_store_t *store = tree_store(tree_dir(pool), geteuid(), pool);
    apr_time_t before, after, first, second;

    (void)state;
    WORKS(ja_request_save(&first, store, NOW, pool));
    WORKS(ja_store_changed_at(&before, store, JA_GROUP_REQUESTS, pool));
    apr_sleep(20000); /* the clock of the file system ticks slowly */
    WORKS(ja_request_save(&second, store, NOW, pool));
    WORKS(ja_store_changed_at(&after, store, JA_GROUP_REQUESTS, pool));
    assert_true(second > first);
    assert_true(after > before);
}

static void a_damaged_one_is_replaced(void **state)
{
    const char *dir = tree_dir(pool);
    ja_store_t *store = tree_store(dir, geteuid(), pool);
    apr_time_t at;

    (void)state;
    tree_put(tree_path(pool, "%s/store/requests/register.json", dir), "{");
    FAILS(ja_request_load(&at, store, pool), JA_E_SYNTAX, "");
    WORKS(ja_request_save(&at, store, NOW, pool));
    WORKS(ja_request_load(&at, store, pool));
    assert_int_equal(at, NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_request_is_read_back),
        TEST(each_is_another_one_and_is_noticed),
        TEST(a_damaged_one_is_replaced),
    };

    return RUN_TESTS(tests);
}

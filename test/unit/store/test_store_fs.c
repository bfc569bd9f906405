#include "../base/check.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tree.h"

static const char *dir;   /* the store is in it */
static ja_store_t *store; /* all of it belongs to the test's user */

static int store_begins(void **state)
{
    if (pool_begins(state) != 0) {
        return -1;
    }
    dir = tree_dir(pool);
    store = tree_store(dir, geteuid(), pool);
    return 0;
}

#define STORE_TEST(FN) cmocka_unit_test_setup_teardown(FN, store_begins, pool_ends)

static const char *in_store(const char *path)
{
    return tree_path(pool, "%s/store/%s", dir, path);
}

static ja_err_t *save(ja_group_t group, const char *name, const char *file, const char *text)
{
    const ja_item_t item = { file, text, strlen(text), strstr(file, "key") != NULL };

    return ja_store_save(store, group, name, &item, JA_FS_DURABLE, pool);
}

static ja_err_t *load(const char **text, ja_group_t group, const char *name, const char *file,
                      apr_size_t max)
{
    ja_bytes_t bytes;

    JA_TRY(ja_store_load(&bytes, store, group, name, file, max, pool, pool));
    *text = bytes.bytes;
    return NULL;
}

/* ---- the tree -------------------------------------------------------------------------------- */

static void the_tree_has_its_modes(void **state)
{
    (void)state;
    assert_int_equal(tree_mode(in_store("")), 0755);
    assert_int_equal(tree_mode(in_store("live")), 0755);
    assert_int_equal(tree_mode(in_store("archive")), 0755);
    assert_int_equal(tree_mode(in_store("accounts")), 0700);
    assert_int_equal(tree_mode(in_store("staging")), 0700);
    assert_int_equal(tree_mode(in_store("ocsp")), 0700);
    assert_int_equal(tree_mode(in_store("jobs")), 0700);
    assert_int_equal(tree_mode(in_store("requests")), 0755);
    assert_int_equal(tree_count(in_store("")), 7);
}

static void making_again_mends_and_keeps(void **state)
{
    const char *text;

    (void)state;
    WORKS(save(JA_GROUP_ACCOUNTS, "ca", "account.json", "{}"));
    chmod(in_store("accounts"), 0755);
    WORKS(ja_store_fs_make(in_store("//"), geteuid(), getegid(), pool));
    assert_int_equal(tree_mode(in_store("accounts")), 0700);
    WORKS(load(&text, JA_GROUP_ACCOUNTS, "ca", "account.json", 100));
}

static void parents_are_made(void **state)
{
    const char *deep = tree_path(pool, "%s/a/b/c", dir);

    (void)state;
    WORKS(ja_store_fs_make(deep, geteuid(), getegid(), pool));
    WORKS(ja_store_fs_open(&store, deep, pool, pool));
}

static void a_top_directory_open_to_others_is_refused(void **state)
{
    const char *open_to_all = tree_path(pool, "%s/open", dir);
    const char *link_to_it = tree_path(pool, "%s/link", dir);

    (void)state;
    mkdir(open_to_all, 0700);
    chmod(open_to_all, 01777);
    FAILS(ja_store_fs_make(open_to_all, geteuid(), getegid(), pool), JA_E_UNTRUSTED, "1777");
    assert_int_equal(tree_mode(open_to_all), 01777);
    assert_int_equal(chmod(tree_path(pool, "%s/store", dir), 0775), 0);
    FAILS(ja_store_fs_open(&store, tree_path(pool, "%s/store", dir), pool, pool), JA_E_UNTRUSTED,
          "0775");
    assert_int_equal(symlink("store", link_to_it), 0);
    FAILS(ja_store_fs_make(link_to_it, geteuid(), getegid(), pool), JA_E_UNTRUSTED, "link");
}

static void the_path_has_to_be_absolute(void **state)
{
    (void)state;
    FAILS(ja_store_fs_make("store", geteuid(), getegid(), pool), JA_E_CONFIG, "absolute");
    FAILS(ja_store_fs_make("/", geteuid(), getegid(), pool), JA_E_CONFIG, "absolute");
    FAILS(ja_store_fs_make("", geteuid(), getegid(), pool), JA_E_CONFIG, "absolute");
}

static void opening_wants_a_whole_tree(void **state)
{
    (void)state;
    FAILS(ja_store_fs_open(&store, tree_path(pool, "%s/none", dir), pool, pool), JA_E_NOT_FOUND,
          "none");
    assert_int_equal(rmdir(in_store("staging")), 0);
    FAILS(ja_store_fs_open(&store, in_store(""), pool, pool), JA_E_NOT_FOUND, "staging");
    assert_int_equal(symlink("jobs", in_store("staging")), 0);
    FAILS(ja_store_fs_open(&store, in_store(""), pool, pool), JA_E_UNTRUSTED, "staging");
}

static void descriptors_are_not_inherited_by_programs(void **state)
{
    int fd, n = 0;

    (void)state;
    for (fd = 3; fd < 256; fd++) {
        int flags = fcntl(fd, F_GETFD);
        const char *name = tree_link(tree_path(pool, "/proc/self/fd/%d", fd), pool);

        if (flags >= 0 && name && strncmp(name, dir, strlen(dir)) == 0) {
            assert_true(flags & FD_CLOEXEC);
            n++;
        }
    }
    assert_int_equal(n, 8);
}

/* ---- items ----------------------------------------------------------------------------------- */

static void what_is_saved_is_loaded(void **state)
{
    const char *text;

    (void)state;
    WORKS(save(JA_GROUP_TOP, NULL, "config.json", "top"));
    WORKS(save(JA_GROUP_JOBS, NULL, "a.jp.json", "job"));
    WORKS(save(JA_GROUP_ACCOUNTS, "ca-1", "key.json", "secret"));
    WORKS(save(JA_GROUP_ASIDE, "*.a.jp", "set.json", "old"));
    WORKS(save(JA_GROUP_ASIDE, "*.a.jp", "set.json", "set"));
    WORKS(load(&text, JA_GROUP_TOP, NULL, "config.json", 3));
    assert_string_equal(text, "top");
    WORKS(load(&text, JA_GROUP_JOBS, NULL, "a.jp.json", 3));
    assert_string_equal(text, "job");
    WORKS(load(&text, JA_GROUP_ACCOUNTS, "ca-1", "key.json", 6));
    assert_string_equal(text, "secret");
    WORKS(load(&text, JA_GROUP_ASIDE, "*.a.jp", "set.json", 3));
    assert_string_equal(text, "set");
    assert_string_equal(tree_text(in_store("staging/._wildcard.a.jp/set.json"), pool), "set");
    assert_int_equal(tree_mode(in_store("accounts/ca-1/key.json")), 0600);
    assert_int_equal(tree_mode(in_store("config.json")), 0644);
    assert_int_equal(tree_mode(in_store("staging/._wildcard.a.jp")), 0700);
}

static void what_is_not_there_is_not_found(void **state)
{
    const char *text;
    int has;

    (void)state;
    FAILS(load(&text, JA_GROUP_TOP, NULL, "config.json", 10), JA_E_NOT_FOUND, "/store/config.json");
    FAILS(load(&text, JA_GROUP_LIVE, "a.jp", "set.json", 10), JA_E_NOT_FOUND,
          "/live/a.jp/set.json");
    FAILS(load(&text, JA_GROUP_STAGING, "a.jp", "set.json", 10), JA_E_NOT_FOUND, "/staging/a.jp");
    WORKS(ja_store_has(&has, store, JA_GROUP_LIVE, "a.jp", pool));
    assert_false(has);
    WORKS(ja_store_remove(store, JA_GROUP_JOBS, NULL, "a.jp.json", pool));
    WORKS(ja_store_remove(store, JA_GROUP_ACCOUNTS, "ca", "key.json", pool));
    WORKS(ja_store_remove_name(store, JA_GROUP_STAGING, "a.jp", pool));
    WORKS(ja_store_remove_name(store, JA_GROUP_LIVE, "a.jp", pool));
}

static void names_that_have_no_directory_are_refused(void **state)
{
    const char *text;

    (void)state;
    FAILS(load(&text, JA_GROUP_LIVE, "../jobs", "a", 10), JA_E_SYNTAX, "../jobs");
    FAILS(save(JA_GROUP_ASIDE, "/tmp", "a", ""), JA_E_SYNTAX, "/tmp");
    FAILS(ja_store_remove_name(store, JA_GROUP_STAGING, "..", pool), JA_E_SYNTAX, "..");
    FAILS(ja_store_publish(store, ".", pool), JA_E_SYNTAX, ".");
}

static void what_is_removed_is_gone(void **state)
{
    int has;

    (void)state;
    WORKS(save(JA_GROUP_ACCOUNTS, "ca", "key.json", "1"));
    WORKS(save(JA_GROUP_ACCOUNTS, "ca", "account.json", "2"));
    WORKS(ja_store_remove(store, JA_GROUP_ACCOUNTS, "ca", "key.json", pool));
    assert_int_equal(tree_count(in_store("accounts/ca")), 1);
    WORKS(ja_store_has(&has, store, JA_GROUP_ACCOUNTS, "ca", pool));
    assert_true(has);
    WORKS(ja_store_remove_name(store, JA_GROUP_ACCOUNTS, "ca", pool));
    assert_int_equal(tree_count(in_store("accounts")), 0);
}

static void names_are_listed(void **state)
{
    apr_array_header_t *names;

    (void)state;
    WORKS(save(JA_GROUP_ACCOUNTS, "*.a.jp", "key.json", "1"));
    WORKS(ja_store_list(&names, store, JA_GROUP_ACCOUNTS, 1, pool, pool));
    assert_int_equal(names->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "*.a.jp");
    WORKS(save(JA_GROUP_ACCOUNTS, "a.jp", "key.json", "1"));
    FAILS(ja_store_list(&names, store, JA_GROUP_ACCOUNTS, 1, pool, pool), JA_E_TOO_LARGE,
          "accounts");
    WORKS(ja_store_list(&names, store, JA_GROUP_LIVE, 1, pool, pool));
    assert_int_equal(names->nelts, 0);
}

static void items_are_listed(void **state)
{
    apr_array_header_t *items;

    (void)state;
    WORKS(ja_store_list_items(&items, store, JA_GROUP_OCSP, 1, pool, pool));
    assert_int_equal(items->nelts, 0);
    WORKS(save(JA_GROUP_OCSP, NULL, "_wildcard.a.der", "1"));
    WORKS(ja_store_list_items(&items, store, JA_GROUP_OCSP, 1, pool, pool));
    assert_int_equal(items->nelts, 1);
    assert_string_equal(APR_ARRAY_IDX(items, 0, const char *), "_wildcard.a.der");
    WORKS(save(JA_GROUP_OCSP, NULL, "b.der", "1"));
    FAILS(ja_store_list_items(&items, store, JA_GROUP_OCSP, 1, pool, pool), JA_E_TOO_LARGE, "ocsp");
    WORKS(ja_store_remove(store, JA_GROUP_OCSP, NULL, "b.der", pool));
    WORKS(ja_store_list_items(&items, store, JA_GROUP_OCSP, 1, pool, pool));
}

static void hostile_files_are_refused(void **state)
{
    const char *item = in_store("staging/.a.jp/set.json");
    const char *text;

    (void)state;
    WORKS(save(JA_GROUP_ASIDE, "a.jp", "other.json", "text"));

    assert_int_equal(mkfifo(item, 0600), 0);
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "set.json");
    unlink(item);
    assert_int_equal(symlink("other.json", item), 0);
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "set.json");
    unlink(item);
    assert_int_equal(link(in_store("staging/.a.jp/other.json"), item), 0);
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "set.json");
    unlink(item);
    assert_int_equal(mkdir(item, 0700), 0);
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "set.json");
    rmdir(item);
    tree_put(item, "12345678901");
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_TOO_LARGE, "set.json");
}

static void a_link_in_place_of_a_name_is_refused(void **state)
{
    const char *text;

    (void)state;
    WORKS(save(JA_GROUP_ASIDE, "a.jp", "set.json", "text"));
    assert_int_equal(symlink(".a.jp", in_store("staging/a.jp")), 0);
    FAILS(load(&text, JA_GROUP_STAGING, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "staging/a.jp");
    WORKS(ja_store_remove_name(store, JA_GROUP_STAGING, "a.jp", pool));
    assert_true(tree_has(in_store("staging/.a.jp/set.json")));
}

static void files_of_another_user_are_refused(void **state)
{
    const char *text;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    WORKS(save(JA_GROUP_ASIDE, "a.jp", "set.json", "text"));
    assert_int_equal(chown(in_store("staging/.a.jp/set.json"), 33, 33), 0);
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "33");
    assert_int_equal(chown(in_store("staging/.a.jp"), 33, 33), 0);
    FAILS(load(&text, JA_GROUP_ASIDE, "a.jp", "set.json", 10), JA_E_UNTRUSTED, "33");
    assert_int_equal(chown(in_store("staging"), 33, 33), 0);
    FAILS(ja_store_fs_open(&store, in_store(""), pool, pool), JA_E_UNTRUSTED, "33");
}

static void each_group_has_one_writer(void **state)
{
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    WORKS(ja_store_fs_make(in_store(""), 33, 33, pool));
    WORKS(ja_store_fs_open(&store, in_store(""), pool, pool));
    FAILS(save(JA_GROUP_JOBS, NULL, "a.jp.json", ""), JA_E_INTERNAL, "user 33 only");
    FAILS(ja_store_publish(store, "a.jp", pool), JA_E_INTERNAL, "user 33 only");
    FAILS(ja_store_lock(store, pool, pool), JA_E_INTERNAL, "user 33 only");
    WORKS(save(JA_GROUP_TOP, NULL, "config.json", ""));
}

static void paths_are_for_others(void **state)
{
    (void)state;
    assert_string_equal(ja_store_path(store, JA_GROUP_LIVE, "*.a.jp", "cert.pem", pool),
                        in_store("live/_wildcard.a.jp/cert.pem"));
    assert_string_equal(ja_store_path(store, JA_GROUP_ASIDE, "a.jp", NULL, pool),
                        in_store("staging/.a.jp"));
    assert_string_equal(ja_store_path(store, JA_GROUP_TOP, NULL, "config.json", pool),
                        in_store("config.json"));
    assert_string_equal(ja_store_path(store, JA_GROUP_JOBS, NULL, NULL, pool), in_store("jobs"));
}

/* ---- the lock -------------------------------------------------------------------------------- */

/* What a process of its own finds: 0 the lock, else the code. */
static int lock_elsewhere(void)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        ja_err_t *err = ja_store_lock(store, pool, pool);

        _exit(err ? (int)err->code : 0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void one_process_has_the_lock(void **state)
{
    apr_pool_t *held;

    (void)state;
    apr_pool_create(&held, pool);
    WORKS(ja_store_lock(store, held, pool));
    assert_int_equal(lock_elsewhere(), JA_E_BUSY);
    apr_pool_destroy(held);
    assert_int_equal(lock_elsewhere(), 0);
    WORKS(ja_store_lock(store, pool, pool)); /* though its holder was killed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_tree_has_its_modes),
        STORE_TEST(making_again_mends_and_keeps),
        STORE_TEST(parents_are_made),
        STORE_TEST(a_top_directory_open_to_others_is_refused),
        STORE_TEST(the_path_has_to_be_absolute),
        STORE_TEST(opening_wants_a_whole_tree),
        STORE_TEST(descriptors_are_not_inherited_by_programs),
        STORE_TEST(what_is_saved_is_loaded),
        STORE_TEST(what_is_not_there_is_not_found),
        STORE_TEST(names_that_have_no_directory_are_refused),
        STORE_TEST(what_is_removed_is_gone),
        STORE_TEST(names_are_listed),
        STORE_TEST(items_are_listed),
        STORE_TEST(hostile_files_are_refused),
        STORE_TEST(a_link_in_place_of_a_name_is_refused),
        STORE_TEST(files_of_another_user_are_refused),
        STORE_TEST(each_group_has_one_writer),
        STORE_TEST(paths_are_for_others),
        STORE_TEST(one_process_has_the_lock),
    };

    return RUN_TESTS(tests);
}

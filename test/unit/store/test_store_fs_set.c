#include "../base/check.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#include "tree.h"

#define KILLED    42
#define STEPS_MAX 1000

/* ---- dying between any two system calls ---------------------------------------------------------
 *
 * These take the place of libc's. While `lives` is above 0, each of them costs a life, and the
 * process ends instead of the call that costs the last one. */

static int lives;
static int can_exchange = 1; /* or a file system that has no RENAME_EXCHANGE */

static void step(void)
{
    if (lives > 0 && --lives == 0) {
        _exit(KILLED);
    }
}

int mkdirat(int dirfd, const char *path, mode_t mode)
{
    step();
    return (int)syscall(SYS_mkdirat, dirfd, path, mode);
}

int unlinkat(int dirfd, const char *path, int flags)
{
    step();
    return (int)syscall(SYS_unlinkat, dirfd, path, flags);
}

int symlinkat(const char *target, int dirfd, const char *path)
{
    step();
    return (int)syscall(SYS_symlinkat, target, dirfd, path);
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
    step();
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, 0);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned int flags)
{
    step();
    if (!can_exchange && (flags & RENAME_EXCHANGE)) {
        errno = EINVAL;
        return -1;
    }
    return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int fsync(int fd)
{
    step();
    return (int)syscall(SYS_fsync, fd);
}

ssize_t write(int fd, const void *bytes, size_t len)
{
    step();
    return syscall(SYS_write, fd, bytes, len);
}

/* Call `fn` in a process that dies before its `n`th step. Did it? */
static int dies_at(int n, void (*fn)(const char *name), const char *name)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        lives = n;
        fn(name);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_true(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == KILLED);
    return WEXITSTATUS(status) == KILLED;
}

/* ---- a store and its sets -------------------------------------------------------------------- */

static const char *dir;
static ja_store_t *store;

static int store_begins(void **state)
{
    if (pool_begins(state) != 0) {
        return -1;
    }
    can_exchange = 1;
    dir = tree_dir(pool);
    store = tree_store(dir, geteuid(), pool);
    return 0;
}

#define STORE_TEST(FN) cmocka_unit_test_setup_teardown(FN, store_begins, pool_ends)

static const char *in_store(const char *fmt, const char *name)
{
    return apr_psprintf(pool, "%s/store/%s%s", dir, fmt, name);
}

/* A set is two files that say whose they are. */
static ja_err_t *commit(int *generation, const char *name, const char *whose, int keep)
{
    const ja_item_t items[] = { { "cert.pem", whose, strlen(whose), 0 },
                                { "privkey.pem", whose, strlen(whose), 1 } };

    return ja_store_commit(generation, store, name, items, 2, keep, pool);
}

static ja_err_t *put_aside(const char *name, const char *whose)
{
    const ja_item_t cert = { "cert.pem", whose, strlen(whose), 0 };
    const ja_item_t key = { "privkey.pem", whose, strlen(whose), 1 };

    JA_TRY(ja_store_save(store, JA_GROUP_ASIDE, name, &key, JA_FS_DURABLE, pool));
    return ja_store_save(store, JA_GROUP_ASIDE, name, &cert, JA_FS_DURABLE, pool);
}

/* Whose set is there: "none" or "mixed" if it is none or none as a whole. */
static const char *whose(ja_group_t group, const char *name)
{
    ja_bytes_t cert, key;
    ja_err_t *err = ja_store_load(&cert, store, group, name, "cert.pem", 100, pool, pool);

    if (err) {
        return err->code == JA_E_NOT_FOUND ? "none" : "bad";
    }
    if (ja_store_load(&key, store, group, name, "privkey.pem", 100, pool, pool)) {
        return "mixed";
    }
    return strcmp(cert.bytes, key.bytes) == 0 ? cert.bytes : "mixed";
}

static int is_one_of(const char *text, const char *a, const char *b)
{
    return strcmp(text, a) == 0 || strcmp(text, b) == 0;
}

/* ---- commit ---------------------------------------------------------------------------------- */

static void a_commit_is_live(void **state)
{
    int generation;

    (void)state;
    WORKS(commit(&generation, "a.jp", "first", 5));
    assert_int_equal(generation, 1);
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "first");
    WORKS(commit(&generation, "a.jp", "second", 5));
    assert_int_equal(generation, 2);
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "second");
    assert_string_equal(tree_link(in_store("live/", "a.jp"), pool), "../archive/a.jp/2");
    assert_string_equal(tree_text(in_store("live/", "a.jp/cert.pem"), pool), "second");
    assert_string_equal(tree_text(in_store("archive/", "a.jp/1/cert.pem"), pool), "first");
    assert_int_equal(tree_mode(in_store("archive/", "a.jp/2")), 0755);
    assert_int_equal(tree_mode(in_store("archive/", "a.jp/2/cert.pem")), 0644);
    assert_int_equal(tree_mode(in_store("archive/", "a.jp/2/privkey.pem")), 0600);
}

static void generations_go_on_after_gaps_and_999(void **state)
{
    int generation;

    (void)state;
    WORKS(commit(&generation, "a.jp", "one", 5));
    assert_int_equal(mkdir(in_store("archive/", "a.jp/999"), 0755), 0);
    WORKS(commit(&generation, "a.jp", "two", 5));
    assert_int_equal(generation, 1000);
    assert_int_equal(mkdir(in_store("archive/", "a.jp/2147483645"), 0755), 0);
    WORKS(commit(&generation, "a.jp", "three", 5));
    assert_int_equal(generation, 2147483646);
    WORKS(commit(&generation, "a.jp", "four", 5));
    assert_int_equal(generation, 2147483647);
    FAILS(commit(&generation, "a.jp", "five", 5), JA_E_IO, "no generation after");
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "four");
}

static void names_that_are_no_generation_are_left_alone(void **state)
{
    static const char *const STRANGE[] = { "007", "0", "-1", "1x", "2147483648", "backup", "+5" };
    int generation;
    apr_size_t i;

    (void)state;
    WORKS(commit(&generation, "a.jp", "one", 1));
    for (i = 0; i < sizeof(STRANGE) / sizeof(STRANGE[0]); i++) {
        mkdir(in_store("archive/a.jp/", STRANGE[i]), 0755);
    }
    WORKS(commit(&generation, "a.jp", "two", 1));
    assert_int_equal(generation, 2);
    assert_int_equal(tree_count(in_store("archive/", "a.jp")), 1 + 7);
}

static void old_generations_are_forgotten(void **state)
{
    int generation, i;

    (void)state;
    for (i = 1; i <= 7; i++) {
        WORKS(commit(&generation, "a.jp", "set", 3));
    }
    assert_int_equal(tree_count(in_store("archive/", "a.jp")), 3);
    assert_true(tree_has(in_store("archive/", "a.jp/5")));
    assert_true(tree_has(in_store("archive/", "a.jp/7")));
}

static void a_generation_that_cannot_go_is_no_failure(void **state)
{
    int generation;

    (void)state;
    WORKS(commit(&generation, "a.jp", "one", 1));
    mkdir(in_store("archive/", "a.jp/1/1"), 0755);
    mkdir(in_store("archive/", "a.jp/1/1/2"), 0755);
    mkdir(in_store("archive/", "a.jp/1/1/2/3"), 0755);
    mkdir(in_store("archive/", "a.jp/1/1/2/3/4"), 0755);
    WORKS(commit(&generation, "a.jp", "two", 1));
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "two");
    assert_true(tree_has(in_store("archive/", "a.jp/1")));
}

/* Rolled back, or removed by hand: its number is not given again. */
static void a_live_link_counts_as_a_generation(void **state)
{
    int generation;

    (void)state;
    assert_int_equal(symlink("../archive/a.jp/40", in_store("live/", "a.jp")), 0);
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "none");
    WORKS(commit(&generation, "a.jp", "set", 5));
    assert_int_equal(generation, 41);
}

static void only_links_into_the_own_archive_are_followed(void **state)
{
    static const char *const BAD[] = { "../archive/b.jp/1",         "../archive/a.jp/01",
                                       "../archive/a.jp/0",         "../archive/a.jp/",
                                       "../archive/a.jp/1/",        "/etc",
                                       "../archive/a.jp/1/x",       "../archive/a.jp/-1",
                                       "../staging/a.jp",           "../archive/a.jp/../b.jp/1",
                                       "../archive/a.jp/2147483648" };
    const char *link = in_store("live/", "a.jp");
    int generation;
    apr_size_t i;

    (void)state;
    WORKS(commit(&generation, "a.jp", "set", 5));
    WORKS(commit(&generation, "b.jp", "set", 5));
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        unlink(link);
        assert_int_equal(symlink(BAD[i], link), 0);
        assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "bad");
    }
    WORKS(commit(&generation, "a.jp", "again", 5)); /* which puts it right */
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "again");
    unlink(link);
    assert_int_equal(mkdir(link, 0755), 0);
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "bad");
    FAILS(commit(&generation, "a.jp", "never", 5), JA_E_IO, "live/a.jp");
}

static void no_longer_live_means_kept_in_the_archive(void **state)
{
    int generation;

    (void)state;
    WORKS(commit(&generation, "a.jp", "set", 5));
    WORKS(ja_store_remove_name(store, JA_GROUP_LIVE, "a.jp", pool));
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "none");
    assert_true(tree_has(in_store("archive/", "a.jp/1/cert.pem")));
    WORKS(commit(&generation, "a.jp", "set", 5));
    assert_int_equal(generation, 2);
}

static void leftovers_do_not_disturb_a_commit(void **state)
{
    int generation;

    (void)state;
    WORKS(commit(&generation, "a.jp", "one", 5));
    mkdir(in_store("archive/", "a.jp/.new"), 0700);
    tree_put(in_store("archive/", "a.jp/.new/privkey.pem"), "half");
    tree_put(in_store("archive/", "a.jp/.new/.cert.pem.tmp"), "half");
    tree_put(in_store("archive/", "a.jp/.new/chain.pem"), "of another set");
    assert_int_equal(symlink("nowhere", in_store("live/", ".a.jp.tmp")), 0);
    WORKS(commit(&generation, "a.jp", "two", 5));
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "two");
    assert_int_equal(tree_count(in_store("archive/", "a.jp/2")), 2);
    assert_int_equal(tree_count(in_store("archive/", "a.jp")), 2);
    assert_int_equal(tree_count(in_store("live/", "")), 1);
}

static void commit_new(const char *name)
{
    int generation;

    if (commit(&generation, name, "new", 2)) {
        _exit(1);
    }
}

static void a_kill_during_commit_leaves_old_or_new(void **state)
{
    int n, generation;

    (void)state;
    for (n = 1; n < STEPS_MAX; n++) {
        const char *name = apr_psprintf(pool, "kill-%d.jp", n);
        int died;

        WORKS(commit(&generation, name, "older", 2));
        WORKS(commit(&generation, name, "old", 2));
        died = dies_at(n, commit_new, name);
        assert_true(is_one_of(whose(JA_GROUP_LIVE, name), died ? "old" : "new", "new"));
        WORKS(commit(&generation, name, "next", 2));
        assert_string_equal(whose(JA_GROUP_LIVE, name), "next");
        assert_int_equal(tree_count(in_store("archive/", name)), 2);
        assert_int_equal(tree_count(in_store("live/", "")), n);
        if (!died) {
            break;
        }
    }
    assert_in_range(n, 15, STEPS_MAX - 1);
}

/* ---- earlier generations --------------------------------------------------------------------- */

/* "3 2 1, live 2" */
static const char *kept(const char *name)
{
    apr_array_header_t *generations;
    const char *text = "";
    int live, i;

    WORKS(ja_store_generations(&generations, &live, store, name, pool, pool));
    for (i = 0; i < generations->nelts; i++) {
        text = apr_psprintf(pool, "%s%d ", text, APR_ARRAY_IDX(generations, i, int));
    }
    return apr_psprintf(pool, "%slive %d", text, live);
}

/* Whose set a generation is, looked at without making it the live one. */
static const char *whose_was(int generation, const char *name)
{
    ja_store_t *now = store;
    const char *text;

    store = ja_store_view(now, generation, pool);
    text = whose(JA_GROUP_LIVE, name);
    store = now;
    return text;
}

static void commit_all(const char *name, int n, int keep)
{
    int generation, i;

    for (i = 1; i <= n; i++) {
        WORKS(commit(&generation, name, apr_psprintf(pool, "set %d", i), keep));
    }
}

static void generations_are_listed(void **state)
{
    (void)state;
    assert_string_equal(kept("a.jp"), "live 0");
    commit_all("a.jp", 11, 3);
    assert_string_equal(kept("a.jp"), "11 10 9 live 11");
    WORKS(ja_store_remove_name(store, JA_GROUP_LIVE, "a.jp", pool));
    assert_string_equal(kept("a.jp"), "11 10 9 live 0");
    assert_int_equal(symlink("/etc", in_store("live/", "a.jp")), 0);
    assert_string_equal(kept("a.jp"), "11 10 9 live 0");
}

static void a_view_shows_another_generation(void **state)
{
    ja_store_t *view;
    int has;

    (void)state;
    commit_all("a.jp", 2, 5);
    assert_string_equal(whose_was(1, "a.jp"), "set 1");
    assert_string_equal(whose_was(2, "a.jp"), "set 2");
    assert_string_equal(whose_was(3, "a.jp"), "none");
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "set 2");
    view = ja_store_view(store, 1, pool);
    WORKS(ja_store_has(&has, view, JA_GROUP_LIVE, "a.jp", pool));
    assert_true(has);
    WORKS(ja_store_has(&has, ja_store_view(store, 3, pool), JA_GROUP_LIVE, "a.jp", pool));
    assert_false(has);
    assert_string_equal(ja_store_path(view, JA_GROUP_LIVE, "a.jp", "cert.pem", pool),
                        in_store("archive/", "a.jp/1/cert.pem"));
    assert_string_equal(ja_store_path(view, JA_GROUP_STAGING, "a.jp", NULL, pool),
                        in_store("staging/", "a.jp"));
}

static void a_view_changes_nothing(void **state)
{
    const ja_item_t item = { "config.json", "", 0, 0 };
    ja_store_t *view;
    int generation;

    (void)state;
    commit_all("a.jp", 2, 5);
    view = ja_store_view(store, 1, pool);
    FAILS(ja_store_remove_name(view, JA_GROUP_LIVE, "a.jp", pool), JA_E_INTERNAL, "only for");
    FAILS(ja_store_save(view, JA_GROUP_TOP, NULL, &item, JA_FS_LAZY, pool), JA_E_INTERNAL, "");
    FAILS(ja_store_remove(view, JA_GROUP_TOP, NULL, "config.json", pool), JA_E_INTERNAL, "");
    FAILS(ja_store_commit(&generation, view, "a.jp", &item, 1, 5, pool), JA_E_INTERNAL, "");
    FAILS(ja_store_restore(view, "a.jp", 1, pool), JA_E_INTERNAL, "");
    FAILS(ja_store_publish(view, "a.jp", pool), JA_E_INTERNAL, "");
    FAILS(ja_store_lock(view, pool, pool), JA_E_INTERNAL, "");
    assert_string_equal(kept("a.jp"), "2 1 live 2");
}

static void a_generation_that_is_kept_goes_live_again(void **state)
{
    int generation;

    (void)state;
    commit_all("a.jp", 3, 5);
    WORKS(ja_store_restore(store, "a.jp", 1, pool));
    assert_string_equal(whose(JA_GROUP_LIVE, "a.jp"), "set 1");
    assert_string_equal(tree_link(in_store("live/", "a.jp"), pool), "../archive/a.jp/1");
    FAILS(ja_store_restore(store, "a.jp", 4, pool), JA_E_NOT_FOUND, "generation 4");
    FAILS(ja_store_restore(store, "b.jp", 1, pool), JA_E_NOT_FOUND, "b.jp");
    assert_string_equal(kept("a.jp"), "3 2 1 live 1");
    WORKS(commit(&generation, "a.jp", "set 4", 5)); /* overwrites none */
    assert_int_equal(generation, 4);
    assert_string_equal(kept("a.jp"), "4 3 2 1 live 4");
    assert_string_equal(whose_was(3, "a.jp"), "set 3");
}

/* The one that is live when the next one comes is not pruned, however old it is; later it is. */
static void what_was_live_before_is_kept(void **state)
{
    int generation;

    (void)state;
    commit_all("a.jp", 5, 5);
    WORKS(ja_store_restore(store, "a.jp", 1, pool));
    WORKS(commit(&generation, "a.jp", "set 6", 5));
    assert_string_equal(kept("a.jp"), "6 5 4 3 1 live 6");
    WORKS(commit(&generation, "a.jp", "set 7", 5));
    assert_string_equal(kept("a.jp"), "7 6 5 4 3 live 7");
    WORKS(ja_store_restore(store, "a.jp", 3, pool));
    WORKS(commit(&generation, "a.jp", "set 8", 2));
    assert_string_equal(kept("a.jp"), "8 3 live 8");
    WORKS(commit(&generation, "a.jp", "set 9", 1));
    assert_string_equal(kept("a.jp"), "9 live 9");
}

static void restore_the_first(const char *name)
{
    if (ja_store_restore(store, name, 1, pool)) {
        _exit(1);
    }
}

static void a_kill_during_restore_leaves_one_or_the_other(void **state)
{
    int n, died = 1;

    (void)state;
    for (n = 1; died && n < STEPS_MAX; n++) {
        const char *name = apr_psprintf(pool, "kill-%d.jp", n);

        commit_all(name, 2, 5);
        died = dies_at(n, restore_the_first, name);
        assert_true(is_one_of(whose(JA_GROUP_LIVE, name), died ? "set 2" : "set 1", "set 1"));
        WORKS(ja_store_restore(store, name, 1, pool));
        assert_string_equal(kept(name), "2 1 live 1");
        assert_int_equal(tree_count(in_store("live/", "")), n);
    }
    assert_in_range(n, 4, STEPS_MAX - 1);
}

/* ---- publish --------------------------------------------------------------------------------- */

static void what_was_put_aside_is_staged(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        can_exchange = i == 0;
        WORKS(put_aside("a.jp", "first"));
        WORKS(ja_store_publish(store, "a.jp", pool));
        assert_string_equal(whose(JA_GROUP_STAGING, "a.jp"), "first");
        assert_string_equal(whose(JA_GROUP_ASIDE, "a.jp"), "none");
        WORKS(put_aside("a.jp", "second"));
        WORKS(ja_store_publish(store, "a.jp", pool));
        assert_string_equal(whose(JA_GROUP_STAGING, "a.jp"), "second");
        assert_int_equal(tree_count(in_store("staging/", "")), 1);
    }
    FAILS(ja_store_publish(store, "a.jp", pool), JA_E_NOT_FOUND, "staging/a.jp");
    assert_string_equal(whose(JA_GROUP_STAGING, "a.jp"), "second");
}

static void a_stray_file_does_not_disturb_publish(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        can_exchange = i == 0;
        WORKS(ja_store_remove_name(store, JA_GROUP_STAGING, "a.jp", pool));
        tree_put(in_store("staging/", "a.jp"), "stray");
        WORKS(put_aside("a.jp", "set"));
        WORKS(ja_store_publish(store, "a.jp", pool));
        assert_string_equal(whose(JA_GROUP_STAGING, "a.jp"), "set");
        assert_int_equal(tree_count(in_store("staging/", "")), 1);
    }
}

static void publish(const char *name)
{
    if (ja_store_publish(store, name, pool)) {
        _exit(1);
    }
}

/* After a kill between the exchange and the removal, the old set is aside: issue/set sees to it. */
static void a_kill_during_publish_leaves_old_or_new(void **state)
{
    int n, died = 1;

    (void)state;
    for (n = 1; died && n < STEPS_MAX; n++) {
        WORKS(put_aside("a.jp", "old"));
        WORKS(ja_store_publish(store, "a.jp", pool));
        WORKS(put_aside("a.jp", "new"));
        died = dies_at(n, publish, "a.jp");
        if (strcmp(whose(JA_GROUP_STAGING, "a.jp"), "old") == 0) {
            assert_true(died);
            WORKS(ja_store_publish(store, "a.jp", pool));
        }
        assert_string_equal(whose(JA_GROUP_STAGING, "a.jp"), "new");
        WORKS(ja_store_remove_name(store, JA_GROUP_ASIDE, "a.jp", pool));
        assert_int_equal(tree_count(in_store("staging/", "")), 1);
    }
    assert_in_range(n, 6, STEPS_MAX - 1);
}

static void without_exchange_a_kill_leaves_a_complete_one_aside(void **state)
{
    int n, died = 1;

    (void)state;
    can_exchange = 0;
    for (n = 1; died && n < STEPS_MAX; n++) {
        WORKS(put_aside("a.jp", "old"));
        WORKS(ja_store_publish(store, "a.jp", pool));
        WORKS(put_aside("a.jp", "new"));
        died = dies_at(n, publish, "a.jp");
        if (strcmp(whose(JA_GROUP_STAGING, "a.jp"), "new") != 0) {
            assert_true(died);
            assert_string_equal(whose(JA_GROUP_ASIDE, "a.jp"), "new");
            WORKS(ja_store_publish(store, "a.jp", pool));
        }
        assert_string_equal(whose(JA_GROUP_STAGING, "a.jp"), "new");
        assert_int_equal(tree_count(in_store("staging/", "")), 1);
    }
    assert_in_range(n, 6, STEPS_MAX - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_commit_is_live),
        STORE_TEST(generations_go_on_after_gaps_and_999),
        STORE_TEST(names_that_are_no_generation_are_left_alone),
        STORE_TEST(old_generations_are_forgotten),
        STORE_TEST(a_generation_that_cannot_go_is_no_failure),
        STORE_TEST(a_live_link_counts_as_a_generation),
        STORE_TEST(only_links_into_the_own_archive_are_followed),
        STORE_TEST(no_longer_live_means_kept_in_the_archive),
        STORE_TEST(leftovers_do_not_disturb_a_commit),
        STORE_TEST(a_kill_during_commit_leaves_old_or_new),
        STORE_TEST(generations_are_listed),
        STORE_TEST(a_view_shows_another_generation),
        STORE_TEST(a_view_changes_nothing),
        STORE_TEST(a_generation_that_is_kept_goes_live_again),
        STORE_TEST(what_was_live_before_is_kept),
        STORE_TEST(a_kill_during_restore_leaves_one_or_the_other),
        STORE_TEST(what_was_put_aside_is_staged),
        STORE_TEST(a_stray_file_does_not_disturb_publish),
        STORE_TEST(a_kill_during_publish_leaves_old_or_new),
        STORE_TEST(without_exchange_a_kill_leaves_a_complete_one_aside),
    };

    return RUN_TESTS(tests);
}

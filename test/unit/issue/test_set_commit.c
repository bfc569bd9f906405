#include "set_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>

#define SERVER_UID 33

static const apr_array_header_t *p256_only(void)
{
    return specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
}

static ja_err_t *commit(int *committed, const apr_array_header_t *specs)
{
    ja_set_outcome_t outcome;
    ja_err_t *err = ja_set_commit(&outcome, store, domain_with(specs), NOW, pool);

    *committed = outcome == JA_SET_COMMITTED;
    return err;
}

static void nothing_staged_is_nothing_done(void **state)
{
    int committed = 1;

    (void)state;
    works(commit(&committed, p256_only()));
    assert_false(committed);
}

static void a_staged_set_goes_live(void **state)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P384, JA_KEY_P256, JA_SET_NO_SPEC);
    const ja_set_t *set;
    const char *serial;
    int committed;

    (void)state;
    staged(specs, -HOUR);
    serial = serial_in(JA_GROUP_STAGING, JA_KEY_P256);
    works(commit(&committed, specs));
    assert_true(committed);
    assert_int_equal(tree_count(in_store("staging")), 0);
    works(ja_set_load(&set, store, JA_GROUP_LIVE, NAME, pool, pool));
    assert_true(set->committed_at == NOW);
    assert_true(set->created_at == NOW - apr_time_from_sec(HOUR));
    assert_string_equal(set->ca_url, CA_URL);
    assert_string_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P256), serial);
    assert_int_equal(tree_count(in_store("archive/a.jp/1")), 9);
    assert_int_equal(tree_mode(in_store("archive/a.jp/1/privkey.pem")), 0600);
    assert_int_equal(tree_mode(in_store("archive/a.jp/1/privkey-p256.pem")), 0600);
    assert_int_equal(tree_mode(in_store("archive/a.jp/1/set.json")), 0644);
}

/* What a server or a person reads: leaf, rest, and both. */
static void the_live_files_are_leaf_chain_and_both(void **state)
{
    const char *cert, *chain;

    (void)state;
    make_live(p256_only(), 0);
    cert = tree_text(in_store("live/a.jp/cert.pem"), pool);
    chain = tree_text(in_store("live/a.jp/chain.pem"), pool);
    assert_string_equal(tree_text(in_store("live/a.jp/fullchain.pem"), pool),
                        apr_pstrcat(pool, cert, chain, NULL));
    assert_int_equal(ja_chain_count(chain_of(cert)), 1);
}

static void a_set_for_another_configuration_is_left_alone(void **state)
{
    int committed;

    (void)state;
    staged(p256_only(), 0);
    works(commit(&committed, specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC)));
    assert_false(committed);
    works(commit(&committed, specs_of(JA_KEY_P384, JA_SET_NO_SPEC)));
    assert_false(committed);
    names = names_of("a.jp", "www.a.jp", "new.a.jp", NULL);
    works(commit(&committed, p256_only()));
    assert_false(committed);
    assert_true(tree_has(in_store("staging/a.jp/set.json")));
    names = names_of("www.a.jp", NULL);
    works(commit(&committed, p256_only()));
    assert_true(committed);
}

static void of_a_larger_set_the_configured_part_goes_live(void **state)
{
    int committed;

    (void)state;
    staged(specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC), 0);
    works(commit(&committed, specs_of(JA_KEY_P384, JA_SET_NO_SPEC)));
    assert_true(committed);
    assert_string_not_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P384), "none");
    assert_string_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P256), "none");
    assert_int_equal(tree_count(in_store("archive/a.jp/1")), 5);
}

/* ---- hostile sets ---------------------------------------------------------------------------- */

/* With `file` of a staged set changed by `hurt`, it is refused and what was live stays so. */
static void is_refused(const char *file, void (*hurt)(const char *path), const char *part)
{
    const char *live = serial_in(JA_GROUP_LIVE, JA_KEY_P256);
    int committed;

    staged(p256_only(), 0);
    hurt(tree_path(pool, "%s/store/staging/a.jp/%s", dir, file));
    fails(commit(&committed, p256_only()), JA_E_SET_BAD, part);
    assert_false(committed);
    assert_string_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P256), live);
    assert_true(tree_has(in_store("staging/a.jp")));
}

static void garbage(const char *path)
{
    tree_put(path, "garbage");
}

static void vanish(const char *path)
{
    unlink(path);
}

static void become_link(const char *path)
{
    unlink(path);
    assert_int_equal(symlink("/etc/shadow", path), 0);
}

static void become_fifo(const char *path)
{
    unlink(path);
    assert_int_equal(mkfifo(path, 0644), 0);
}

static void get_second_name(const char *path)
{
    assert_int_equal(link(path, apr_pstrcat(pool, path, ".2", NULL)), 0);
}

static void become_huge(const char *path)
{
    assert_int_equal(truncate(path, (off_t)1 << 40), 0);
}

static void become_endless_key(const char *path)
{
    tree_put(path, apr_psprintf(pool, "%*s", JA_SET_KEY_MAX + 1, "x"));
}

static void become_other_key(const char *path)
{
    ja_secret_t *pem;

    works(ja_key_print(&pem, p256_key(), pool, pool));
    tree_put(path, (const char *)pem->bytes);
}

static void hostile_sets_are_refused(void **state)
{
    static const char *const FILES[] = { "set.json", "privkey-p256.pem", "fullchain-p256.pem" };
    apr_size_t i;

    (void)state;
    make_live(p256_only(), -HOUR);
    for (i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++) {
        is_refused(FILES[i], garbage, "");
        is_refused(FILES[i], vanish, FILES[i]);
        is_refused(FILES[i], become_link, FILES[i]);
        is_refused(FILES[i], become_fifo, FILES[i]);
        is_refused(FILES[i], get_second_name, FILES[i]);
        is_refused(FILES[i], become_huge, FILES[i]);
    }
    is_refused("privkey-p256.pem", become_endless_key, "privkey-p256.pem");
    is_refused("privkey-p256.pem", become_other_key, "key");
}

static void a_link_in_place_of_the_set_is_refused(void **state)
{
    int committed;

    (void)state;
    staged(p256_only(), 0);
    rename(in_store("staging/a.jp"), in_store("jobs/a.jp"));
    assert_int_equal(symlink("../jobs/a.jp", in_store("staging/a.jp")), 0);
    fails(commit(&committed, p256_only()), JA_E_SET_BAD, "staging/a.jp");
}

/* The same answer, without anything being changed. */
static void it_can_be_asked_before(void **state)
{
    const apr_array_header_t *specs = p256_only();

    (void)state;
    fails(ja_set_check_staged(store, domain_with(specs), NOW, pool), JA_E_NOT_FOUND, NAME);
    staged(specs, 0);
    works(ja_set_check_staged(store, domain_with(specs), NOW, pool));
    garbage(in_store("staging/a.jp/fullchain-p256.pem"));
    fails(ja_set_check_staged(store, domain_with(specs), NOW, pool), JA_E_SET_BAD, "refused");
    assert_int_equal(tree_count(in_store("staging/a.jp")), 3);
    assert_int_equal(tree_count(in_store("live")), 0);
}

static void an_expired_set_is_refused(void **state)
{
    const apr_time_t later = NOW + apr_time_from_sec(91L * DAY);
    ja_set_outcome_t outcome;

    (void)state;
    staged(p256_only(), 0);
    fails(ja_set_commit(&outcome, store, domain_with(p256_only()), later, pool), JA_E_SET_BAD, "");
}

static void dates_from_the_future_are_not_believed(void **state)
{
    const ja_set_t *set;
    int committed;

    (void)state;
    staged(p256_only(), DAY);
    works(commit(&committed, p256_only()));
    works(ja_set_load(&set, store, JA_GROUP_LIVE, NAME, pool, pool));
    assert_true(set->created_at == NOW);
}

/* What is not of the set stays out of archive/. */
static void only_known_files_are_taken_over(void **state)
{
    int committed;

    (void)state;
    staged(p256_only(), 0);
    tree_put(in_store("staging/a.jp/cgi-bin"), "x");
    mkdir(in_store("staging/a.jp/directory"), 0755);
    works(commit(&committed, p256_only()));
    assert_true(committed);
    assert_int_equal(tree_count(in_store("archive/a.jp/1")), 5);
    assert_false(tree_has(in_store("staging/a.jp")));
}

/* ---- after a kill ---------------------------------------------------------------------------- */

static void what_is_live_already_is_only_removed(void **state)
{
    ja_set_outcome_t outcome;
    int committed;

    (void)state;
    staged(p256_only(), 0);
    assert_int_equal(system(tree_path(pool, "cp -a %s/store/staging/a.jp %s/copy", dir, dir)), 0);
    works(commit(&committed, p256_only()));
    rename(tree_path(pool, "%s/copy", dir), in_store("staging/a.jp"));
    works(ja_set_commit(&outcome, store, domain_with(p256_only()), NOW, pool));
    assert_int_equal(outcome, JA_SET_LIVE);
    assert_int_equal(tree_count(in_store("staging")), 0);
    assert_int_equal(tree_count(in_store("archive/a.jp")), 1);
}

static void but_not_if_the_live_one_is_damaged(void **state)
{
    int committed;

    (void)state;
    staged(p256_only(), 0);
    assert_int_equal(system(tree_path(pool, "cp -a %s/store/staging/a.jp %s/copy", dir, dir)), 0);
    works(commit(&committed, p256_only()));
    rename(tree_path(pool, "%s/copy", dir), in_store("staging/a.jp"));
    tree_put(in_store("live/a.jp/privkey.pem"), "garbage");
    works(commit(&committed, p256_only()));
    assert_true(committed);
    assert_string_equal(tree_link(in_store("live/a.jp"), pool), "../archive/a.jp/2");
}

static void the_archive_keeps_the_last_sets(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < JA_SET_KEEP + 2; i++) {
        make_live(p256_only(), i);
    }
    assert_int_equal(tree_count(in_store("archive/a.jp")), JA_SET_KEEP);
}

/* ---- root and the server's user -------------------------------------------------------------- */

/* Run `fn` as the server's user. */
static void as_server(void (*fn)(void))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        if (setgid(SERVER_UID) != 0 || setuid(SERVER_UID) != 0) {
            _exit(2);
        }
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void stage_one(void)
{
    staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
}

static void cannot_read_live_key(void)
{
    ja_set_files_t files;

    fails(ja_set_files(&files, store, NAME, pool, pool), JA_E_LIVE_BAD, "privkey.pem");
    assert_string_not_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P256), "none");
}

static void root_takes_over_from_the_server(void **state)
{
    const char *key = in_store("staging/a.jp/privkey-p256.pem");
    int committed;

    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    store = tree_store(dir, SERVER_UID, pool);
    as_server(stage_one);
    assert_int_equal(chown(key, 0, 0), 0);
    fails(commit(&committed, p256_only()), JA_E_SET_BAD, "belongs to user 0");
    assert_int_equal(chown(key, SERVER_UID, SERVER_UID), 0);
    works(commit(&committed, p256_only()));
    assert_true(committed);
    as_server(cannot_read_live_key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(nothing_staged_is_nothing_done),
        SET_TEST(a_staged_set_goes_live),
        SET_TEST(the_live_files_are_leaf_chain_and_both),
        SET_TEST(a_set_for_another_configuration_is_left_alone),
        SET_TEST(of_a_larger_set_the_configured_part_goes_live),
        SET_TEST(hostile_sets_are_refused),
        SET_TEST(a_link_in_place_of_the_set_is_refused),
        SET_TEST(it_can_be_asked_before),
        SET_TEST(an_expired_set_is_refused),
        SET_TEST(dates_from_the_future_are_not_believed),
        SET_TEST(only_known_files_are_taken_over),
        SET_TEST(what_is_live_already_is_only_removed),
        SET_TEST(but_not_if_the_live_one_is_damaged),
        SET_TEST(the_archive_keeps_the_last_sets),
        SET_TEST(root_takes_over_from_the_server),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

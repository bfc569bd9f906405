#include "set_fixture.h"

#include <string.h>
#include <unistd.h>

static const apr_array_header_t *two_types(void)
{
    return specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC);
}

static ja_err_t *get_files(ja_set_files_t *files)
{
    return ja_set_files(files, store, NAME, pool, pool);
}

static void are(const ja_set_files_t *files, const char *fullchain, const char *privkey, int i)
{
    assert_string_equal(APR_ARRAY_IDX(files->fullchain_paths, i, const char *),
                        in_store(fullchain));
    assert_string_equal(APR_ARRAY_IDX(files->privkey_paths, i, const char *), in_store(privkey));
}

static void count_is(const ja_set_files_t *files, int n)
{
    assert_int_equal(files->fullchain_paths->nelts, n);
    assert_int_equal(files->privkey_paths->nelts, n);
}

static void without_a_set_there_are_none(void **state)
{
    ja_set_files_t files;

    (void)state;
    works(get_files(&files));
    count_is(&files, 0);
}

static void a_set_has_two_paths_per_key_type(void **state)
{
    ja_set_files_t files;

    (void)state;
    make_live(two_types(), 0);
    works(get_files(&files));
    count_is(&files, 2);
    are(&files, "live/a.jp/fullchain.pem", "live/a.jp/privkey.pem", 0);
    are(&files, "live/a.jp/fullchain-p384.pem", "live/a.jp/privkey-p384.pem", 1);
}

static void damage_of_one_leaves_the_other(void **state)
{
    ja_set_files_t files;

    (void)state;
    make_live(two_types(), 0);
    tree_put(in_store("live/a.jp/privkey.pem"), "garbage");
    fails(get_files(&files), JA_E_LIVE_BAD, "fullchain.pem, which was changed");
    count_is(&files, 1);
    are(&files, "live/a.jp/fullchain-p384.pem", "live/a.jp/privkey-p384.pem", 0);
}

/* Key and certificate are each good, but not together: mod_ssl would not start. */
static void what_does_not_belong_together_is_damage(void **state)
{
    ja_set_files_t files;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 1);
    tree_put(in_store("live/a.jp/privkey.pem"),
             tree_text(in_store("archive/a.jp/1/privkey.pem"), pool));
    fails(get_files(&files), JA_E_LIVE_BAD, "key");
    count_is(&files, 0);
}

static void good_files_put_there_by_hand_are_served(void **state)
{
    ja_set_files_t files;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 1);
    tree_put(in_store("live/a.jp/privkey.pem"),
             tree_text(in_store("archive/a.jp/1/privkey.pem"), pool));
    tree_put(in_store("live/a.jp/fullchain.pem"),
             tree_text(in_store("archive/a.jp/1/fullchain.pem"), pool));
    works(get_files(&files));
    count_is(&files, 1);
}

static void a_damaged_description_leaves_the_files(void **state)
{
    ja_set_files_t files;

    (void)state;
    make_live(two_types(), 0);
    tree_put(in_store("live/a.jp/set.json"), "garbage");
    fails(get_files(&files), JA_E_LIVE_BAD, "set.json");
    count_is(&files, 1);
    are(&files, "live/a.jp/fullchain.pem", "live/a.jp/privkey.pem", 0);
}

static void a_live_link_to_nowhere_is_damage(void **state)
{
    ja_set_files_t files;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    assert_int_equal(rename(in_store("archive/a.jp/1"), in_store("archive/a.jp/2")), 0);
    fails(get_files(&files), JA_E_LIVE_BAD, "privkey.pem");
    count_is(&files, 0);
}

static void an_earlier_good_set_takes_the_place_of_a_damaged_one(void **state)
{
    const apr_array_header_t *p256 = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
    const char *good;
    int generation;

    (void)state;
    make_live(p256, 0);
    good = serial_in(JA_GROUP_LIVE, JA_KEY_P256);
    make_live(p256, 1);
    tree_put(in_store("archive/a.jp/2/privkey.pem"), "garbage");
    make_live(p256, 2);
    tree_put(in_store("archive/a.jp/3/fullchain.pem"), "garbage");
    works(ja_set_repair(&generation, store, NAME, NOW, pool));
    assert_int_equal(generation, 1);
    assert_string_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P256), good);
    make_live(p256, 3); /* numbers are not used again */
    assert_string_equal(tree_link(in_store("live/a.jp"), pool), "../archive/a.jp/4");
}

static void without_a_good_one_nothing_is_live(void **state)
{
    const apr_array_header_t *p256 = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
    int generation = 7;

    (void)state;
    make_live(p256, 0);
    make_live(p256, 1);
    works(ja_set_repair(&generation, store, NAME, NOW + apr_time_from_sec(1000 * 86400), pool));
    assert_int_equal(generation, 0); /* what has expired is of no use */
    assert_false(tree_has(in_store("live/a.jp")));
    assert_true(tree_has(in_store("archive/a.jp/2/privkey.pem")));
}

static void a_broken_link_is_mended(void **state)
{
    int generation;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    assert_int_equal(unlink(in_store("live/a.jp")), 0);
    assert_int_equal(symlink("/etc", in_store("live/a.jp")), 0);
    works(ja_set_repair(&generation, store, NAME, NOW, pool));
    assert_int_equal(generation, 1);
    assert_string_equal(tree_link(in_store("live/a.jp"), pool), "../archive/a.jp/1");
}

static int earlier(const ja_set_span_t *passed, long after_s)
{
    int generation, live;

    works(ja_set_find_earlier(&generation, &live, store, NAME, passed,
                              NOW + apr_time_from_sec(after_s), pool));
    return generation;
}

static void the_newest_earlier_good_one_is_found(void **state)
{
    const apr_array_header_t *p256 = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
    int i;

    (void)state;
    assert_int_equal(earlier(NULL, 0), 0);
    for (i = 0; i < 4; i++) {
        make_live(p256, i);
    }
    assert_int_equal(earlier(NULL, 0), 3);
    assert_int_equal(earlier(&(ja_set_span_t){ 1, 3 }, 0), 1);
    assert_int_equal(earlier(&(ja_set_span_t){ 0, 3 }, 0), 0);
    tree_put(in_store("archive/a.jp/3/privkey.pem"), "garbage");
    assert_int_equal(earlier(NULL, 0), 2);
    assert_int_equal(unlink(in_store("archive/a.jp/2/set.json")), 0);
    assert_int_equal(earlier(NULL, 0), 1);
    assert_int_equal(earlier(NULL, 1000 * 86400), 0); /* what has expired is of no use */
    assert_string_equal(tree_link(in_store("live/a.jp"), pool), "../archive/a.jp/4");
    works(ja_store_restore(store, NAME, 1, pool));
    assert_int_equal(earlier(NULL, 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(without_a_set_there_are_none),
        SET_TEST(a_set_has_two_paths_per_key_type),
        SET_TEST(damage_of_one_leaves_the_other),
        SET_TEST(what_does_not_belong_together_is_damage),
        SET_TEST(good_files_put_there_by_hand_are_served),
        SET_TEST(a_damaged_description_leaves_the_files),
        SET_TEST(a_live_link_to_nowhere_is_damage),
        SET_TEST(an_earlier_good_set_takes_the_place_of_a_damaged_one),
        SET_TEST(without_a_good_one_nothing_is_live),
        SET_TEST(a_broken_link_is_mended),
        SET_TEST(the_newest_earlier_good_one_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

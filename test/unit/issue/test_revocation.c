#include "set_fixture.h"

#include "issue/revocation.h"

static int is_known(const char *sha256)
{
    int is = -1;

    works(ja_revocation_is_known(&is, store, sha256, pool));
    return is;
}

static int count(void)
{
    int n = -1;

    works(ja_revocation_count(&n, store, pool));
    return n;
}

static void what_is_said_is_known_of_that_certificate_only(void **state)
{
    (void)state;
    assert_false(is_known("aa"));
    assert_int_equal(count(), 0);
    works(ja_revocation_save(store, "aa", "superseded", NOW, pool));
    assert_true(is_known("aa"));
    assert_false(is_known("ab"));
    assert_int_equal(count(), 1);
    works(ja_revocation_save(store, "aa", "superseded", NOW, pool));
    works(ja_revocation_save(store, "ab", "unspecified", NOW, pool));
    assert_int_equal(count(), 2);
}

/* A set is not less revoked because of a damaged file. */
static void whatever_is_in_the_file(void **state)
{
    (void)state;
    tree_put(in_store("requests/revoked-aa.json"), "");
    assert_true(is_known("aa"));
}

static void other_requests_are_none(void **state)
{
    (void)state;
    tree_put(in_store("requests/register.json"), "{}");
    assert_int_equal(count(), 0);
}

static void a_set_with_such_a_certificate_is_revoked(void **state)
{
    const ja_set_t *live;
    int is;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC), 0);
    works(ja_set_load(&live, store, JA_GROUP_LIVE, NAME, pool, pool));
    works(ja_set_is_revoked(&is, store, live, pool));
    assert_false(is);
    works(ja_revocation_save(store, APR_ARRAY_IDX(live->certs, 1, ja_set_cert_t).facts.sha256,
                             "keyCompromise", NOW, pool));
    works(ja_set_is_revoked(&is, store, live, pool));
    assert_true(is);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(what_is_said_is_known_of_that_certificate_only),
        SET_TEST(whatever_is_in_the_file),
        SET_TEST(other_requests_are_none),
        SET_TEST(a_set_with_such_a_certificate_is_revoked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "set_fixture.h"

#include <string.h>

#include <apr_strings.h>

#define OTHER "www.a.jp" /* which the certificate of NAME has as its second name */

static const apr_array_header_t *p256_only(void)
{
    return specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
}

static apr_hash_t *index_at(apr_time_t now)
{
    apr_hash_t *by_name;

    works(ja_set_index(&by_name, store, now, pool, pool));
    return by_name;
}

/* Let `name` with `domain_names` take what there is: from where it has got it, or NULL. */
static const char *adopted(const char *name, const apr_array_header_t *specs,
                           const apr_array_header_t *domain_names, apr_time_t now)
{
    const char *from;

    works(ja_set_adopt(&from, store, name, specs, domain_names, index_at(now), now, pool));
    return from;
}

static const ja_set_t *live_of(const char *name)
{
    const ja_set_t *set;

    works(ja_set_load(&set, store, JA_GROUP_LIVE, name, pool, pool));
    return set;
}

static const ja_cert_facts_t *first_of(const ja_set_t *set)
{
    return &APR_ARRAY_IDX(set->certs, 0, const ja_set_cert_t).facts;
}

static void a_new_first_name_serves_on(void **state)
{
    const ja_set_t *old, *new;
    ja_set_files_t files;

    (void)state;
    make_live(p256_only(), -HOUR);
    assert_string_equal(adopted(OTHER, p256_only(), names_of(OTHER, NULL), NOW), NAME);
    old = live_of(NAME);
    new = live_of(OTHER);
    assert_string_equal(new->name, OTHER);
    assert_string_equal(new->ca_url, CA_URL);
    assert_true(new->created_at == old->created_at);
    assert_true(new->committed_at == NOW);
    assert_string_equal(first_of(new)->sha256, first_of(old)->sha256);
    works(ja_set_files(&files, store, OTHER, pool, pool));
    assert_int_equal(files.fullchain_paths->nelts, 1);
    assert_int_equal(tree_mode(in_store("live/" OTHER "/privkey.pem")), 0600);
    assert_true(tree_has(in_store("live/" NAME "/privkey.pem")));
}

static void a_set_that_covers_a_part_is_better_than_none(void **state)
{
    const apr_array_header_t *more = names_of("new.a.jp", OTHER, NULL);

    (void)state;
    make_live(p256_only(), 0);
    assert_string_equal(adopted("new.a.jp", p256_only(), more, NOW), NAME);
    assert_string_equal(first_of(live_of("new.a.jp"))->sha256, first_of(live_of(NAME))->sha256);
}

static void the_set_that_covers_most_is_taken(void **state)
{
    const apr_array_header_t *want = names_of("x.jp", OTHER, NAME, NULL);
    ja_set_cert_t cert = { .spec = JA_KEY_P256 };
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    ja_set_t small = { .name = "x.jp", .certs = certs };
    apr_hash_t *by_name;
    const char *from;

    (void)state;
    make_live(p256_only(), 0);
    by_name = index_at(NOW);
    cert.facts.names = names_of("x.jp", NULL);
    cert.facts.not_after = NOW + apr_time_from_sec(HOUR);
    APR_ARRAY_PUSH(certs, ja_set_cert_t) = cert;
    apr_hash_set(by_name, "x.jp", APR_HASH_KEY_STRING, &small);
    works(ja_set_adopt(&from, store, "x.jp", p256_only(), want, by_name, NOW, pool));
    assert_string_equal(from, NAME);
}

static void configured_key_types_are_taken_or_else_all(void **state)
{
    const apr_array_header_t *both = specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC);
    const apr_array_header_t *rsa = specs_of(JA_KEY_RSA2048, JA_SET_NO_SPEC);

    (void)state;
    make_live(both, 0);
    adopted(OTHER, specs_of(JA_KEY_P384, JA_SET_NO_SPEC), names_of(OTHER, NULL), NOW);
    assert_int_equal(live_of(OTHER)->certs->nelts, 1);
    assert_int_equal(first_of(live_of(OTHER))->key_spec, JA_KEY_P384);
    adopted("b.a.jp", rsa, names_of("b.a.jp", NAME, NULL), NOW);
    assert_int_equal(live_of("b.a.jp")->certs->nelts, 2);
}

static void nothing_fitting_is_nothing_taken(void **state)
{
    (void)state;
    assert_null(adopted("b.jp", p256_only(), names_of("b.jp", NULL), NOW)); /* no set at all */
    make_live(p256_only(), 0);
    assert_null(adopted("b.jp", p256_only(), names_of("b.jp", NULL), NOW));
    assert_null(live_of("b.jp"));
}

static void what_has_expired_is_of_no_use(void **state)
{
    apr_time_t end;

    (void)state;
    make_live(p256_only(), 0);
    end = first_of(live_of(NAME))->not_after;
    assert_null(adopted(OTHER, p256_only(), names_of(OTHER, NULL), end));
}

static void damage_is_an_error_and_nothing_is_taken(void **state)
{
    const char *from;

    (void)state;
    make_live(p256_only(), 0);
    tree_put(in_store("live/" NAME "/fullchain.pem"), "garbage");
    fails(ja_set_adopt(&from, store, OTHER, p256_only(), names_of(OTHER, NULL), index_at(NOW), NOW,
                       pool),
          JA_E_CERT_BAD, "taking over the live set of " NAME);
    assert_null(live_of(OTHER));
    tree_put(in_store("live/" NAME "/set.json"), "garbage");
    assert_null(adopted(OTHER, p256_only(), names_of(OTHER, NULL), NOW));
}

static void a_wildcard_is_found_by_a_name_that_it_covers(void **state)
{
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    ja_bytes_t csr, pem;
    const ja_set_t *set;
    ja_set_outcome_t outcome;

    (void)state;
    works(ja_set_make_key(&csr, store, NAME, JA_KEY_P256, names, NULL, pool, pool));
    names = names_of("*.a.jp", NULL);
    pem = issued(JA_KEY_P256, "DNS:*.a.jp");
    works(ja_set_keep_chain(apr_array_push(certs), store, NAME, JA_KEY_P256, &pem, &csr, names, NOW,
                            pool, pool));
    works(ja_set_stage(&set, store, NAME, certs, CA_URL, NOW, pool, pool));
    works(ja_set_commit(&outcome, store, domain_with(p256_only()), NOW, pool));
    assert_string_equal(adopted(OTHER, p256_only(), names_of(OTHER, NULL), NOW), NAME);
    assert_null(adopted("x.y.a.jp", p256_only(), names_of("x.y.a.jp", NULL), NOW));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(a_new_first_name_serves_on),
        SET_TEST(a_set_that_covers_a_part_is_better_than_none),
        SET_TEST(the_set_that_covers_most_is_taken),
        SET_TEST(configured_key_types_are_taken_or_else_all),
        SET_TEST(nothing_fitting_is_nothing_taken),
        SET_TEST(what_has_expired_is_of_no_use),
        SET_TEST(damage_is_an_error_and_nothing_is_taken),
        SET_TEST(a_wildcard_is_found_by_a_name_that_it_covers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "set_fixture.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

static int has_cert(int spec)
{
    ja_set_cert_t cert;

    return ja_set_has_cert(&cert, store, NAME, (ja_key_spec_t)spec, names, NOW, pool, pool);
}

static int has_key(int spec)
{
    return ja_set_has_key(store, NAME, (ja_key_spec_t)spec, pool);
}

/* As after a restart: nobody knows the request any more. */
static ja_err_t *keep(ja_bytes_t pem)
{
    ja_set_cert_t cert;

    return ja_set_keep_chain(&cert, store, NAME, JA_KEY_P256, &pem, NULL, names, NOW, pool, pool);
}

static ja_bytes_t make_key(int spec)
{
    ja_bytes_t csr;

    works(ja_set_make_key(&csr, store, NAME, (ja_key_spec_t)spec, names, NULL, pool, pool));
    assert_true(csr.len > 100);
    return csr;
}

static void the_key_is_there_before_the_request(void **state)
{
    (void)state;
    assert_false(has_key(JA_KEY_P256));
    make_key(JA_KEY_P256);
    assert_true(has_key(JA_KEY_P256));
    assert_false(has_key(JA_KEY_P384));
    assert_false(has_cert(JA_KEY_P256));
    assert_int_equal(tree_mode(in_store("staging/.a.jp/privkey-p256.pem")), 0600);
    assert_int_equal(tree_mode(in_store("staging/.a.jp")), 0700);
}

static void a_cancelled_key_leaves_nothing(void **state)
{
    const volatile int cancelled = 1;
    ja_bytes_t csr;

    (void)state;
    fails(ja_set_make_key(&csr, store, NAME, JA_KEY_RSA4096, names, &cancelled, pool, pool),
          JA_E_STOPPED, "");
    assert_false(tree_has(in_store("staging/.a.jp/privkey-rsa4096.pem")));
}

static void a_damaged_key_is_no_key(void **state)
{
    (void)state;
    make_key(JA_KEY_P256);
    tree_put(in_store("staging/.a.jp/privkey-p256.pem"), "-----BEGIN PRIVATE KEY-----\n");
    assert_false(has_key(JA_KEY_P256));
    make_key(JA_KEY_P384);
    rename(in_store("staging/.a.jp/privkey-p384.pem"), in_store("staging/.a.jp/privkey-p256.pem"));
    assert_false(has_key(JA_KEY_P256));
}

static void only_a_good_chain_is_kept(void **state)
{
    mint_t expired = GOOD_LEAF;
    ja_bytes_t pem;

    (void)state;
    make_key(JA_KEY_P256);
    expired.san = "DNS:a.jp,DNS:www.a.jp";
    expired.to_s = -1;
    fails(keep(issued(JA_KEY_P256, "DNS:a.jp")), JA_E_CERT_BAD, "www.a.jp");
    fails(keep(issued_as(JA_KEY_P256, &expired)), JA_E_CERT_BAD, "");
    pem = issued(JA_KEY_P256, "DNS:a.jp,DNS:www.a.jp");
    make_key(JA_KEY_P256);
    fails(keep(pem), JA_E_CERT_BAD, "key");
    pem.len /= 2;
    fails(keep(pem), JA_E_CERT_BAD, "");
    assert_false(tree_has(in_store("staging/.a.jp/fullchain-p256.pem")));
    works(keep(issued(JA_KEY_P256, "DNS:a.jp,DNS:www.a.jp")));
    assert_true(has_cert(JA_KEY_P256));
}

/* The request of the key that was made stands for it; the reason of a no is that of the key. */
static void the_request_stands_for_the_key(void **state)
{
    ja_bytes_t csr = make_key(JA_KEY_P256);
    ja_bytes_t pem = issued(JA_KEY_P256, "DNS:a.jp,DNS:www.a.jp");
    ja_set_cert_t kept, found;

    (void)state;
    works(ja_set_keep_chain(&kept, store, NAME, JA_KEY_P256, &pem, &csr, names, NOW, pool, pool));
    assert_true(ja_set_has_cert(&found, store, NAME, JA_KEY_P256, names, NOW, pool, pool));
    assert_string_equal(kept.privkey_file, "privkey-p256.pem");
    assert_string_equal(kept.privkey_sha256, found.privkey_sha256);
    assert_string_equal(kept.fullchain_sha256, found.fullchain_sha256);
    assert_string_equal(kept.facts.sha256, found.facts.sha256);
    make_key(JA_KEY_P256);
    pem = issued(JA_KEY_P256, "DNS:a.jp,DNS:www.a.jp");
    works(ja_set_keep_chain(&kept, store, NAME, JA_KEY_P256, &pem, &csr, names, NOW, pool, pool));
    csr = make_key(JA_KEY_P256);
    fails(ja_set_keep_chain(&kept, store, NAME, JA_KEY_P256, &pem, &csr, names, NOW, pool, pool),
          JA_E_CERT_BAD, "is for another key (p256 ");
}

static void a_chain_needs_its_key(void **state)
{
    ja_set_cert_t cert;
    ja_bytes_t csr, pem;

    (void)state;
    csr = make_key(JA_KEY_P256);
    pem = issued(JA_KEY_P256, "DNS:a.jp,DNS:www.a.jp");
    works(ja_store_remove_name(store, JA_GROUP_ASIDE, NAME, pool));
    fails(keep(pem), JA_E_NOT_FOUND, "privkey-p256.pem");
    fails(ja_set_keep_chain(&cert, store, NAME, JA_KEY_P256, &pem, &csr, names, NOW, pool, pool),
          JA_E_NOT_FOUND, "privkey-p256.pem");
}

static void what_is_kept_has_to_cover_the_names_of_today(void **state)
{
    (void)state;
    put_aside(JA_KEY_P256);
    names = names_of("www.a.jp", NULL);
    assert_true(has_cert(JA_KEY_P256));
    names = names_of("a.jp", "new.a.jp", NULL);
    assert_false(has_cert(JA_KEY_P256));
}

static void a_new_key_makes_the_old_chain_useless(void **state)
{
    (void)state;
    put_aside(JA_KEY_P256);
    make_key(JA_KEY_P256);
    assert_false(has_cert(JA_KEY_P256));
}

static void a_set_is_staged_when_complete(void **state)
{
    apr_array_header_t *certs = apr_array_make(pool, 2, sizeof(ja_set_cert_t));
    const ja_set_t *set;
    int has;

    (void)state;
    APR_ARRAY_PUSH(certs, ja_set_cert_t) = put_aside(JA_KEY_P256);
    APR_ARRAY_PUSH(certs, ja_set_cert_t) = put_aside(JA_KEY_P384);
    works(ja_store_has(&has, store, JA_GROUP_STAGING, NAME, pool));
    assert_false(has);
    assert_true(has_cert(JA_KEY_P256));
    works(ja_set_stage(&set, store, NAME, certs, CA_URL, NOW, pool, pool));
    assert_string_equal(set->name, NAME);
    works(ja_set_load(&set, store, JA_GROUP_STAGING, NAME, pool, pool));
    assert_int_equal(set->certs->nelts, 2);
    assert_string_equal(ja_set_find(set, JA_KEY_P384)->privkey_file, "privkey-p384.pem");
    assert_int_equal(tree_count(in_store("staging/a.jp")), 5);
    assert_int_equal(tree_count(in_store("staging")), 1);
    assert_false(has_cert(JA_KEY_P256));
}

static void a_newer_set_replaces_the_staged_one(void **state)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
    const char *first, *second;

    (void)state;
    staged(specs, 0);
    first = serial_in(JA_GROUP_STAGING, JA_KEY_P256);
    staged(specs, HOUR);
    second = serial_in(JA_GROUP_STAGING, JA_KEY_P256);
    assert_string_not_equal(first, second);
    assert_int_equal(tree_count(in_store("staging")), 1);
}

/* The moment between the exchange and the removal: the old staged set is what is aside. */
static void exchanged_but_not_removed(void)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);

    staged(specs, 0);
    rename(in_store("staging/a.jp"), in_store("staging/old"));
    staged(specs, HOUR);
    rename(in_store("staging/old"), in_store("staging/.a.jp"));
}

static void a_replaced_set_is_not_taken_for_a_new_one(void **state)
{
    (void)state;
    exchanged_but_not_removed();
    assert_false(has_cert(JA_KEY_P256));
    assert_false(tree_has(in_store("staging/.a.jp")));

    exchanged_but_not_removed();
    assert_false(has_key(JA_KEY_P256));

    exchanged_but_not_removed();
    make_key(JA_KEY_P384);
    assert_true(has_key(JA_KEY_P384));
    assert_false(has_key(JA_KEY_P256));
}

/* The moment before the exchange: all is there but not published. */
static void a_set_about_to_be_published_is_kept(void **state)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    const ja_set_t *set;
    const char *serial;

    (void)state;
    staged(specs, HOUR);
    serial = serial_in(JA_GROUP_STAGING, JA_KEY_P256);
    rename(in_store("staging/a.jp"), in_store("staging/.a.jp"));
    assert_true(
        ja_set_has_cert(apr_array_push(certs), store, NAME, JA_KEY_P256, names, NOW, pool, pool));
    works(ja_set_stage(&set, store, NAME, certs, CA_URL, NOW, pool, pool));
    assert_string_equal(serial_in(JA_GROUP_STAGING, JA_KEY_P256), serial);
}

/* Work on a further key type must not make the rest look complete. */
static void a_key_ends_completeness(void **state)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P256, JA_SET_NO_SPEC);

    (void)state;
    staged(specs, 0);
    rename(in_store("staging/a.jp"), in_store("staging/.a.jp"));
    make_key(JA_KEY_P384);
    assert_false(tree_has(in_store("staging/.a.jp/set.json")));
    assert_true(has_cert(JA_KEY_P256));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(the_key_is_there_before_the_request),
        SET_TEST(a_cancelled_key_leaves_nothing),
        SET_TEST(a_damaged_key_is_no_key),
        SET_TEST(only_a_good_chain_is_kept),
        SET_TEST(the_request_stands_for_the_key),
        SET_TEST(a_chain_needs_its_key),
        SET_TEST(what_is_kept_has_to_cover_the_names_of_today),
        SET_TEST(a_new_key_makes_the_old_chain_useless),
        SET_TEST(a_set_is_staged_when_complete),
        SET_TEST(a_newer_set_replaces_the_staged_one),
        SET_TEST(a_replaced_set_is_not_taken_for_a_new_one),
        SET_TEST(a_set_about_to_be_published_is_kept),
        SET_TEST(a_key_ends_completeness),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

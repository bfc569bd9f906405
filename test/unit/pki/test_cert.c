#include "fixture.h"

#include <string.h>

#include <apr_strings.h>

#include <openssl/evp.h>

/* Leaf and intermediate, PEM. */
static const char *good_pem(void)
{
    ja_key_t *root_key = p256_key();
    ja_key_t *key = p256_key();
    X509 *root = mint(&GOOD_ROOT, root_key, NULL, root_key);
    X509 *intermediate = mint(&GOOD_INTERMEDIATE, key, root, root_key);

    return pem_of(mint(&GOOD_LEAF, p256_key(), intermediate, key), intermediate, NULL);
}

static ja_err_t *parse(const char *pem)
{
    ja_chain_t *chain;

    return ja_chain_parse(&chain, pem, strlen(pem), pool, pool);
}

static void what_is_read_is_printed(void **state)
{
    const char *pem = good_pem();
    const char *second = strstr(pem + 1, "-----BEGIN");
    const char *leaf;
    const char *rest;
    const char *all;

    (void)state;
    works(ja_chain_print(&leaf, &rest, &all, chain_of(apr_pstrcat(pool, "\n\n", pem, "\r\n", NULL)),
                         pool, pool));
    assert_string_equal(all, pem);
    assert_string_equal(rest, second);
    assert_string_equal(leaf, apr_pstrmemdup(pool, pem, (apr_size_t)(second - pem)));
    works(ja_chain_print(&leaf, &rest, &all, chain_of(leaf), pool, pool));
    assert_string_equal(rest, "");
    assert_string_equal(all, leaf);
}

static void the_certificates_can_be_had(void **state)
{
    const ja_chain_t *chain = chain_of(good_pem());

    (void)state;
    assert_int_equal(ja_chain_count(chain), 2);
    assert_non_null(ja_chain_cert(chain, 0));
    assert_non_null(ja_chain_cert(chain, 1));
    assert_null(ja_chain_cert(chain, 2));
    assert_null(ja_chain_cert(chain, -1));
}

static void the_leaf_is_had_as_bytes(void **state)
{
    const ja_chain_t *chain = chain_of(good_pem());
    ja_cert_facts_t facts;
    const char *digest;
    ja_bytes_t der;

    (void)state;
    works(ja_chain_leaf_der(&der, chain, pool, pool));
    works(ja_digest_sha256(&digest, der.bytes, der.len, pool, pool));
    works(ja_chain_facts(&facts, chain, pool, pool));
    assert_string_equal(digest, facts.sha256);
}

static void certificates_of_a_peer_are_a_chain(void **state)
{
    ja_key_t *key = p256_key();
    X509 *root = mint(&GOOD_ROOT, key, NULL, key);
    X509 *leaf = mint(&GOOD_LEAF, key, root, key);
    STACK_OF(X509) *certs = sk_X509_new_null();
    ja_chain_t *chain;

    (void)state;
    fails(ja_chain_make(&chain, NULL, pool, pool), JA_E_CERT_BAD, "no certificate");
    fails(ja_chain_make(&chain, certs, pool, pool), JA_E_CERT_BAD, "no certificate");
    sk_X509_push(certs, leaf);
    sk_X509_push(certs, root);
    works(ja_chain_make(&chain, certs, pool, pool));
    assert_int_equal(ja_chain_count(chain), 2);
    assert_ptr_equal(ja_chain_cert(chain, 0), leaf);
    assert_string_equal(ja_chain_subjects(chain, pool, pool), "www.example.jp, Test Root");
    assert_false(ja_cert_is_temporary(chain));
    while (sk_X509_num(certs) <= JA_CHAIN_MAX_CERTS) {
        sk_X509_push(certs, root);
    }
    fails(ja_chain_make(&chain, certs, pool, pool), JA_E_TOO_LARGE, "11 certificates");
    sk_X509_free(certs);
}

static void only_certificates_are_read(void **state)
{
    const char *pem = good_pem();

    (void)state;
    fails(parse(""), JA_E_CERT_BAD, "no certificate");
    fails(parse("\n \n"), JA_E_CERT_BAD, "no certificate");
    fails(parse("<html>502</html>"), JA_E_CERT_BAD, "at certificate 1");
    fails(parse(apr_pstrcat(pool, "subject=www\n", pem, NULL)), JA_E_CERT_BAD, "at certificate 1");
    fails(parse(apr_pstrcat(pool, pem, "bye", NULL)), JA_E_CERT_BAD, "at certificate 3");
    fails(parse(apr_pstrcat(
              pool, pem, "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", NULL)),
          JA_E_CERT_BAD, "at certificate 3");
    fails(parse("-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n"),
          JA_E_CERT_BAD, "certificate 1 of the chain cannot be read: ");
}

static void bytes_behind_the_certificate_are_refused(void **state)
{
    ja_key_t *key = p256_key();
    X509 *cert = mint(&GOOD_LEAF, key, NULL, key);
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    unsigned char *longer = apr_pcalloc(pool, (apr_size_t)len + 1);
    char *base64 = apr_pcalloc(pool, (apr_size_t)len * 2);

    (void)state;
    memcpy(longer, der, (size_t)len);
    OPENSSL_free(der);
    EVP_EncodeBlock((unsigned char *)base64, longer, len + 1);
    fails(parse(apr_pstrcat(pool, "-----BEGIN CERTIFICATE-----\n", base64,
                            "\n-----END CERTIFICATE-----\n", NULL)),
          JA_E_CERT_BAD, "has bytes behind its end");
}

static void size_and_number_are_limited(void **state)
{
    const char *leaf = pem_of(ja_chain_cert(chain_of(good_pem()), 0), NULL);
    const char *many = "";
    char *large = apr_pcalloc(pool, JA_CHAIN_MAX_BYTES + 2);
    int i;

    (void)state;
    for (i = 0; i < JA_CHAIN_MAX_CERTS; i++) {
        many = apr_pstrcat(pool, many, leaf, NULL);
    }
    works(parse(many));
    fails(parse(apr_pstrcat(pool, many, leaf, NULL)), JA_E_TOO_LARGE, "more than 10 certificates");
    memset(large, '\n', JA_CHAIN_MAX_BYTES + 1);
    memcpy(large, leaf, strlen(leaf));
    fails(parse(large), JA_E_TOO_LARGE, "262145 bytes");
    large[JA_CHAIN_MAX_BYTES] = '\0';
    works(parse(large));
}

/* Cut or changed anywhere: an error or a chain, never a crash; and what can be read can be looked
 * at. */
static void damaged_chains_do_no_harm(void **state)
{
    char *pem = apr_pstrdup(pool, good_pem());
    apr_size_t len = strlen(pem);
    ja_cert_facts_t facts;
    ja_chain_t *chain;
    apr_pool_t *each;
    apr_size_t i;

    (void)state;
    apr_pool_create(&each, pool);
    for (i = 0; i < len; i++) {
        (void)!ja_chain_parse(&chain, pem, i, each, each);
        pem[i] ^= 1;
        if (!ja_chain_parse(&chain, pem, len, each, each)) {
            (void)!ja_chain_facts(&facts, chain, each, each);
        }
        pem[i] ^= 1;
        apr_pool_clear(each);
    }
}

static void facts_are_those_of_the_leaf(void **state)
{
    ja_chain_t *chain = chain_of(good_pem());
    unsigned char *der = NULL;
    int len = i2d_X509(ja_chain_cert(chain, 0), &der);
    ja_cert_facts_t facts;
    const char *sha256;

    (void)state;
    works(ja_chain_facts(&facts, chain, pool, pool));
    works(ja_digest_sha256(&sha256, der, (apr_size_t)len, pool, pool));
    OPENSSL_free(der);
    assert_true(facts.not_before == NOW - apr_time_from_sec(HOUR));
    assert_true(facts.not_after == NOW + apr_time_from_sec(90L * DAY));
    assert_int_equal(facts.names->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(facts.names, 1, const char *), "*.example.net");
    assert_string_equal(facts.issuer, "Test Intermediate");
    assert_memory_equal(facts.serial, "abc", 3);
    assert_string_equal(facts.sha256, sha256);
    assert_int_equal(facts.key_spec, JA_KEY_P256);
    assert_null(facts.ocsp_url);
    assert_false(facts.must_staple);
}

static void facts_say_how_its_status_is_told(void **state)
{
    ja_key_t *key = p256_key();
    mint_t leaf = GOOD_LEAF;
    ja_cert_facts_t facts;

    (void)state;
    leaf.access = "OCSP;URI:http://ocsp.example/";
    leaf.feature = "status_request";
    works(ja_chain_facts(&facts, chain_of(pem_of(mint(&leaf, key, NULL, key), NULL)), pool, pool));
    assert_string_equal(facts.ocsp_url, "http://ocsp.example/");
    assert_true(facts.must_staple);
}

static void set_foreign_key(X509 *cert)
{
    EVP_PKEY *pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");

    assert_int_equal(X509_set_pubkey(cert, pkey), 1);
    EVP_PKEY_free(pkey);
}

static void facts_of_odd_leaves(void **state)
{
    const mint_t odd = { .cn = "x", .to_s = -1, .twist = set_foreign_key };
    ja_key_t *key = p256_key();
    ja_cert_facts_t facts;

    (void)state;
    works(ja_chain_facts(&facts, chain_of(pem_of(mint(&odd, key, NULL, key), NULL)), pool, pool));
    assert_int_equal(facts.key_spec, -1);
    assert_int_equal(facts.names->nelts, 0);
}

static void a_name_is_covered_by_itself_or_a_wildcard(void **state)
{
    (void)state;
    assert_true(ja_cert_names_cover(names_of("a.jp", "*.example.jp", NULL), "www.example.jp"));
    assert_false(ja_cert_names_cover(names_of("a.jp", "*.example.jp", NULL), "example.jp"));
    assert_true(ja_cert_name_matches("www.example.jp", "www.example.jp"));
    assert_true(ja_cert_name_matches("WWW.example.jp", "www.EXAMPLE.jp"));
    assert_true(ja_cert_name_matches("*.example.jp", "www.example.jp"));
    assert_true(ja_cert_name_matches("*.EXAMPLE.jp", "www.example.JP"));
    assert_true(ja_cert_name_matches("*.example.jp", "*.example.jp"));
    assert_false(ja_cert_name_matches("*.example.jp", "example.jp"));
    assert_false(ja_cert_name_matches("*.example.jp", ".example.jp"));
    assert_false(ja_cert_name_matches("*.example.jp", "a.b.example.jp"));
    assert_false(ja_cert_name_matches("*.jp", "*.example.jp"));
    assert_false(ja_cert_name_matches("*.b.jp", "*.b.jp.a"));
    assert_false(ja_cert_name_matches("www.example.jp", "*.example.jp"));
    assert_false(ja_cert_name_matches("www.*.jp", "www.example.jp"));
    assert_false(ja_cert_name_matches("w*.example.jp", "www.example.jp"));
    assert_false(ja_cert_name_matches("*", "jp"));
    assert_false(ja_cert_name_matches("*.", "jp."));
    assert_false(ja_cert_name_matches("", "jp"));
    assert_false(ja_cert_name_matches("*.jp", ""));
}

static void digests_are_hex(void **state)
{
    const char *hex;

    (void)state;
    works(ja_digest_sha256(&hex, "abc", 3, pool, pool));
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    works(ja_digest_sha256(&hex, "", 0, pool, pool));
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_read_is_printed),
        TEST(the_certificates_can_be_had),
        TEST(the_leaf_is_had_as_bytes),
        TEST(certificates_of_a_peer_are_a_chain),
        TEST(only_certificates_are_read),
        TEST(bytes_behind_the_certificate_are_refused),
        TEST(size_and_number_are_limited),
        TEST(damaged_chains_do_no_harm),
        TEST(facts_are_those_of_the_leaf),
        TEST(facts_say_how_its_status_is_told),
        TEST(facts_of_odd_leaves),
        TEST(a_name_is_covered_by_itself_or_a_wildcard),
        TEST(digests_are_hex),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

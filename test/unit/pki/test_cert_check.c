#include "fixture.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/csr.h"

/* A CA, and the key that the certificates of a test are for. */
static ja_key_t *ca_key;
static ja_key_t *key;
static X509 *root;
static X509 *intermediate;

static void make_ca(void)
{
    ja_key_t *root_key = p256_key();

    ca_key = p256_key();
    key = p256_key();
    root = mint(&GOOD_ROOT, root_key, NULL, root_key);
    intermediate = mint(&GOOD_INTERMEDIATE, ca_key, root, root_key);
}

static ja_err_t *check(const char *pem, const apr_array_header_t *names)
{
    return ja_chain_check(chain_of(pem), key, names, NOW, pool);
}

/* A leaf like this, with the right chain, asked for www.example.jp. */
static ja_err_t *check_leaf(const mint_t *what)
{
    make_ca();
    return check(pem_of(mint(what, key, intermediate, ca_key), intermediate, NULL),
                 names_of("www.example.jp", NULL));
}

static void a_good_chain_passes(void **state)
{
    const char *pem;

    (void)state;
    works(check_leaf(&GOOD_LEAF));
    pem = pem_of(mint(&GOOD_LEAF, key, intermediate, ca_key), intermediate, root, NULL);
    works(check(pem, names_of("WWW.example.jp", "a.example.net", "*.example.net", NULL)));
    works(check(pem_of(mint(&GOOD_LEAF, key, intermediate, ca_key), NULL),
                names_of("www.example.jp", NULL)));
}

static void the_key_is_ours(void **state)
{
    ja_key_t *rsa;
    const char *pem;

    (void)state;
    make_ca();
    pem = pem_of(mint(&GOOD_LEAF, p256_key(), intermediate, ca_key), NULL);
    fails(check(pem, names_of("www.example.jp", NULL)), JA_E_CERT_BAD, "is for another key (p256 ");
    works(ja_key_make(&rsa, JA_KEY_RSA2048, NULL, pool, pool));
    fails(ja_chain_check(chain_of(pem), rsa, names_of("www.example.jp", NULL), NOW, pool),
          JA_E_CERT_BAD, "than the one asked for (rsa2048 ");
}

/* All rules but those about the private key hold with a request as well. */
static void a_request_stands_for_its_key(void **state)
{
    const apr_array_header_t *names = names_of("www.example.jp", NULL);
    ja_bytes_t csr, other;
    ja_chain_t *chain;

    (void)state;
    make_ca();
    works(ja_csr_make(&csr, key, names, pool, pool));
    works(ja_csr_make(&other, p256_key(), names, pool, pool));
    chain = chain_of(pem_of(mint(&GOOD_LEAF, key, intermediate, ca_key), intermediate, NULL));
    works(ja_chain_check_request(chain, &csr, names, NOW, pool));
    fails(ja_chain_check_request(chain, &other, names, NOW, pool), JA_E_CERT_BAD,
          "is for another key than the request");
    fails(ja_chain_check_request(chain, &csr, names_of("example.jp", NULL), NOW, pool),
          JA_E_CERT_BAD, "does not cover example.jp");
    fails(ja_chain_check_request(chain, &csr, names, NOW + apr_time_from_sec(9000L * DAY), pool),
          JA_E_CERT_BAD, "expired");
    chain = chain_of(pem_of(mint(&GOOD_LEAF, key, intermediate, p256_key()), intermediate, NULL));
    fails(ja_chain_check_request(chain, &csr, names, NOW, pool), JA_E_CERT_BAD,
          "is not signed by the next one");
    csr.len = 1;
    fails(ja_chain_check_request(chain, &csr, names, NOW, pool), JA_E_CERT_BAD,
          "is for another key than the request");
}

static void every_name_is_covered(void **state)
{
    const char *pem;

    (void)state;
    make_ca();
    pem = pem_of(mint(&GOOD_LEAF, key, intermediate, ca_key), NULL);
    fails(check(pem, names_of("www.example.jp", "shop.example.jp", NULL)), JA_E_CERT_BAD,
          "does not cover shop.example.jp; it is for www.example.jp, *.example.net");
    fails(check(pem, names_of("example.net", NULL)), JA_E_CERT_BAD, "does not cover example.net");
    fails(check(pem, names_of("a.b.example.net", NULL)), JA_E_CERT_BAD,
          "does not cover a.b.example.net");
    fails(check(pem, names_of("*.example.jp", NULL)), JA_E_CERT_BAD, "does not cover *.example.jp");
}

/* The CN counts for nothing, RFC 9525. */
static void only_dns_names_count(void **state)
{
    mint_t leaf = GOOD_LEAF;

    (void)state;
    leaf.san = NULL;
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "it is for no DNS name");
    leaf.san = "IP:192.0.2.1";
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "it is for no DNS name");
    leaf.san = "DNS:1.jp,DNS:2.jp,DNS:3.jp,DNS:4.jp,DNS:5.jp,DNS:6.jp,DNS:7.jp";
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "1.jp, 2.jp, 3.jp, 4.jp, 5.jp and 2 more");
}

static void it_is_for_a_server(void **state)
{
    mint_t leaf = GOOD_LEAF;

    (void)state;
    leaf.extended = NULL;
    works(check_leaf(&leaf));
    leaf.extended = "clientAuth";
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "lacks serverAuth");
    leaf = GOOD_LEAF;
    leaf.basic = NULL;
    works(check_leaf(&leaf));
}

static void it_is_not_that_of_a_ca(void **state)
{
    mint_t leaf = GOOD_LEAF;

    (void)state;
    leaf.basic = "critical,CA:TRUE";
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "that of a CA (www.example.jp)");
    leaf.usage = NULL;
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "that of a CA");
    leaf.basic = NULL;
    leaf.usage = "keyCertSign";
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "that of a CA");
}

static void it_is_valid_now(void **state)
{
    static const struct {
        long from_s;
        long to_s;
        const char *error;
    } TIMES[] = {
        { -90L * DAY, 1, NULL },
        { -90L * DAY, 0, "expired at 2030-01-01T00:00:00Z; it is 2030-01-01T00:00:00Z now" },
        { -90L * DAY, -DAY, "expired at 2029-12-31T00:00:00Z" },
        { HOUR, 90L * DAY, NULL },
        { HOUR + 1, 90L * DAY, "not valid before 2030-01-01T01:00:01Z" },
        { 2 * HOUR, 90L * DAY, "not valid before 2030-01-01T02:00:00Z" },
        { 0, 0, "ends (2030-01-01T00:00:00Z) before it begins" },
        { 60, 30, "ends (2030-01-01T00:00:30Z) before it begins (2030-01-01T00:01:00Z)" },
    };
    mint_t leaf = GOOD_LEAF;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
        leaf.from_s = TIMES[i].from_s;
        leaf.to_s = TIMES[i].to_s;
        if (TIMES[i].error) {
            fails(check_leaf(&leaf), JA_E_CERT_BAD, TIMES[i].error);
        }
        else {
            works(check_leaf(&leaf));
        }
    }
}

static void each_is_issued_by_the_next(void **state)
{
    const apr_array_header_t *names = names_of("www.example.jp", NULL);
    X509 *leaf;

    (void)state;
    make_ca();
    leaf = mint(&GOOD_LEAF, key, intermediate, ca_key);
    fails(check(pem_of(leaf, root, intermediate, NULL), names), JA_E_CERT_BAD,
          "certificate 1 of the chain is issued by \"Test Intermediate\", the next one is \"Test "
          "Root\"");
    fails(check(pem_of(leaf, intermediate, leaf, NULL), names), JA_E_CERT_BAD,
          "certificate 2 of the chain is issued by");
    fails(check(pem_of(leaf, leaf, NULL), names), JA_E_CERT_BAD,
          "certificate 1 of the chain is issued by");
    fails(check(pem_of(intermediate, leaf, NULL), names), JA_E_CERT_BAD, "another key");
}

/* The right names, signed by somebody else. */
static void each_is_signed_by_the_next(void **state)
{
    X509 *leaf;

    (void)state;
    make_ca();
    leaf = mint(&GOOD_LEAF, key, intermediate, p256_key());
    fails(check(pem_of(leaf, intermediate, NULL), names_of("www.example.jp", NULL)), JA_E_CERT_BAD,
          "certificate 1 of the chain is not signed by the next one (\"Test Intermediate\")");
}

static void add_second_basic(X509 *cert)
{
    BASIC_CONSTRAINTS *basic = BASIC_CONSTRAINTS_new();

    assert_int_equal(X509_add1_ext_i2d(cert, NID_basic_constraints, basic, 1, X509V3_ADD_APPEND),
                     1);
    BASIC_CONSTRAINTS_free(basic);
}

static void add_second_san(X509 *cert)
{
    GENERAL_NAMES *san = GENERAL_NAMES_new();

    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, X509V3_ADD_APPEND), 1);
    GENERAL_NAMES_free(san);
}

static void extensions_are_there_once(void **state)
{
    mint_t leaf = GOOD_LEAF;

    (void)state;
    leaf.twist = add_second_basic;
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "invalid extensions");
    leaf.twist = add_second_san;
    fails(check_leaf(&leaf), JA_E_CERT_BAD, "extension");
}

/* A key whose public half is that of `whole` while the private one is another number. */
static ja_key_t *damaged(const ja_key_t *whole)
{
    PKCS8_PRIV_KEY_INFO *p8 = EVP_PKEY2PKCS8(ja_key_evp(whole));
    ja_secret_t *pem;
    ja_key_t *made;
    BIO *bio = BIO_new(BIO_s_mem());
    unsigned char *der = NULL;
    char *bytes;
    int len = i2d_PKCS8_PRIV_KEY_INFO(p8, &der);
    long pem_len;

    /* RFC 5915: ECPrivateKey's privateKey OCTET STRING begins after its version, 02 01 01 04 20 */
    unsigned char *number = memmem(der, (size_t)len, "\x02\x01\x01\x04\x20", 5);

    assert_non_null(number);
    number[5 + 31] ^= 1;
    PEM_write_bio(bio, "PRIVATE KEY", "", der, len);
    pem_len = BIO_get_mem_data(bio, &bytes);
    pem = ja_secret_make(bytes, (apr_size_t)pem_len, pool);
    works(ja_key_parse(&made, (const char *)pem->bytes, pem->len, pool, pool));
    BIO_free(bio);
    OPENSSL_free(der);
    PKCS8_PRIV_KEY_INFO_free(p8);
    return made;
}

static void the_private_half_is_whole(void **state)
{
    const char *pem;

    (void)state;
    make_ca();
    pem = pem_of(mint(&GOOD_LEAF, key, intermediate, ca_key), NULL);
    key = damaged(key);
    fails(check(pem, names_of("www.example.jp", NULL)), JA_E_CERT_BAD,
          "the private key is damaged");
}

static void rsa_passes_too(void **state)
{
    const char *pem;

    (void)state;
    make_ca();
    works(ja_key_make(&key, JA_KEY_RSA2048, NULL, pool, pool));
    pem = pem_of(mint(&GOOD_LEAF, key, intermediate, ca_key), intermediate, NULL);
    works(check(pem, names_of("www.example.jp", NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_good_chain_passes),
        TEST(the_key_is_ours),
        TEST(a_request_stands_for_its_key),
        TEST(every_name_is_covered),
        TEST(only_dns_names_count),
        TEST(it_is_for_a_server),
        TEST(it_is_not_that_of_a_ca),
        TEST(it_is_valid_now),
        TEST(each_is_issued_by_the_next),
        TEST(each_is_signed_by_the_next),
        TEST(extensions_are_there_once),
        TEST(the_private_half_is_whole),
        TEST(rsa_passes_too),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

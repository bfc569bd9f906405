#include "fixture.h"

#include <apr_strings.h>
#include <openssl/pem.h>

#include "../store/tree.h"
#include "pki/pair.h"

static const char *file_of(const char *name, const char *text)
{
    const char *path = tree_path(pool, "%s/%s", tree_dir(pool), name);

    tree_put(path, text);
    return path;
}

static const char *key_text(const ja_key_t *key)
{
    ja_secret_t *pem;

    works(ja_key_print(&pem, key, pool, pool));
    return apr_pstrmemdup(pool, (const char *)pem->bytes, pem->len);
}

static const char *locked_text(const ja_key_t *key)
{
    BIO *bio = BIO_new(BIO_s_mem());
    char *bytes;
    const char *text;
    long len;

    assert_true(PEM_write_bio_PKCS8PrivateKey(bio, ja_key_evp(key), EVP_aes_128_cbc(), "secret", 6,
                                              NULL, NULL));
    len = BIO_get_mem_data(bio, &bytes);
    text = apr_pstrmemdup(pool, bytes, (apr_size_t)len);
    BIO_free(bio);
    return text;
}

static const char *leaf_text(const ja_key_t *key)
{
    return pem_of(mint(&GOOD_LEAF, key, NULL, key), NULL);
}

static void a_pair_belongs_together(void **state)
{
    ja_key_t *key = p256_key();
    const char *cert = file_of("cert", leaf_text(key));
    int is_locked = 1;

    (void)state;
    works(ja_pair_check(&is_locked, cert, file_of("key", key_text(key)), pool));
    assert_false(is_locked);
}

static void one_file_may_hold_both_in_any_order_with_text_between(void **state)
{
    ja_key_t *key = p256_key();
    const char *both = apr_pstrcat(pool, "made by hand\n", key_text(key), "the certificate:\n",
                                   leaf_text(key), leaf_text(p256_key()), NULL);
    const char *path = file_of("both", both);
    int is_locked;

    (void)state;
    works(ja_pair_check(&is_locked, path, path, pool));
}

static void the_key_of_another_is_told(void **state)
{
    const char *cert = file_of("cert", leaf_text(p256_key()));
    const char *key = file_of("key", key_text(p256_key()));
    int is_locked;

    (void)state;
    fails(ja_pair_check(&is_locked, cert, key, pool), JA_E_CERT_BAD,
          apr_pstrcat(pool, "the key in ", key, " is not that of the certificate in ", cert, NULL));
}

static void what_is_missing_or_damaged_is_told(void **state)
{
    ja_key_t *key = p256_key();
    const char *cert = file_of("cert", leaf_text(key));
    const char *key_path = file_of("key", key_text(key));
    const char *torn = file_of(
        "torn",
        apr_pstrcat(pool, leaf_text(key),
                    "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", NULL));
    int is_locked;

    (void)state;
    fails(ja_pair_check(&is_locked, "/nowhere", key_path, pool), JA_E_CERT_BAD, "/nowhere");
    fails(ja_pair_check(&is_locked, cert, "/nowhere", pool), JA_E_CERT_BAD, "/nowhere");
    fails(ja_pair_check(&is_locked, key_path, key_path, pool), JA_E_CERT_BAD, "no certificate");
    fails(ja_pair_check(&is_locked, cert, cert, pool), JA_E_CERT_BAD, "no private key");
    fails(ja_pair_check(&is_locked, torn, key_path, pool), JA_E_CERT_BAD, "is damaged");
}

static void a_passphrase_is_asked_of_nobody(void **state)
{
    ja_key_t *key = p256_key();
    int is_locked = 0;

    (void)state;
    works(ja_pair_check(&is_locked, file_of("cert", leaf_text(key)),
                        file_of("key", locked_text(key)), pool));
    assert_true(is_locked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_pair_belongs_together),
        TEST(one_file_may_hold_both_in_any_order_with_text_between),
        TEST(the_key_of_another_is_told),
        TEST(what_is_missing_or_damaged_is_told),
        TEST(a_passphrase_is_asked_of_nobody),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

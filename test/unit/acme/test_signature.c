#include "../base/check.h"

#include <apr_strings.h>
#include <openssl/ecdsa.h>

#include <string.h>

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "acme/signature.h"
#include "base/base64url.h"

static int is_good(EVP_PKEY *key, const char *text, const unsigned char *der, size_t len)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    int is_good =
        EVP_DigestVerifyInit(digest, NULL, EVP_sha256(), NULL, key) == 1
        && EVP_DigestVerify(digest, der, len, (const unsigned char *)text, strlen(text)) == 1;

    EVP_MD_CTX_free(digest);
    return is_good;
}

static void an_ec_signature_is_two_numbers_of_full_length(void **state)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    int i;

    (void)state;
    /* Often enough that a number with leading zeros comes up. */
    for (i = 0; i < 600; i++) {
        const char *text = apr_psprintf(pool, "input %d", i);
        const char *signature = ja_signature_make(key, text, strlen(text), pool);
        ECDSA_SIG *pair = ECDSA_SIG_new();
        unsigned char *der = NULL;
        ja_secret_t *raw;
        int len;

        assert_non_null(signature);
        assert_null(ja_base64url_parse(&raw, signature, pool, pool));
        assert_int_equal(raw->len, 64);
        ECDSA_SIG_set0(pair, BN_bin2bn(raw->bytes, 32, NULL), BN_bin2bn(raw->bytes + 32, 32, NULL));
        len = i2d_ECDSA_SIG(pair, &der);
        assert_true(is_good(key, text, der, (size_t)len));
        OPENSSL_free(der);
        ECDSA_SIG_free(pair);
    }
    EVP_PKEY_free(key);
}

static void an_rsa_signature_is_pkcs1(void **state)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);
    const char *signature = ja_signature_make(key, "input", 5, pool);
    ja_secret_t *raw;

    (void)state;
    assert_non_null(signature);
    assert_null(ja_base64url_parse(&raw, signature, pool, pool));
    assert_true(is_good(key, "input", raw->bytes, raw->len));
    EVP_PKEY_free(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_ec_signature_is_two_numbers_of_full_length),
        TEST(an_rsa_signature_is_pkcs1),
    };

    return RUN_TESTS(tests);
}

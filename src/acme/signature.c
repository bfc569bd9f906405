#include "acme/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/evp.h>

#include "base/base64url.h"

#define EC_HALF_BYTES 32 /* P-256 */
#define SIGNATURE_MAX 1024

static apr_status_t drop_digest(void *digest)
{
    EVP_MD_CTX_free(digest);
    return APR_SUCCESS;
}

static apr_status_t drop_pair(void *pair)
{
    ECDSA_SIG_free(pair);
    return APR_SUCCESS;
}

/* 0 if OpenSSL fails. */
static int sign(unsigned char *signature, size_t *len, EVP_PKEY *key, const void *bytes,
                apr_size_t bytes_len, apr_pool_t *pool)
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();

    if (!digest) {
        return 0;
    }
    apr_pool_cleanup_register(pool, digest, drop_digest, apr_pool_cleanup_null);
    return EVP_DigestSignInit(digest, NULL, EVP_sha256(), NULL, key) == 1
           && EVP_DigestSign(digest, signature, len, bytes, bytes_len) == 1;
}

/* OpenSSL gives R and S in DER; a JWS has them at their full length, one behind the other. */
static int unpack(unsigned char raw[2 * EC_HALF_BYTES], const unsigned char *der, size_t der_len,
                  apr_pool_t *pool)
{
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)der_len);

    if (!pair) {
        return 0;
    }
    apr_pool_cleanup_register(pool, pair, drop_pair, apr_pool_cleanup_null);
    return BN_bn2binpad(ECDSA_SIG_get0_r(pair), raw, EC_HALF_BYTES) == EC_HALF_BYTES
           && BN_bn2binpad(ECDSA_SIG_get0_s(pair), raw + EC_HALF_BYTES, EC_HALF_BYTES)
                  == EC_HALF_BYTES;
}

const char *ja_signature_make(EVP_PKEY *key, const void *bytes, apr_size_t len, apr_pool_t *pool)
{
    unsigned char signature[SIGNATURE_MAX];
    unsigned char raw[2 * EC_HALF_BYTES];
    size_t signature_len = sizeof(signature);

    if ((size_t)EVP_PKEY_get_size(key) > sizeof(signature)
        || !sign(signature, &signature_len, key, bytes, len, pool)) {
        return NULL;
    }
    if (!EVP_PKEY_is_a(key, "EC")) {
        return ja_base64url_print(signature, signature_len, pool);
    }
    return unpack(raw, signature, signature_len, pool) ? ja_base64url_print(raw, sizeof(raw), pool)
                                                       : NULL;
}

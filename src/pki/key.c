#include "pki/key.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "pki/ossl.h"
#include "pki/pem.h"

/* Four times what the longest of the five takes. */
#define KEY_MAX_BYTES (16 * 1024)

struct ja_key_t {
    EVP_PKEY *pkey;
};

typedef struct {
    const char *algorithm;
    int bits;
    const char *group; /* OpenSSL's name of the curve; NULL: RSA */
} kind_t;

static const kind_t KINDS[] = {
    [JA_KEY_RSA2048] = { "RSA", 2048, NULL },    [JA_KEY_RSA3072] = { "RSA", 3072, NULL },
    [JA_KEY_RSA4096] = { "RSA", 4096, NULL },    [JA_KEY_P256] = { "EC", 256, SN_X9_62_prime256v1 },
    [JA_KEY_P384] = { "EC", 384, SN_secp384r1 },
};
_Static_assert(sizeof(KINDS) / sizeof(KINDS[0]) == JA_KEY_SPEC_COUNT, "a row for each spec");

static const char *const NAMES[] = {
    [JA_KEY_RSA2048] = "rsa2048", [JA_KEY_RSA3072] = "rsa3072", [JA_KEY_RSA4096] = "rsa4096",
    [JA_KEY_P256] = "p256",       [JA_KEY_P384] = "p384",
};
_Static_assert(sizeof(NAMES) / sizeof(NAMES[0]) == JA_KEY_SPEC_COUNT, "a name for each spec");

const ja_enumstr_t ja_key_spec_names = { NAMES, JA_KEY_SPEC_COUNT };

JA_OSSL_OWN(own_bio, BIO, BIO_free)
JA_OSSL_OWN(own_ctx, EVP_PKEY_CTX, EVP_PKEY_CTX_free)
JA_OSSL_OWN(own_p8, PKCS8_PRIV_KEY_INFO, PKCS8_PRIV_KEY_INFO_free)
JA_OSSL_OWN(own_pkey, EVP_PKEY, EVP_PKEY_free)

/* ---- making ---------------------------------------------------------------------------------- */

typedef struct {
    const volatile int *cancelled; /* NULL: never */
} making_t;

static int is_cancelled(const making_t *making)
{
    return making->cancelled && *making->cancelled;
}

/* OpenSSL asks this after each candidate for a prime; 0 ends the search. */
static int may_go_on(EVP_PKEY_CTX *ctx)
{
    return !is_cancelled(EVP_PKEY_CTX_get_app_data(ctx));
}

static EVP_PKEY *generate(const kind_t *kind, making_t *making, apr_pool_t *result,
                          apr_pool_t *scratch)
{
    EVP_PKEY_CTX *ctx = own_ctx(EVP_PKEY_CTX_new_from_name(NULL, kind->algorithm, NULL), scratch);
    EVP_PKEY *pkey = NULL;
    int is_set;

    if (!ctx || EVP_PKEY_keygen_init(ctx) <= 0) {
        return NULL;
    }
    is_set = kind->group ? EVP_PKEY_CTX_set_group_name(ctx, kind->group)
                         : EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, kind->bits);
    if (is_set <= 0) {
        return NULL;
    }
    EVP_PKEY_CTX_set_app_data(ctx, making);
    EVP_PKEY_CTX_set_cb(ctx, may_go_on);
    return EVP_PKEY_generate(ctx, &pkey) > 0 ? own_pkey(pkey, result) : NULL;
}

static ja_key_t *wrap(EVP_PKEY *pkey, apr_pool_t *pool)
{
    ja_key_t *key = apr_palloc(pool, sizeof(*key));

    key->pkey = pkey;
    return key;
}

ja_err_t *ja_key_make(ja_key_t **key, ja_key_spec_t spec, const volatile int *cancelled,
                      apr_pool_t *result, apr_pool_t *scratch)
{
    making_t *making =
        apr_palloc(scratch, sizeof(*making)); /* the EVP_PKEY_CTX keeps a pointer to it */
    EVP_PKEY *pkey;

    making->cancelled = cancelled;
    if ((unsigned)spec >= JA_KEY_SPEC_COUNT) {
        return ja_err_make(JA_E_INTERNAL, scratch, "there is no kind of key number %d", (int)spec);
    }
    ERR_clear_error();
    pkey = is_cancelled(making) ? NULL : generate(&KINDS[spec], making, result, scratch);
    if (!pkey && is_cancelled(making)) {
        ERR_clear_error();
        return ja_err_make(JA_E_STOPPED, scratch, "the making of a %s key was cancelled",
                           NAMES[spec]);
    }
    if (!pkey) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "making a %s key", NAMES[spec]);
    }
    *key = wrap(pkey, result);
    return NULL;
}

/* ---- reading and writing --------------------------------------------------------------------- */

/* PKCS#8 by itself, RFC 5958 2, with nothing behind it: OpenSSL's own PEM reader also takes older
 * forms, and would ask the terminal for a password. */
static EVP_PKEY *from_pkcs8(const ja_secret_t *der, apr_pool_t *result, apr_pool_t *scratch)
{
    const unsigned char *at = der->bytes;
    PKCS8_PRIV_KEY_INFO *p8 = own_p8(d2i_PKCS8_PRIV_KEY_INFO(NULL, &at, (long)der->len), scratch);

    if (!p8 || at != der->bytes + der->len) {
        return NULL;
    }
    return own_pkey(EVP_PKCS82PKEY(p8), result);
}

ja_err_t *ja_key_parse(ja_key_t **key, const char *pem, apr_size_t len, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    const char *at = pem;
    ja_secret_t *der;
    ja_secret_t *more = NULL;
    EVP_PKEY *pkey;

    ERR_clear_error();
    if (len > KEY_MAX_BYTES) {
        return ja_err_make(JA_E_SYNTAX, scratch, "%" APR_SIZE_T_FMT " bytes are no private key",
                           len);
    }
    JA_TRY(ja_pem_next(&der, &at, pem + len, "PRIVATE KEY", scratch, scratch));
    if (der) {
        JA_TRY(ja_pem_next(&more, &at, pem + len, "PRIVATE KEY", scratch, scratch));
    }
    if (!der || more) {
        return ja_err_make(JA_E_SYNTAX, scratch, "%s PRIVATE KEY block of PEM",
                           der ? "more than one" : "no");
    }
    pkey = from_pkcs8(der, result, scratch);
    if (!pkey) {
        return ja_ossl_err(JA_E_SYNTAX, scratch, "the PRIVATE KEY block is not PKCS#8");
    }
    if (ja_key_evp_spec(pkey) < 0) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "the private key is %s with %d bits, not one of %s",
                           EVP_PKEY_get0_type_name(pkey), EVP_PKEY_get_bits(pkey),
                           ja_enumstr_list(&ja_key_spec_names, scratch));
    }
    *key = wrap(pkey, result);
    return NULL;
}

ja_err_t *ja_key_print(ja_secret_t **pem, const ja_key_t *key, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    BIO *bio = own_bio(BIO_new(BIO_s_secmem()), scratch); /* wipes what it held */
    char *bytes = NULL;
    long len;

    ERR_clear_error();
    if (!bio || !PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL)) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "writing a private key as PEM");
    }
    len = BIO_get_mem_data(bio, &bytes);
    *pem = ja_secret_make(bytes, (apr_size_t)len, result);
    return NULL;
}

/* ---- what it is ------------------------------------------------------------------------------ */

static int is_kind(const EVP_PKEY *pkey, const kind_t *kind)
{
    char group[64];

    if (!EVP_PKEY_is_a(pkey, kind->algorithm) || EVP_PKEY_get_bits(pkey) != kind->bits) {
        return 0;
    }
    if (!kind->group) {
        return 1;
    }
    return EVP_PKEY_get_group_name(pkey, group, sizeof(group), NULL)
           && strcmp(group, kind->group) == 0;
}

int ja_key_evp_spec(const EVP_PKEY *pkey)
{
    int spec;

    for (spec = 0; pkey && spec < JA_KEY_SPEC_COUNT; spec++) {
        if (is_kind(pkey, &KINDS[spec])) {
            return spec;
        }
    }
    return -1;
}

int ja_key_spec(const ja_key_t *key)
{
    return ja_key_evp_spec(key->pkey);
}

EVP_PKEY *ja_key_evp(const ja_key_t *key)
{
    return key->pkey;
}

const EVP_MD *ja_key_md(const ja_key_t *key)
{
    return ja_key_spec(key) == JA_KEY_P384 ? EVP_sha384() : EVP_sha256();
}

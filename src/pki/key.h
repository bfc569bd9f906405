/* pki/key: private keys of certificates. The account key is a JWK and lives in acme/jws. */
#ifndef JA_PKI_KEY_H
#define JA_PKI_KEY_H

#include "base/enumstr.h"
#include "base/err.h"
#include "base/secret.h"

typedef enum {
    JA_KEY_RSA2048,
    JA_KEY_RSA3072,
    JA_KEY_RSA4096,
    JA_KEY_P256,
    JA_KEY_P384,
    JA_KEY_SPEC_COUNT
} ja_key_spec_t;

/* "rsa2048", "rsa3072", "rsa4096", "p256", "p384" */
extern const ja_enumstr_t ja_key_spec_names;

typedef struct ja_key_t ja_key_t; /* an EVP_PKEY, freed with its pool */

/* A new key. RSA takes 50 ms to seconds: call it through ja_loop_offload() and hand its `cancelled`
 * in (NULL: never). JA_E_CRYPTO, JA_E_STOPPED. */
ja_err_t *ja_key_make(ja_key_t **key, ja_key_spec_t spec, const volatile int *cancelled,
                      apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* PKCS#8 PEM ("BEGIN PRIVATE KEY") without password, nothing but white space around it. Only the
 * five kinds are read: JA_E_SYNTAX otherwise. That the private half fits the public one is left to
 * ja_chain_check(). */
ja_err_t *ja_key_parse(ja_key_t **key, const char *pem, apr_size_t len, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_key_print(ja_secret_t **pem, const ja_key_t *key, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* Which of the five it is; -1 for another. */
int ja_key_spec(const ja_key_t *key);

/* For those who call OpenSSL themselves. */
struct evp_pkey_st;
struct evp_md_st;

/* The EVP_PKEY; still owned by the pool of `key`. */
struct evp_pkey_st *ja_key_evp(const ja_key_t *key);

/* The hash that this key signs with: SHA-384 for P-384, otherwise SHA-256. */
const struct evp_md_st *ja_key_md(const ja_key_t *key);

/* ja_key_spec() of a key that is not ours, such as a certificate's. NULL gives -1. */
int ja_key_evp_spec(const struct evp_pkey_st *pkey);

#endif

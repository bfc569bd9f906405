#include "pki/cert.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_escape.h>
#include <apr_strings.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "pki/ossl.h"
#include "pki/pem.h"
#include "pki/san.h"
#include "pki/x509.h"

struct ja_chain_t {
    int count;
    X509 *certs[JA_CHAIN_MAX_CERTS];
};

JA_OSSL_OWN(own_cert, X509, X509_free)

/* ---- reading and writing --------------------------------------------------------------------- */

static ja_err_t *append_cert(ja_chain_t *chain, const ja_secret_t *der, apr_pool_t *result,
                             apr_pool_t *scratch)
{
    const unsigned char *at = der->bytes;
    X509 *cert = own_cert(d2i_X509(NULL, &at, (long)der->len), result);

    if (!cert) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "certificate %d of the chain cannot be read",
                           chain->count + 1);
    }
    if (at != der->bytes + der->len) {
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "certificate %d of the chain has bytes behind its end",
                           chain->count + 1);
    }
    chain->certs[chain->count++] = cert;
    return NULL;
}

/* The next block; a chain is CERT_BAD, whatever is wrong with the text. */
static ja_err_t *next_block(ja_secret_t **der, const char **at, const char *end, int n,
                            apr_pool_t *scratch)
{
    const ja_err_t *err = ja_pem_next(der, at, end, "CERTIFICATE", scratch, scratch);
    ja_err_t *bad;

    if (!err) {
        return NULL;
    }
    bad = ja_err_make(JA_E_CERT_BAD, scratch, "the chain cannot be read at certificate %d", n);
    bad->cause = err;
    return bad;
}

ja_err_t *ja_chain_parse(ja_chain_t **chain, const char *pem, apr_size_t len, apr_pool_t *result,
                         apr_pool_t *scratch)
{
    ja_chain_t *made = apr_pcalloc(result, sizeof(*made));
    const char *at = pem;
    ja_secret_t *der;

    if (len > JA_CHAIN_MAX_BYTES) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "a chain of %" APR_SIZE_T_FMT " bytes; at most %d are read", len,
                           JA_CHAIN_MAX_BYTES);
    }
    ERR_clear_error();
    JA_TRY(next_block(&der, &at, pem + len, 1, scratch));
    while (der) {
        if (made->count == JA_CHAIN_MAX_CERTS) {
            return ja_err_make(JA_E_TOO_LARGE, scratch, "the chain has more than %d certificates",
                               JA_CHAIN_MAX_CERTS);
        }
        JA_TRY(append_cert(made, der, result, scratch));
        JA_TRY(next_block(&der, &at, pem + len, made->count + 1, scratch));
    }
    if (made->count == 0) {
        return ja_err_make(JA_E_CERT_BAD, scratch, "there is no certificate in the chain");
    }
    *chain = made;
    return NULL;
}

ja_err_t *ja_chain_make(ja_chain_t **chain, const struct stack_st_X509 *certs, apr_pool_t *result,
                        apr_pool_t *scratch)
{
    ja_chain_t *made = apr_pcalloc(result, sizeof(*made));
    int count = sk_X509_num(certs); /* -1 if there are no certificates at all */
    X509 *cert;

    if (count < 1) {
        return ja_err_make(JA_E_CERT_BAD, scratch, "there is no certificate in the chain");
    }
    if (count > JA_CHAIN_MAX_CERTS) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "the chain has %d certificates; at most %d are read", count,
                           JA_CHAIN_MAX_CERTS);
    }
    while (made->count < count) {
        cert = sk_X509_value(certs, made->count);
        X509_up_ref(cert);
        made->certs[made->count++] = own_cert(cert, result);
    }
    *chain = made;
    return NULL;
}

ja_err_t *ja_chain_print(const char **leaf, const char **rest, const char **all,
                         const ja_chain_t *chain, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *pem = "";
    int i;

    ERR_clear_error();
    *rest = "";
    JA_TRY(ja_x509_print(leaf, chain->certs[0], result, scratch));
    for (i = 1; i < chain->count; i++) {
        JA_TRY(ja_x509_print(&pem, chain->certs[i], scratch, scratch));
        *rest = apr_pstrcat(result, *rest, pem, NULL);
    }
    *all = apr_pstrcat(result, *leaf, *rest, NULL);
    return NULL;
}

ja_err_t *ja_chain_leaf_der(ja_bytes_t *der, const ja_chain_t *chain, apr_pool_t *result,
                            apr_pool_t *scratch)
{
    int len = i2d_X509(chain->certs[0], NULL);
    unsigned char *at = len > 0 ? apr_palloc(result, (apr_size_t)len) : NULL;

    der->bytes = (const char *)at;
    der->len = at ? (apr_size_t)len : 0;
    if (!at || i2d_X509(chain->certs[0], &at) != len) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "printing a certificate");
    }
    return NULL;
}

int ja_chain_count(const ja_chain_t *chain)
{
    return chain->count;
}

X509 *ja_chain_cert(const ja_chain_t *chain, int i)
{
    return i >= 0 && i < chain->count ? chain->certs[i] : NULL;
}

/* ---- facts ----------------------------------------------------------------------------------- */

static const char *hex_text(const unsigned char *bytes, apr_size_t len, apr_pool_t *pool)
{
    return apr_pescape_hex(pool, bytes, len, 0);
}

static ja_err_t *fingerprint(const char **hex, const X509 *cert, apr_pool_t *result,
                             apr_pool_t *scratch)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len;

    if (!X509_digest(cert, EVP_sha256(), digest, &len)) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "hashing a certificate");
    }
    *hex = hex_text(digest, len, result);
    return NULL;
}

ja_err_t *ja_chain_facts(ja_cert_facts_t *facts, const ja_chain_t *chain, apr_pool_t *result,
                         apr_pool_t *scratch)
{
    X509 *leaf = chain->certs[0];
    apr_array_header_t *names;

    ERR_clear_error();
    memset(facts, 0, sizeof(*facts));
    JA_TRY(ja_x509_time(&facts->not_before, X509_get0_notBefore(leaf), scratch));
    JA_TRY(ja_x509_time(&facts->not_after, X509_get0_notAfter(leaf), scratch));
    JA_TRY(ja_san_read(&names, leaf, result, scratch));
    facts->names = names;
    facts->serial = ja_x509_serial(leaf, result, scratch);
    facts->issuer = ja_x509_name(X509_get_issuer_name(leaf), result, scratch);
    facts->key_spec = ja_key_evp_spec(X509_get0_pubkey(leaf));
    facts->ocsp_url = ja_x509_ocsp_url(leaf, result);
    facts->must_staple = ja_x509_must_staple(leaf);
    ERR_clear_error(); /* a kind of key that OpenSSL does not know is no failure */
    return fingerprint(&facts->sha256, leaf, result, scratch);
}

const char *ja_chain_subjects(const ja_chain_t *chain, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *text = "";
    const X509_NAME *name;
    int i;

    for (i = 0; i < chain->count; i++) {
        name = X509_get_subject_name(chain->certs[i]);
        text = apr_pstrcat(result, text, i > 0 ? ", " : "", ja_x509_name(name, scratch, scratch),
                           NULL);
    }
    return text;
}

int ja_cert_name_matches(const char *pattern, const char *name)
{
    const char *rest;

    if (apr_cstr_casecmp(pattern, name) == 0) {
        return 1;
    }
    if (strncmp(pattern, "*.", 2) != 0 || name[0] == '*') {
        return 0;
    }
    rest = strchr(name, '.'); /* RFC 6125 6.4.3: the wildcard is one whole label, no more */
    return rest && rest != name && rest[1] && apr_cstr_casecmp(pattern + 1, rest) == 0;
}

int ja_cert_names_cover(const apr_array_header_t *sans, const char *name)
{
    int i;

    for (i = 0; i < sans->nelts; i++) {
        if (ja_cert_name_matches(APR_ARRAY_IDX(sans, i, const char *), name)) {
            return 1;
        }
    }
    return 0;
}

ja_err_t *ja_digest_sha256(const char **hex, const void *bytes, apr_size_t len, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len;

    ERR_clear_error();
    if (!EVP_Digest(bytes, len, digest, &digest_len, EVP_sha256(), NULL)) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "hashing %" APR_SIZE_T_FMT " bytes", len);
    }
    *hex = hex_text(digest, digest_len, result);
    return NULL;
}

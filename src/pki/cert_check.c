/* ja_chain_check...() of pki/cert.h: is a chain from outside what was asked for? */
#include "pki/cert.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include "pki/csr.h"
#include "pki/ossl.h"
#include "pki/san.h"
#include "pki/x509.h"

/* How far the CA's clock may be ahead of ours. */
#define CLOCK_SKEW apr_time_from_sec(3600)

/* A message lists so many of a certificate's names. */
#define NAMES_SHOWN 5

JA_OSSL_OWN(own_md_ctx, EVP_MD_CTX, EVP_MD_CTX_free)

typedef struct {
    const ja_chain_t *chain;
    X509 *leaf;
    const ja_key_t *key;       /* NULL with a request */
    const ja_bytes_t *csr_der; /* NULL with a key */
    const apr_array_header_t *names;
    apr_time_t now;
} asked_t;

static const char *time_text(apr_time_t at, apr_pool_t *pool)
{
    apr_time_exp_t utc;

    apr_time_exp_gmt(&utc, at);
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                        utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* OpenSSL's judgement of the extensions: readable, none of them twice. */
static ja_err_t *is_well_formed(const asked_t *asked, apr_pool_t *scratch)
{
    if (X509_get_extension_flags(asked->leaf) & EXFLAG_INVALID) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "the certificate has invalid extensions");
    }
    return NULL;
}

/* "p256 3f1a...": enough to compare by eye. */
static const char *key_text(EVP_PKEY *pkey, apr_pool_t *scratch)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned char *der = NULL;
    int len = i2d_PUBKEY(pkey, &der);
    int is_hashed = len > 0 && EVP_Digest(der, (size_t)len, digest, NULL, EVP_sha256(), NULL);

    OPENSSL_free(der);
    return apr_psprintf(scratch, "%s %s",
                        ja_enumstr_print(&ja_key_spec_names, ja_key_evp_spec(pkey)),
                        is_hashed ? apr_pescape_hex(scratch, digest, 8, 0) : "?");
}

static ja_err_t *has_our_key(const asked_t *asked, apr_pool_t *scratch)
{
    EVP_PKEY *theirs = X509_get0_pubkey(asked->leaf);

    if (!theirs) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "the certificate's public key cannot be read");
    }
    if (EVP_PKEY_eq(theirs, ja_key_evp(asked->key)) == 1) {
        return NULL;
    }
    return ja_err_make(JA_E_CERT_BAD, scratch,
                       "the certificate is for another key (%s) than the one asked for (%s)",
                       key_text(theirs, scratch), key_text(ja_key_evp(asked->key), scratch));
}

/* RFC 5280 4.1.2.7, RFC 2986 4.1: both have the same structure for it. */
static ja_err_t *has_key_of_request(const asked_t *asked, apr_pool_t *scratch)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(asked->leaf), &der);
    ja_bytes_t spki;
    int is_same;

    is_same = len > 0 && ja_csr_public_key(&spki, asked->csr_der) && spki.len == (apr_size_t)len
              && memcmp(spki.bytes, der, spki.len) == 0;
    OPENSSL_free(der);
    return is_same ? NULL
                   : ja_err_make(JA_E_CERT_BAD, scratch,
                                 "the certificate is for another key than the request");
}

static const char *names_text(const apr_array_header_t *names, apr_pool_t *scratch)
{
    const char *text = names->nelts ? APR_ARRAY_IDX(names, 0, const char *) : "no DNS name";
    int i;

    for (i = 1; i < names->nelts && i < NAMES_SHOWN; i++) {
        text = apr_pstrcat(scratch, text, ", ", APR_ARRAY_IDX(names, i, const char *), NULL);
    }
    return i < names->nelts ? apr_psprintf(scratch, "%s and %d more", text, names->nelts - i)
                            : text;
}

static ja_err_t *covers_names(const asked_t *asked, apr_pool_t *scratch)
{
    apr_array_header_t *theirs;
    int i;

    JA_TRY(ja_san_read(&theirs, asked->leaf, scratch, scratch));
    for (i = 0; i < asked->names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(asked->names, i, const char *);

        if (!ja_cert_names_cover(theirs, name)) {
            return ja_err_make(JA_E_CERT_BAD, scratch,
                               "the certificate does not cover %s; it is for %s", name,
                               names_text(theirs, scratch));
        }
    }
    return NULL;
}

/* By either sign: OpenSSL takes one whose key usage lacks keyCertSign for no CA, whatever else it
 * says. */
static int is_ca(X509 *cert)
{
    return X509_check_ca(cert) != 0 || (X509_get_extension_flags(cert) & EXFLAG_CA);
}

/* RFC 5280 4.2.1.9 and 4.2.1.12. */
static ja_err_t *is_for_servers(const asked_t *asked, apr_pool_t *scratch)
{
    uint32_t usage = X509_get_extended_key_usage(asked->leaf); /* UINT32_MAX: not limited */

    if (is_ca(asked->leaf)) {
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "the certificate is that of a CA (%s), not of a server",
                           ja_x509_name(X509_get_subject_name(asked->leaf), scratch, scratch));
    }
    if (!(usage & XKU_SSL_SERVER)) {
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "the certificate's extended key usage (flags %#x) lacks serverAuth",
                           (unsigned)usage);
    }
    return NULL;
}

static ja_err_t *is_valid_now(const asked_t *asked, apr_pool_t *scratch)
{
    const char *now = time_text(asked->now, scratch);
    apr_time_t not_before;
    apr_time_t not_after;

    JA_TRY(ja_x509_time(&not_before, X509_get0_notBefore(asked->leaf), scratch));
    JA_TRY(ja_x509_time(&not_after, X509_get0_notAfter(asked->leaf), scratch));
    if (not_after <= not_before) {
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "the certificate ends (%s) before it begins (%s)",
                           time_text(not_after, scratch), time_text(not_before, scratch));
    }
    if (not_before > asked->now + CLOCK_SKEW) {
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "the certificate is not valid before %s; it is %s now",
                           time_text(not_before, scratch), now);
    }
    if (not_after <= asked->now) {
        return ja_err_make(JA_E_CERT_BAD, scratch, "the certificate expired at %s; it is %s now",
                           time_text(not_after, scratch), now);
    }
    return NULL;
}

/* Certificate `i` by the one behind it: names and key identifiers, then the signature. */
static ja_err_t *is_issued(const ja_chain_t *chain, int i, apr_pool_t *scratch)
{
    X509 *cert = ja_chain_cert(chain, i);
    X509 *next = ja_chain_cert(chain, i + 1);
    int why = X509_check_issued(next, cert);
    EVP_PKEY *signer = X509_get0_pubkey(next);

    if (why != X509_V_OK) {
        return ja_err_make(
            JA_E_CERT_BAD, scratch,
            "certificate %d of the chain is issued by \"%s\", the next one is \"%s\": %s", i + 1,
            ja_x509_name(X509_get_issuer_name(cert), scratch, scratch),
            ja_x509_name(X509_get_subject_name(next), scratch, scratch),
            X509_verify_cert_error_string(why));
    }
    if (!signer || X509_verify(cert, signer) != 1) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch,
                           "certificate %d of the chain is not signed by the next one (\"%s\")",
                           i + 1, ja_x509_name(X509_get_subject_name(next), scratch, scratch));
    }
    return NULL;
}

static ja_err_t *is_in_order(const asked_t *asked, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i + 1 < ja_chain_count(asked->chain); i++) {
        JA_TRY(is_issued(asked->chain, i, scratch));
    }
    return NULL;
}

/* The private half is compared by nothing else: with a damaged one, every handshake would fail. */
static ja_err_t *key_signs(const asked_t *asked, apr_pool_t *scratch)
{
    static const unsigned char TEXT[] = "proof of possession";
    EVP_MD_CTX *signing = own_md_ctx(EVP_MD_CTX_new(), scratch);
    EVP_MD_CTX *checking = own_md_ctx(EVP_MD_CTX_new(), scratch);
    EVP_PKEY *pkey = ja_key_evp(asked->key);
    size_t len = (size_t)EVP_PKEY_get_size(pkey);
    unsigned char *signature = apr_palloc(scratch, len);

    if (!signing || !checking || EVP_DigestSignInit(signing, NULL, EVP_sha256(), NULL, pkey) != 1
        || EVP_DigestSign(signing, signature, &len, TEXT, sizeof(TEXT)) != 1
        || EVP_DigestVerifyInit(checking, NULL, EVP_sha256(), NULL, X509_get0_pubkey(asked->leaf))
               != 1
        || EVP_DigestVerify(checking, signature, len, TEXT, sizeof(TEXT)) != 1) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch,
                           "the private key is damaged: it does not sign for its certificate (%s)",
                           key_text(pkey, scratch));
    }
    return NULL;
}

/* What has to hold, the cheapest and most telling first. */
typedef ja_err_t *rule_fn(const asked_t *asked, apr_pool_t *scratch);

static rule_fn *const WITH_KEY[] = { is_well_formed, has_our_key, covers_names, is_for_servers,
                                     is_valid_now,   is_in_order, key_signs,    NULL };

static rule_fn *const WITH_REQUEST[] = {
    is_well_formed, has_key_of_request, covers_names, is_for_servers,
    is_valid_now,   is_in_order,        NULL
};

static ja_err_t *check(const asked_t *asked, rule_fn *const rules[], apr_pool_t *scratch)
{
    ja_err_t *err = NULL;
    int i;

    ERR_clear_error();
    for (i = 0; !err && rules[i]; i++) {
        err = rules[i](asked, scratch);
    }
    ERR_clear_error(); /* comparing keys of different kinds leaves entries */
    return err;
}

ja_err_t *ja_chain_check(const ja_chain_t *chain, const ja_key_t *key,
                         const apr_array_header_t *names, apr_time_t now, apr_pool_t *scratch)
{
    const asked_t asked = { chain, ja_chain_cert(chain, 0), key, NULL, names, now };

    return check(&asked, WITH_KEY, scratch);
}

ja_err_t *ja_chain_check_request(const ja_chain_t *chain, const ja_bytes_t *csr_der,
                                 const apr_array_header_t *names, apr_time_t now,
                                 apr_pool_t *scratch)
{
    const asked_t asked = { chain, ja_chain_cert(chain, 0), NULL, csr_der, names, now };

    return check(&asked, WITH_REQUEST, scratch);
}

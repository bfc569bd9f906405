#include "pki/csr.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "pki/ossl.h"
#include "pki/san.h"

static void free_extensions(STACK_OF(X509_EXTENSION) * extensions)
{
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
}

JA_OSSL_OWN(own_extensions, STACK_OF(X509_EXTENSION), free_extensions)
JA_OSSL_OWN(own_req, X509_REQ, X509_REQ_free)

/* No CN at all if no name fits: a cut one would be another name. */
static int set_subject(X509_REQ *req, const apr_array_header_t *names)
{
    const char *cn = ja_san_common_name(names);

    return !cn
           || X509_NAME_add_entry_by_NID(X509_REQ_get_subject_name(req), NID_commonName,
                                         MBSTRING_ASC, (const unsigned char *)cn, -1, -1, 0);
}

/* The extensionRequest attribute, RFC 2985 5.4.2. subjectAltName is not critical there, even
 * without a subject: the CA decides on that in the certificate. */
static int set_names(X509_REQ *req, GENERAL_NAMES *san, apr_pool_t *scratch)
{
    STACK_OF(X509_EXTENSION) *extensions = NULL;
    int is_made = X509V3_add1_i2d(&extensions, NID_subject_alt_name, san, 0, X509V3_ADD_APPEND) > 0;

    return own_extensions(extensions, scratch) && is_made
           && X509_REQ_add_extensions(req, extensions);
}

/* id-ecPublicKey with a named curve and the point, RFC 5480 2. */
static int set_ec_key(X509_PUBKEY *spki, EVP_PKEY *pkey, int curve)
{
    unsigned char *point = NULL;
    int len = (int)EVP_PKEY_get1_encoded_public_key(pkey, &point);

    if (len > 0
        && X509_PUBKEY_set0_param(spki, OBJ_nid2obj(NID_X9_62_id_ecPublicKey), V_ASN1_OBJECT,
                                  OBJ_nid2obj(curve), point, len)) {
        return 1; /* it has the point now */
    }
    OPENSSL_free(point);
    return 0;
}

/* For the short keys that are made by the hundred it is put together here: OpenSSL prints a key and
 * reads it again, with a search for decoders that takes ten times as long as making the key. */
static int set_key(X509_REQ *req, const ja_key_t *key)
{
    switch (ja_key_spec(key)) {
    case JA_KEY_P256:
        return set_ec_key(X509_REQ_get_X509_PUBKEY(req), ja_key_evp(key), NID_X9_62_prime256v1);
    case JA_KEY_P384:
        return set_ec_key(X509_REQ_get_X509_PUBKEY(req), ja_key_evp(key), NID_secp384r1);
    default:
        return X509_REQ_set_pubkey(req, ja_key_evp(key));
    }
}

static ja_err_t *print_der(ja_bytes_t *der, const X509_REQ *req, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    int len = i2d_X509_REQ(req, NULL);
    unsigned char *bytes;
    unsigned char *at;

    if (len <= 0) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "encoding a certificate request");
    }
    bytes = at = apr_pcalloc(result, (apr_size_t)len + 1);
    i2d_X509_REQ(req, &at);
    der->bytes = (const char *)bytes;
    der->len = (apr_size_t)len;
    return NULL;
}

ja_err_t *ja_csr_make(ja_bytes_t *der, const ja_key_t *key, const apr_array_header_t *names,
                      apr_pool_t *result, apr_pool_t *scratch)
{
    GENERAL_NAMES *san;
    X509_REQ *req;

    ERR_clear_error();
    if (names->nelts > JA_CSR_MAX_NAMES) {
        return ja_err_make(JA_E_INTERNAL, scratch,
                           "%d names in one certificate request; at most %d can be", names->nelts,
                           JA_CSR_MAX_NAMES);
    }
    JA_TRY(ja_san_make(&san, names, scratch, scratch));
    req = own_req(X509_REQ_new(), scratch);
    if (!req || !X509_REQ_set_version(req, X509_REQ_VERSION_1) || !set_subject(req, names)
        || !set_names(req, san, scratch) || !set_key(req, key)
        || X509_REQ_sign(req, ja_key_evp(key), ja_key_md(key)) <= 0) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "making the certificate request for %s",
                           APR_ARRAY_IDX(names, 0, const char *));
    }
    return print_der(der, req, result, scratch);
}

/* Into the next element: its content is at `*at` then. What is returned is behind its end; NULL if
 * there is no element. */
static const unsigned char *enter(const unsigned char **at, const unsigned char *end)
{
    int tag, class;
    long len;

    return ASN1_get_object(at, &len, &tag, &class, end - *at) & 0x80 ? NULL : *at + len;
}

static int skip(const unsigned char **at, const unsigned char *end)
{
    const unsigned char *behind = enter(at, end);

    *at = behind;
    return behind != NULL;
}

/* RFC 2986 4: it comes third in the first part, after version and subject. Its bytes are wanted, so
 * nothing is decoded: that would take OpenSSL longer than all other work on the request. */
int ja_csr_public_key(ja_bytes_t *spki, const ja_bytes_t *der)
{
    const unsigned char *at = (const unsigned char *)der->bytes;
    const unsigned char *end = at + der->len;
    int is_found;

    ERR_clear_error();
    end = enter(&at, end);              /* the request */
    end = end ? enter(&at, end) : NULL; /* its first part */
    is_found = end && skip(&at, end) && skip(&at, end);
    spki->bytes = (const char *)at;
    is_found = is_found && skip(&at, end);
    if (is_found) {
        spki->len = (apr_size_t)((const char *)at - spki->bytes);
    }
    ERR_clear_error();
    return is_found;
}

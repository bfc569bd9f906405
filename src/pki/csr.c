#include "pki/csr.h"

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
        || !set_names(req, san, scratch) || !X509_REQ_set_pubkey(req, ja_key_evp(key))
        || X509_REQ_sign(req, ja_key_evp(key), ja_key_md(key)) <= 0) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "making the certificate request for %s",
                           APR_ARRAY_IDX(names, 0, const char *));
    }
    return print_der(der, req, result, scratch);
}

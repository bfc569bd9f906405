/* ja_cert_self_signed() and ja_cert_is_temporary() of pki/cert.h. */
#include "pki/cert.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "pki/ossl.h"
#include "pki/san.h"
#include "pki/x509.h"

#define ORGANIZATION "temporary certificate of mod_jprs_acme"
#define SERIAL_BYTES 16

JA_OSSL_OWN(own_basic, BASIC_CONSTRAINTS, BASIC_CONSTRAINTS_free)
JA_OSSL_OWN(own_bn, BIGNUM, BN_free)
JA_OSSL_OWN(own_cert, X509, X509_free)
JA_OSSL_OWN(own_usage, EXTENDED_KEY_USAGE, EXTENDED_KEY_USAGE_free)

/* Positive and hard to guess, RFC 5280 4.1.2.2: browsers refuse two certificates of the same issuer
 * and number. */
static int set_serial(X509 *cert, apr_pool_t *scratch)
{
    unsigned char bytes[SERIAL_BYTES];
    BIGNUM *number;

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return 0;
    }
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    number = own_bn(BN_bin2bn(bytes, sizeof(bytes), NULL), scratch);
    return number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
}

static int set_validity(X509 *cert, int days, apr_time_t now)
{
    time_t at = (time_t)apr_time_sec(now);

    return X509_time_adj_ex(X509_getm_notBefore(cert), -1, 0, &at)
           && X509_time_adj_ex(X509_getm_notAfter(cert), days, 0, &at);
}

static int add_text(X509_NAME *name, int nid, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_ASC, (const unsigned char *)text, -1, -1,
                                      0);
}

/* Subject and issuer. The organization is there so that nobody takes it for the real one, and the
 * name is never empty. */
static int set_names(X509 *cert, const apr_array_header_t *names)
{
    X509_NAME *subject = X509_get_subject_name(cert);
    const char *cn = ja_san_common_name(names);

    return add_text(subject, NID_organizationName, ORGANIZATION)
           && (!cn || add_text(subject, NID_commonName, cn)) && X509_set_issuer_name(cert, subject);
}

static int add_basic_constraints(X509 *cert, apr_pool_t *scratch)
{
    BASIC_CONSTRAINTS *basic =
        own_basic(BASIC_CONSTRAINTS_new(), scratch); /* cA FALSE by default */

    return basic
           && X509_add1_ext_i2d(cert, NID_basic_constraints, basic, 1, X509V3_ADD_DEFAULT) == 1;
}

static int add_extended_usage(X509 *cert, apr_pool_t *scratch)
{
    EXTENDED_KEY_USAGE *usage = own_usage(EXTENDED_KEY_USAGE_new(), scratch);

    return usage && sk_ASN1_OBJECT_push(usage, OBJ_nid2obj(NID_server_auth))
           && X509_add1_ext_i2d(cert, NID_ext_key_usage, usage, 0, X509V3_ADD_DEFAULT) == 1;
}

/* No key usage: one without keyCertSign could not be its own issuer, which mod_ssl looks for. */
static int add_extensions(X509 *cert, GENERAL_NAMES *san, apr_pool_t *scratch)
{
    return add_basic_constraints(cert, scratch) && add_extended_usage(cert, scratch)
           && X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, X509V3_ADD_DEFAULT) == 1;
}

int ja_cert_is_temporary(const ja_chain_t *chain)
{
    const X509_NAME *subject = X509_get_subject_name(ja_chain_cert(chain, 0));
    int at = X509_NAME_get_index_by_NID(subject, NID_organizationName, -1);
    const ASN1_STRING *text =
        at < 0 ? NULL : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));

    return text && ASN1_STRING_length(text) == (int)strlen(ORGANIZATION)
           && memcmp(ASN1_STRING_get0_data(text), ORGANIZATION, strlen(ORGANIZATION)) == 0;
}

ja_err_t *ja_cert_self_signed(const char **pem, const ja_key_t *key,
                              const apr_array_header_t *names, int days, apr_time_t now,
                              apr_pool_t *result, apr_pool_t *scratch)
{
    GENERAL_NAMES *san;
    X509 *cert;

    ERR_clear_error();
    JA_TRY(ja_san_make(&san, names, scratch, scratch));
    cert = own_cert(X509_new(), scratch);
    if (!cert || !X509_set_version(cert, X509_VERSION_3) || !set_serial(cert, scratch)
        || !set_validity(cert, days, now) || !set_names(cert, names)
        || !X509_set_pubkey(cert, ja_key_evp(key)) || !add_extensions(cert, san, scratch)
        || X509_sign(cert, ja_key_evp(key), ja_key_md(key)) <= 0) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "making a self-signed certificate for %s",
                           APR_ARRAY_IDX(names, 0, const char *));
    }
    return ja_x509_print(pem, cert, result, scratch);
}

#include "pki/x509.h"

#include <time.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/bn.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/ossl.h"

static void free_bytes(void *bytes)
{
    OPENSSL_free(bytes);
}

JA_OSSL_OWN(own_bio, BIO, BIO_free)
JA_OSSL_OWN(own_bn, BIGNUM, BN_free)
JA_OSSL_OWN(own_bytes, unsigned char, free_bytes)
JA_OSSL_OWN(own_text, char, free_bytes)

/* TLS extension type status_request, RFC 6066 8. */
#define STATUS_REQUEST 5

ja_err_t *ja_x509_time(apr_time_t *at, const ASN1_TIME *time, apr_pool_t *scratch)
{
    apr_time_exp_t exploded = { 0 };
    struct tm tm;

    if (!time || !ASN1_TIME_to_tm(time, &tm)) {
        return ja_ossl_err(JA_E_CERT_BAD, scratch, "a time in the certificate cannot be read");
    }
    exploded.tm_sec = tm.tm_sec;
    exploded.tm_min = tm.tm_min;
    exploded.tm_hour = tm.tm_hour;
    exploded.tm_mday = tm.tm_mday;
    exploded.tm_mon = tm.tm_mon;
    exploded.tm_year = tm.tm_year;
    if (apr_time_exp_gmt_get(at, &exploded) != APR_SUCCESS || *at < 0) {
        return ja_err_make(JA_E_CERT_BAD, scratch, "a time in the certificate is in the year %d",
                           tm.tm_year + 1900);
    }
    return NULL;
}

static const char *common_name(const X509_NAME *name, apr_pool_t *result, apr_pool_t *scratch)
{
    int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    unsigned char *utf8 = NULL;
    int len;

    if (at < 0) {
        return NULL;
    }
    len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (len <= 0 || !own_bytes(utf8, scratch)) {
        return NULL;
    }
    return ja_ossl_utf8_cut((const char *)utf8, (apr_size_t)len, JA_X509_TEXT_MAX, result);
}

const char *ja_x509_name(const X509_NAME *name, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *text = common_name(name, result, scratch);

    if (!text || !*text) {
        BIO *bio = own_bio(BIO_new(BIO_s_mem()), scratch);
        int is_printed = bio && X509_NAME_print_ex(bio, name, 0, XN_FLAG_ONELINE) >= 0;

        text = is_printed ? ja_ossl_bio_text(bio, JA_X509_TEXT_MAX, result) : "?";
    }
    ERR_clear_error(); /* a damaged name is none of the caller's failures */
    return text;
}

const char *ja_x509_serial(const X509 *cert, apr_pool_t *result, apr_pool_t *scratch)
{
    BIGNUM *number = own_bn(ASN1_INTEGER_to_BN(X509_get0_serialNumber(cert), NULL), scratch);
    const char *hex = number ? own_text(BN_bn2hex(number), scratch) : NULL;
    char *text;
    char *at;

    if (!hex) {
        ERR_clear_error();
        return "?";
    }
    text = apr_pstrndup(result, hex, JA_X509_TEXT_MAX);
    for (at = text; *at; at++) {
        *at = apr_tolower(*at);
    }
    return text;
}

static int is_url(const char *text)
{
    apr_size_t len;

    if (apr_cstr_casecmpn(text, "http://", 7) != 0 && apr_cstr_casecmpn(text, "https://", 8) != 0) {
        return 0;
    }
    for (len = 0; text[len]; len++) {
        if (text[len] < 0x21 || text[len] > 0x7e || len >= JA_X509_URL_MAX) {
            return 0;
        }
    }
    return 1;
}

const char *ja_x509_ocsp_url(X509 *cert, apr_pool_t *result)
{
    STACK_OF(OPENSSL_STRING) *urls = X509_get1_ocsp(cert);
    const char *url = NULL;
    int i;

    for (i = 0; !url && i < sk_OPENSSL_STRING_num(urls); i++) {
        const char *text = sk_OPENSSL_STRING_value(urls, i);

        url = is_url(text) ? apr_pstrdup(result, text) : NULL;
    }
    X509_email_free(urls);
    ERR_clear_error(); /* an extension that cannot be read names no responder */
    return url;
}

int ja_x509_must_staple(const X509 *cert)
{
    TLS_FEATURE *features = X509_get_ext_d2i(cert, NID_tlsfeature, NULL, NULL);
    int must = 0;
    int i;

    for (i = 0; !must && i < sk_ASN1_INTEGER_num(features); i++) {
        must = ASN1_INTEGER_get(sk_ASN1_INTEGER_value(features, i)) == STATUS_REQUEST;
    }
    TLS_FEATURE_free(features);
    ERR_clear_error();
    return must;
}

ja_err_t *ja_x509_print(const char **pem, X509 *cert, apr_pool_t *result, apr_pool_t *scratch)
{
    BIO *bio = own_bio(BIO_new(BIO_s_mem()), scratch);

    if (!bio || !PEM_write_bio_X509(bio, cert)) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "writing a certificate as PEM");
    }
    *pem = ja_ossl_bio_text(bio, APR_SIZE_MAX, result);
    return NULL;
}

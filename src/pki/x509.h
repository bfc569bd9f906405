/* pki/x509: values out of a certificate in the types that the rest of the program uses. The names
 * in it: pki/san. */
#ifndef JA_PKI_X509_H
#define JA_PKI_X509_H

#include <openssl/x509.h>

#include "base/err.h"

/* The longest text taken out of a certificate. */
#define JA_X509_TEXT_MAX 256

/* JA_E_CERT_BAD: not a time, or before 1970. */
ja_err_t *ja_x509_time(apr_time_t *at, const ASN1_TIME *time, apr_pool_t *scratch) JA_WARN_UNUSED;

/* The CN as UTF-8, not escaped; without one, or if it is damaged, the whole name on one line, "C =
 * JP, O = ...", in ASCII, escaped as by RFC 2253 2.4. Cut at JA_X509_TEXT_MAX bytes. "?" if neither
 * can be told. Never NULL. */
const char *ja_x509_name(const X509_NAME *name, apr_pool_t *result, apr_pool_t *scratch);

/* Hex, lower case, no separators, cut at JA_X509_TEXT_MAX digits. "?" if there is no memory. */
const char *ja_x509_serial(const X509 *cert, apr_pool_t *result, apr_pool_t *scratch);

/* Where its status can be asked for: the first OCSP responder with http or https of the Authority
 * Information Access, RFC 5280 4.2.2.1. Visible ASCII, JA_X509_URL_MAX characters at most; one that
 * is not is passed over. NULL: there is none. */
#define JA_X509_URL_MAX 1024
const char *ja_x509_ocsp_url(X509 *cert, apr_pool_t *result);

/* Has it to be served with an OCSP response (RFC 7633: TLS feature status_request)? */
int ja_x509_must_staple(const X509 *cert);

/* PEM. JA_E_CRYPTO. */
ja_err_t *ja_x509_print(const char **pem, X509 *cert, apr_pool_t *result,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

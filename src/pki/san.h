/* pki/san: the DNS names in requests and certificates: the subjectAltName extension, RFC 5280
 * 4.2.1.6. Other kinds of names (addresses, mail) are neither made nor seen here. */
#ifndef JA_PKI_SAN_H
#define JA_PKI_SAN_H

#include <apr_tables.h>

#include <openssl/x509v3.h>

#include "base/err.h"

/* A dNSName for each of `names` (const char *, A-labels), in that order. JA_E_INTERNAL: no names,
 * or one that has not the form described below. */
ja_err_t *ja_san_make(GENERAL_NAMES **san, const apr_array_header_t *names, apr_pool_t *result,
                      apr_pool_t *scratch) JA_WARN_UNUSED;

/* The dNSNames of a certificate (const char *), lower case, at most JA_CERT_MAX_NAMES; none is no
 * error. JA_E_CERT_BAD: the extension cannot be read, is there twice, has too many names, or one
 * that is not 1 to 253 visible ASCII characters (a NUL would make two names of one). */
ja_err_t *ja_san_read(apr_array_header_t **names, const X509 *cert, apr_pool_t *result,
                      apr_pool_t *scratch) JA_WARN_UNUSED;

/* The name that goes into the subject as its CN: the first, if it has at most 64 octets (X.520
 * ub-common-name), else NULL. */
const char *ja_san_common_name(const apr_array_header_t *names);

#endif

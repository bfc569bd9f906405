/* pki/csr: the certificate signing request, RFC 2986, in the form of RFC 8555 7.4: all names as
 * dNSName SANs, the CN being the first of them if it has at most 64 octets (X.520 ub-common-name),
 * otherwise no CN at all. */
#ifndef JA_PKI_CSR_H
#define JA_PKI_CSR_H

#include <apr_tables.h>

#include "base/fs.h"
#include "pki/key.h"

#define JA_CSR_MAX_NAMES 100

/* DER. `names`: const char *, A-labels, 1 to JA_CSR_MAX_NAMES. Signed with SHA-256 (P-384:
 * SHA-384). JA_E_INTERNAL (names that the configuration cannot have let through), JA_E_CRYPTO. */
ja_err_t *ja_csr_make(ja_bytes_t *der, const ja_key_t *key, const apr_array_header_t *names,
                      apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Where in a request made by ja_csr_make() its public key is: the SubjectPublicKeyInfo in DER, RFC
 * 5280 4.1, as a part of `der`. 0: `der` is no such request. */
int ja_csr_public_key(ja_bytes_t *spki, const ja_bytes_t *der);

#endif

/* acme/signature: signatures with the account key over the signing input of a JWS (RFC 7515 5.1).
 * libjose would do it as well, but decodes and checks the key anew for each: 0.3 ms against 0.03
 * ms, seven times for a certificate. Inside acme/. */
#ifndef JA_ACME_SIGNATURE_H
#define JA_ACME_SIGNATURE_H

#include <openssl/types.h>

#include "base/err.h"

/* base64url of the signature over `len` bytes: ES256 for an EC key (R and S side by side, RFC
 * 7518 3.4), RS256 for an RSA key (RFC 7518 3.3). NULL if OpenSSL fails; its reasons are in its
 * queue. */
const char *ja_signature_make(EVP_PKEY *key, const void *bytes, apr_size_t len, apr_pool_t *pool);

#endif

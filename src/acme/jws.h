/* acme/jws: the account key (a JWK, ES256) and the signed request body, RFC 7515 flattened JSON as
 * RFC 8555 6.2 wants it. Keys, thumbprints and bindings are libjose's; acme/signature signs. */
#ifndef JA_ACME_JWS_H
#define JA_ACME_JWS_H

#include "base/err.h"
#include "base/secret.h"

typedef struct ja_jwk_t ja_jwk_t;

ja_err_t *ja_jwk_make(ja_jwk_t **jwk, apr_pool_t *result,
                      apr_pool_t *scratch) JA_WARN_UNUSED; /* ES256 */
ja_err_t *ja_jwk_parse(ja_jwk_t **jwk, const char *json, apr_size_t len, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED; /* private EC P-256 or RSA key */
ja_err_t *ja_jwk_print(ja_secret_t **json, const ja_jwk_t *jwk, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* RFC 7638, base64url of SHA-256: 43 characters. */
const char *ja_jwk_thumbprint(const ja_jwk_t *jwk);

typedef struct {
    const char *url;
    const char *nonce; /* NULL in the inner JWS of an external account binding */
    const char *kid;   /* account URL; NULL: the public key goes in as "jwk" */
} ja_jws_header_t;

/* The body for a POST. `payload` is the JSON text; "" for POST-as-GET (RFC 8555 6.3). */
ja_err_t *ja_jws_sign(const char **body, const ja_jwk_t *jwk, const ja_jws_header_t *header,
                      const char *payload, apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* The externalAccountBinding object (RFC 8555 7.3.4) as JSON text: HS256 over the public key.
 * `hmac` are the decoded bytes. */
ja_err_t *ja_jws_eab(const char **json, const ja_jwk_t *jwk, const char *kid,
                     const ja_secret_t *hmac, const char *new_account_url, apr_pool_t *result,
                     apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

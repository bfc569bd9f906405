/* base/base64url: RFC 4648 section 5 without padding, strict. */
#ifndef JA_BASE_BASE64URL_H
#define JA_BASE_BASE64URL_H

#include "base/err.h"
#include "base/secret.h"

const char *ja_base64url_print(const void *bytes, apr_size_t len, apr_pool_t *pool);

/* Foreign characters, blanks, padding, an impossible length or non-zero spare bits are JA_E_SYNTAX;
 * the message says where, never what. */
ja_err_t *ja_base64url_parse(ja_secret_t **bytes, const char *text, apr_pool_t *result,
                             apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

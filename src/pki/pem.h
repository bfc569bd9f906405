/* pki/pem: the PEM text form (RFC 7468), read strictly: blocks of the one expected kind, white
 * space between them, and nothing else. What the bytes of a block mean is for others to say. */
#ifndef JA_PKI_PEM_H
#define JA_PKI_PEM_H

#include "base/err.h"
#include "base/secret.h"

/* Reads the block that `*at` begins with, white space before it aside, and moves `*at` behind it;
 * `end` is the end of the text, which needs no NUL. At the end of the text `*der` is NULL. `label`
 * is the wanted kind: "CERTIFICATE". Another kind, text beside the blocks, RFC 1421 headers
 * (encryption), bad base64: JA_E_SYNTAX. The message never quotes the content. */
ja_err_t *ja_pem_next(ja_secret_t **der, const char **at, const char *end, const char *label,
                      apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

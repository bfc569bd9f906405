/* temporary: self-signed certificates for domains that have none yet. mod_ssl takes files only, so
 * there is one, with key and certificate, for as long as the parent is in post_config.
 */
#ifndef JA_TEMPORARY_H
#define JA_TEMPORARY_H

#include <apr_tables.h>

#include "base/err.h"

/* A certificate for `names` with a new P-256 key: `*path` in `pool`, mode 0600. The file is
 * removed with `files`, a pool. JA_E_IO, JA_E_CRYPTO, JA_E_INTERNAL. */
ja_err_t *ja_temporary_make(const char **path, const apr_array_header_t *names, apr_pool_t *files,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

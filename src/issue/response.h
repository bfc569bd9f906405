/* issue/response: the OCSP responses in the store, one for each certificate, by its digest. The
 * runner keeps there what it has verified (issue/staple); everybody else reads them here. The root
 * parent does so too: it parses them with limits, and relies on them for nothing but what whoever
 * writes them could have his way with anyhow.
 */
#ifndef JA_ISSUE_RESPONSE_H
#define JA_ISSUE_RESPONSE_H

#include "issue/staple_table.h"
#include "pki/ocsp.h"
#include "store/store.h"

/* The item of a certificate's response: "SHA256.der". */
const char *ja_response_item(const char *sha256, apr_pool_t *pool);

/* What the kept response says of the certificate with that digest, if there is one whose time has
 * not passed at `now`: else `*has` is 0. Damage counts as none. JA_E_IO. `der` may be NULL. */
ja_err_t *ja_response_find(int *has, ja_ocsp_facts_t *facts, ja_bytes_t *der, ja_store_t *store,
                           const char *sha256, apr_time_t now, apr_pool_t *result,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* Does the kept response say that the certificate with that digest is revoked? That does not end
 * with the response's time: only a newer one takes it back. `*is` is 0 if there is none. JA_E_IO.
 */
ja_err_t *ja_response_is_revoked(int *is, ja_store_t *store, const char *sha256,
                                 apr_pool_t *scratch) JA_WARN_UNUSED;

/* Put the kept response, if there is one that knows the certificate, where handshakes find it.
 * JA_E_IO, JA_E_TOO_LARGE. */
ja_err_t *ja_response_restore(ja_staple_table_t *table, int domain_index, ja_store_t *store,
                              const char *sha256, apr_time_t now,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

/* Remove the responses of all certificates but those with a digest in `keep_sha256` (const char *);
 * what says revoked stays for JA_RESPONSE_REVOKED_KEEP: an earlier set may have that certificate.
 * For the runner at its start. JA_E_IO. */
#define JA_RESPONSE_REVOKED_KEEP apr_time_from_sec(400 * 86400) /* no certificate holds longer */
ja_err_t *ja_response_sweep(ja_store_t *store, const apr_array_header_t *keep_sha256,
                            apr_time_t now, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

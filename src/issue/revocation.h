/* issue/revocation: which certificates somebody has had revoked with the command: a file for each in
 * requests/, which root writes once the CA has done it. So the runner need not wait for an OCSP
 * response that says so, which may take days where the one at hand still holds. What follows for a
 * set that has such a certificate is decided where revoked ones are dealt with.
 */
#ifndef JA_ISSUE_REVOCATION_H
#define JA_ISSUE_REVOCATION_H

#include "store/store.h"

/* The certificate with that digest (hex, as in ja_cert_facts_t) is revoked, for `reason` (a name of
 * RFC 5280), as of `now`. Durable. JA_E_IO; JA_E_INTERNAL if this process is not the writer of
 * requests/. */
ja_err_t *ja_revocation_save(ja_store_t *store, const char *sha256, const char *reason,
                             apr_time_t now, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Has that been said of it? One system call if not. A file that is there says so whatever is in it.
 * JA_E_IO. */
ja_err_t *ja_revocation_is_known(int *is, ja_store_t *store, const char *sha256,
                                 apr_pool_t *scratch) JA_WARN_UNUSED;

/* How many there are: another number says that there are new ones. A listing. JA_E_IO,
 * JA_E_TOO_LARGE. */
ja_err_t *ja_revocation_count(int *n, ja_store_t *store, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

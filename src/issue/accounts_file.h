/* issue/accounts_file: account.json and key.json in the store. Only issue/accounts writes them. */
#ifndef JA_ISSUE_ACCOUNTS_FILE_H
#define JA_ISSUE_ACCOUNTS_FILE_H

#include "issue/accounts.h"

/* Durable. */
ja_err_t *ja_account_file_save(const ja_account_file_t *file, ja_store_t *store, const char *ca_id,
                               apr_pool_t *scratch) JA_WARN_UNUSED;

/* JA_E_NOT_FOUND if there is no key. */
ja_err_t *ja_account_key_load(ja_jwk_t **jwk, ja_store_t *store, const char *ca_id,
                              apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* A new key, durable when this returns. */
ja_err_t *ja_account_key_make(ja_jwk_t **jwk, ja_store_t *store, const char *ca_id,
                              apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* What a registration depends on, as a digest: CA, contacts and EAB, of which the HMAC as well: a
 * typing error in it may be corrected. Never NULL. */
const char *ja_account_fingerprint(const ja_plan_ca_t *plan, apr_pool_t *pool);

#endif

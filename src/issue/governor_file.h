/* issue/governor_file: accounts/CA-ID/governor.json, so that restarts give nothing away. Written
 * before orders are placed; it survives a kill, and costs no more than an hour's counts if it is
 * lost. */
#ifndef JA_ISSUE_GOVERNOR_FILE_H
#define JA_ISSUE_GOVERNOR_FILE_H

#include "issue/governor.h"
#include "store/store.h"

/* Read it; what is not there, or can't be read (`*damage` says why, or is NULL), is the beginning.
 */
void ja_governor_load(ja_governor_t *governor, ja_err_t **damage, ja_store_t *store,
                      const char *ca_id, apr_pool_t *scratch);

ja_err_t *ja_governor_save(const ja_governor_t *governor, ja_store_t *store, const char *ca_id,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* issue/requests: what the command asks of the runner: a file in requests/, which root writes and
 * the server's user reads. Asking again replaces it; the answer is in what the runner writes anyway
 * (account.json). */
#ifndef JA_ISSUE_REQUESTS_H
#define JA_ISSUE_REQUESTS_H

#include "store/store.h"

/* When registering was asked for last, to the second; 0: never. */
ja_err_t *ja_request_load(apr_time_t *at, ja_store_t *store, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Ask for it. `*at` is `now`, or a little later: another moment than that of the last request. */
ja_err_t *ja_request_save(apr_time_t *at, ja_store_t *store, apr_time_t now,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* solve/http01: RFC 8555 8.3. Pending challenges are a table in memory that the runner writes and
 * every server process reads; on the reading side no lock is taken and no file is touched. The
 * memory may be shared between processes and between server generations: it holds no pointers, and
 * all zero bytes are an empty table.
 *
 * A token is answered whatever the request's Host is: it has 128 bits of entropy, and what is
 * answered is no secret.
 */
#ifndef JA_SOLVE_HTTP01_H
#define JA_SOLVE_HTTP01_H

#include "solve/solver.h"

#define JA_HTTP01_MAX_PENDING 4096
#define JA_HTTP01_MAX_ANSWER  256 /* bytes of a key authorization, with NUL */

typedef struct ja_http01_table_t ja_http01_table_t;

/* How much memory a table takes. Untouched parts cost nothing. Part of the layout version: another
 * size is another layout. */
apr_size_t ja_http01_table_bytes(void);

/* One writer at a time: the runner that holds the store's lock. A place whose challenge has expired
 * is used again. */
ja_err_t *ja_http01_put(ja_http01_table_t *table, const ja_solve_t *what,
                        apr_pool_t *scratch) JA_WARN_UNUSED; /* JA_E_FULL */
void ja_http01_remove(ja_http01_table_t *table, const char *token);
void ja_http01_clear(ja_http01_table_t *table);

/* The key authorization for a token of `len` bytes, which need not be checked in any way, into
 * `answer`; 0 if it is not pending at `now`. Any process, any thread. */
int ja_http01_find(char answer[JA_HTTP01_MAX_ANSWER], const ja_http01_table_t *table,
                   const char *token, apr_size_t len, apr_time_t now);

/* The token that a request for `path` (as sent: not decoded, without a query) asks for, and its
 * length; not terminated. NULL if that is not exactly
 * /.well-known/acme-challenge/TOKEN with 1 to 128 characters of base64url. RFC 8555 8.3. `path` may
 * be NULL. */
const char *ja_http01_token(apr_size_t *len, const char *path);

/* The solver that writes the table. */
ja_solver_t *ja_http01_solver(ja_http01_table_t *table, apr_pool_t *pool);

#endif

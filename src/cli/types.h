/* cli/types: a problem type of RFC 8555 6.7 or a row of JPRS's error table, as an operator writes
 * it, and the rows of the catalogue that it can mean. */
#ifndef JA_CLI_TYPES_H
#define JA_CLI_TYPES_H

#include <apr_pools.h>

#include "base/err.h"

/* Sets codes[code] for the rows that a problem of `type`, or of that row of the manuals ("E13"),
 * can mean, depending on the request that it answers; the others are 0. What acme/meaning does not
 * know sets none. A type may have the URN before it; case does not matter. */
void ja_types_codes(int codes[JA_E_COUNT], const char *type, apr_pool_t *scratch);

/* Is it the type of RFC 8555 6.7.1 that means nothing by itself, its subproblems do? */
int ja_types_is_compound(const char *type);

#endif

/* cli/types: a problem type of RFC 8555 6.7, as an operator writes it, and the rows of the
 * catalogue that it can mean. */
#ifndef JA_CLI_TYPES_H
#define JA_CLI_TYPES_H

#include <apr_pools.h>

#include "base/err.h"

/* Sets codes[code] for the rows that a problem of `type` can mean, depending on the request that it
 * answers; the others are 0. A type that acme/problem does not know sets none. `type` may have the
 * URN before it; its case does not matter. */
void ja_types_codes(int codes[JA_E_COUNT], const char *type, apr_pool_t *scratch);

#endif

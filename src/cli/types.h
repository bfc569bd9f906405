/* cli/types: which problem types of RFC 8555 6.7 lead to which rows of the catalogue. It has no
 * table of its own for that: acme/problem decides, so it is asked.
 */
#ifndef JA_CLI_TYPES_H
#define JA_CLI_TYPES_H

#include "base/err.h"

/* The types ("badNonce"), ended by NULL. */
extern const char *const ja_types_names[];

/* Sets codes[code] for the rows that a problem of `type` can mean, depending on the request that it
 * answers; the others are 0. A type that acme/problem does not know sets none. `type` may have the
 * URN before it; its case does not matter. */
void ja_types_codes(int codes[JA_E_COUNT], const char *type, apr_pool_t *scratch);

#endif

/* shared: the memory that all processes of the server have in common, the children of the previous
 * generation included: a graceful restart does not lose a pending challenge. A stop does; the
 * runner then presents it again.
 */
#ifndef JA_SHARED_H
#define JA_SHARED_H

#include <apr_pools.h>

#include "solve/http01.h"

/* The table of pending challenges. NULL where nothing is managed, where the memory could not be
 * had (the error log says so), and until the post_config of a start that is not the rehearsal. */
ja_http01_table_t *ja_shared_http01(void);

void ja_shared_register(apr_pool_t *pool);

#endif

/* shared: the memory that the processes of the server have in common. The table of pending
 * challenges is there for all, the children of the previous generation included: a graceful restart
 * does not lose a pending challenge. A stop does; the runner then presents it again. Each
 * generation has memory of its own for sets that go live while it runs (issue/handover), and for
 * OCSP responses (issue/staple_table).
 */
#ifndef JA_SHARED_H
#define JA_SHARED_H

#include <apr_pools.h>

#include "issue/handover.h"
#include "issue/staple_table.h"
#include "solve/http01.h"

/* NULL where nothing is managed, where the memory could not be had (the error log says so), and
 * until the post_config of a start that is not the rehearsal. */
ja_http01_table_t *ja_shared_http01(void);
ja_handover_t *ja_shared_handover(void);
ja_staple_table_t *ja_shared_staples(void); /* NULL also if no domain is stapled */

void ja_shared_register(apr_pool_t *pool);

#endif

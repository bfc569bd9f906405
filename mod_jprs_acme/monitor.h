/* monitor: what the parent does while the server runs, as root, every ten seconds or so: takes over
 * sets that the runner offers, and publishes them (hot) or has the server restarted (graceful). As
 * long as nothing is offered, that is one look at shared memory.
 */
#ifndef JA_MONITOR_H
#define JA_MONITOR_H

#include <apr_pools.h>

void ja_monitor_register(apr_pool_t *pool);

#endif

/* watchdog: runs the runner (issue/runner) on the singleton thread of mod_watchdog, in one child
 * process at a time, and ends it as soon as that process is told to stop. Which process has the
 * work is decided twice: mod_watchdog's mutex among the children of one generation, the store's
 * lock among all generations.
 */
#ifndef JA_WATCHDOG_H
#define JA_WATCHDOG_H

#include <apr_pools.h>

void ja_watchdog_register(apr_pool_t *pool);

#endif

/* graceful: the parent restarts the server gracefully by itself, so that sets go live which can't
 * without: when the pace (issue/restart) allows it, and nothing stands against it (configtest).
 * What it does, or why it doesn't, is in the error log and in activation.json. Which sets need a
 * restart is decided by monitor.
 */
#ifndef JA_GRACEFUL_H
#define JA_GRACEFUL_H

#include <apr_pools.h>

/* To be called at each look of monitor. `is_needed`: sets wait for a restart; `has_more`: some have
 * been offered since the last time. Nothing waits here: the restart, if it comes to it, follows
 * later, from httpd's main loop. */
void ja_graceful_look(int is_needed, int has_more);

void ja_graceful_register(apr_pool_t *pool);

#endif

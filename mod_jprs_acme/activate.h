/* activate: what the parent does with the store at every start and restart, as root and before
 * mod_ssl reads its certificates: makes the directories, writes config.json, and commits the staged
 * sets. httpd starts whatever the store contains; what is wrong with it is a line in the error log.
 *
 * httpd reads its configuration twice when it starts. The first time is a rehearsal: nothing is
 * changed then.
 */
#ifndef JA_ACTIVATE_H
#define JA_ACTIVATE_H

#include <apr_pools.h>

#include "store/store.h"

/* Is it the rehearsal that httpd is going through? To be asked in post_config. */
int ja_activate_is_rehearsal(void);

/* Does the server have a parent process? With httpd -X and -D ONE_PROCESS it doesn't: nobody takes
 * sets over then while it runs. */
int ja_activate_has_parent(void);

/* The store, for the rest of this post_config. NULL if there is none: nothing managed, an error
 * that has been logged, or a rehearsal before the first start. */
ja_store_t *ja_activate_store(void);

void ja_activate_register(apr_pool_t *pool);

#endif

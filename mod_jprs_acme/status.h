/* status: the section of server-status, HTML and ?auto. */
#ifndef JA_STATUS_H
#define JA_STATUS_H

#include <apr_pools.h>

/* Takes part in mod_status, if that is loaded. */
void ja_status_register(apr_pool_t *pool);

#endif

/* ports: the addresses that httpd listens at, told from one process to another, and whether those
 * of another configuration could be had. A port that is taken is no error for "httpd -t", but ends
 * the server at a restart.
 */
#ifndef JA_PORTS_H
#define JA_PORTS_H

#include <apr_pools.h>

#include "base/err.h"

/* "127.0.0.1:80 [::1]:443": all that this process listens at, or means to, by its configuration. */
const char *ja_ports_print(apr_pool_t *pool);

/* Could the server, if it is restarted with this process's configuration, listen at all of it?
 * `running` is what it listens at now: that is handed on. The others are tried, for a moment.
 * JA_E_IO: the first that can't be had, and why. */
ja_err_t *ja_ports_check(const char *running, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* ssl: which certificate files mod_ssl reads for a managed virtual host: those of the live set, or
 * those of a temporary self-signed certificate, with which the virtual host answers 503 over TLS.
 * Virtual hosts with certificate files of their own are left alone.
 */
#ifndef JA_SSL_H
#define JA_SSL_H

#include <apr_pools.h>

void ja_ssl_register(apr_pool_t *pool);

#endif

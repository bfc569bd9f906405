/* challenge: answers http-01 (RFC 8555 8.3) in the request hook. A pending token is answered on
 * every virtual host and port, before redirects, rewrites, proxies, caches and access rules; any
 * other request is left to the rest of the configuration. No file is opened.
 */
#ifndef JA_CHALLENGE_H
#define JA_CHALLENGE_H

#include <apr_pools.h>

void ja_challenge_register(apr_pool_t *pool);

#endif

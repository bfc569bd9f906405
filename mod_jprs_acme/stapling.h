/* stapling: the CA's OCSP response goes along with a managed certificate (RFC 6066 8). Responses
 * come from shared memory, where the runner puts them (issue/staple); a handshake waits for nobody
 * and opens no file. A virtual host whose certificates can be changed without a restart has a
 * callback of ours, which knows all certificates of its domain; others are served through the hooks
 * that httpd has for this. mod_ssl's own stapling, which asks the responder itself, is not needed.
 */
#ifndef JA_STAPLING_H
#define JA_STAPLING_H

#include <openssl/ssl.h>

#include "issue/plan.h"

/* Staple in all handshakes of a virtual host of `domain`, if that is to be stapled. */
void ja_stapling_install(SSL_CTX *ctx, const ja_plan_domain_t *domain);

void ja_stapling_register(apr_pool_t *pool);

#endif

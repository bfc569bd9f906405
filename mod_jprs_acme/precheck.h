/* precheck: what can end the server at a restart although "httpd -t" finds nothing: a key that is
 * not the certificate's, a virtual host without certificate, a port that is taken. It is looked for
 * in the process of "httpd -t" that the running server starts before it restarts by itself
 * (configtest), and in no other: there the new configuration is at hand. What it prints is read by
 * issue/trial.
 */
#ifndef JA_PRECHECK_H
#define JA_PRECHECK_H

#include <apr_pools.h>

/* A variable of that name asks for it. Its value: where the running server listens (ports). */
#define JA_PRECHECK_ENV "JPRS_ACME_PRECHECK"

void ja_precheck_register(apr_pool_t *pool);

#endif

/* acceptance: would the virtual hosts of a domain take a certificate? With one that mod_ssl refuses,
 * httpd does not start, nor come back from a graceful restart. So each is tried out before it is
 * staged, with what mod_ssl has made of the configuration. The configuration may change after that:
 * where mod_ssl has made nothing yet, files are tried out with what SSLCipherSuite says.
 */
#ifndef JA_ACCEPTANCE_H
#define JA_ACCEPTANCE_H

#include <httpd.h>

#include "issue/set.h"

/* In the parent, before children are made. */
void ja_acceptance_init(server_rec *s);

/* A ja_set_try_fn, in a child. Says yes where mod_ssl doesn't let anybody see what it has made. */
ja_set_try_fn ja_acceptance_try;

/* Would a virtual host with that security level take the certificates in the file at `path`? Not
 * looked at if the level is no more than OpenSSL's usual one. JA_E_NOT_TAKEN. */
ja_err_t *ja_acceptance_try_file(int level, const char *path, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Can OpenSSL make something of what SSLCipherSuite says? JA_E_NOT_TAKEN. */
ja_err_t *ja_acceptance_try_ciphers(const char *suites, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

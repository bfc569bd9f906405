/* acceptance: would the virtual hosts of a domain take a certificate? With one that mod_ssl refuses,
 * httpd does not start, nor come back from a graceful restart. So each is tried out before it is
 * staged, with what mod_ssl has made of the configuration.
 */
#ifndef JA_ACCEPTANCE_H
#define JA_ACCEPTANCE_H

#include <httpd.h>

#include "issue/set.h"

/* In the parent, before children are made. */
void ja_acceptance_init(server_rec *s);

/* A ja_set_try_fn, in a child. Says yes where mod_ssl doesn't let anybody see what it has made. */
ja_set_try_fn ja_acceptance_try;

#endif

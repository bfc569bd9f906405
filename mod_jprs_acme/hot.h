/* hot: new handshakes get the newest set of their managed domain without any restart. mod_ssl
 * offers a hook in which a virtual host's SSL_CTX can be given a callback that chooses
 * certificates; an SSL_CTX that is in use is never changed. Whether a set may be served is decided
 * by the parent. Where it can't be done, the domain's activation in the plan is another one from
 * the end of post_config on.
 */
#ifndef JA_HOT_H
#define JA_HOT_H

#include <apr_pools.h>

#include "issue/plan.h"

/* Does this process serve a set of `domain` that has gone live since the start? One atomic load. */
int ja_hot_has(const ja_plan_domain_t *domain);

void ja_hot_register(apr_pool_t *pool);

#endif

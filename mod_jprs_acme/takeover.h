/* takeover: a staged set becomes the live one, by the parent's hand, at a start or while the server
 * runs. What is checked is decided in issue/set, when it is tried by whoever calls.
 */
#ifndef JA_TAKEOVER_H
#define JA_TAKEOVER_H

#include "base/log.h"
#include "issue/handover.h"
#include "issue/set.h"

typedef enum {
    JA_TAKEOVER_NOTHING, /* to be done, or not now: nothing is staged, or it waits at the gate */
    JA_TAKEOVER_LIVE,    /* it is live already, by a call that failed or was cut off          */
    JA_TAKEOVER_DONE,
    JA_TAKEOVER_REFUSED, /* the staged set is not fit */
    JA_TAKEOVER_FAILED   /* it can be tried again     */
} ja_takeover_t;

/* Take over what is staged for `domain`. Success and failure are told. */
ja_takeover_t ja_takeover_commit(const ja_plan_domain_t *domain, ja_store_t *store,
                                 const ja_log_t *log, apr_pool_t *scratch);

/* Make the live set of `domain` the one that children serve to new handshakes. 0: it needs a
 * restart to be served, and that was told. */
int ja_takeover_publish(const ja_plan_domain_t *domain, ja_store_t *store, ja_handover_t *handover,
                        const ja_log_t *log, apr_pool_t *scratch);

/* "Sun, 22 Nov 2026 10:00:00 GMT": until when the live set of `name` is valid. "unknown". */
const char *ja_takeover_validity(ja_store_t *store, const char *name, apr_pool_t *scratch);

#endif

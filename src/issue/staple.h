/* issue/staple: keeps the OCSP response of one certificate at hand: fetched by the runner,
 * verified, stored across restarts, renewed in time, and put where server processes find it. What a
 * status means for activation, and which certificates have a keeper, is decided elsewhere; when the
 * responder is asked is in issue/staple_due.
 *
 * Nothing here is an error event: a responder that does not know a certificate yet, or can't be
 * reached, is asked again. Lines are at info for the first failure in a row and for a new status,
 * the rest at debug. That a response can't be stored is told as an error of the store. */
#ifndef JA_ISSUE_STAPLE_H
#define JA_ISSUE_STAPLE_H

#include "base/log.h"
#include "base/loop.h"
#include "issue/set.h"
#include "issue/staple_table.h"
#include "net/http.h"
#include "pki/ocsp.h"

/* What it points to outlives the keeper. */
typedef struct {
    ja_loop_t *loop;
    ja_http_t *http;
    ja_store_t *store;
    const ja_log_t *log;
    const ja_staple_table_t *table; /* or NULL: nobody serves it */
    int domain_index;               /* in the table */
    const char *name;               /* the managed domain */
} ja_staple_conf_t;

typedef struct ja_staple_t ja_staple_t;

/* What was stored has been looked at (once, soon after the start), or an exchange has ended: facts,
 * error and the time of the next try may be others. From the loop, never from within another
 * function of this file. May clear the keeper's pool. */
typedef void ja_staple_changed_fn(void *baton);

/* Keep the response of `cert`, whose chain is read from `group` (LIVE or STAGING) before this
 * returns: it may move or go afterwards. The rest is done on another thread, as it takes a
 * millisecond or two: the stored response is read back and verified again, and `changed` is called.
 *
 * With `is_awaited` a `good` is waited for: the responder is polled. A certificate that names no
 * responder is left alone; so is one whose issuer is not in its chain: no facts, ever. Without its
 * chain there is an error at once, and `changed` is never called. Never NULL. Clearing `pool` ends
 * it; what is in store and table stays. */
ja_staple_t *ja_staple_start(const ja_staple_conf_t *conf, ja_group_t group,
                             const ja_set_cert_t *cert, int is_awaited,
                             ja_staple_changed_fn *changed, void *baton, apr_pool_t *pool);

/* The verified response at hand, which may have ended; NULL: none yet. Valid until the next
 * `changed`. */
const ja_ocsp_facts_t *ja_staple_facts(const ja_staple_t *staple);

/* As ja_staple_is_short() of issue/staple_due, now. */
int ja_staple_runs_out(const ja_staple_t *staple);

/* When the responder is asked next; 0: never, or it is being asked. */
apr_time_t ja_staple_next_at(const ja_staple_t *staple);

/* Why the last try brought no response, or why there is none to be had; NULL: all is well, or
 * nothing has been tried, or the certificate names no responder. Valid until the next `changed`. */
const ja_err_t *ja_staple_error(const ja_staple_t *staple);

#endif

/* issue/rollout: the way of one domain's sets to those who visit it, as the runner sees it. It
 * keeps the OCSP responses of all certificates of the domain up to date, asks the gate
 * (issue/gate), and offers the staged set to the parent (issue/handover) once that is open. What
 * the parent makes of it, and what follows from news, is decided elsewhere.
 *
 * Nothing here is state that counts: everything is found again from the files.
 */
#ifndef JA_ISSUE_ROLLOUT_H
#define JA_ISSUE_ROLLOUT_H

#include "base/log.h"
#include "issue/handover.h"
#include "issue/set.h"
#include "issue/staple.h"

typedef struct ja_rollout_t ja_rollout_t;

typedef enum {
    JA_NEWS_TAKEN,   /* the parent has been busy: what is live, and what is staged, may be new */
    JA_NEWS_REVOKED, /* the staged set must never be served                                    */
    JA_NEWS_REFUSED, /* the parent does not take the staged set                                */
    JA_NEWS_RESPONSE /* the OCSP response kept for a live certificate may be another one       */
} ja_news_t;

/* Called from the loop. It may call ja_rollout_sets(). 0: not now, it is to be told again in a
 * minute. */
typedef int ja_news_fn(void *baton, ja_news_t news);

typedef struct {
    const ja_plan_domain_t *plan;
    ja_loop_t *loop;
    ja_http_t *http;
    ja_store_t *store;
    const ja_log_t *log;
    ja_handover_t *handover;    /* NULL: there is no parent that takes anything over */
    ja_staple_table_t *staples; /* NULL: nobody staples */
    ja_news_fn *news;
    void *baton;
} ja_rollout_conf_t;

/* Without sets at first. All of it ends with `pool`. */
ja_rollout_t *ja_rollout_make(const ja_rollout_conf_t *conf, apr_pool_t *pool);

/* These are the sets from now on; either may be NULL. They are copied; the same ones as before
 * change nothing. */
void ja_rollout_sets(ja_rollout_t *rollout, const ja_set_t *live, const ja_set_t *staged);

/* Has the parent changed what is live without having been offered anything? Then it is as if it had
 * taken something. One atomic load; to be asked every few seconds. */
void ja_rollout_look(ja_rollout_t *rollout);

/* How a set that has just been staged for `plan` will go live, for people: "it goes live ...". */
const char *ja_rollout_text(const ja_plan_domain_t *plan);

#endif

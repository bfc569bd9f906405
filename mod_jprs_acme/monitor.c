#include "monitor.h"

#include <httpd.h>
#include <http_config.h>
#include <mpm_common.h>

#include "activate.h"
#include "aplog.h"
#include "base/clock.h"
#include "conf.h"
#include "event/event.h"
#include "graceful.h"
#include "putback.h"
#include "shared.h"
#include "store/store_fs.h"
#include "takeover.h"

/* httpd calls every ten seconds, but again and again while children end. */
#define LOOK_EVERY apr_time_from_sec(1)

/* Children that end have to wait for us: what takes longer is gone on with at the next look. */
#define ROUND_LIMIT apr_time_from_sec(2)

/* After a failure that may pass, such as a full disk. */
#define RETRY_FIRST apr_time_from_sec(30)
#define RETRY_LAST  apr_time_from_sec(3600)

/* Of this generation; it lives in pconf. */
typedef struct {
    const ja_plan_t *plan;
    const ja_log_t *log;
    ja_handover_t *handover;
    apr_time_t look_at;
    char *has_failed;          /* for each domain: the last try to take over  */
    int first;                 /* where the next round begins                 */
    int is_unfinished;         /* the last one came to its limit              */
    int needs_restart;         /* sets wait for a graceful restart, or did    */
    int is_unserved;           /* what is live is served after one only       */
    apr_interval_time_t pause; /* after a failure; 0: there was none          */
    apr_time_t retry_at;
} watch_t;

static watch_t *watch;

/* ---- one domain ------------------------------------------------------------------------------ */

static void publish(const ja_plan_domain_t *domain, ja_store_t *store, apr_pool_t *scratch)
{
    if (!ja_takeover_publish(domain, store, watch->handover, watch->log, scratch)) {
        watch->is_unserved = 1;
    }
    watch->has_failed[domain->index] = 0;
}

/* Without a restart: whatever the outcome is, the runner is told. A set that is live already has
 * been published, unless the call that made it so has failed. */
static void serve_hot(const ja_plan_domain_t *domain, ja_store_t *store, apr_pool_t *scratch)
{
    ja_handover_word_t answer = JA_HANDOVER_TAKEN;

    switch (ja_takeover_commit(domain, store, watch->log, scratch)) {
    case JA_TAKEOVER_DONE:
        publish(domain, store, scratch);
        break;
    case JA_TAKEOVER_LIVE:
        if (watch->has_failed[domain->index]) {
            publish(domain, store, scratch);
        }
        break;
    case JA_TAKEOVER_NOTHING: /* it has been taken back */
        break;
    case JA_TAKEOVER_REFUSED:
        answer = JA_HANDOVER_REFUSED;
        break;
    case JA_TAKEOVER_FAILED: /* stays on offer: the round ends with put_off() */
        watch->has_failed[domain->index] = 1;
        watch->retry_at = ja_clock_now();
        return;
    }
    ja_handover_answer(watch->handover, domain->index, answer);
}

static int is_hot(const ja_plan_domain_t *domain)
{
    return domain->activation == JA_ACTIVATION_HOT;
}

static void serve(const ja_plan_domain_t *domain, ja_store_t *store, apr_pool_t *scratch)
{
    if (is_hot(domain)) {
        serve_hot(domain, store, scratch);
    }
    else if (domain->activation != JA_ACTIVATION_MANUAL) {
        watch->needs_restart = 1;
    }
}

/* ---- a round --------------------------------------------------------------------------------- */

/* Something has failed in this round: it is tried again, later each time. */
static void put_off(void)
{
    watch->pause = watch->pause == 0               ? RETRY_FIRST
                   : watch->pause > RETRY_LAST / 2 ? RETRY_LAST
                                                   : watch->pause * 2;
    watch->retry_at = ja_clock_now() + watch->pause;
}

/* All that is on offer, beginning where the last round had to stop. */
static void serve_all(ja_store_t *store, apr_pool_t *pool)
{
    apr_time_t limit = ja_clock_now() + ROUND_LIMIT;
    int n = watch->plan->domains->nelts;
    apr_pool_t *scratch;
    int step;

    watch->retry_at = 0;
    apr_pool_create(&scratch, pool);
    for (step = 0; step < n && ja_clock_now() < limit; step++) {
        int i = (watch->first + step) % n;

        if (ja_handover_word(watch->handover, i) == JA_HANDOVER_READY) {
            serve(APR_ARRAY_IDX(watch->plan->domains, i, const ja_plan_domain_t *), store, scratch);
            apr_pool_clear(scratch);
        }
    }
    apr_pool_destroy(scratch);
    watch->is_unfinished = step < n;
    watch->first = step < n ? (watch->first + step) % n : 0;
    if (watch->retry_at != 0) {
        put_off();
    }
    else {
        watch->pause = 0;
    }
}

static int has_work(int has_rung, apr_time_t now)
{
    return has_rung || watch->is_unfinished || (watch->retry_at != 0 && now >= watch->retry_at);
}

static void do_round(apr_pool_t *pool)
{
    ja_store_t *store;
    ja_err_t *err = ja_store_fs_open(&store, watch->plan->store_path, pool, pool);

    if (err) {
        ja_event_errored(watch->log, "mod_jprs_acme", err, "opening the store", 0, pool);
        watch->is_unfinished = 0;
        put_off();
        return;
    }
    serve_all(store, pool);
}

/* ---- the restart ------------------------------------------------------------------------------ */

/* What was offered may have been taken back. */
static int has_waiting(void)
{
    int i;

    for (i = 0; i < watch->plan->domains->nelts; i++) {
        const ja_plan_domain_t *domain =
            APR_ARRAY_IDX(watch->plan->domains, i, const ja_plan_domain_t *);

        if (ja_handover_word(watch->handover, i) == JA_HANDOVER_READY && !is_hot(domain)
            && domain->activation != JA_ACTIVATION_MANUAL) {
            return 1;
        }
    }
    return 0;
}

static void see_to_restart(int has_rung)
{
    watch->needs_restart = watch->needs_restart && has_waiting();
    ja_graceful_look(watch->needs_restart || watch->is_unserved, has_rung);
}

/* ---- hooks ----------------------------------------------------------------------------------- */

static int on_monitor(apr_pool_t *p, server_rec *s)
{
    apr_time_t now = ja_clock_now();
    apr_pool_t *pool;
    int has_rung;

    (void)s;
    if (!watch || (now < watch->look_at && watch->look_at - now <= LOOK_EVERY)) {
        return DECLINED;
    }
    has_rung = ja_handover_has_rung(watch->handover);
    apr_pool_create(&pool, p);
    watch->is_unserved |= ja_putback_look(pool);
    if (has_work(has_rung, now)) {
        do_round(pool);
    }
    see_to_restart(has_rung);
    apr_pool_destroy(pool);
    watch->look_at = ja_clock_now() + LOOK_EVERY; /* it may have taken a while */
    return DECLINED;
}

static apr_status_t forget(void *baton)
{
    (void)baton;
    watch = NULL;
    return APR_SUCCESS;
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    watch = NULL;
    if (ja_activate_store() && ja_shared_handover()) {
        watch = apr_pcalloc(pconf, sizeof(*watch));
        watch->plan = ja_conf_get(s)->plan;
        watch->log = ja_aplog_make(s, pconf);
        watch->handover = ja_shared_handover();
        watch->has_failed = apr_pcalloc(pconf, (apr_size_t)watch->plan->domains->nelts);
        apr_pool_cleanup_register(pconf, NULL, forget, apr_pool_cleanup_null);
    }
    return OK;
}

void ja_monitor_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(start, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_monitor(on_monitor, NULL, NULL, APR_HOOK_MIDDLE);
}

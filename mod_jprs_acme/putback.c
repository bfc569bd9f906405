#include "putback.h"

#include <httpd.h>
#include <http_config.h>

#include "activate.h"
#include "aplog.h"
#include "base/clock.h"
#include "conf.h"
#include "event/event.h"
#include "issue/rollback.h"
#include "shared.h"
#include "store/store_fs.h"
#include "takeover.h"

/* A change so recent may be followed by another one at the same time of the file system's clock. */
#define RECENT apr_time_from_sec(1)

/* After a failure that may pass, such as a full disk. */
#define RETRY apr_time_from_sec(60)

/* Of this generation; it lives in pconf. */
typedef struct {
    const ja_plan_t *plan;
    const ja_log_t *log;
    ja_handover_t *handover;
    ja_store_t *store;     /* opened when it is looked at first; NULL: not yet */
    apr_pool_t *pool;      /* of the store                                     */
    apr_time_t looked_for; /* what requests/ had changed at then               */
    apr_time_t retry_at;   /* 0: there was no failure                          */
} watch_t;

static watch_t *watch;

/* ---- one domain ------------------------------------------------------------------------------ */

/* 1: done. -1: it failed, and may work later. */
static int carry_out(const ja_plan_domain_t *domain, ja_store_t *store, int needs_restart,
                     const ja_log_t *log, apr_pool_t *scratch)
{
    int done;
    ja_err_t *err =
        ja_rollback_carry_out(&done, store, domain, needs_restart, ja_clock_now(), scratch);

    if (err) {
        ja_event_errored(log, domain->name, err, "putting the previous certificate back", 0,
                         scratch);
        return err->code == JA_E_NO_EARLIER ? 0 : -1;
    }
    if (done) {
        ja_event_tell(log, JA_EVENT_ROLLED_BACK, domain->name,
                      "the previous certificate has been put back, valid until %s; it is not "
                      "renewed for a day",
                      ja_takeover_validity(store, domain->name, scratch));
    }
    return done;
}

int ja_putback(const ja_plan_domain_t *domain, ja_store_t *store, int needs_restart,
               const ja_log_t *log, apr_pool_t *scratch)
{
    return carry_out(domain, store, needs_restart, log, scratch) == 1;
}

apr_hash_t *ja_putback_list(const ja_plan_t *plan, ja_store_t *store, const ja_log_t *log,
                            apr_pool_t *pool)
{
    apr_hash_t *by_name = apr_hash_make(pool);
    apr_array_header_t *domains;
    ja_err_t *err = ja_rollback_list(&domains, store, plan, pool, pool);
    int i;

    if (err) {
        ja_event_errored(log, "mod_jprs_acme", err, "looking at requests", 0, pool);
        return by_name;
    }
    for (i = 0; i < domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(domains, i, const ja_plan_domain_t *);

        apr_hash_set(by_name, domain->name, APR_HASH_KEY_STRING, domain);
    }
    return by_name;
}

/* ---- while the server runs ------------------------------------------------------------------- */

/* 1: a restart is needed. Whatever has become of it, the runner looks at the sets again. */
static int serve(const ja_plan_domain_t *domain, apr_pool_t *scratch)
{
    int is_hot = domain->activation == JA_ACTIVATION_HOT;
    int done = carry_out(domain, watch->store, !is_hot, watch->log, scratch);
    int is_served;

    if (done < 0) {
        watch->retry_at = ja_clock_now() + RETRY;
    }
    if (done <= 0) {
        return 0;
    }
    is_served =
        is_hot && ja_takeover_publish(domain, watch->store, watch->handover, watch->log, scratch);
    ja_handover_answer(watch->handover, domain->index, JA_HANDOVER_TAKEN);
    return !is_served && domain->activation != JA_ACTIVATION_MANUAL;
}

static int serve_all(apr_pool_t *pool)
{
    apr_array_header_t *domains;
    ja_err_t *err = ja_rollback_list(&domains, watch->store, watch->plan, pool, pool);
    apr_pool_t *scratch;
    int needs_restart = 0;
    int i;

    watch->retry_at = 0;
    if (err) {
        ja_event_errored(watch->log, "mod_jprs_acme", err, "looking at requests", 0, pool);
        watch->retry_at = ja_clock_now() + RETRY;
        return 0;
    }
    apr_pool_create(&scratch, pool);
    for (i = 0; i < domains->nelts; i++) {
        needs_restart |= serve(APR_ARRAY_IDX(domains, i, const ja_plan_domain_t *), scratch);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return needs_restart;
}

/* Is there anything new? */
static ja_err_t *look(int *is_new, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();
    apr_time_t changed_at;

    if (!watch->store) {
        JA_TRY(ja_store_fs_open(&watch->store, watch->plan->store_path, watch->pool, scratch));
    }
    JA_TRY(ja_store_changed_at(&changed_at, watch->store, JA_GROUP_REQUESTS, scratch));
    *is_new = changed_at != watch->looked_for || (watch->retry_at != 0 && now >= watch->retry_at);
    watch->looked_for = now - changed_at > RECENT ? changed_at : 0;
    return NULL;
}

int ja_putback_look(apr_pool_t *pool)
{
    int is_new = 0;
    ja_err_t *err;

    if (!watch || (watch->retry_at != 0 && ja_clock_now() < watch->retry_at)) {
        return 0;
    }
    err = look(&is_new, pool);
    if (err) {
        ja_event_errored(watch->log, "mod_jprs_acme", err, "looking at requests", 0, pool);
        watch->retry_at = ja_clock_now() + RETRY;
        apr_pool_clear(watch->pool);
        watch->store = NULL;
        return 0;
    }
    return is_new ? serve_all(pool) : 0;
}

/* ---- hooks ----------------------------------------------------------------------------------- */

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
        apr_pool_create(&watch->pool, pconf);
        apr_pool_cleanup_register(pconf, NULL, forget, apr_pool_cleanup_null);
    }
    return OK;
}

/* Children have no use for descriptors of root's. */
static void child_init(apr_pool_t *pchild, server_rec *s)
{
    (void)pchild;
    (void)s;
    if (watch) {
        apr_pool_destroy(watch->pool);
        watch = NULL;
    }
}

void ja_putback_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(start, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
}

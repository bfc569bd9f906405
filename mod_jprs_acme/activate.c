#include "activate.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <unixd.h>

#include "aplog.h"
#include "base/clock.h"
#include "checked.h"
#include "conf.h"
#include "event/event.h"
#include "issue/set.h"
#include "store/store_fs.h"

static ja_store_t *store;

int ja_activate_is_rehearsal(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

ja_store_t *ja_activate_store(void)
{
    return store;
}

/* Directories are made in the real pass only. The store is in ptemp: children have no use for
 * descriptors of root's. */
static ja_err_t *open_store(const ja_plan_t *plan, apr_pool_t *ptemp, apr_pool_t *scratch)
{
    if (!ja_activate_is_rehearsal()) {
        JA_TRY(ja_store_fs_make(plan->store_path, ap_unixd_config.user_id, ap_unixd_config.group_id,
                                scratch));
    }
    return ja_store_fs_open(&store, plan->store_path, ptemp, scratch);
}

/* "valid until Sun, 22 Nov 2026 10:00:00 GMT" */
static const char *validity(const char *name, apr_pool_t *scratch)
{
    const ja_set_t *set;
    char *date = apr_palloc(scratch, APR_RFC822_DATE_LEN);

    if (ja_set_load(&set, store, JA_GROUP_LIVE, name, scratch, scratch) || !set) {
        return "unknown";
    }
    apr_rfc822_date(date, ja_set_first_to_expire(set)->not_after);
    return date;
}

static void commit(const ja_plan_domain_t *domain, server_rec *s, const ja_log_t *log,
                   apr_pool_t *scratch)
{
    int committed;
    ja_err_t *err = ja_set_commit(&committed, store, domain->name, domain->keys, domain->names,
                                  ja_clock_now(), scratch);

    if (err) {
        ja_event_errored(log, domain->name, err, "taking over the staged certificate", 0, scratch);
    }
    else if (committed) {
        ja_checked_drop(domain->name, s->process);
        ja_event_tell(log, JA_EVENT_ACTIVATED, domain->name,
                      "the new certificate is in use, valid until %s",
                      validity(domain->name, scratch));
    }
}

/* Whatever the outcome is for one domain, it is none of the others' business. */
static void commit_all(const ja_plan_t *plan, server_rec *s, const ja_log_t *log, apr_pool_t *ptemp)
{
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, ptemp);
    for (i = 0; i < plan->domains->nelts; i++) {
        apr_pool_clear(scratch);
        commit(APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *), s, log, scratch);
    }
    apr_pool_destroy(scratch);
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const ja_plan_t *plan = ja_conf_get(s)->plan;
    const ja_log_t *log = ja_aplog_make(s, ptemp);
    ja_err_t *err;

    (void)pconf;
    (void)plog;
    store = NULL;
    if (plan->domains->nelts == 0) {
        return OK;
    }
    err = open_store(plan, ptemp, ptemp);
    if (ja_activate_is_rehearsal()) {
        return OK; /* the real pass comes next, and tells */
    }
    if (err) {
        err = ja_err_wrap(err, ptemp,
                          "ManagedDomainStore %s, without which there are no certificates",
                          plan->store_path);
        ja_event_errored(log, "mod_jprs_acme", err, "preparing the store", 0, ptemp);
        return OK;
    }
    err = ja_plan_publish(plan, store, ptemp);
    if (err) {
        ja_event_errored(log, "mod_jprs_acme", err, "writing config.json", 0, ptemp);
    }
    commit_all(plan, s, log, ptemp);
    return OK;
}

/* ptemp goes after the last post_config. */
static int finish(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    (void)s;
    store = NULL;
    return OK;
}

void ja_activate_register(apr_pool_t *pool)
{
    static const char *const BEFORE[] = { "mod_ssl.c", NULL };

    (void)pool;
    ap_hook_post_config(start, NULL, BEFORE, APR_HOOK_FIRST);
    ap_hook_post_config(finish, NULL, NULL, APR_HOOK_REALLY_LAST);
}

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
#include "putback.h"
#include "store/store_fs.h"
#include "takeover.h"

static ja_store_t *store;

int ja_activate_is_rehearsal(void)
{
    return ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG;
}

int ja_activate_has_parent(void)
{
    return !ap_exists_config_define("DEBUG") && !ap_exists_config_define("ONE_PROCESS");
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

/* One pass over all domains. */
typedef struct {
    server_rec *s;
    const ja_log_t *log;
    apr_hash_t *live; /* what ja_set_adopt() needs; NULL as long as nobody has needed it */
    apr_pool_t *pool;
} pass_t;

/* 1: a staged set has become the live one. */
static int commit(const ja_plan_domain_t *domain, const pass_t *pass, apr_pool_t *scratch)
{
    if (ja_takeover_commit(domain, store, pass->log, scratch) != JA_TAKEOVER_DONE) {
        return 0;
    }
    ja_checked_drop(domain->name, pass->s->process);
    return 1;
}

/* 1: an earlier set has become the live one. What is staged stays for once: a start that takes an
 * earlier set back into use must not be the one that takes it out of use again. */
static int put_back(const ja_plan_domain_t *domain, apr_hash_t *asked, const pass_t *pass,
                    apr_pool_t *scratch)
{
    if (!apr_hash_get(asked, domain->name, APR_HASH_KEY_STRING)
        || !ja_putback(domain, store, 0, pass->log, scratch)) {
        return 0;
    }
    ja_checked_drop(domain->name, pass->s->process);
    return 1;
}

/* Mod_ssl is given what is found good here. What can't be served is replaced: only root can see the
 * damage, so the runner would take the set for a good one until it expires. */
static void mend(const ja_plan_domain_t *domain, const pass_t *pass, apr_pool_t *scratch)
{
    ja_set_files_t files;
    ja_err_t *err;
    int generation = 0;

    if (ja_checked_find(&files, domain->name, pass->s->process, scratch)) {
        return;
    }
    err = ja_set_files(&files, store, domain->name, scratch, scratch);
    if (!err && files.fullchain_paths->nelts > 0) {
        ja_checked_keep(domain->name, &files, pass->s->process);
    }
    if (!err || err->code != JA_E_LIVE_BAD || files.fullchain_paths->nelts > 0) {
        return; /* what there is to tell is told when mod_ssl asks for the files */
    }
    ja_event_errored(pass->log, domain->name, err, "reading the certificate to be served", 0,
                     scratch);
    err = ja_set_repair(&generation, store, domain->name, ja_clock_now(), scratch);
    if (err) {
        ja_event_errored(pass->log, domain->name, err, "looking for an earlier certificate", 0,
                         scratch);
    }
    else if (generation > 0) {
        ja_event_tell(pass->log, JA_EVENT_ACTIVATED, domain->name,
                      "the earlier certificate archive/.../%d is in use again, valid until %s",
                      generation, ja_takeover_validity(store, domain->name, scratch));
    }
}

static ja_err_t *try_adopt(const char **from, const ja_plan_domain_t *domain, pass_t *pass,
                           apr_pool_t *scratch)
{
    int has;

    *from = NULL;
    JA_TRY(ja_store_has(&has, store, JA_GROUP_LIVE, domain->name, scratch));
    if (has) {
        return NULL;
    }
    if (!pass->live) {
        JA_TRY(ja_set_index(&pass->live, store, ja_clock_now(), pass->pool, scratch));
    }
    return ja_set_adopt(from, store, domain->name, domain->keys, domain->names, pass->live,
                        ja_clock_now(), scratch);
}

/* A managed domain is known by its first name: with another one, or moved to another domain, its
 * names are served on with the certificate that they have. */
static void adopt(const ja_plan_domain_t *domain, pass_t *pass, apr_pool_t *scratch)
{
    const char *from;
    ja_err_t *err = try_adopt(&from, domain, pass, scratch);

    if (err) {
        ja_event_errored(pass->log, domain->name, err, "looking for a certificate of these names",
                         0, scratch);
    }
    else if (from) {
        ja_event_tell(pass->log, JA_EVENT_ACTIVATED, domain->name,
                      "the certificate of %s is in use for this domain as well, valid until %s",
                      from, ja_takeover_validity(store, domain->name, scratch));
    }
}

/* Whatever the outcome is for one domain, it is none of the others' business. */
static void commit_all(const ja_plan_t *plan, server_rec *s, const ja_log_t *log, apr_pool_t *ptemp)
{
    pass_t pass = { s, log, NULL, ptemp };
    apr_hash_t *asked = ja_putback_list(plan, store, log, ptemp);
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, ptemp);
    for (i = 0; i < plan->domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);

        apr_pool_clear(scratch);
        if (put_back(domain, asked, &pass, scratch) || !commit(domain, &pass, scratch)) {
            mend(domain, &pass, scratch);
            adopt(domain, &pass, scratch);
        }
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

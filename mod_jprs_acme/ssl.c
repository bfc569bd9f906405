#include "ssl.h"

#include <httpd.h>
#include <http_config.h>
#include <http_request.h>
#include <http_ssl.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acceptance.h"
#include "activate.h"
#include "aplog.h"
#include "checked.h"
#include "conf.h"
#include "event/event.h"
#include "hot.h"
#include "issue/set.h"
#include "temporary.h"

#define RETRY_AFTER_S "60"

/* What a domain serves: found out once, also if many virtual hosts use it. */
typedef struct {
    apr_array_header_t *cert_paths; /* const char *; empty: not even a temporary one */
    apr_array_header_t *key_paths;
    int is_temporary;
} served_t;

/* One pass through post_config. It lives in pconf. */
typedef struct {
    const ja_log_t *log;  /* NULL in the rehearsal: the real pass tells         */
    process_rec *process; /* what ja_checked_...() need                         */
    apr_pool_t *files;    /* what is in it is removed at the end of post_config */
    apr_hash_t *served;   /* name of a domain -> served_t                       */
} pass_t;

static pass_t *pass;

/* --- what there is for a domain --------------------------------------------------------------- */

static served_t *make_served(apr_pool_t *pool)
{
    served_t *served = apr_pcalloc(pool, sizeof(*served));

    served->cert_paths = apr_array_make(pool, 1, sizeof(const char *));
    served->key_paths = apr_array_make(pool, 1, sizeof(const char *));
    return served;
}

static void use_temporary(served_t *served, const ja_plan_domain_t *domain, apr_pool_t *scratch)
{
    const char *path;
    ja_err_t *err = ja_temporary_make(&path, domain->names, pass->files, scratch);

    if (err) {
        ja_event_errored(pass->log, domain->name, err, "making a temporary certificate", 0,
                         scratch);
        return;
    }
    served->is_temporary = 1;
    APR_ARRAY_PUSH(served->cert_paths, const char *) = path; /* the key is in it, too */
    APR_ARRAY_PUSH(served->key_paths, const char *) = path;
    ja_event_tell(pass->log, JA_EVENT_TEMPORARY, domain->name,
                  "no usable certificate: TLS is served with a self-signed one, requests get 503");
}

/* The live set. If only a part of it is usable, that part serves. */
static void use_live(served_t *served, const ja_plan_domain_t *domain, apr_pool_t *pool,
                     apr_pool_t *scratch)
{
    ja_set_files_t files = { NULL, NULL };
    ja_err_t *err = NULL;

    if (!ja_checked_find(&files, domain->name, pass->process, pool)) {
        err = ja_set_files(&files, ja_activate_store(), domain->name, pool, scratch);
    }
    if (err) {
        ja_event_errored(pass->log, domain->name, err, "reading the certificate to be served", 0,
                         scratch);
    }
    if (!files.fullchain_paths || files.fullchain_paths->nelts == 0) {
        return;
    }
    apr_array_cat(served->cert_paths, files.fullchain_paths);
    apr_array_cat(served->key_paths, files.privkey_paths);
    if (!err && ja_activate_is_rehearsal()) {
        ja_checked_keep(domain->name, &files, pass->process);
    }
}

static const served_t *served_by(const ja_plan_domain_t *domain, apr_pool_t *pool)
{
    served_t *served = apr_hash_get(pass->served, domain->name, APR_HASH_KEY_STRING);
    apr_pool_t *scratch;

    if (served) {
        return served;
    }
    served = make_served(pool);
    apr_pool_create(&scratch, pool);
    if (ja_activate_store()) {
        use_live(served, domain, pool, scratch);
    }
    if (served->cert_paths->nelts == 0) {
        use_temporary(served, domain, scratch);
    }
    apr_pool_destroy(scratch);
    apr_hash_set(pass->served, domain->name, APR_HASH_KEY_STRING, served);
    return served;
}

/* The i-th certificate of the live set, unless the virtual host would not take it: the configuration
 * may ask for more than when it was made, and by what mod_ssl refuses the whole server would end. */
static void add_if_taken(served_t *some, const served_t *all, int i, const ja_site_t *site,
                         apr_pool_t *scratch)
{
    const char *path = APR_ARRAY_IDX(all->cert_paths, i, const char *);
    ja_err_t *err = ja_acceptance_try_file(site->level, path, scratch);

    if (err) {
        ja_event_errored(pass->log, site->domain->name, err,
                         "giving mod_ssl the certificate to be served", 0, scratch);
        return;
    }
    APR_ARRAY_PUSH(some->cert_paths, const char *) = path;
    APR_ARRAY_PUSH(some->key_paths, const char *) = APR_ARRAY_IDX(all->key_paths, i, const char *);
}

static const served_t *served_at(const ja_site_t *site, apr_pool_t *pool)
{
    const served_t *all = served_by(site->domain, pool);
    apr_pool_t *scratch;
    served_t *some;
    int i;

    if (site->level == 0 || all->is_temporary) {
        return all;
    }
    some = make_served(pool);
    apr_pool_create(&scratch, pool);
    for (i = 0; i < all->cert_paths->nelts; i++) {
        add_if_taken(some, all, i, site, scratch);
    }
    if (some->cert_paths->nelts == 0) {
        use_temporary(some, site->domain, scratch);
    }
    apr_pool_destroy(scratch);
    return some;
}

/* No set of its domain is there yet: neither at the start, nor since. */
static int is_temporary(const server_rec *s)
{
    const ja_site_t *site = ja_conf_site(s);

    return site->serves == JA_SERVES_TEMPORARY && !(site->ctx && ja_hot_has(site->domain));
}

/* --- hooks ------------------------------------------------------------------------------------ */

/* mod_ssl asks for each virtual host with SSLEngine on. Files that are there already come from
 * the configuration or from another module. A temporary certificate is given here and not as
 * what httpd calls a fallback: with that, mod_ssl would answer 503 until the next restart, also
 * after a real certificate has come. */
static int add_cert_files(server_rec *s, apr_pool_t *pool, apr_array_header_t *cert_files,
                          apr_array_header_t *key_files)
{
    ja_site_t *site = ja_conf_site(s);
    const served_t *served;

    if (!pass || !site->domain || cert_files->nelts > 0 || key_files->nelts > 0) {
        return DECLINED;
    }
    served = served_at(site, pool);
    if (served->cert_paths->nelts == 0) {
        return DECLINED;
    }
    apr_array_cat(cert_files, served->cert_paths);
    apr_array_cat(key_files, served->key_paths);
    site->serves = served->is_temporary ? JA_SERVES_TEMPORARY : JA_SERVES_LIVE;
    return OK;
}

/* Visitors of a site with a temporary certificate would have to click a warning away to see it:
 * they get 503. What is asked for in plain HTTP is served. */
static int refuse_temporary(request_rec *r, int is_lookup)
{
    if (is_lookup || !is_temporary(r->server) || !ap_is_initial_req(r)
        || !ap_ssl_conn_is_ssl(r->connection)) {
        return DECLINED;
    }
    apr_table_setn(r->err_headers_out, "Retry-After", RETRY_AFTER_S);
    return HTTP_SERVICE_UNAVAILABLE;
}

static apr_status_t forget_pass(void *baton)
{
    (void)baton;
    pass = NULL;
    return APR_SUCCESS;
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    pass = apr_pcalloc(pconf, sizeof(*pass));
    pass->log = ja_activate_is_rehearsal() ? NULL : ja_aplog_make(s, pconf);
    pass->process = s->process;
    pass->served = apr_hash_make(pconf);
    apr_pool_create(&pass->files, pconf);
    apr_pool_cleanup_register(pconf, NULL, forget_pass, apr_pool_cleanup_null);
    return OK;
}

/* mod_ssl has read all files by now. If the start fails before this, they go with pconf. */
static int finish(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)pconf;
    (void)plog;
    (void)ptemp;
    apr_pool_clear(pass->files);
    if (!ja_activate_is_rehearsal()) {
        ja_checked_end(s->process);
    }
    return OK;
}

void ja_ssl_register(apr_pool_t *pool)
{
    static const char *const BEFORE_SSL[] = { "mod_ssl.c", NULL };
    static const char *const BEFORE_CACHE[] = { "mod_cache.c", NULL };

    (void)pool;
    ap_hook_post_config(start, NULL, BEFORE_SSL, APR_HOOK_FIRST);
    ap_hook_post_config(finish, NULL, NULL, APR_HOOK_REALLY_LAST);
    ap_hook_ssl_add_cert_files(add_cert_files, NULL, NULL, APR_HOOK_MIDDLE);
    /* After the answers to challenges, which have an order before FIRST. */
    ap_hook_quick_handler(refuse_temporary, NULL, BEFORE_CACHE, APR_HOOK_FIRST);
}

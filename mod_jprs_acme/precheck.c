#include "precheck.h"

#include <stdio.h>
#include <stdlib.h>

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>
#include <http_ssl.h>
#include <util_cfgtree.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "acceptance.h"
#include "aplog.h"
#include "conf.h"
#include "conftree.h"
#include "issue/set.h"
#include "issue/trial.h"
#include "pki/pair.h"
#include "ports.h"
#include "store/store_fs.h"

/* What goes through this file. */
typedef struct {
    const ja_conftree_t *tree;
    const ja_log_t *log;
    apr_hash_t *pairs; /* "CERT\nKEY" of those that have been looked at */
    int *levels;       /* the highest security level of the virtual hosts of each domain */
    int is_bad;
    apr_pool_t *pool;
    apr_pool_t *scratch; /* cleared after each of many things */
} precheck_t;

static void complain(precheck_t *check, const char *text)
{
    check->is_bad = 1;
    ja_log_line(check->log, JA_LOG_ERROR, "%s", text);
}

/* ---- files that httpd.conf names ------------------------------------------------------------- */

static const char *place_of(const ap_directive_t *node, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%d", node->filename, node->line_num);
}

/* What is no file is kept in a device that OpenSSL asks: "pkcs11:...". */
static int is_device(const ap_directive_t *node)
{
    return strncmp(node->args, "pkcs11:", 7) == 0 || strncmp(node->args, "\"pkcs11:", 8) == 0;
}

static int is_new(precheck_t *check, const char *cert, const char *key)
{
    const char *pair = apr_pstrcat(check->pool, cert, "\n", key, NULL);

    if (apr_hash_get(check->pairs, pair, APR_HASH_KEY_STRING)) {
        return 0;
    }
    apr_hash_set(check->pairs, pair, APR_HASH_KEY_STRING, pair);
    return 1;
}

static void check_pair(precheck_t *check, const ap_directive_t *cert, const ap_directive_t *key)
{
    const char *cert_path = ja_conftree_path(cert, check->pool);
    const char *key_path = ja_conftree_path(key, check->pool);
    int is_locked = 0;
    ja_err_t *err;

    if (!cert_path || !key_path || is_device(cert) || is_device(key)
        || !is_new(check, cert_path, key_path)) {
        return;
    }
    err = ja_pair_check(&is_locked, cert_path, key_path, check->scratch);
    if (err) {
        complain(check,
                 apr_psprintf(check->scratch, "SSLCertificateFile (%s): %s",
                              place_of(cert, check->scratch), ja_err_text(err, check->scratch)));
    }
    else if (is_locked) {
        ja_log_line(check->log, JA_LOG_INFO, "%s has a passphrase and is not checked", key_path);
    }
}

/* Mod_ssl's rule: the n-th key file is that of the n-th certificate file; where there are fewer,
 * the certificate's file has the key, too. */
static void check_static(precheck_t *check, const ja_tls_t *tls)
{
    int i;

    for (i = 0; i < tls->certs->nelts; i++) {
        const ap_directive_t *cert = APR_ARRAY_IDX(tls->certs, i, const ap_directive_t *);

        check_pair(check, cert,
                   i < tls->keys->nelts ? APR_ARRAY_IDX(tls->keys, i, const ap_directive_t *)
                                        : cert);
        apr_pool_clear(check->scratch);
    }
}

/* Modules besides this one may give certificates to virtual hosts: mod_md does. */
static int has_other_givers(void)
{
    const apr_array_header_t *givers = ap_hook_get_ssl_add_cert_files();
    const apr_array_header_t *fallbacks = ap_hook_get_ssl_add_fallback_cert_files();

    return (givers && givers->nelts > 1) || (fallbacks && fallbacks->nelts > 0);
}

/* What mod_ssl ends the server by if OpenSSL makes nothing of it. */
static void check_ciphers(precheck_t *check, const ap_directive_t *ciphers)
{
    const char *suites = ja_conftree_ciphers(ciphers, check->pool);
    ja_err_t *err =
        is_new(check, suites, "") ? ja_acceptance_try_ciphers(suites, check->scratch) : NULL;

    if (err) {
        complain(check, apr_psprintf(check->scratch, "%s: %s", place_of(ciphers, check->scratch),
                                     ja_err_text(err, check->scratch)));
    }
    apr_pool_clear(check->scratch);
}

/* Certificates of its own that the security level does not let pass. */
static void check_level(precheck_t *check, const ja_tls_t *tls)
{
    int level = ja_conftree_level(tls->ciphers);
    int i;

    for (i = 0; level > 0 && i < tls->certs->nelts; i++) {
        const char *path =
            ja_conftree_path(APR_ARRAY_IDX(tls->certs, i, const ap_directive_t *), check->pool);
        ja_err_t *err = path ? ja_acceptance_try_file(level, path, check->scratch) : NULL;

        if (err) {
            complain(check,
                     apr_psprintf(check->scratch, "%s: %s", place_of(tls->ciphers, check->scratch),
                                  ja_err_text(err, check->scratch)));
        }
        apr_pool_clear(check->scratch);
    }
}

static void note_level(precheck_t *check, const ja_tls_t *tls, const ja_plan_domain_t *domain)
{
    int level = ja_conftree_level(tls->ciphers);

    if (domain && level > check->levels[domain->index]) {
        check->levels[domain->index] = level;
    }
}

static void check_site(precheck_t *check, const server_rec *s)
{
    ja_tls_t tls = ja_conftree_tls(check->tree, s, check->pool);

    if (tls.has_tls <= 0) {
        return;
    }
    if (tls.ciphers) {
        check_ciphers(check, tls.ciphers);
        check_level(check, &tls);
        note_level(check, &tls, ja_conf_site(s)->domain);
    }
    if (tls.certs->nelts == 0 && !ja_conf_site(s)->domain && !has_other_givers()) {
        complain(check, apr_psprintf(check->pool,
                                     "<VirtualHost> with ServerName %s (%s:%u) has SSLEngine on, "
                                     "but no certificate",
                                     s->server_hostname, s->defn_name ? s->defn_name : "",
                                     s->defn_line_number));
    }
    check_static(check, &tls);
}

/* ---- managed sets ---------------------------------------------------------------------------- */

/* The files that the virtual hosts of the domain would take; the last refusal is in `err`. */
static int count_taken(ja_err_t **err, const precheck_t *check, const ja_set_files_t *files,
                       const ja_plan_domain_t *domain)
{
    int n = 0;
    int i;

    for (i = 0; i < files->fullchain_paths->nelts; i++) {
        ja_err_t *refusal = ja_acceptance_try_file(
            check->levels[domain->index], APR_ARRAY_IDX(files->fullchain_paths, i, const char *),
            check->scratch);

        n += !refusal;
        *err = refusal ? refusal : *err;
    }
    return n;
}

/* A start would go on without a set that is damaged, or not taken, but the visitors of its domain
 * would not. If there is a new one, a restart is what helps. */
static void check_live(precheck_t *check, ja_store_t *store, const ja_plan_domain_t *domain)
{
    ja_set_files_t files;
    ja_err_t *err = ja_set_files(&files, store, domain->name, check->scratch, check->scratch);
    ja_err_t *unknown;
    int is_staged = 0;

    if (count_taken(&err, check, &files, domain) > 0 || !err) {
        return;
    }
    unknown = ja_store_has(&is_staged, store, JA_GROUP_STAGING, domain->name, check->scratch);
    if (unknown || !is_staged) {
        complain(check, apr_psprintf(check->scratch,
                                     "the certificate in use for %s could not be served: %s",
                                     domain->name, ja_err_text(err, check->scratch)));
    }
}

static void check_managed(precheck_t *check, const ja_plan_t *plan)
{
    ja_store_t *store;
    ja_err_t *err;
    int i;

    if (plan->domains->nelts == 0) {
        return;
    }
    err = ja_store_fs_open(&store, plan->store_path, check->pool, check->pool);
    if (err) {
        if (err->code != JA_E_NOT_FOUND) { /* a start makes it */
            complain(check, ja_err_text(err, check->pool));
        }
        return;
    }
    for (i = 0; i < plan->domains->nelts; i++) {
        check_live(check, store, APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *));
        apr_pool_clear(check->scratch);
    }
}

/* ---- all of it ------------------------------------------------------------------------------- */

static void check_ports(precheck_t *check, const char *running)
{
    ja_err_t *err = ja_ports_check(running, check->scratch);

    if (err) {
        complain(check, ja_err_text(err, check->scratch));
    }
    apr_pool_clear(check->scratch);
}

/* A start of the server is not kept back by a variable in its environment. */
static const char *is_asked(void)
{
    return ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST ? getenv(JA_PRECHECK_ENV) : NULL;
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const char *running = is_asked();
    precheck_t check = { 0 };
    const server_rec *at;

    (void)pconf;
    (void)plog;
    if (!running) {
        return OK;
    }
    check.tree = ja_conftree_read(ap_conftree, ptemp);
    check.log = ja_aplog_make(s, ptemp);
    check.pairs = apr_hash_make(ptemp);
    check.levels =
        apr_pcalloc(ptemp, sizeof(int) * (apr_size_t)(ja_conf_get(s)->plan->domains->nelts + 1));
    check.pool = ptemp;
    apr_pool_create(&check.scratch, ptemp);
    for (at = s; at; at = at->next) {
        check_site(&check, at);
    }
    check_managed(&check, ja_conf_get(s)->plan);
    check_ports(&check, running);
    if (check.is_bad) {
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    puts(JA_TRIAL_MARKER);
    return OK;
}

void ja_precheck_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_REALLY_LAST);
}

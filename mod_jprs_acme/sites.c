#include "sites.h"

#include <string.h>

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <util_cfgtree.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "issue/dnsname.h"
#include "issue/eab_check.h"

#include "aplog.h"
#include "conf.h"
#include "conftree.h"
#include "mod_jprs_acme.h"

APLOG_USE_MODULE(jprs_acme);

/* What goes through this file. */
typedef struct {
    ja_plan_t *plan;
    ja_conftree_t *tree;
    apr_array_header_t *complaints;
    apr_array_header_t *hosts; /* host_t: the main server and all virtual hosts                */
    apr_hash_t *wild;          /* "*.example.jp" -> host_t *: the first with that alias         */
    apr_pool_t *pool;
} check_t;

/* A server_rec, seen from here. */
typedef struct {
    server_rec *s;
    apr_array_header_t *names; /* const char *: ServerName and ServerAliases as written         */
    ja_plan_domain_t *domain;  /* or NULL                                                       */
    int has_tls;
    int level;     /* of security, that SSLCipherSuite asks for; 0: none        */
    int is_served; /* it gets its certificate from here                             */
    int is_torn;   /* it has names of two domains, and that was told                */
    ja_place_t place;
} host_t;

/* --- virtual hosts and their names ------------------------------------------------------------ */

static void add_names(apr_array_header_t *names, const apr_array_header_t *more)
{
    if (more) {
        apr_array_cat(names, more);
    }
}

static void init_host(host_t *host, server_rec *s, const check_t *check)
{
    ja_tls_t tls = ja_conftree_tls(check->tree, s, check->pool);

    host->s = s;
    host->domain = NULL;
    host->is_torn = 0;
    host->has_tls = tls.has_tls > 0;
    host->level = ja_conftree_level(tls.ciphers);
    host->is_served = host->has_tls && tls.certs->nelts == 0;
    host->place.file = s->defn_name;
    host->place.line = (int)s->defn_line_number;
    host->names = apr_array_make(check->pool, 4, sizeof(const char *));
    if (s->server_hostname) {
        APR_ARRAY_PUSH(host->names, const char *) = s->server_hostname;
    }
    add_names(host->names, s->names);
    add_names(host->names, s->wild_names);
}

/* The managed domain of a name as it stands in httpd.conf; patterns other than *.x have none. */
static ja_plan_domain_t *domain_of(const check_t *check, const char *text)
{
    const char *why;
    const char *name = ja_dnsname_parse(text, &why, check->pool);

    return name ? ja_plan_find(check->plan, name, check->pool) : NULL;
}

/* `host` has `name`, which is of `domain`. There is one certificate for a virtual host (of each key
 * type), so all its managed names have to be of one domain. */
static void join(check_t *check, host_t *host, const char *name, ja_plan_domain_t *domain)
{
    domain->is_used = 1;
    if (!host->domain) {
        host->domain = domain;
    }
    else if (host->domain != domain && host->is_served && !host->is_torn) {
        host->is_torn = 1;
        ja_complain(
            check->complaints, JA_COMPLAINT_TWO_DOMAINS, host->domain->name, &host->place,
            "<VirtualHost> with ServerName %s has names of two managed domains: %s is of "
            "ManagedDomain %s (%s), other names are of ManagedDomain %s (%s); allowed: names of "
            "one managed domain; put all names into one, or the sites into virtual hosts of their "
            "own",
            host->s->server_hostname, name, domain->name,
            ja_place_print(&domain->place, check->pool), host->domain->name,
            ja_place_print(&host->domain->place, check->pool));
    }
}

static void match_names(check_t *check, host_t *host)
{
    ja_plan_domain_t *domain;
    const char *name;
    int i;

    for (i = 0; i < host->names->nelts; i++) {
        name = APR_ARRAY_IDX(host->names, i, const char *);
        domain = domain_of(check, name);
        if (domain) {
            join(check, host, name, domain);
        }
        else if (strncmp(name, "*.", 2) == 0
                 && !apr_hash_get(check->wild, name, APR_HASH_KEY_STRING)) {
            apr_hash_set(check->wild, name, APR_HASH_KEY_STRING, host);
        }
    }
}

/* A domain that no virtual host names may still be meant by a ServerAlias *.x, unless that virtual
 * host has a domain already: then it is no error either, because the name may well be served
 * elsewhere. */
static void match_wild(check_t *check, ja_plan_domain_t *domain)
{
    const char *wildcard;
    host_t *host;
    int i;

    for (i = 0; i < domain->names->nelts; i++) {
        wildcard =
            ja_dnsname_wildcard_of(APR_ARRAY_IDX(domain->names, i, const char *), check->pool);
        host = wildcard ? apr_hash_get(check->wild, wildcard, APR_HASH_KEY_STRING) : NULL;
        if (host && (!host->domain || host->domain == domain)) {
            host->domain = domain;
            domain->is_used = 1;
        }
    }
}

/* --- what else may be wrong ------------------------------------------------------------------- */

/* The names of `host` that its domain doesn't cover, as a list for people; those that could be
 * managed also in `*words`, as words for a ManagedDomain line. NULL: there are none. */
static const char *uncovered(const char **words, const check_t *check, const host_t *host)
{
    const char *list = NULL;
    const char *name;
    const char *why;
    int i;

    *words = "";
    for (i = 0; i < host->names->nelts; i++) {
        name = APR_ARRAY_IDX(host->names, i, const char *);
        if (domain_of(check, name) == host->domain) {
            continue;
        }
        list = list ? apr_pstrcat(check->pool, list, ", ", name, NULL) : name;
        if (name[0] != '*' && ja_dnsname_parse(name, &why, check->pool)) {
            *words = apr_pstrcat(check->pool, *words, " ", name, NULL);
        }
    }
    return list;
}

static void check_cover(check_t *check, const host_t *host)
{
    const char *words;
    const char *list = uncovered(&words, check, host);
    const char *advice = "take the names out of the virtual host";

    if (!list) {
        return;
    }
    if (*words) {
        advice = apr_psprintf(check->pool, "write \"ManagedDomain %s%s\" (%s), or %s",
                              apr_array_pstrcat(check->pool, host->domain->names, ' '), words,
                              ja_place_print(&host->domain->place, check->pool), advice);
    }
    ja_complain(
        check->complaints, JA_COMPLAINT_NOT_COVERED, host->domain->name, &host->place,
        "<VirtualHost> with ServerName %s has names that the certificate of ManagedDomain %s will "
        "not have: %s; clients will refuse it there; %s",
        host->s->server_hostname, host->domain->name, list, advice);
}

static ja_place_t place_of(const ap_directive_t *node)
{
    ja_place_t place = { node->filename, node->line_num };

    return place;
}

static void complain_md(check_t *check, const ja_plan_domain_t *domain, const char *name,
                        const ap_directive_t *md)
{
    ja_place_t place = place_of(md);

    ja_complain(
        check->complaints, JA_COMPLAINT_MOD_MD, domain->name, &domain->place,
        "ManagedDomain %s: mod_md manages this name, too (%s%s, %s); allowed: one of both; remove "
        "the name here or there",
        name, md->directive, md->directive[0] == '<' ? ">" : "",
        ja_place_print(&place, check->pool));
}

/* The directive of mod_md that has this name, itself or by a wildcard, or NULL. */
static const ap_directive_t *find_md(const check_t *check, const char *name)
{
    const ap_directive_t *md = apr_hash_get(check->tree->md_names, name, APR_HASH_KEY_STRING);
    const char *wildcard = md ? NULL : ja_dnsname_wildcard_of(name, check->pool);

    return wildcard ? apr_hash_get(check->tree->md_names, wildcard, APR_HASH_KEY_STRING) : md;
}

/* Both modules would give certificates to this virtual host: mod_md as soon as one name is its. */
static void check_md_host(check_t *check, const host_t *host)
{
    const ap_directive_t *md = NULL;
    const char *name = NULL;
    const char *why;
    ja_place_t place;
    int i;

    for (i = 0; i < host->names->nelts && !md; i++) {
        name = ja_dnsname_parse(APR_ARRAY_IDX(host->names, i, const char *), &why, check->pool);
        md = name && !ja_plan_find(check->plan, name, check->pool) ? find_md(check, name) : NULL;
    }
    if (md) {
        place = place_of(md);
        ja_complain(check->complaints, JA_COMPLAINT_MOD_MD, host->domain->name, &host->place,
                    "<VirtualHost> with ServerName %s has names of ManagedDomain %s, but %s is "
                    "managed by mod_md (%s); allowed: names that one of both manages",
                    host->s->server_hostname, host->domain->name, name,
                    ja_place_print(&place, check->pool));
    }
}

/* Both know a name if one of them has it, or a wildcard that covers it. Wildcards of ours are found
 * from mod_md's names, the rest from our own. */
static void check_md(check_t *check)
{
    const ja_plan_domain_t *domain;
    const ap_directive_t *md;
    apr_hash_index_t *at;
    const char *name;

    for (at = apr_hash_first(check->pool, check->plan->by_name); at; at = apr_hash_next(at)) {
        name = apr_hash_this_key(at);
        md = find_md(check, name);
        if (md) {
            complain_md(check, apr_hash_this_val(at), name, md);
        }
    }
    for (at = apr_hash_first(check->pool, check->tree->md_names); at; at = apr_hash_next(at)) {
        name = apr_hash_this_key(at);
        domain = ja_plan_find(check->plan, name, check->pool);
        if (domain && !apr_hash_get(check->plan->by_name, name, APR_HASH_KEY_STRING)) {
            complain_md(check, domain, name, apr_hash_this_val(at));
        }
    }
}

static void check_used(check_t *check, const ja_plan_domain_t *domain)
{
    if (!domain->is_used && domain->renew == JA_RENEW_AUTO) {
        ja_complain(
            check->complaints, JA_COMPLAINT_UNUSED, domain->name, &domain->place,
            "ManagedDomain %s: no virtual host has such a name, so no certificate is obtained; "
            "write a virtual host with ServerName %s, or \"ManagedDomainRenew always\"",
            domain->name, domain->name);
    }
}

/* --- all of it -------------------------------------------------------------------------------- */

static void match(check_t *check, server_rec *main_server)
{
    ja_plan_domain_t *domain;
    server_rec *s;
    int i;

    for (s = main_server; s; s = s->next) {
        init_host(apr_array_push(check->hosts), s, check);
    }
    for (i = 0; i < check->hosts->nelts; i++) {
        match_names(check, &APR_ARRAY_IDX(check->hosts, i, host_t));
    }
    for (i = 0; i < check->plan->domains->nelts; i++) {
        domain = APR_ARRAY_IDX(check->plan->domains, i, ja_plan_domain_t *);
        if (!domain->is_used) {
            match_wild(check, domain);
        }
        check_used(check, domain);
    }
}

static void assign(check_t *check, ja_conf_t *conf)
{
    const host_t *host;
    int i;

    for (i = 0; i < check->hosts->nelts; i++) {
        host = &APR_ARRAY_IDX(check->hosts, i, host_t);
        ja_conf_assign(host->s, conf, host->domain, host->has_tls, host->level);
        if (host->domain && host->is_served && !host->is_torn) {
            check_md_host(check, host);
            check_cover(check, host);
        }
    }
}

/* Tell all, and whether one of them keeps the server from starting. */
static int report(const apr_array_header_t *complaints, server_rec *s, apr_pool_t *pool)
{
    const ja_log_t *log = ja_aplog_make(s, pool);
    const ja_complaint_t *complaint;
    int is_bad = 0;
    int i;

    for (i = 0; i < complaints->nelts; i++) {
        complaint = &APR_ARRAY_IDX(complaints, i, const ja_complaint_t);
        is_bad |= ja_complaint_level(complaint) == JA_LOG_ERROR;
        ja_log_line(log, ja_complaint_level(complaint), "%s", ja_complaint_line(complaint, pool));
    }
    return is_bad;
}

static int check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    ja_conf_t *conf = ja_conf_get(s);
    check_t check = { 0 };
    ja_err_t *err;

    (void)pconf;
    (void)plog;
    err = ja_plan_make(&conf->plan, &check.complaints, conf->declared, &conf->settings, conf->pool,
                       ptemp);
    if (err) {
        ap_log_error(APLOG_MARK, APLOG_ERR, 0, s, "%s", ja_err_log_text(err, ptemp));
        return HTTP_INTERNAL_SERVER_ERROR;
    }
    ja_eab_check(check.complaints, conf->plan, ja_clock_now(), ptemp);
    check.plan = conf->plan;
    check.tree = ja_conftree_read(ap_conftree, ptemp);
    check.hosts = apr_array_make(ptemp, 64, sizeof(host_t));
    check.wild = apr_hash_make(ptemp);
    check.pool = ptemp;
    match(&check, s);
    assign(&check, conf);
    check_md(&check);
    return report(check.complaints, s, ptemp) ? HTTP_INTERNAL_SERVER_ERROR : OK;
}

void ja_sites_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_check_config(check_config, NULL, NULL, APR_HOOK_MIDDLE);
}

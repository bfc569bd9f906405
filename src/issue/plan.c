#include "issue/plan.h"

#include <string.h>

#include <apr_strings.h>

#include "issue/dnsname.h"
#include "net/url.h"
#include "pki/cert.h"

#define CA_ID_DIGITS 8

/* --- names ------------------------------------------------------------------------------------ */

/* One name into `names` and `seen`. NULL, or the fault. */
static const char *take_name(apr_array_header_t *names, apr_hash_t *seen, const char *text,
                             apr_pool_t *pool)
{
    const char *why = NULL;
    const char *name = ja_dnsname_parse(text, &why, pool);

    if (!name) {
        return apr_psprintf(pool,
                            "ManagedDomain %.*s: not a DNS name: %s; allowed: names as in "
                            "www.example.jp",
                            JA_DNSNAME_MAX + 2, text, why);
    }
    if (apr_hash_get(seen, name, APR_HASH_KEY_STRING)) {
        return apr_psprintf(pool, "ManagedDomain %s: the name is there twice; allowed: once", name);
    }
    if (names->nelts == JA_PLAN_MAX_NAMES) {
        return apr_psprintf(pool,
                            "ManagedDomain %s: one name too many; allowed: 1 to %d names in one "
                            "managed domain",
                            name, JA_PLAN_MAX_NAMES);
    }
    apr_hash_set(seen, name, APR_HASH_KEY_STRING, name);
    APR_ARRAY_PUSH(names, const char *) = name;
    return NULL;
}

const char *ja_plan_names(apr_array_header_t **names, const apr_array_header_t *words,
                          apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);
    const char *fault;
    char *rest;
    char *word;
    int i;

    *names = apr_array_make(pool, words->nelts, sizeof(const char *));
    for (i = 0; i < words->nelts; i++) {
        rest = apr_pstrdup(pool, APR_ARRAY_IDX(words, i, const char *));
        while ((word = apr_strtok(rest, ", \t", &rest))) {
            fault = take_name(*names, seen, word, pool);
            if (fault) {
                return fault;
            }
        }
    }
    return (*names)->nelts > 0 ? NULL
                               : "ManagedDomain: no name; allowed: one or more DNS names, as in "
                                 "www.example.jp";
}

/* --- making ----------------------------------------------------------------------------------- */

/* Unique, fit for a directory name, and telling to people. */
static ja_err_t *make_ca_id(const char **id, const char *url_text, apr_pool_t *result,
                            apr_pool_t *scratch)
{
    const char *digest;
    ja_url_t url;
    char *text;
    char *at;

    JA_TRY(ja_url_parse(&url, url_text, scratch, scratch));
    JA_TRY(ja_digest_sha256(&digest, url_text, strlen(url_text), scratch, scratch));
    text = apr_psprintf(result, "%s-%.*s", url.host, CA_ID_DIGITS, digest);
    for (at = text; (at = strchr(at, ':')); at++) {
        *at = '-'; /* of an IPv6 address */
    }
    *id = text;
    return NULL;
}

/* The CA of a domain: the one with its URL, made from this domain's settings if it is the first. */
static ja_err_t *enter_ca(ja_plan_ca_t **ca, apr_hash_t *by_url, apr_array_header_t *cas,
                          const ja_settings_t *settings, apr_pool_t *result, apr_pool_t *scratch)
{
    *ca = apr_hash_get(by_url, settings->ca_url, APR_HASH_KEY_STRING);
    if (!*ca) {
        *ca = apr_pcalloc(result, sizeof(**ca));
        JA_TRY(make_ca_id(&(*ca)->id, settings->ca_url, result, scratch));
        (*ca)->url = settings->ca_url;
        (*ca)->trust_file = settings->trust_file;
        (*ca)->contacts = settings->contacts;
        (*ca)->eab = settings->eab;
        apr_hash_set(by_url, (*ca)->url, APR_HASH_KEY_STRING, *ca);
        APR_ARRAY_PUSH(cas, ja_plan_ca_t *) = *ca;
    }
    (*ca)->n_domains++;
    return NULL;
}

static ja_plan_domain_t *make_domain(const apr_array_header_t *names, const ja_declared_t *declared,
                                     const ja_settings_t *server, apr_pool_t *result)
{
    ja_plan_domain_t *domain = apr_pcalloc(result, sizeof(*domain));
    ja_settings_t *merged;

    domain->names = names;
    domain->name = APR_ARRAY_IDX(names, 0, const char *);
    domain->place = declared->place;
    domain->settings = server;
    if (declared->settings) {
        merged = apr_palloc(result, sizeof(*merged));
        ja_settings_merge(merged, server, declared->settings, result);
        domain->settings = merged;
    }
    domain->keys = domain->settings->keys;
    domain->challenges = domain->settings->challenges;
    domain->renew_before = domain->settings->renew_before;
    domain->renew = domain->settings->renew;
    domain->activation = domain->settings->activation;
    domain->delay = domain->settings->delay;
    domain->stapling = domain->settings->stapling;
    return domain;
}

/* A name that is in two domains stays with the first: ja_plan_check() finds the second. */
static void enter_names(ja_plan_t *plan, ja_plan_domain_t *domain)
{
    const char *name;
    int i;

    for (i = 0; i < domain->names->nelts; i++) {
        name = APR_ARRAY_IDX(domain->names, i, const char *);
        if (!apr_hash_get(plan->by_name, name, APR_HASH_KEY_STRING)) {
            apr_hash_set(plan->by_name, name, APR_HASH_KEY_STRING, domain);
        }
    }
}

/* The tables that a plan is made in. */
typedef struct {
    ja_plan_t *plan;
    apr_array_header_t *domains;
    apr_array_header_t *cas;
    apr_hash_t *ca_by_url;
} making_t;

static ja_err_t *add_domain(making_t *making, const ja_declared_t *declared, apr_pool_t *result,
                            apr_pool_t *scratch)
{
    apr_array_header_t *names;
    ja_plan_domain_t *domain;
    ja_plan_ca_t *ca;
    const char *fault = ja_plan_names(&names, declared->words, result);

    if (fault) {
        return ja_err_make(JA_E_CONFIG, scratch, "%s", fault);
    }
    domain = make_domain(names, declared, making->plan->settings, result);
    JA_TRY(enter_ca(&ca, making->ca_by_url, making->cas, domain->settings, result, scratch));
    domain->ca = ca;
    enter_names(making->plan, domain);
    domain->index = making->domains->nelts;
    APR_ARRAY_PUSH(making->domains, ja_plan_domain_t *) = domain;
    return NULL;
}

ja_err_t *ja_plan_make(ja_plan_t **made, apr_array_header_t **complaints,
                       const apr_array_header_t *declared, const ja_settings_t *server,
                       apr_pool_t *result, apr_pool_t *scratch)
{
    ja_settings_t *merged = apr_palloc(result, sizeof(*merged));
    ja_plan_t *plan = apr_pcalloc(result, sizeof(*plan));
    making_t making;
    int i;

    making.plan = plan;
    making.domains = apr_array_make(result, declared->nelts, sizeof(ja_plan_domain_t *));
    making.cas = apr_array_make(result, 1, sizeof(ja_plan_ca_t *));
    making.ca_by_url = apr_hash_make(scratch);

    ja_settings_merge(merged, server, NULL, result);
    plan->settings = merged;
    plan->store_path = merged->store;
    plan->concurrency = merged->concurrency;
    plan->rate = merged->rate;
    plan->domains = making.domains;
    plan->cas = making.cas;
    plan->by_name = apr_hash_make(result);

    for (i = 0; i < declared->nelts; i++) {
        JA_TRY(
            add_domain(&making, &APR_ARRAY_IDX(declared, i, const ja_declared_t), result, scratch));
    }
    *complaints = apr_array_make(result, 0, sizeof(ja_complaint_t));
    ja_plan_check(*complaints, plan, scratch);
    *made = plan;
    return NULL;
}

ja_plan_domain_t *ja_plan_find(const ja_plan_t *plan, const char *name, apr_pool_t *scratch)
{
    ja_plan_domain_t *domain = apr_hash_get(plan->by_name, name, APR_HASH_KEY_STRING);
    const char *wildcard = domain ? NULL : ja_dnsname_wildcard_of(name, scratch);

    return wildcard ? apr_hash_get(plan->by_name, wildcard, APR_HASH_KEY_STRING) : domain;
}

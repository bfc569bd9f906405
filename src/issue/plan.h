/* issue/plan: what the configuration asks for, complete and checked: made once per start from what
 * httpd.conf declares, constant afterwards. The runner works from it; config.json is its public
 * part.
 */
#ifndef JA_ISSUE_PLAN_H
#define JA_ISSUE_PLAN_H

#include <apr_hash.h>

#include "issue/complaint.h"
#include "issue/settings.h"
#include "store/store.h"

#define JA_PLAN_MAX_NAMES 100 /* in one managed domain: what a CSR may have */

/* A CA with the account that is to be used there. There is one account per CA: domains of the same
 * CA have to agree on contacts, agreement, EAB and trust anchors. */
typedef struct {
    const char *id;         /* name in accounts/: the host, 8 hex digits of SHA-256 of the URL */
    const char *url;        /* of the directory */
    const char *trust_file; /* or NULL */
    const apr_array_header_t *contacts; /* const char *; NULL only in a plan with complaints */
    const ja_eab_t *eab;                /* or NULL */
    apr_time_t eab_issued_at; /* in a plan that was loaded: of the EAB that is not in it; 0: none */
    int n_domains;
} ja_plan_ca_t;

typedef struct {
    const char *name;                /* the first of the names */
    const apr_array_header_t *names; /* const char *: A-labels, lower case, no duplicates,
                                      * 1 .. JA_PLAN_MAX_NAMES                          */
    const ja_plan_ca_t *ca;
    const apr_array_header_t *keys;       /* ja_key_spec_t, no duplicates */
    const apr_array_header_t *challenges; /* const char * */
    ja_span_t renew_before;
    ja_renew_t renew;
    ja_activation_t activation; /* the glue lowers it to what can be done */
    ja_delay_t delay;
    int stapling;                  /* 0 or 1 */
    int index;                     /* its place in the plan's domains */
    int is_used;                   /* a virtual host has one of its names: set by the glue */
    const ja_settings_t *settings; /* merged: for printing */
    ja_place_t place;
} ja_plan_domain_t;

typedef struct {
    const char *store_path;
    int concurrency;
    ja_rate_t rate;                    /* of orders for each account; max 0: none */
    const ja_settings_t *settings;     /* of the server, merged: what domains inherit */
    const apr_array_header_t *cas;     /* ja_plan_ca_t * */
    const apr_array_header_t *domains; /* ja_plan_domain_t *, in the order of httpd.conf */
    apr_hash_t *by_name;               /* name -> ja_plan_domain_t * */
} ja_plan_t;

/* What a ManagedDomain line or section declares. */
typedef struct {
    const apr_array_header_t *words; /* const char *: names as written, or from ja_plan_names() */
    const ja_settings_t *settings;   /* of the section; NULL: a line */
    ja_place_t place;
} ja_declared_t;

/* Split "a, b,c d" into names and check each (ja_dnsname_parse()): at least one, at most
 * JA_PLAN_MAX_NAMES, none twice. NULL, or the sentence of the first violation: "ManagedDomain NAME:
 * ...; allowed: ...". Called while reading the line. */
const char *ja_plan_names(apr_array_header_t **names, const apr_array_header_t *words,
                          apr_pool_t *pool);

/* Make the plan and find what is wrong with it: all violations (`*complaints`: ja_complaint_t), not
 * just the first. Cost: linear in the number of names (hash tables). Checks: a name in two domains;
 * a wildcard that covers another domain's name; a wildcard without dns-01; contacts and agreement
 * missing; domains of the same CA that disagree on account directives. The plan is usable only if
 * `*complaints` is empty. What `declared` and `server` point to has to live as long as `result`.
 * JA_E_CONFIG: words that ja_plan_names() would not have let pass; JA_E_CRYPTO. */
ja_err_t *ja_plan_make(ja_plan_t **plan, apr_array_header_t **complaints,
                       const apr_array_header_t *declared /* ja_declared_t */,
                       const ja_settings_t *server, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* Append what is wrong with a plan: the checks of ja_plan_make(). */
void ja_plan_check(apr_array_header_t *complaints, const ja_plan_t *plan, apr_pool_t *scratch);

/* Are they the same addresses (const char *), in any order? Neither list has one twice; both may be
 * NULL. */
int ja_plan_is_same_contacts(const apr_array_header_t *a, const apr_array_header_t *b);

/* The domain that manages `name` (as from ja_dnsname_parse()), exactly or by a wildcard, or NULL.
 * Hash lookups. */
ja_plan_domain_t *ja_plan_find(const ja_plan_t *plan, const char *name, apr_pool_t *scratch);

/* The public part as config.json, saved if it differs from what is there (root). No secret is in
 * it: an EAB appears as its issue date only. */
ja_err_t *ja_plan_publish(const ja_plan_t *plan, ja_store_t *store,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* Read config.json back: for the CLI. `eab` is NULL in it. JA_E_NOT_FOUND, JA_E_SYNTAX, and what
 * ja_store_load() says. */
ja_err_t *ja_plan_load(ja_plan_t **plan, ja_store_t *store, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* What has to hold between the domains of a plan. */
#include "issue/plan.h"

#include <string.h>

#include <apr_cstr.h>

#include "issue/dnsname.h"

/* RFC 6125 6.4.3: the wildcard's certificate would serve for the name, too, so which of the two
 * domains is responsible would be a matter of luck. */
static void check_cover(apr_array_header_t *complaints, const ja_plan_t *plan,
                        const ja_plan_domain_t *domain, const char *name, apr_pool_t *scratch)
{
    const char *wildcard = ja_dnsname_wildcard_of(name, scratch);
    const ja_plan_domain_t *other;

    other = wildcard ? apr_hash_get(plan->by_name, wildcard, APR_HASH_KEY_STRING) : NULL;
    if (other && other != domain) {
        ja_complain(complaints, JA_COMPLAINT_COVERED, domain->name, &domain->place,
                    "ManagedDomain %s: the managed domain of %s has %s, which covers this name; "
                    "allowed: a name in one managed domain only; remove one of the two",
                    name, ja_place_print(&other->place, scratch), wildcard);
    }
}

static void check_names(apr_array_header_t *complaints, const ja_plan_t *plan,
                        const ja_plan_domain_t *domain, apr_pool_t *scratch)
{
    const ja_plan_domain_t *owner;
    const char *name;
    int i;

    for (i = 0; i < domain->names->nelts; i++) {
        name = APR_ARRAY_IDX(domain->names, i, const char *);
        owner = apr_hash_get(plan->by_name, name, APR_HASH_KEY_STRING);
        if (owner != domain) {
            ja_complain(complaints, JA_COMPLAINT_TWICE, domain->name, &domain->place,
                        "ManagedDomain %s: the managed domain of %s has this name, too; allowed: a "
                        "name in one managed domain only; remove one of the two",
                        name, ja_place_print(&owner->place, scratch));
        }
        check_cover(complaints, plan, domain, name, scratch);
    }
}

static int has_word(const apr_array_header_t *words, const char *word)
{
    int i;

    for (i = 0; i < words->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(words, i, const char *), word) == 0) {
            return 1;
        }
    }
    return 0;
}

/* By http-01 a CA validates single hosts, never a whole zone (CA/B Forum BR 3.2.2.4.19). */
static void check_wildcards(apr_array_header_t *complaints, const ja_plan_domain_t *domain)
{
    const char *name;
    int i;

    for (i = 0; i < domain->names->nelts && !has_word(domain->challenges, "dns-01"); i++) {
        name = APR_ARRAY_IDX(domain->names, i, const char *);
        if (ja_dnsname_is_wildcard(name)) {
            ja_complain(
                complaints, JA_COMPLAINT_WILDCARD, domain->name, &domain->place,
                "ManagedDomain %s: a wildcard needs dns-01 in ManagedDomainChallenges, which "
                "this version does not support yet; allowed: full names, as in "
                "www.example.jp; write each name that is in use",
                name);
        }
    }
}

static int is_same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

int ja_plan_is_same_contacts(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    if (!a || !b || a == b) {
        return a == b;
    }
    for (i = 0; i < a->nelts; i++) {
        if (!has_word(b, APR_ARRAY_IDX(a, i, const char *))) {
            return 0;
        }
    }
    return a->nelts == b->nelts;
}

/* The directive on which two domains of one CA differ although they share the account; or NULL. */
static const char *difference(const ja_settings_t *a, const ja_settings_t *b)
{
    ja_setting_id_t id = JA_SETTING_COUNT;

    if (!ja_plan_is_same_contacts(a->contacts, b->contacts)) {
        id = JA_SETTING_CONTACT;
    }
    else if (a->agreed != b->agreed) {
        id = JA_SETTING_AGREEMENT;
    }
    else if (!ja_eab_is_equal(a->eab, b->eab)) {
        id = JA_SETTING_EXTERNAL_ACCOUNT;
    }
    else if (!is_same_text(a->trust_file, b->trust_file)) {
        id = JA_SETTING_CA_CERTIFICATE_FILE;
    }
    return ja_settings_table()[id].name;
}

/* `first` is the first domain of the same CA, maybe `domain` itself. What is missing is told once
 * per CA: one line mends it for all. */
static void check_account(apr_array_header_t *complaints, const ja_plan_domain_t *domain,
                          const ja_plan_domain_t *first, apr_pool_t *scratch)
{
    const char *directive;

    if (domain != first) {
        directive = difference(domain->settings, first->settings);
        if (directive) {
            ja_complain(complaints, JA_COMPLAINT_DISAGREE, domain->name, &domain->place,
                        "ManagedDomain %s: its %s is not that of ManagedDomain %s (%s), which uses "
                        "the same CA; allowed: one account for each CA; write the directive once, "
                        "outside of <ManagedDomain>",
                        domain->name, directive, first->name,
                        ja_place_print(&first->place, scratch));
        }
        return;
    }
    if (!domain->settings->contacts) {
        ja_complain(complaints, JA_COMPLAINT_CONTACT, domain->name, &domain->place,
                    "ManagedDomain %s: ManagedDomainContact is missing; allowed: 1 to %d mail "
                    "addresses; write \"ManagedDomainContact you@your.domain\"",
                    domain->name, JA_CONTACTS_MAX);
    }
    if (!domain->settings->agreed) {
        ja_complain(
            complaints, JA_COMPLAINT_AGREEMENT, domain->name, &domain->place,
            "ManagedDomain %s: ManagedDomainAgreement is missing; allowed: accepted; read the "
            "terms of service of the CA, then write \"ManagedDomainAgreement accepted\"",
            domain->name);
    }
}

void ja_plan_check(apr_array_header_t *complaints, const ja_plan_t *plan, apr_pool_t *scratch)
{
    apr_hash_t *firsts = apr_hash_make(scratch);
    const ja_plan_domain_t *domain;
    const ja_plan_domain_t *first;
    int i;

    for (i = 0; i < plan->domains->nelts; i++) {
        domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);
        first = apr_hash_get(firsts, domain->ca->id, APR_HASH_KEY_STRING);
        if (!first) {
            first = domain;
            apr_hash_set(firsts, domain->ca->id, APR_HASH_KEY_STRING, domain);
        }
        check_names(complaints, plan, domain, scratch);
        check_wildcards(complaints, domain);
        check_account(complaints, domain, first, scratch);
    }
}

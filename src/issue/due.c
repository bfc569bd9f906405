#include "issue/due.h"

/* No set is held for longer than until so long before it expires. */
#define SPARE_MAX apr_time_from_sec(86400)

static const char *const NAMES[JA_DUE_COUNT] = {
    [JA_DUE_NEVER] = "never",     [JA_DUE_FIRST] = "first", [JA_DUE_NAMES] = "names",
    [JA_DUE_KEYS] = "keys",       [JA_DUE_AGE] = "age",     [JA_DUE_HELD] = "held",
    [JA_DUE_REVOKED] = "revoked",
};
const ja_enumstr_t ja_due_names = { NAMES, JA_DUE_COUNT };

const char *ja_due_text(ja_due_why_t why)
{
    switch (why) {
    case JA_DUE_NEVER:
        return "not to be renewed by configuration";
    case JA_DUE_FIRST:
        return "there is no certificate yet";
    case JA_DUE_NAMES:
        return "a configured name is not in the certificate";
    case JA_DUE_KEYS:
        return "a configured key type has no certificate";
    case JA_DUE_AGE:
        return "the certificate is to be renewed";
    case JA_DUE_HELD:
        return "an earlier certificate has been put back";
    case JA_DUE_REVOKED:
        return "the certificate is revoked";
    case JA_DUE_COUNT:
        break;
    }
    return "?";
}

static int covers_all(const ja_cert_facts_t *facts, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; i++) {
        if (!ja_cert_names_cover(facts->names, APR_ARRAY_IDX(names, i, const char *))) {
            return 0;
        }
    }
    return 1;
}

int ja_due_fits(ja_due_why_t *why, const ja_plan_domain_t *domain, const ja_set_t *set)
{
    int i;

    for (i = 0; i < domain->keys->nelts; i++) {
        const ja_set_cert_t *cert =
            ja_set_find(set, (int)APR_ARRAY_IDX(domain->keys, i, ja_key_spec_t));

        if (!cert) {
            *why = JA_DUE_KEYS;
            return 0;
        }
        if (!covers_all(&cert->facts, domain->names)) {
            *why = JA_DUE_NAMES;
            return 0;
        }
    }
    return 1;
}

/* The certificate's own lifetime counts, not what the CA used to give. Whatever a damaged set.json
 * says, it is never later than expiry. */
static apr_time_t age_at(const ja_plan_domain_t *domain, const ja_set_t *set)
{
    const ja_cert_facts_t *facts = ja_set_first_to_expire(set);
    apr_interval_time_t lifetime = facts->not_after - facts->not_before;
    apr_time_t earliest = facts->not_before + lifetime / 100;
    apr_time_t at;

    if (lifetime <= 0) {
        return facts->not_after;
    }
    at = facts->not_after - ja_span_of(&domain->renew_before, lifetime);
    return at < earliest ? earliest : at;
}

/* Until when a set that was put back is left alone; 0: it isn't, or this is a newer one. A time
 * ahead of `now` is a clock that has been put right since. */
static apr_time_t held_until(const ja_set_t *live, apr_time_t restored_at, apr_time_t now)
{
    const ja_cert_facts_t *facts = ja_set_first_to_expire(live);
    apr_interval_time_t lifetime = facts->not_after - facts->not_before;
    apr_interval_time_t spare = lifetime / 3 < SPARE_MAX ? lifetime / 3 : SPARE_MAX;
    apr_time_t until = restored_at + JA_DUE_HOLD;

    if (restored_at == 0 || restored_at > now || live->committed_at > restored_at) {
        return 0;
    }
    return until < facts->not_after - spare ? until : facts->not_after - spare;
}

static void hold(ja_due_t *due, apr_time_t until, apr_time_t now)
{
    if (due->at < until && now < until) {
        due->why = JA_DUE_HELD;
        due->at = until;
    }
}

static int is_wanted(const ja_plan_domain_t *domain)
{
    return domain->renew == JA_RENEW_ALWAYS || (domain->renew == JA_RENEW_AUTO && domain->is_used);
}

ja_due_t ja_due(const ja_plan_domain_t *domain, const ja_set_t *live, const ja_set_t *staged,
                int is_revoked, apr_time_t restored_at, apr_time_t now)
{
    ja_due_t due = { JA_DUE_NEVER, 0 };
    ja_due_why_t why = JA_DUE_FIRST;

    if (!is_wanted(domain)) {
        return due;
    }
    due.at = now;
    if (staged && ja_due_fits(&why, domain, staged)) {
        due.why = JA_DUE_AGE;
        due.at = age_at(domain, staged);
        return due;
    }
    if (!live) {
        due.why = JA_DUE_FIRST;
        return due;
    }
    if (is_revoked) {
        due.why = JA_DUE_REVOKED;
        return due;
    }
    due.why = JA_DUE_AGE;
    if (ja_due_fits(&due.why, domain, live)) {
        due.at = age_at(domain, live);
    }
    hold(&due, held_until(live, restored_at, now), now);
    return due;
}

/* What the gate has to know, looked up in the store, and what is known of a set that is past it:
 * for the root parent, the runner, and reports. */
#include "issue/set_private.h"

#include "issue/response.h"
#include "issue/revocation.h"

/* One certificate's part. */
static ja_err_t *add_cert(ja_gate_facts_t *facts, ja_store_t *store, const ja_cert_facts_t *cert,
                          apr_time_t now, apr_pool_t *scratch)
{
    ja_ocsp_facts_t said;
    int has;

    if (!cert->ocsp_url) {
        return NULL;
    }
    facts->has_responder = 1;
    facts->is_must_staple |= cert->must_staple;
    JA_TRY(ja_response_find(&has, &said, NULL, store, cert->sha256, now, scratch, scratch));
    facts->is_good &= has && said.status == JA_OCSP_GOOD;
    facts->is_revoked |= has && said.status == JA_OCSP_REVOKED;
    return NULL;
}

/* Is nothing served, or only what browsers refuse? What can't be read is mended elsewhere. */
static int is_first(ja_store_t *store, const char *name, apr_time_t now, apr_pool_t *scratch)
{
    const ja_set_t *live = NULL;
    ja_err_t *err = ja_set_load(&live, store, JA_GROUP_LIVE, name, scratch, scratch);

    return !err && (!live || ja_set_first_to_expire(live)->not_after <= now);
}

ja_err_t *ja_set_gate(ja_gate_t *gate, ja_store_t *store, const ja_plan_domain_t *domain,
                      const ja_set_t *staged, apr_time_t now, apr_pool_t *scratch)
{
    ja_gate_facts_t facts = { .staged_at = staged->created_at, .is_good = 1 };
    int i;

    facts.is_first = is_first(store, domain->name, now, scratch);
    for (i = 0; i < staged->certs->nelts; i++) {
        JA_TRY(add_cert(&facts, store, &APR_ARRAY_IDX(staged->certs, i, const ja_set_cert_t).facts,
                        now, scratch));
    }
    facts.is_must_staple &= domain->stapling; /* else no waiting helps */
    *gate = ja_gate(&domain->delay, &facts, now);
    return NULL;
}

ja_err_t *ja_set_is_revoked(int *is, ja_store_t *store, const ja_set_t *set, apr_pool_t *scratch)
{
    int i;

    *is = 0;
    for (i = 0; set && i < set->certs->nelts && !*is; i++) {
        const char *sha256 = APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t).facts.sha256;

        JA_TRY(ja_response_is_revoked(is, store, sha256, scratch));
        if (!*is) {
            JA_TRY(ja_revocation_is_known(is, store, sha256, scratch));
        }
    }
    return NULL;
}

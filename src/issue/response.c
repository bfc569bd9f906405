#include "issue/response.h"

#include <apr_hash.h>
#include <apr_strings.h>

/* More files than any number of managed domains has. */
#define FILES_MAX 1000000

const char *ja_response_item(const char *sha256, apr_pool_t *pool)
{
    return apr_pstrcat(pool, sha256, ".der", NULL);
}

/* Whatever its time. */
static ja_err_t *load(int *has, ja_ocsp_facts_t *facts, ja_bytes_t *der, ja_store_t *store,
                      const char *item, apr_pool_t *result, apr_pool_t *scratch)
{
    ja_err_t *err =
        ja_store_load(der, store, JA_GROUP_OCSP, NULL, item, JA_OCSP_MAX_BYTES, result, scratch);

    *has = !err && !ja_ocsp_peek(facts, der->bytes, der->len, scratch);
    return err && err->code == JA_E_IO ? err : NULL;
}

ja_err_t *ja_response_find(int *has, ja_ocsp_facts_t *facts, ja_bytes_t *der, ja_store_t *store,
                           const char *sha256, apr_time_t now, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    ja_bytes_t bytes;

    JA_TRY(load(has, facts, &bytes, store, ja_response_item(sha256, scratch), result, scratch));
    *has = *has && ja_ocsp_until(facts) > now;
    if (*has && der) {
        *der = bytes;
    }
    return NULL;
}

ja_err_t *ja_response_is_revoked(int *is, ja_store_t *store, const char *sha256,
                                 apr_pool_t *scratch)
{
    ja_ocsp_facts_t facts;
    ja_bytes_t der;
    int has = 0;
    ja_err_t *err =
        load(&has, &facts, &der, store, ja_response_item(sha256, scratch), scratch, scratch);

    *is = has && facts.status == JA_OCSP_REVOKED;
    return err;
}

ja_err_t *ja_response_restore(ja_staple_table_t *table, int domain_index, ja_store_t *store,
                              const char *sha256, apr_time_t now, apr_pool_t *scratch)
{
    ja_ocsp_facts_t facts;
    ja_bytes_t der;
    int has;

    JA_TRY(ja_response_find(&has, &facts, &der, store, sha256, now, scratch, scratch));
    if (!has || facts.status == JA_OCSP_UNKNOWN) {
        return NULL;
    }
    return ja_staple_table_put(table, domain_index, sha256, der.bytes, der.len,
                               ja_ocsp_until(&facts), scratch);
}

/* Is it what a rollback to an earlier set has to know? */
static ja_err_t *is_still_wanted(int *is, ja_store_t *store, const char *item, apr_time_t now,
                                 apr_pool_t *scratch)
{
    ja_ocsp_facts_t facts;
    ja_bytes_t der;
    int has;

    JA_TRY(load(&has, &facts, &der, store, item, scratch, scratch));
    *is = has && facts.status == JA_OCSP_REVOKED
          && facts.this_update > now - JA_RESPONSE_REVOKED_KEEP;
    return NULL;
}

ja_err_t *ja_response_sweep(ja_store_t *store, const apr_array_header_t *keep_sha256,
                            apr_time_t now, apr_pool_t *scratch)
{
    apr_hash_t *keep = apr_hash_make(scratch);
    apr_array_header_t *items;
    int i;

    for (i = 0; i < keep_sha256->nelts; i++) {
        const char *item = ja_response_item(APR_ARRAY_IDX(keep_sha256, i, const char *), scratch);

        apr_hash_set(keep, item, APR_HASH_KEY_STRING, item);
    }
    JA_TRY(ja_store_list_items(&items, store, JA_GROUP_OCSP, FILES_MAX, scratch, scratch));
    for (i = 0; i < items->nelts; i++) {
        const char *item = APR_ARRAY_IDX(items, i, const char *);
        int is_wanted = apr_hash_get(keep, item, APR_HASH_KEY_STRING) != NULL;

        if (!is_wanted) {
            JA_TRY(is_still_wanted(&is_wanted, store, item, now, scratch));
        }
        if (!is_wanted) {
            JA_TRY(ja_store_remove(store, JA_GROUP_OCSP, NULL, item, scratch));
        }
    }
    return NULL;
}

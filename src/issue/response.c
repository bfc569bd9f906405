#include "issue/response.h"

#include <apr_hash.h>
#include <apr_strings.h>

/* More files than any number of managed domains has. */
#define FILES_MAX 1000000

const char *ja_response_item(const char *sha256, apr_pool_t *pool)
{
    return apr_pstrcat(pool, sha256, ".der", NULL);
}

ja_err_t *ja_response_find(int *has, ja_ocsp_facts_t *facts, ja_bytes_t *der, ja_store_t *store,
                           const char *sha256, apr_time_t now, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    ja_bytes_t bytes;
    ja_err_t *err =
        ja_store_load(&bytes, store, JA_GROUP_OCSP, NULL, ja_response_item(sha256, scratch),
                      JA_OCSP_MAX_BYTES, result, scratch);

    *has =
        !err && !ja_ocsp_peek(facts, bytes.bytes, bytes.len, scratch) && ja_ocsp_until(facts) > now;
    if (*has && der) {
        *der = bytes;
    }
    return err && err->code == JA_E_IO ? err : NULL;
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

ja_err_t *ja_response_sweep(ja_store_t *store, const apr_array_header_t *keep_sha256,
                            apr_pool_t *scratch)
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

        if (!apr_hash_get(keep, item, APR_HASH_KEY_STRING)) {
            JA_TRY(ja_store_remove(store, JA_GROUP_OCSP, NULL, item, scratch));
        }
    }
    return NULL;
}

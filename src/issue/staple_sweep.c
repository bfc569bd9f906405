/* ja_staple_sweep() of issue/staple.h. */
#include "issue/staple.h"

#include <apr_hash.h>

/* More files than any number of managed domains has. */
#define FILES_MAX 1000000

ja_err_t *ja_staple_sweep(ja_store_t *store, const apr_array_header_t *keep_sha256,
                          apr_pool_t *scratch)
{
    apr_hash_t *keep = apr_hash_make(scratch);
    apr_array_header_t *items;
    int i;

    for (i = 0; i < keep_sha256->nelts; i++) {
        const char *item = ja_staple_item(APR_ARRAY_IDX(keep_sha256, i, const char *), scratch);

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

#include "issue/revocation.h"

#include <string.h>

#include <apr_strings.h>

#include "json/json.h"

#define PREFIX         "revoked-" /* SHA256.json */
#define FILE_MAX_BYTES 4096
#define ITEMS_MAX      100000

static const char *item_of(const char *sha256, apr_pool_t *pool)
{
    return apr_pstrcat(pool, PREFIX, sha256, ".json", NULL);
}

ja_err_t *ja_revocation_save(ja_store_t *store, const char *sha256, const char *reason,
                             apr_time_t now, apr_pool_t *scratch)
{
    ja_json_t *json = ja_json_object(scratch);
    ja_item_t item = { .item = item_of(sha256, scratch) };
    const char *text;

    ja_json_set_str(json, "sha256", sha256);
    ja_json_set_str(json, "reason", reason);
    ja_json_set_time(json, "at", now);
    text = ja_json_print_pretty(json, scratch);
    item.bytes = text;
    item.len = strlen(text);
    return ja_store_save(store, JA_GROUP_REQUESTS, NULL, &item, JA_FS_DURABLE, scratch);
}

ja_err_t *ja_revocation_is_known(int *is, ja_store_t *store, const char *sha256,
                                 apr_pool_t *scratch)
{
    ja_bytes_t bytes;
    ja_err_t *err = ja_store_load(&bytes, store, JA_GROUP_REQUESTS, NULL, item_of(sha256, scratch),
                                  FILE_MAX_BYTES, scratch, scratch);

    *is = !err;
    return err && err->code == JA_E_IO ? err : NULL;
}

ja_err_t *ja_revocation_count(int *n, ja_store_t *store, apr_pool_t *scratch)
{
    apr_array_header_t *items;
    int i;

    JA_TRY(ja_store_list_items(&items, store, JA_GROUP_REQUESTS, ITEMS_MAX, scratch, scratch));
    *n = 0;
    for (i = 0; i < items->nelts; i++) {
        *n += strncmp(APR_ARRAY_IDX(items, i, const char *), PREFIX, strlen(PREFIX)) == 0;
    }
    return NULL;
}

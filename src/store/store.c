#include "store/store.h"

#include <string.h>

#define ITEM_NAME_MAX 240 /* a name's directory (store/names) with something before and behind */

/* What a group holds, and how its content may change. */
typedef struct {
    const char *title;
    int has_names;
    int is_by_item; /* items are saved and removed one by one, not as a set */
} group_row_t;

/* clang-format off */
static const group_row_t GROUPS[] = {
    [JA_GROUP_TOP]      = { "top",      0, 1 },
    [JA_GROUP_LIVE]     = { "live",     1, 0 },
    [JA_GROUP_ACCOUNTS] = { "accounts", 1, 1 },
    [JA_GROUP_ASIDE]    = { "aside",    1, 1 },
    [JA_GROUP_STAGING]  = { "staging",  1, 0 },
    [JA_GROUP_JOBS]     = { "jobs",     0, 1 },
    [JA_GROUP_REQUESTS] = { "requests", 0, 1 },
    [JA_GROUP_OCSP]     = { "ocsp",     0, 1 },
};
/* clang-format on */
_Static_assert(sizeof(GROUPS) / sizeof(GROUPS[0]) == JA_GROUP_COUNT, "a row for each group");

/* Items are named by this program. The check is the second line of defence: nothing that gets
 * past it can lead out of the directory, or to one of the store's own dot files. */
static ja_err_t *check_item(const char *item, apr_pool_t *scratch)
{
    static const char PLAIN[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

    if (!item || !*item || *item == '.' || item[strspn(item, PLAIN)]
        || strlen(item) > ITEM_NAME_MAX) {
        return ja_err_make(JA_E_INTERNAL, scratch, "\"%s\" is no item of the store",
                           item ? item : "");
    }
    return NULL;
}

static ja_err_t *check_name(ja_group_t group, const char *name, apr_pool_t *scratch)
{
    if ((int)group < 0 || group >= JA_GROUP_COUNT) {
        return ja_err_make(JA_E_INTERNAL, scratch, "there is no group %d in the store", (int)group);
    }
    if (GROUPS[group].has_names != (name != NULL)) {
        return ja_err_make(JA_E_INTERNAL, scratch, "names in the store's group %s: %s",
                           GROUPS[group].title, name ? "there are none" : "one is needed");
    }
    return NULL;
}

static ja_err_t *check_writable(const ja_store_t *store, apr_pool_t *scratch)
{
    if (store->is_view) {
        return ja_err_make(JA_E_INTERNAL, scratch, "a view of the store is only for reading");
    }
    return NULL;
}

/* For the operations on all that is under a name. */
static ja_err_t *check_named(ja_group_t group, const char *name, apr_pool_t *scratch)
{
    JA_TRY(check_name(group, name, scratch));
    if (!name) {
        return ja_err_make(JA_E_INTERNAL, scratch, "the store's group %s has no names",
                           GROUPS[group].title);
    }
    return NULL;
}

/* For the operations that change a group item by item. */
static ja_err_t *check_by_item(ja_group_t group, const char *name, const char *item,
                               apr_pool_t *scratch)
{
    JA_TRY(check_name(group, name, scratch));
    JA_TRY(check_item(item, scratch));
    if (!GROUPS[group].is_by_item) {
        return ja_err_make(JA_E_INTERNAL, scratch,
                           "%s: the store's group %s changes as whole sets only", item,
                           GROUPS[group].title);
    }
    return NULL;
}

static ja_err_t *check_size(const ja_item_t *item, apr_pool_t *scratch)
{
    if (item->len > JA_STORE_MAX_ITEM) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "%s has %" APR_SIZE_T_FMT " bytes, allowed are %d", item->item,
                           item->len, JA_STORE_MAX_ITEM);
    }
    return NULL;
}

ja_err_t *ja_store_load(ja_bytes_t *bytes, ja_store_t *store, ja_group_t group, const char *name,
                        const char *item, apr_size_t max, apr_pool_t *result, apr_pool_t *scratch)
{
    JA_TRY(check_name(group, name, scratch));
    JA_TRY(check_item(item, scratch));
    return store->ops->load(bytes, store, group, name, item, max, result, scratch);
}

ja_err_t *ja_store_save(ja_store_t *store, ja_group_t group, const char *name,
                        const ja_item_t *item, ja_fs_safety_t safety, apr_pool_t *scratch)
{
    JA_TRY(check_writable(store, scratch));
    JA_TRY(check_by_item(group, name, item->item, scratch));
    JA_TRY(check_size(item, scratch));
    return store->ops->save(store, group, name, item, safety, scratch);
}

ja_err_t *ja_store_remove(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                          apr_pool_t *scratch)
{
    JA_TRY(check_writable(store, scratch));
    JA_TRY(check_by_item(group, name, item, scratch));
    return store->ops->remove(store, group, name, item, scratch);
}

ja_err_t *ja_store_remove_name(ja_store_t *store, ja_group_t group, const char *name,
                               apr_pool_t *scratch)
{
    JA_TRY(check_writable(store, scratch));
    JA_TRY(check_named(group, name, scratch));
    return store->ops->remove_name(store, group, name, scratch);
}

ja_err_t *ja_store_has(int *has, ja_store_t *store, ja_group_t group, const char *name,
                       apr_pool_t *scratch)
{
    JA_TRY(check_named(group, name, scratch));
    return store->ops->has(has, store, group, name, scratch);
}

ja_err_t *ja_store_changed_at(apr_time_t *at, ja_store_t *store, ja_group_t group,
                              apr_pool_t *scratch)
{
    return store->ops->changed_at(at, store, group, scratch);
}

ja_err_t *ja_store_list(apr_array_header_t **names, ja_store_t *store, ja_group_t group, int max,
                        apr_pool_t *result, apr_pool_t *scratch)
{
    if ((int)group < 0 || group >= JA_GROUP_COUNT || !GROUPS[group].has_names
        || group == JA_GROUP_ASIDE) {
        return ja_err_make(JA_E_INTERNAL, scratch, "the store's group %d can't be listed",
                           (int)group);
    }
    return store->ops->list(names, store, group, max, result, scratch);
}

ja_err_t *ja_store_list_items(apr_array_header_t **items, ja_store_t *store, ja_group_t group,
                              int max, apr_pool_t *result, apr_pool_t *scratch)
{
    JA_TRY(check_name(group, NULL, scratch));
    if (group == JA_GROUP_TOP) {
        return ja_err_make(JA_E_INTERNAL, scratch, "the store's group %d can't be listed",
                           (int)group);
    }
    return store->ops->list_items(items, store, group, max, result, scratch);
}

ja_err_t *ja_store_publish(ja_store_t *store, const char *name, apr_pool_t *scratch)
{
    JA_TRY(check_writable(store, scratch));
    JA_TRY(check_name(JA_GROUP_STAGING, name, scratch));
    return store->ops->publish(store, name, scratch);
}

ja_err_t *ja_store_commit(int *generation, ja_store_t *store, const char *name,
                          const ja_item_t *items, int n_items, int keep, apr_pool_t *scratch)
{
    int i;

    JA_TRY(check_writable(store, scratch));
    JA_TRY(check_name(JA_GROUP_LIVE, name, scratch));
    if (n_items < 1 || n_items > JA_STORE_MAX_ENTRIES || keep < 1) {
        return ja_err_make(JA_E_INTERNAL, scratch, "%s: a set of %d files, %d of them kept", name,
                           n_items, keep);
    }
    for (i = 0; i < n_items; i++) {
        JA_TRY(check_item(items[i].item, scratch));
        JA_TRY(check_size(&items[i], scratch));
    }
    return store->ops->commit(generation, store, name, items, n_items, keep, scratch);
}

ja_err_t *ja_store_generations(apr_array_header_t **generations, int *live, ja_store_t *store,
                               const char *name, apr_pool_t *result, apr_pool_t *scratch)
{
    JA_TRY(check_name(JA_GROUP_LIVE, name, scratch));
    return store->ops->generations(generations, live, store, name, result, scratch);
}

ja_store_t *ja_store_view(ja_store_t *store, int generation, apr_pool_t *pool)
{
    ja_store_t *view = apr_palloc(pool, sizeof(*view));

    view->ops = store->ops;
    view->impl = store->ops->view(store, generation, pool);
    view->is_view = 1;
    return view;
}

ja_err_t *ja_store_restore(ja_store_t *store, const char *name, int generation, apr_pool_t *scratch)
{
    JA_TRY(check_writable(store, scratch));
    JA_TRY(check_name(JA_GROUP_LIVE, name, scratch));
    return store->ops->restore(store, name, generation, scratch);
}

ja_err_t *ja_store_lock(ja_store_t *store, apr_pool_t *pool, apr_pool_t *scratch)
{
    JA_TRY(check_writable(store, scratch));
    return store->ops->lock(store, pool, scratch);
}

const char *ja_store_path(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                          apr_pool_t *pool)
{
    return store->ops->path(store, group, name, item, pool);
}

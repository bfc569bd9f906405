#include "checked.h"

#include <apr_hash.h>
#include <apr_strings.h>

/* The module is unloaded between the two passes, and loaded again: what is to be found again hangs
 * on the process pool, and nothing in it points into the module. */
#define KEY "mod_jprs_acme:checked:1"

/* The sets by name, ja_set_files_t; NULL if there are none. */
static apr_hash_t *sets_of(process_rec *process)
{
    void *sets = NULL;

    apr_pool_userdata_get(&sets, KEY, process->pool);
    return sets;
}

static apr_hash_t *make_sets(process_rec *process)
{
    apr_hash_t *sets;
    apr_pool_t *pool;

    apr_pool_create(&pool, process->pool);
    sets = apr_hash_make(pool);
    apr_pool_userdata_set(sets, KEY, NULL, process->pool);
    return sets;
}

static const apr_array_header_t *copy_paths(const apr_array_header_t *paths, apr_pool_t *pool)
{
    apr_array_header_t *copy = apr_array_make(pool, paths->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < paths->nelts; i++) {
        APR_ARRAY_PUSH(copy, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(paths, i, const char *));
    }
    return copy;
}

void ja_checked_keep(const char *name, const ja_set_files_t *files, process_rec *process)
{
    apr_hash_t *sets = sets_of(process) ? sets_of(process) : make_sets(process);
    apr_pool_t *pool = apr_hash_pool_get(sets);
    ja_set_files_t *copy = apr_palloc(pool, sizeof(*copy));

    copy->fullchain_paths = copy_paths(files->fullchain_paths, pool);
    copy->privkey_paths = copy_paths(files->privkey_paths, pool);
    apr_hash_set(sets, apr_pstrdup(pool, name), APR_HASH_KEY_STRING, copy);
}

int ja_checked_find(ja_set_files_t *files, const char *name, process_rec *process,
                    apr_pool_t *result)
{
    apr_hash_t *sets = sets_of(process);
    const ja_set_files_t *kept = sets ? apr_hash_get(sets, name, APR_HASH_KEY_STRING) : NULL;

    if (!kept) {
        return 0;
    }
    files->fullchain_paths = copy_paths(kept->fullchain_paths, result);
    files->privkey_paths = copy_paths(kept->privkey_paths, result);
    return 1;
}

void ja_checked_drop(const char *name, process_rec *process)
{
    apr_hash_t *sets = sets_of(process);

    if (sets) {
        apr_hash_set(sets, name, APR_HASH_KEY_STRING, NULL);
    }
}

void ja_checked_end(process_rec *process)
{
    apr_hash_t *sets = sets_of(process);

    if (sets) {
        apr_pool_userdata_set(NULL, KEY, NULL, process->pool);
        apr_pool_destroy(apr_hash_pool_get(sets));
    }
}

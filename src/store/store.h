/* store/store: what is kept, as bytes, by group, name and item. The vtable is the contract;
 * store/store_fs keeps it in a directory tree, later stores may keep it elsewhere. What the bytes
 * mean is decided in issue/.
 *
 * Contract:
 *  - One writer per group: root (the httpd parent) or the server's user (the runner). Nobody else
 *    ever writes it: JA_E_INTERNAL if he tries. Root may remove a staged set.
 *  - save() and the set operations are atomic: a reader, and whoever comes after a kill or a power
 *    cut, sees the old or the new, never a part. JA_FS_LAZY gives up only the power cut.
 *  - load() treats what the server's user can write as hostile when root reads it: type, links,
 *    owner, size are checked first.
 *  - A name is a managed domain, or a CA's id, and has to have a directory name (store/names), else
 *    JA_E_SYNTAX. An item is a file name from this program, never from outside.
 *  - Any thread may use a store, for one name on one thread at a time, with pools of its own.
 */
#ifndef JA_STORE_STORE_H
#define JA_STORE_STORE_H

#include <apr_tables.h>

#include "base/fs.h"

/* What is kept.               writer   has              */
typedef enum {
    JA_GROUP_TOP,      /*      root     items            config.json              */
    JA_GROUP_LIVE,     /*      root     names of items   the set being served     */
    JA_GROUP_ACCOUNTS, /*      server   names of items   account.json, key.json   */
    JA_GROUP_ASIDE,    /*      server   names of items   a set being put together */
    JA_GROUP_STAGING,  /*      server   names of items   a complete new set       */
    JA_GROUP_JOBS,     /*      server   items            NAME.json                */
    JA_GROUP_REQUESTS, /*      root     items            what the command asks for */
    JA_GROUP_OCSP,     /*      server   items            SHA256.der, responses    */
    JA_GROUP_COUNT
} ja_group_t;

#define JA_STORE_MAX_ITEM    (256 * 1024)
#define JA_STORE_MAX_ENTRIES 64 /* files in one name's directory */

/* One file of a set. */
typedef struct {
    const char *item;
    const void *bytes;
    apr_size_t len;
    int is_secret; /* mode 0600 instead of 0644 */
} ja_item_t;

typedef struct ja_store_t ja_store_t;

typedef struct {
    ja_err_t *(*load)(ja_bytes_t *bytes, ja_store_t *store, ja_group_t group, const char *name,
                      const char *item, apr_size_t max, apr_pool_t *result, apr_pool_t *scratch);
    ja_err_t *(*save)(ja_store_t *store, ja_group_t group, const char *name, const ja_item_t *item,
                      ja_fs_safety_t safety, apr_pool_t *scratch);
    ja_err_t *(*remove)(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                        apr_pool_t *scratch);
    ja_err_t *(*remove_name)(ja_store_t *store, ja_group_t group, const char *name,
                             apr_pool_t *scratch);
    ja_err_t *(*has)(int *has, ja_store_t *store, ja_group_t group, const char *name,
                     apr_pool_t *scratch);
    ja_err_t *(*list)(apr_array_header_t **names, ja_store_t *store, ja_group_t group, int max,
                      apr_pool_t *result, apr_pool_t *scratch);
    ja_err_t *(*list_items)(apr_array_header_t **items, ja_store_t *store, ja_group_t group,
                            int max, apr_pool_t *result, apr_pool_t *scratch);
    ja_err_t *(*changed_at)(apr_time_t *at, ja_store_t *store, ja_group_t group,
                            apr_pool_t *scratch);
    ja_err_t *(*publish)(ja_store_t *store, const char *name, apr_pool_t *scratch);
    ja_err_t *(*commit)(int *generation, ja_store_t *store, const char *name,
                        const ja_item_t *items, int n_items, int keep, apr_pool_t *scratch);
    ja_err_t *(*generations)(apr_array_header_t **generations, int *live, ja_store_t *store,
                             const char *name, apr_pool_t *result, apr_pool_t *scratch);
    ja_err_t *(*restore)(ja_store_t *store, const char *name, int generation, apr_pool_t *scratch);
    void *(*view)(ja_store_t *store, int generation, apr_pool_t *pool);
    ja_err_t *(*lock)(ja_store_t *store, apr_pool_t *pool, apr_pool_t *scratch);
    const char *(*path)(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                        apr_pool_t *pool);
} ja_store_ops_t;

struct ja_store_t {
    const ja_store_ops_t *ops;
    void *impl;
    int is_view; /* only for reading */
};

/* The bytes of an item, wiped with `result`. `name` is NULL in groups without names.
 * JA_E_NOT_FOUND, JA_E_UNTRUSTED, JA_E_TOO_LARGE (more than `max`), JA_E_IO. */
ja_err_t *ja_store_load(ja_bytes_t *bytes, ja_store_t *store, ja_group_t group, const char *name,
                        const char *item, apr_size_t max, apr_pool_t *result,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

/* Replace an item; a name's directory is made if needed. Not for JA_GROUP_LIVE and
 * JA_GROUP_STAGING, which change as whole sets. JA_E_TOO_LARGE (JA_STORE_MAX_ITEM), JA_E_IO. */
ja_err_t *ja_store_save(ja_store_t *store, ja_group_t group, const char *name,
                        const ja_item_t *item, ja_fs_safety_t safety,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

/* Remove an item / everything under a name (a live set is only not live any more: its generations
 * stay). Not being there is no error. */
ja_err_t *ja_store_remove(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                          apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_store_remove_name(ja_store_t *store, ja_group_t group, const char *name,
                               apr_pool_t *scratch) JA_WARN_UNUSED;

/* Is there anything under a name? One system call. */
ja_err_t *ja_store_has(int *has, ja_store_t *store, ja_group_t group, const char *name,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* The names (const char *) under which there is something in a group of names, in no order. One of
 * over 200 bytes may appear as another one, under which the same is found. More than `max` is
 * JA_E_TOO_LARGE; JA_E_IO. Not for JA_GROUP_ASIDE. */
ja_err_t *ja_store_list(apr_array_header_t **names, ja_store_t *store, ja_group_t group, int max,
                        apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* The items (const char *) of a group without names, in no order. More than `max` is
 * JA_E_TOO_LARGE; JA_E_IO. Not for JA_GROUP_TOP. */
ja_err_t *ja_store_list_items(apr_array_header_t **items, ja_store_t *store, ja_group_t group,
                              int max, apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* When an item or name of the group was last added, replaced or removed: another value says that
 * something has changed. One system call. */
ja_err_t *ja_store_changed_at(apr_time_t *at, ja_store_t *store, ja_group_t group,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

/* Make the set in JA_GROUP_ASIDE the one in JA_GROUP_STAGING, replacing an older one there,
 * durably. After a kill in the middle of it the older one may be what is in JA_GROUP_ASIDE.
 * JA_E_NOT_FOUND if there is none, JA_E_IO. */
ja_err_t *ja_store_publish(ja_store_t *store, const char *name, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Root only: write the items (1 to JA_STORE_MAX_ENTRIES) as a new generation (1, 2, ...) of `name`,
 * durably, then make it the one in JA_GROUP_LIVE with one rename; then forget all but the last
 * `keep` generations, one of which, if `keep` is more than 1, is the one that was live before (a
 * failure there is no failure of the commit). On an error the old one serves on. */
ja_err_t *ja_store_commit(int *generation, ja_store_t *store, const char *name,
                          const ja_item_t *items, int n_items, int keep,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* The generations of `name` that are kept (int), the newest first, and which of them is in
 * JA_GROUP_LIVE: 0 if none is, or if it can't be told. Having none is no error. JA_E_IO. */
ja_err_t *ja_store_generations(apr_array_header_t **generations, int *live, ja_store_t *store,
                               const char *name, apr_pool_t *result,
                               apr_pool_t *scratch) JA_WARN_UNUSED;

/* The store as it would be if `generation` of each name were the one in JA_GROUP_LIVE: to look at
 * it before ja_store_restore(). What would change anything is JA_E_INTERNAL. Lives as long as
 * `store` and `pool`. */
ja_store_t *ja_store_view(ja_store_t *store, int generation, apr_pool_t *pool);

/* Root only: make a generation that is kept the one in JA_GROUP_LIVE, with one rename.
 * JA_E_NOT_FOUND if it isn't there; JA_E_IO. */
ja_err_t *ja_store_restore(ja_store_t *store, const char *name, int generation,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* The runner's lock, across server generations: JA_E_BUSY if another process has it. Until `pool`
 * goes or the process ends. */
ja_err_t *ja_store_lock(ja_store_t *store, apr_pool_t *pool, apr_pool_t *scratch) JA_WARN_UNUSED;

/* A path to hand to mod_ssl or to show to people; never used to open files of the server's user.
 * `name` and `item` may be NULL. */
const char *ja_store_path(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                          apr_pool_t *pool);

#endif

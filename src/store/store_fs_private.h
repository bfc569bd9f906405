/* store/store_fs_private: what the files of store_fs share. For nobody else. */
#ifndef JA_STORE_STORE_FS_PRIVATE_H
#define JA_STORE_STORE_FS_PRIVATE_H

#include <sys/types.h>

#include "store/store.h"

/* The directories of the tree. Each is held open: no path is resolved through one of them. */
typedef enum {
    JA_DIR_TOP,
    JA_DIR_LIVE,
    JA_DIR_ARCHIVE,
    JA_DIR_ACCOUNTS,
    JA_DIR_STAGING,
    JA_DIR_REQUESTS,
    JA_DIR_OCSP,
    JA_DIR_JOBS,
    JA_DIR_COUNT
} ja_store_fs_dir_t;

typedef struct {
    const char *name;
    mode_t mode;   /* also of the names' directories in it                  */
    int is_server; /* belongs to the server's user, else to root            */
} ja_store_fs_row_t;

extern const ja_store_fs_row_t ja_store_fs_dirs[JA_DIR_COUNT];
extern const ja_store_ops_t ja_store_fs_ops;

/* The store's impl. Lives as long as the store; never changes. */
typedef struct {
    const char *path; /* of the top directory, absolute, no slash at the end   */
    int fd[JA_DIR_COUNT];
    uid_t root_uid;   /* who writes top, live, archive, requests               */
    uid_t server_uid; /* who writes accounts, staging, ocsp, jobs              */
    int generation;   /* of a view: what counts as live; 0: what live/ says    */
} ja_store_fs_t;

/* The directory of a managed domain or CA. JA_E_SYNTAX: its name can't have one. */
ja_err_t *ja_store_fs_name(const char **dir, const char *name, apr_pool_t *scratch) JA_WARN_UNUSED;

/* That of a set being put together, beside the staged one: ".NAME". */
const char *ja_store_fs_aside(const char *dir, apr_pool_t *pool);

/* JA_E_INTERNAL if this process is not the one writer of what belongs to `uid`. */
ja_err_t *ja_store_fs_check_writer(uid_t uid, const char *what, apr_pool_t *scratch) JA_WARN_UNUSED;

/* The number of a generation's directory, 1 .. INT_MAX, in its only form: digits, no leading zero.
 * 0 if it is none. */
int ja_store_fs_generation_parse(const char *text);

/* Which generation live/DIR points to, read from the link's text: it is never followed. In a view,
 * the one that it shows.
 * JA_E_NOT_FOUND; JA_E_UNTRUSTED if it is no link, or not one that ja_store_commit() makes. */
ja_err_t *ja_store_fs_live(int *generation, const ja_store_fs_t *fs, const char *dir,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* ja_store_ops_t: sets as a whole, in store_fs_set.c */
ja_err_t *ja_store_fs_publish(ja_store_t *store, const char *name,
                              apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_store_fs_commit(int *generation, ja_store_t *store, const char *name,
                             const ja_item_t *items, int n_items, int keep,
                             apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_store_fs_generations(apr_array_header_t **generations, int *live, ja_store_t *store,
                                  const char *name, apr_pool_t *result,
                                  apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_store_fs_restore(ja_store_t *store, const char *name, int generation,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* Items and names in the tree that store_fs_tree.c makes and opens. */
#include "store/store_fs_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "store/names.h"

#define LOCK_FILE ".lock"

/* clang-format off */
/* Where a group is. */
static const ja_store_fs_dir_t GROUP_DIR[] = {
    [JA_GROUP_TOP]      = JA_DIR_TOP,
    [JA_GROUP_LIVE]     = JA_DIR_LIVE,
    [JA_GROUP_ACCOUNTS] = JA_DIR_ACCOUNTS,
    [JA_GROUP_ASIDE]    = JA_DIR_STAGING,
    [JA_GROUP_STAGING]  = JA_DIR_STAGING,
    [JA_GROUP_JOBS]     = JA_DIR_JOBS,
    [JA_GROUP_REQUESTS] = JA_DIR_REQUESTS,
    [JA_GROUP_OCSP]     = JA_DIR_OCSP,
};
/* clang-format on */
_Static_assert(sizeof(GROUP_DIR) / sizeof(GROUP_DIR[0]) == JA_GROUP_COUNT, "a row for each group");

/* ---- shared with store_fs_set.c -------------------------------------------------------------- */

ja_err_t *ja_store_fs_name(const char **dir, const char *name, apr_pool_t *scratch)
{
    *dir = ja_names_dir(name, scratch);
    if (!*dir) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "\"%s\" can't be the name of a directory in the store", name);
    }
    return NULL;
}

const char *ja_store_fs_aside(const char *dir, apr_pool_t *pool)
{
    return apr_pstrcat(pool, ".", dir, NULL);
}

ja_err_t *ja_store_fs_check_writer(uid_t uid, const char *what, apr_pool_t *scratch)
{
    if (geteuid() != uid) {
        return ja_err_make(JA_E_INTERNAL, scratch,
                           "%s is written by user %ld only, not by user %ld", what, (long)uid,
                           (long)geteuid());
    }
    return NULL;
}

int ja_store_fs_generation_parse(const char *text)
{
    int n = 0;

    if (*text == '0') {
        return 0;
    }
    for (; *text; text++) {
        int digit = *text - '0';

        if (digit < 0 || digit > 9 || n > (INT_MAX - digit) / 10) {
            return 0;
        }
        n = 10 * n + digit;
    }
    return n;
}

ja_err_t *ja_store_fs_live(int *generation, const ja_store_fs_t *fs, const char *dir,
                           apr_pool_t *scratch)
{
    const char *head = apr_pstrcat(scratch, "../archive/", dir, "/", NULL);
    char target[PATH_MAX];
    ssize_t len;

    if (fs->generation != 0) {
        *generation = fs->generation;
        return NULL;
    }
    len = readlinkat(fs->fd[JA_DIR_LIVE], dir, target, sizeof(target) - 1);
    if (len < 0 && errno == ENOENT) {
        return ja_err_make(JA_E_NOT_FOUND, scratch, "%s/live/%s: there is none", fs->path, dir);
    }
    if (len < 0 && errno != EINVAL) {
        return ja_err_os(JA_E_IO, errno, scratch, "reading link %s/live/%s", fs->path, dir);
    }
    target[len < 0 ? 0 : len] = '\0'; /* EINVAL: it is no link */
    *generation = strncmp(target, head, strlen(head)) == 0
                      ? ja_store_fs_generation_parse(target + strlen(head))
                      : 0;
    if (*generation == 0) {
        return ja_err_make(JA_E_UNTRUSTED, scratch,
                           "%s/live/%s is no link to a generation in archive/", fs->path, dir);
    }
    return NULL;
}

/* ---- where things are ------------------------------------------------------------------------ */

/* A view has one generation in the place of what is live. */
static ja_store_fs_dir_t place_of(const ja_store_fs_t *fs, ja_group_t group)
{
    return group == JA_GROUP_LIVE && fs->generation != 0 ? JA_DIR_ARCHIVE : GROUP_DIR[group];
}

static const char *path_of(ja_store_t *store, ja_group_t group, const char *name, const char *item,
                           apr_pool_t *pool)
{
    const ja_store_fs_t *fs = store->impl;
    const char *path = fs->path;

    if (GROUP_DIR[group] != JA_DIR_TOP) {
        path = apr_pstrcat(pool, path, "/", ja_store_fs_dirs[place_of(fs, group)].name, NULL);
    }
    if (name) {
        const char *dir = ja_names_dir(name, pool);

        path = apr_pstrcat(pool, path, group == JA_GROUP_ASIDE ? "/." : "/", dir ? dir : "?", NULL);
    }
    if (name && place_of(fs, group) == JA_DIR_ARCHIVE) {
        path = apr_psprintf(pool, "%s/%d", path, fs->generation);
    }
    return item ? apr_pstrcat(pool, path, "/", item, NULL) : path;
}

static uid_t writer_of(const ja_store_fs_t *fs, ja_group_t group)
{
    return ja_store_fs_dirs[GROUP_DIR[group]].is_server ? fs->server_uid : fs->root_uid;
}

/* The entry of `name` in its group's directory. */
static ja_err_t *entry_of(const char **entry, ja_group_t group, const char *name,
                          apr_pool_t *scratch)
{
    JA_TRY(ja_store_fs_name(entry, name, scratch));
    if (group == JA_GROUP_ASIDE) {
        *entry = ja_store_fs_aside(*entry, scratch);
    }
    return NULL;
}

/* The directory of the generation that is live, step by step. */
static ja_err_t *open_live(int *fd, const ja_store_fs_t *fs, const char *dir, apr_pool_t *pool,
                           apr_pool_t *scratch)
{
    int generation = 0, archive = -1;

    JA_TRY(ja_store_fs_live(&generation, fs, dir, scratch));
    JA_TRY(ja_fs_dir_open(&archive, fs->fd[JA_DIR_ARCHIVE], dir, fs->root_uid, pool, scratch));
    return ja_fs_dir_open(fd, archive, apr_itoa(scratch, generation), fs->root_uid, pool, scratch);
}

/* The directory that has the items of (group, name). */
static ja_err_t *open_dir(int *fd, const ja_store_fs_t *fs, ja_group_t group, const char *name,
                          apr_pool_t *pool, apr_pool_t *scratch)
{
    int group_fd = fs->fd[GROUP_DIR[group]];
    const char *entry;

    if (!name) {
        *fd = group_fd;
        return NULL;
    }
    JA_TRY(entry_of(&entry, group, name, scratch));
    if (group == JA_GROUP_LIVE) {
        return open_live(fd, fs, entry, pool, scratch);
    }
    return ja_fs_dir_open(fd, group_fd, entry, writer_of(fs, group), pool, scratch);
}

/* ---- items ----------------------------------------------------------------------------------- */

static ja_err_t *load_in(ja_bytes_t *bytes, const ja_store_fs_t *fs, ja_group_t group,
                         const char *name, const char *item, apr_size_t max, apr_pool_t *result,
                         apr_pool_t *fds, apr_pool_t *scratch)
{
    int fd;

    JA_TRY(open_dir(&fd, fs, group, name, fds, scratch));
    return ja_fs_read(bytes, fd, item, writer_of(fs, group), max, result, scratch);
}

static ja_err_t *load(ja_bytes_t *bytes, ja_store_t *store, ja_group_t group, const char *name,
                      const char *item, apr_size_t max, apr_pool_t *result, apr_pool_t *scratch)
{
    apr_pool_t *fds; /* closed at once: a caller's scratch may see 1000 of them */
    ja_err_t *err;

    apr_pool_create(&fds, scratch);
    err = load_in(bytes, store->impl, group, name, item, max, result, fds, scratch);
    apr_pool_destroy(fds);
    JA_TRY_W(err, scratch, "reading %s", path_of(store, group, name, item, scratch));
    return NULL;
}

static ja_err_t *save_in(const ja_store_fs_t *fs, ja_group_t group, const char *name,
                         const ja_item_t *item, ja_fs_safety_t safety, apr_pool_t *fds,
                         apr_pool_t *scratch)
{
    int group_fd = fs->fd[GROUP_DIR[group]];
    const char *entry;
    int fd;

    JA_TRY(ja_store_fs_check_writer(writer_of(fs, group), item->item, scratch));
    if (name) {
        JA_TRY(entry_of(&entry, group, name, scratch));
        JA_TRY(ja_fs_dir_make(group_fd, entry, ja_store_fs_dirs[GROUP_DIR[group]].mode, geteuid(),
                              getegid(), scratch));
    }
    JA_TRY(open_dir(&fd, fs, group, name, fds, scratch));
    return ja_fs_write(fd, item->item, item->bytes, item->len, item->is_secret ? 0600 : 0644,
                       safety, scratch);
}

static ja_err_t *save(ja_store_t *store, ja_group_t group, const char *name, const ja_item_t *item,
                      ja_fs_safety_t safety, apr_pool_t *scratch)
{
    apr_pool_t *fds;
    ja_err_t *err;

    apr_pool_create(&fds, scratch);
    err = save_in(store->impl, group, name, item, safety, fds, scratch);
    apr_pool_destroy(fds);
    JA_TRY_W(err, scratch, "writing %s", path_of(store, group, name, item->item, scratch));
    return NULL;
}

static ja_err_t *remove_item_in(const ja_store_fs_t *fs, ja_group_t group, const char *name,
                                const char *item, apr_pool_t *fds, apr_pool_t *scratch)
{
    int fd;

    JA_TRY(open_dir(&fd, fs, group, name, fds, scratch));
    return ja_fs_remove(fd, item, scratch);
}

static ja_err_t *remove_item(ja_store_t *store, ja_group_t group, const char *name,
                             const char *item, apr_pool_t *scratch)
{
    apr_pool_t *fds;
    ja_err_t *err;

    apr_pool_create(&fds, scratch);
    err = remove_item_in(store->impl, group, name, item, fds, scratch);
    apr_pool_destroy(fds);
    if (err && err->code == JA_E_NOT_FOUND) {
        return NULL; /* not even the name's directory */
    }
    JA_TRY_W(err, scratch, "removing %s", path_of(store, group, name, item, scratch));
    return NULL;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Of a live set only the link goes: its generations stay in archive/. */
static ja_err_t *remove_name(ja_store_t *store, ja_group_t group, const char *name,
                             apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    const char *entry;

    JA_TRY(entry_of(&entry, group, name, scratch));
    JA_TRY_W(group == JA_GROUP_LIVE
                 ? ja_fs_remove(fs->fd[JA_DIR_LIVE], entry, scratch)
                 : ja_fs_dir_remove(fs->fd[GROUP_DIR[group]], entry, JA_STORE_MAX_ENTRIES, scratch),
             scratch, "removing %s", path_of(store, group, name, NULL, scratch));
    return NULL;
}

static ja_err_t *has(int *has, ja_store_t *store, ja_group_t group, const char *name,
                     apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    const char *entry;
    ja_store_fs_dir_t where = place_of(fs, group);
    struct stat st;

    JA_TRY(entry_of(&entry, group, name, scratch));
    if (where == JA_DIR_ARCHIVE) {
        entry = apr_psprintf(scratch, "%s/%d", entry, fs->generation);
    }
    *has = fstatat(fs->fd[where], entry, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!*has && errno != ENOENT) {
        return ja_err_os(JA_E_IO, errno, scratch, "looking for %s",
                         path_of(store, group, name, NULL, scratch));
    }
    return NULL;
}

static ja_err_t *list_items(apr_array_header_t **items, ja_store_t *store, ja_group_t group,
                            int max, apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;

    JA_TRY_W(ja_fs_list(items, fs->fd[GROUP_DIR[group]], max, result, scratch), scratch,
             "listing %s", path_of(store, group, NULL, NULL, scratch));
    return NULL;
}

static ja_err_t *list(apr_array_header_t **names, ja_store_t *store, ja_group_t group, int max,
                      apr_pool_t *result, apr_pool_t *scratch)
{
    apr_array_header_t *dirs;
    int i;

    JA_TRY(list_items(&dirs, store, group, max, scratch, scratch));
    *names = apr_array_make(result, dirs->nelts, sizeof(const char *));
    for (i = 0; i < dirs->nelts; i++) {
        APR_ARRAY_PUSH(*names, const char *) =
            ja_names_of(APR_ARRAY_IDX(dirs, i, const char *), result);
    }
    return NULL;
}

static ja_err_t *changed_at(apr_time_t *at, ja_store_t *store, ja_group_t group,
                            apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    struct stat st;

    if (fstat(fs->fd[GROUP_DIR[group]], &st) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "looking at %s",
                         path_of(store, group, NULL, NULL, scratch));
    }
    *at = apr_time_from_sec(st.st_mtim.tv_sec) + st.st_mtim.tv_nsec / 1000;
    return NULL;
}

static ja_err_t *lock(ja_store_t *store, apr_pool_t *pool, apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;

    JA_TRY(ja_store_fs_check_writer(fs->server_uid, "the runner's lock", scratch));
    return ja_fs_lock(fs->fd[JA_DIR_JOBS], LOCK_FILE, pool, scratch);
}

static void *view(ja_store_t *store, int generation, apr_pool_t *pool)
{
    ja_store_fs_t *fs = apr_pmemdup(pool, store->impl, sizeof(*fs));

    fs->generation = generation;
    return fs;
}

const ja_store_ops_t ja_store_fs_ops = {
    .load = load,
    .save = save,
    .remove = remove_item,
    .remove_name = remove_name,
    .has = has,
    .changed_at = changed_at,
    .list = list,
    .list_items = list_items,
    .publish = ja_store_fs_publish,
    .commit = ja_store_fs_commit,
    .generations = ja_store_fs_generations,
    .restore = ja_store_fs_restore,
    .view = view,
    .lock = lock,
    .path = path_of,
};

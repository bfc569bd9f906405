/* The tree itself: made by root at start, opened by everybody. */
#include "store/store_fs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "store/store_fs_private.h"

/* clang-format off */
const ja_store_fs_row_t ja_store_fs_dirs[JA_DIR_COUNT] = {
    [JA_DIR_TOP]      = { "",         0755, 0 },
    [JA_DIR_LIVE]     = { "live",     0755, 0 },
    [JA_DIR_ARCHIVE]  = { "archive",  0755, 0 },
    [JA_DIR_ACCOUNTS] = { "accounts", 0700, 1 },
    [JA_DIR_STAGING]  = { "staging",  0700, 1 },
    [JA_DIR_REQUESTS] = { "requests", 0755, 0 },
    [JA_DIR_OCSP]     = { "ocsp",     0700, 1 },
    [JA_DIR_JOBS]     = { "jobs",     0700, 1 },
};
/* clang-format on */

static ja_err_t *trim(const char **trimmed, const char *path, apr_pool_t *scratch)
{
    apr_size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/') {
        len--;
    }
    if (*path != '/' || len < 2 || len > PATH_MAX / 2) {
        return ja_err_make(JA_E_CONFIG, scratch, "the store has to be an absolute path, not \"%s\"",
                           path);
    }
    *trimmed = apr_pstrmemdup(scratch, path, len);
    return NULL;
}

static ja_err_t *make_parents(const char *path, apr_pool_t *scratch)
{
    const apr_fileperms_t mode_0755 = 0x755;
    const char *parent = apr_pstrmemdup(scratch, path, strrchr(path, '/') + 1 - path);
    apr_status_t rv = apr_dir_make_recursive(parent, mode_0755, scratch);

    if (rv != APR_SUCCESS) {
        return ja_err_os(JA_E_IO, rv, scratch, "making directory %s", parent);
    }
    return NULL;
}

/* Nobody but its owner may move about what is in the top directory. */
static ja_err_t *check_top(int fd, const char *path, apr_pool_t *scratch)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "looking at %s", path);
    }
    if (st.st_mode & (S_IWGRP | S_IWOTH)) {
        return ja_err_make(JA_E_UNTRUSTED, scratch,
                           "others than its owner may write to %s (mode %04o); do chmod 755", path,
                           (unsigned)(st.st_mode & 07777));
    }
    return NULL;
}

/* The top directory belongs to this process. One that was there before keeps its mode: a slip in
 * httpd.conf must not open or close somebody else's directory. */
static ja_err_t *make_top(int *fd, const char *path, apr_pool_t *fds, apr_pool_t *scratch)
{
    ja_err_t *err = ja_fs_dir_open(fd, AT_FDCWD, path, geteuid(), fds, scratch);

    if (err && err->code == JA_E_NOT_FOUND) {
        JA_TRY(make_parents(path, scratch));
        JA_TRY(ja_fs_dir_make(AT_FDCWD, path, ja_store_fs_dirs[JA_DIR_TOP].mode, geteuid(),
                              getegid(), scratch));
        err = ja_fs_dir_open(fd, AT_FDCWD, path, geteuid(), fds, scratch);
    }
    JA_TRY(err);
    return check_top(*fd, path, scratch);
}

static ja_err_t *make_tree(const char *path, uid_t server_uid, gid_t server_gid, apr_pool_t *fds,
                           apr_pool_t *scratch)
{
    int top, i;

    JA_TRY(make_top(&top, path, fds, scratch));
    for (i = JA_DIR_TOP + 1; i < JA_DIR_COUNT; i++) {
        uid_t uid = ja_store_fs_dirs[i].is_server ? server_uid : geteuid();
        gid_t gid = ja_store_fs_dirs[i].is_server ? server_gid : getegid();

        JA_TRY_W(ja_fs_dir_make(top, ja_store_fs_dirs[i].name, ja_store_fs_dirs[i].mode, uid, gid,
                                scratch),
                 scratch, "making %s/%s", path, ja_store_fs_dirs[i].name);
    }
    return NULL;
}

ja_err_t *ja_store_fs_make(const char *path, uid_t server_uid, gid_t server_gid,
                           apr_pool_t *scratch)
{
    int is_root = geteuid() == 0;
    const char *trimmed;
    apr_pool_t *fds;
    ja_err_t *err;

    JA_TRY(trim(&trimmed, path, scratch));
    apr_pool_create(&fds, scratch);
    err = make_tree(trimmed, is_root ? server_uid : geteuid(), is_root ? server_gid : getegid(),
                    fds, scratch);
    apr_pool_destroy(fds);
    return err;
}

static ja_err_t *owner_of(uid_t *uid, int fd, const char *path, apr_pool_t *scratch)
{
    struct stat st;

    if (fstat(fd, &st) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "looking at %s", path);
    }
    *uid = st.st_uid;
    return NULL;
}

/* Whoever owns top and jobs/ has to own the other directories of his side as well. */
static ja_err_t *open_tree(ja_store_fs_t *fs, apr_pool_t *pool, apr_pool_t *scratch)
{
    int *fd = fs->fd;
    int i;

    JA_TRY(ja_fs_dir_open(&fd[JA_DIR_TOP], AT_FDCWD, fs->path, JA_FS_ANY_UID, pool, scratch));
    JA_TRY(check_top(fd[JA_DIR_TOP], fs->path, scratch));
    JA_TRY(owner_of(&fs->root_uid, fd[JA_DIR_TOP], fs->path, scratch));
    JA_TRY(ja_fs_dir_open(&fd[JA_DIR_JOBS], fd[JA_DIR_TOP], ja_store_fs_dirs[JA_DIR_JOBS].name,
                          JA_FS_ANY_UID, pool, scratch));
    JA_TRY(owner_of(&fs->server_uid, fd[JA_DIR_JOBS], fs->path, scratch));
    for (i = JA_DIR_LIVE; i < JA_DIR_JOBS; i++) {
        uid_t owner = ja_store_fs_dirs[i].is_server ? fs->server_uid : fs->root_uid;

        JA_TRY(
            ja_fs_dir_open(&fd[i], fd[JA_DIR_TOP], ja_store_fs_dirs[i].name, owner, pool, scratch));
    }
    return NULL;
}

ja_err_t *ja_store_fs_open(ja_store_t **store, const char *path, apr_pool_t *pool,
                           apr_pool_t *scratch)
{
    ja_store_fs_t *fs = apr_pcalloc(pool, sizeof(*fs));
    const char *trimmed = path;

    JA_TRY(trim(&trimmed, path, scratch));
    fs->path = apr_pstrdup(pool, trimmed);
    JA_TRY_W(open_tree(fs, pool, scratch), scratch, "opening the store %s", fs->path);
    *store = apr_pcalloc(pool, sizeof(**store));
    (*store)->ops = &ja_store_fs_ops;
    (*store)->impl = fs;
    return NULL;
}

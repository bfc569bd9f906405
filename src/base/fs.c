#include "base/fs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/secret.h"

/* ---- opening --------------------------------------------------------------------------------- */

static apr_status_t close_at_cleanup(void *fd)
{
    close((int)(intptr_t)fd);
    return APR_SUCCESS;
}

static void keep(int fd, apr_pool_t *pool)
{
    apr_pool_cleanup_register(pool, (void *)(intptr_t)fd, close_at_cleanup, apr_pool_cleanup_null);
}

/* A name below a descriptor is one component, so that nothing but the descriptor says where it is.
 * The one exception is an absolute path, which does without a descriptor: the operator's. */
static ja_err_t *check_name(int dirfd, const char *name, apr_pool_t *scratch)
{
    int is_plain =
        name[0] != '\0' && !strchr(name, '/') && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;

    if (dirfd == AT_FDCWD ? name[0] == '/' : is_plain) {
        return NULL;
    }
    return ja_err_make(JA_E_INTERNAL, scratch, "\"%s\" is no name of a file in a directory", name);
}

/* What the failure to open or remove something means. ELOOP, ENOTDIR: a link or no directory, where
 * we make directories; ENXIO: a socket; EISDIR: a directory, where we make files. */
static ja_code_t code_of(int reason)
{
    switch (reason) {
    case ENOENT:
        return JA_E_NOT_FOUND;
    case ELOOP:
    case ENOTDIR:
    case ENXIO:
    case EISDIR:
        return JA_E_UNTRUSTED;
    default:
        return JA_E_IO;
    }
}

static ja_err_t *fail(const char *doing, const char *name, apr_pool_t *scratch)
{
    int reason = errno;

    return ja_err_os(code_of(reason), reason, scratch, "%s %s", doing, name);
}

static ja_err_t *check_owner(const struct stat *info, const char *name, uid_t owner,
                             apr_pool_t *scratch)
{
    if (owner == JA_FS_ANY_UID || info->st_uid == owner) {
        return NULL;
    }
    return ja_err_make(JA_E_UNTRUSTED, scratch, "%s belongs to user %ld, not to %ld", name,
                       (long)info->st_uid, (long)owner);
}

/* As a link to a key elsewhere would have it read by us, a second name counts as one. */
static ja_err_t *check_regular(struct stat *info, int fd, const char *name, apr_pool_t *scratch)
{
    if (fstat(fd, info) != 0) {
        return fail("examining", name, scratch);
    }
    if (!S_ISREG(info->st_mode) || info->st_nlink != 1) {
        return ja_err_make(JA_E_UNTRUSTED, scratch, "%s is no regular file with one link", name);
    }
    return NULL;
}

static ja_err_t *open_dir(int *fd, int dirfd, const char *name, apr_pool_t *scratch)
{
    *fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return *fd < 0 ? fail("opening directory", name, scratch) : NULL;
}

ja_err_t *ja_fs_dir_open(int *fd, int dirfd, const char *name, uid_t owner, apr_pool_t *pool,
                         apr_pool_t *scratch)
{
    struct stat info;
    ja_err_t *err;
    int opened;

    JA_TRY(check_name(dirfd, name, scratch));
    JA_TRY(open_dir(&opened, dirfd, name, scratch));
    err = fstat(opened, &info) != 0 ? fail("examining", name, scratch)
                                    : check_owner(&info, name, owner, scratch);
    if (err) {
        close(opened);
        return err;
    }
    keep(opened, pool);
    *fd = opened;
    return NULL;
}

/* ---- directories ----------------------------------------------------------------------------- */

ja_err_t *ja_fs_dir_sync(int dirfd, apr_pool_t *scratch)
{
    /* EINVAL: a file system that has no such thing for directories. */
    if (fsync(dirfd) != 0 && errno != EINVAL) {
        return ja_err_os(JA_E_IO, errno, scratch, "syncing a directory to disk");
    }
    return NULL;
}

/* The directory that `name` is in. */
static ja_err_t *sync_parent(int dirfd, const char *name, apr_pool_t *scratch)
{
    const char *parent;
    ja_err_t *err;
    int fd;

    if (dirfd != AT_FDCWD) {
        return ja_fs_dir_sync(dirfd, scratch);
    }
    parent = apr_pstrmemdup(scratch, name, (apr_size_t)(strrchr(name, '/') + 1 - name));
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return fail("opening directory", parent, scratch);
    }
    err = ja_fs_dir_sync(fd, scratch);
    close(fd);
    return err;
}

/* Done by descriptor: between a look at a name and a chown of it, it could become another thing. */
static ja_err_t *set_rights(int fd, const char *name, mode_t mode, uid_t owner, gid_t group,
                            apr_pool_t *scratch)
{
    struct stat info;

    if (fstat(fd, &info) != 0) {
        return fail("examining", name, scratch);
    }
    if (geteuid() == 0 && (info.st_uid != owner || info.st_gid != group)
        && fchown(fd, owner, group) != 0) {
        return fail("setting the owner of", name, scratch);
    }
    if ((info.st_mode & 07777) != mode && fchmod(fd, mode) != 0) {
        return fail("setting the mode of", name, scratch);
    }
    return NULL;
}

ja_err_t *ja_fs_dir_make(int dirfd, const char *name, mode_t mode, uid_t owner, gid_t group,
                         apr_pool_t *scratch)
{
    ja_err_t *err;
    int is_new;
    int fd;

    JA_TRY(check_name(dirfd, name, scratch));
    /* Nobody else gets in before the rights are set. */
    is_new = mkdirat(dirfd, name, 0700) == 0;
    if (!is_new && errno != EEXIST) { /* whatever the reason is: there was nothing to be found */
        return ja_err_os(JA_E_IO, errno, scratch, "making directory %s", name);
    }
    JA_TRY(open_dir(&fd, dirfd, name, scratch));
    err = set_rights(fd, name, mode, owner, group, scratch);
    close(fd);
    return err || !is_new ? err : sync_parent(dirfd, name, scratch);
}

/* Add the entries of `dir` that `is_wanted` wants, `max` at most. */
static ja_err_t *read_dir(apr_array_header_t *names, DIR *dir, int (*is_wanted)(const char *name),
                          int max, apr_pool_t *scratch)
{
    const struct dirent *entry;

    for (;;) {
        errno = 0;
        entry = readdir(dir);
        if (!entry) {
            return errno ? fail("reading", "a directory", scratch) : NULL;
        }
        if (!is_wanted(entry->d_name)) {
            continue;
        }
        if (names->nelts >= max) {
            return ja_err_make(JA_E_TOO_LARGE, scratch, "a directory has more than %d entries",
                               max);
        }
        APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(names->pool, entry->d_name);
    }
}

static ja_err_t *list(apr_array_header_t *names, int dirfd, int (*is_wanted)(const char *name),
                      int max, apr_pool_t *scratch)
{
    /* A descriptor of its own, as reading moves the position and closedir() closes. */
    int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    ja_err_t *err;

    if (!dir) {
        err = fail("reading", "a directory", scratch);
        if (fd >= 0) {
            close(fd);
        }
        return err;
    }
    err = read_dir(names, dir, is_wanted, max, scratch);
    closedir(dir);
    return err;
}

static int is_visible(const char *name)
{
    return name[0] != '.';
}

static int is_entry(const char *name)
{
    return strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

ja_err_t *ja_fs_list(apr_array_header_t **names, int dirfd, int max, apr_pool_t *result,
                     apr_pool_t *scratch)
{
    *names = apr_array_make(result, 16, sizeof(const char *));
    return list(*names, dirfd, is_visible, max, scratch);
}

/* ---- files ----------------------------------------------------------------------------------- */

static ja_err_t *read_open(ja_bytes_t *content, int fd, const char *name, uid_t owner,
                           apr_size_t max, apr_pool_t *result, apr_pool_t *scratch)
{
    struct stat info;
    ja_secret_t *read_bytes;
    apr_size_t len = 0;
    ssize_t count;

    JA_TRY(check_regular(&info, fd, name, scratch));
    JA_TRY(check_owner(&info, name, owner, scratch));
    if ((apr_uint64_t)info.st_size > max) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "%s has %" APR_INT64_T_FMT " bytes, allowed are %" APR_SIZE_T_FMT, name,
                           (apr_int64_t)info.st_size, max);
    }
    read_bytes = ja_secret_blank((apr_size_t)info.st_size, result);
    /* What is appended meanwhile is left for the next time; what is cut off meanwhile is simply not
     * there. */
    while (len < read_bytes->len) {
        count = read(fd, read_bytes->bytes + len, read_bytes->len - len);
        if (count < 0 && errno != EINTR) {
            return fail("reading", name, scratch);
        }
        if (count == 0) {
            break;
        }
        len += count > 0 ? (apr_size_t)count : 0;
    }
    content->bytes = (const char *)read_bytes->bytes;
    content->len = len;
    return NULL;
}

ja_err_t *ja_fs_read(ja_bytes_t *content, int dirfd, const char *name, uid_t owner, apr_size_t max,
                     apr_pool_t *result, apr_pool_t *scratch)
{
    ja_err_t *err;
    int fd;

    JA_TRY(check_name(dirfd, name, scratch));
    fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) { /* nothing that we wrote for ourselves to read */
        return ja_err_os(JA_E_UNTRUSTED, errno, scratch, "opening %s", name);
    }
    if (fd < 0) {
        return fail("opening", name, scratch);
    }
    err = read_open(content, fd, name, owner, max, result, scratch);
    close(fd);
    return err;
}

/* A new file. Of a writer that was killed, one of that name may be left: there is one writer only,
 * so it is nobody's. */
static ja_err_t *create(int *fd, int dirfd, const char *name, apr_pool_t *scratch)
{
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;

    *fd = openat(dirfd, name, flags, 0600);
    if (*fd < 0 && errno == EEXIST && unlinkat(dirfd, name, 0) == 0) {
        *fd = openat(dirfd, name, flags, 0600);
    }
    return *fd < 0 ? fail("making", name, scratch) : NULL;
}

static ja_err_t *fill(int fd, const char *name, const void *bytes, apr_size_t len, mode_t mode,
                      ja_fs_safety_t safety, apr_pool_t *scratch)
{
    const char *at = bytes;
    ssize_t count;

    if (fchmod(fd, mode) != 0) {
        return fail("setting the mode of", name, scratch);
    }
    while (len > 0) {
        count = write(fd, at, len);
        if (count < 0 && errno != EINTR) {
            return fail("writing", name, scratch);
        }
        at += count > 0 ? count : 0;
        len -= count > 0 ? (apr_size_t)count : 0;
    }
    if (safety != JA_FS_LAZY && fsync(fd) != 0) {
        return fail("syncing to disk", name, scratch);
    }
    return NULL;
}

ja_err_t *ja_fs_write(int dirfd, const char *name, const void *bytes, apr_size_t len, mode_t mode,
                      ja_fs_safety_t safety, apr_pool_t *scratch)
{
    const char *temporary = apr_pstrcat(scratch, ".", name, ".tmp", NULL);
    ja_err_t *err;
    int fd;

    JA_TRY(check_name(dirfd, name, scratch));
    JA_TRY(check_name(dirfd, temporary, scratch)); /* no absolute path gets through this */
    JA_TRY(create(&fd, dirfd, temporary, scratch));
    err = fill(fd, name, bytes, len, mode, safety, scratch);
    if (close(fd) != 0 && !err) {
        /* Where a network file system says that the disk is full. */
        err = fail("writing", name, scratch);
    }
    if (!err && renameat(dirfd, temporary, dirfd, name) != 0) {
        err = fail("replacing", name, scratch);
    }
    if (err) {
        unlinkat(dirfd, temporary, 0);
        return err;
    }
    return safety == JA_FS_DURABLE ? ja_fs_dir_sync(dirfd, scratch) : NULL;
}

ja_err_t *ja_fs_remove(int dirfd, const char *name, apr_pool_t *scratch)
{
    JA_TRY(check_name(dirfd, name, scratch));
    if (unlinkat(dirfd, name, 0) != 0 && errno != ENOENT) {
        return fail("removing", name, scratch);
    }
    return NULL;
}

static ja_err_t *remove_tree(int dirfd, const char *name, int max, int depth, apr_pool_t *scratch);

static ja_err_t *empty(int fd, int max, int depth, apr_pool_t *scratch)
{
    apr_array_header_t *names = apr_array_make(scratch, 16, sizeof(const char *));
    int i;

    JA_TRY(list(names, fd, is_entry, max, scratch));
    for (i = 0; i < names->nelts; i++) {
        JA_TRY(remove_tree(fd, APR_ARRAY_IDX(names, i, const char *), max, depth - 1, scratch));
    }
    return NULL;
}

/* Whatever has that name, a link itself and not what it points to. */
static ja_err_t *remove_tree(int dirfd, const char *name, int max, int depth, apr_pool_t *scratch)
{
    ja_err_t *err;
    int fd;

    if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT) {
        return NULL;
    }
    if (depth == 0) {
        return ja_err_make(JA_E_TOO_LARGE, scratch, "%s is nested too deeply", name);
    }
    JA_TRY(open_dir(&fd, dirfd, name, scratch));
    err = empty(fd, max, depth, scratch);
    close(fd);
    if (!err && unlinkat(dirfd, name, AT_REMOVEDIR) != 0 && errno != ENOENT) {
        err = fail("removing directory", name, scratch);
    }
    return err;
}

ja_err_t *ja_fs_dir_remove(int dirfd, const char *name, int max, apr_pool_t *scratch)
{
    JA_TRY(check_name(dirfd, name, scratch));
    return remove_tree(dirfd, name, max, JA_FS_DEPTH_MAX, scratch);
}

/* ---- locks ----------------------------------------------------------------------------------- */

static ja_err_t *lock_open(int fd, const char *name, apr_pool_t *scratch)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct stat info;

    JA_TRY(check_regular(&info, fd, name, scratch));
    if (fcntl(fd, F_SETLK, &whole) == 0) {
        return NULL;
    }
    if (errno == EACCES || errno == EAGAIN) {
        return ja_err_make(JA_E_BUSY, scratch, "%s is locked by another process", name);
    }
    return fail("locking", name, scratch);
}

ja_err_t *ja_fs_lock(int dirfd, const char *name, apr_pool_t *pool, apr_pool_t *scratch)
{
    ja_err_t *err;
    int fd;

    JA_TRY(check_name(dirfd, name, scratch));
    fd = openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                0600);
    if (fd < 0) {
        return fail("opening", name, scratch);
    }
    err = lock_open(fd, name, scratch);
    if (err) {
        close(fd);
        return err;
    }
    keep(fd, pool);
    return NULL;
}

/* base/fs: files, written so that a kill or a power cut at any moment leaves the old or the new
 * content, and read so that a hostile file does no harm. Paths are given as (directory descriptor,
 * name): nothing is resolved through a directory that somebody else can change. Which directory
 * belongs to whom is the store's knowledge, not this file's.
 */
#ifndef JA_BASE_FS_H
#define JA_BASE_FS_H

#include <sys/types.h>

#include <apr_tables.h>

#include "base/err.h"

#define JA_FS_ANY_UID ((uid_t)-1)

typedef struct {
    const char *bytes; /* with a NUL behind the last one */
    apr_size_t len;
} ja_bytes_t;

/* Open a directory below `dirfd` (or AT_FDCWD with an absolute path) without following a link in
 * the last component.
 * `*fd` is closed with `pool`. JA_E_NOT_FOUND, JA_E_UNTRUSTED (a link, no directory, owner other
 * than `owner`), JA_E_IO. */
ja_err_t *ja_fs_dir_open(int *fd, int dirfd, const char *name, uid_t owner, apr_pool_t *pool,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* Make directory `name` below `dirfd` if it is not there; mode and (as root) owner are set either
 * way; the parent is fsynced after making. JA_E_UNTRUSTED if something else has that name; JA_E_IO,
 * also if the directory above it is missing. */
ja_err_t *ja_fs_dir_make(int dirfd, const char *name, mode_t mode, uid_t owner, gid_t group,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* The content of a file. Opened O_NOFOLLOW|O_NONBLOCK|O_CLOEXEC; has to be a regular file with one
 * link, of `owner` (or JA_FS_ANY_UID), of `max` bytes at most. JA_E_NOT_FOUND, JA_E_UNTRUSTED,
 * JA_E_TOO_LARGE, JA_E_IO. The bytes are wiped with the pool: it may be a key. */
ja_err_t *ja_fs_read(ja_bytes_t *content, int dirfd, const char *name, uid_t owner, apr_size_t max,
                     apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

typedef enum {
    JA_FS_LAZY,    /* survives a kill, not a power cut: write and rename */
    JA_FS_CONTENT, /* fsync before: durable as soon as the caller has synced the directory */
    JA_FS_DURABLE  /* survives a power cut: fsync before, fsync of the directory after */
} ja_fs_safety_t;

/* Replace the content of `name`: a new file beside it (".NAME.tmp"), written, [fsync], renamed over
 * it, [fsync of the directory]. At no moment is there a file of that name with part of the content.
 */
ja_err_t *ja_fs_write(int dirfd, const char *name, const void *bytes, apr_size_t len, mode_t mode,
                      ja_fs_safety_t safety, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Remove a file; not being there is no error. */
ja_err_t *ja_fs_remove(int dirfd, const char *name, apr_pool_t *scratch) JA_WARN_UNUSED;

#define JA_FS_DEPTH_MAX 4

/* Remove `name` with everything in it: at most `max` entries in a directory, JA_FS_DEPTH_MAX
 * levels, more is JA_E_TOO_LARGE. A link is removed itself, never followed. Not being there is no
 * error. */
ja_err_t *ja_fs_dir_remove(int dirfd, const char *name, int max,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* Names in the directory `dirfd`, without those that begin with a dot, in no order; at most `max`,
 * more is JA_E_TOO_LARGE. */
ja_err_t *ja_fs_list(apr_array_header_t **names, int dirfd, int max, apr_pool_t *result,
                     apr_pool_t *scratch) JA_WARN_UNUSED;

/* fsync of a directory. */
ja_err_t *ja_fs_dir_sync(int dirfd, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Take the lock on file `name` (made 0600 if missing) with fcntl, without waiting: JA_E_BUSY if
 * another process has it. Held until `pool` goes or the process ends, however it ends. */
ja_err_t *ja_fs_lock(int dirfd, const char *name, apr_pool_t *pool,
                     apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

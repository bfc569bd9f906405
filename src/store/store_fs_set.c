/* Sets as a whole: staged ones change places with the one put together, live ones are generations
 * in archive/ of which a link names one. The kill may come between any two system calls. */
#include "store/store_fs_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#define NEW             ".new" /* a generation that is being written                     */
#define GENERATIONS_MAX 4096   /* seen in one archive; pruning keeps it far below         */

/* ---- publish --------------------------------------------------------------------------------- */

/* Whatever is there: a directory of ours, or a stray file in its place. */
static ja_err_t *clear_entry(int dirfd, const char *entry, apr_pool_t *scratch)
{
    ja_err_t *err = ja_fs_dir_remove(dirfd, entry, JA_STORE_MAX_ENTRIES, scratch);

    return err && err->code == JA_E_UNTRUSTED ? ja_fs_remove(dirfd, entry, scratch) : err;
}

/* Put `from` where `to` is. A reader sees one or the other, unless the file system can't exchange
 * (NFS): then there is none for a moment, and after a kill in it `from` is still complete. */
static ja_err_t *replace_dir(int dirfd, const char *from, const char *to, apr_pool_t *scratch)
{
    if (renameat2(dirfd, from, dirfd, to, RENAME_EXCHANGE) == 0) {
        JA_TRY(ja_fs_dir_sync(dirfd, scratch));
        return clear_entry(dirfd, from, scratch);
    }
    if (errno != EINVAL && errno != ENOSYS && errno != ENOTSUP) {
        return ja_err_os(JA_E_IO, errno, scratch, "exchanging %s and %s", from, to);
    }
    JA_TRY(clear_entry(dirfd, to, scratch));
    if (renameat(dirfd, from, dirfd, to) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "renaming %s to %s", from, to);
    }
    return NULL;
}

static ja_err_t *publish_dir(const ja_store_fs_t *fs, const char *dir, apr_pool_t *scratch)
{
    int staging = fs->fd[JA_DIR_STAGING];
    const char *aside = ja_store_fs_aside(dir, scratch);

    JA_TRY(ja_store_fs_check_writer(fs->server_uid, "staging/", scratch));
    if (renameat(staging, aside, staging, dir) != 0) {
        switch (errno) {
        case EEXIST: /* rename(2): either of these says that it isn't empty */
        case ENOTEMPTY:
        case ENOTDIR:
            JA_TRY(replace_dir(staging, aside, dir, scratch));
            break;
        case ENOENT:
            return ja_err_make(JA_E_NOT_FOUND, scratch, "there is no set put aside");
        default:
            return ja_err_os(JA_E_IO, errno, scratch, "renaming %s to %s", aside, dir);
        }
    }
    return ja_fs_dir_sync(staging, scratch);
}

ja_err_t *ja_store_fs_publish(ja_store_t *store, const char *name, apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    const char *dir;

    JA_TRY(ja_store_fs_name(&dir, name, scratch));
    JA_TRY_W(publish_dir(fs, dir, scratch), scratch, "publishing %s/staging/%s", fs->path, dir);
    return NULL;
}

/* ---- commit ---------------------------------------------------------------------------------- */

static int descending(const void *a, const void *b)
{
    int left = *(const int *)a, right = *(const int *)b;

    return (left < right) - (left > right);
}

/* The generations in an archive (int), the newest first. Other names are not ours. */
static ja_err_t *list_generations(apr_array_header_t **generations, int archive, apr_pool_t *result,
                                  apr_pool_t *scratch)
{
    apr_array_header_t *names;
    int i;

    JA_TRY(ja_fs_list(&names, archive, GENERATIONS_MAX, scratch, scratch));
    *generations = apr_array_make(result, names->nelts, sizeof(int));
    for (i = 0; i < names->nelts; i++) {
        int n = ja_store_fs_generation_parse(APR_ARRAY_IDX(names, i, const char *));

        if (n > 0) {
            APR_ARRAY_PUSH(*generations, int) = n;
        }
    }
    qsort((*generations)->elts, (*generations)->nelts, sizeof(int), descending);
    return NULL;
}

/* Which one is live; 0: none, or one that can't be told. */
static ja_err_t *find_live(int *live, const ja_store_fs_t *fs, const char *dir, apr_pool_t *scratch)
{
    ja_err_t *err = ja_store_fs_live(live, fs, dir, scratch);

    if (!err) {
        return NULL;
    }
    *live = 0;
    return err->code == JA_E_NOT_FOUND || err->code == JA_E_UNTRUSTED ? NULL : err;
}

/* One more than was given before, also than a live one whose directory somebody removed. */
static ja_err_t *next_generation(int *next, int live, int archive, apr_pool_t *scratch)
{
    apr_array_header_t *generations;
    int newest = 0;

    JA_TRY(list_generations(&generations, archive, scratch, scratch));
    if (generations->nelts > 0) {
        newest = APR_ARRAY_IDX(generations, 0, int);
    }
    if (live > newest) {
        newest = live;
    }
    if (newest == INT_MAX) {
        return ja_err_make(JA_E_IO, scratch, "there is no generation after %d", newest);
    }
    *next = newest + 1;
    return NULL;
}

/* Does the file have what was written? If not, it is noticed while the old set serves. */
static ja_err_t *verify_item(int fd, const ja_item_t *item, uid_t owner, apr_pool_t *scratch)
{
    ja_bytes_t written;

    JA_TRY(ja_fs_read(&written, fd, item->item, owner, JA_STORE_MAX_ITEM, scratch, scratch));
    if (written.len != item->len || memcmp(written.bytes, item->bytes, item->len) != 0) {
        return ja_err_make(JA_E_IO, scratch, "%s is not what was written to it", item->item);
    }
    return NULL;
}

/* The items as directory NEW, durable. What a kill left there is removed first. */
static ja_err_t *write_new(int archive, uid_t owner, const ja_item_t *items, int n_items,
                           apr_pool_t *fds, apr_pool_t *scratch)
{
    int fd, i;

    JA_TRY(clear_entry(archive, NEW, scratch));
    JA_TRY(ja_fs_dir_make(archive, NEW, 0755, owner, getegid(), scratch));
    JA_TRY(ja_fs_dir_open(&fd, archive, NEW, owner, fds, scratch));
    for (i = 0; i < n_items; i++) {
        JA_TRY(ja_fs_write(fd, items[i].item, items[i].bytes, items[i].len,
                           items[i].is_secret ? 0600 : 0644, JA_FS_CONTENT, scratch));
        JA_TRY(verify_item(fd, &items[i], owner, scratch));
    }
    return ja_fs_dir_sync(fd, scratch);
}

/* Switch live/DIR: a new link beside it, then one rename. */
static ja_err_t *point_to(const ja_store_fs_t *fs, const char *dir, int generation,
                          apr_pool_t *scratch)
{
    int live = fs->fd[JA_DIR_LIVE];
    const char *target = apr_psprintf(scratch, "../archive/%s/%d", dir, generation);
    const char *link = apr_pstrcat(scratch, ".", dir, ".tmp", NULL);

    JA_TRY(clear_entry(live, link, scratch));
    if (symlinkat(target, live, link) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "making link live/%s", link);
    }
    if (renameat(live, link, live, dir) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "renaming live/%s to live/%s", link, dir);
    }
    return ja_fs_dir_sync(live, scratch);
}

static int has_generation(const apr_array_header_t *generations, int first, int generation)
{
    int i;

    for (i = first; i < generations->nelts; i++) {
        if (APR_ARRAY_IDX(generations, i, int) == generation) {
            return 1;
        }
    }
    return 0;
}

/* Forget old generations. The one that was live before may be older than others, if it had been put
 * back, and it is what would be put back next: then the last place is its. What can't be removed
 * now is tried again by the next commit. */
static void prune(int archive, int before, int keep, apr_pool_t *scratch)
{
    apr_array_header_t *generations;
    ja_err_t *err = list_generations(&generations, archive, scratch, scratch);
    int i;

    if (err) {
        return;
    }
    if (keep > 1 && has_generation(generations, keep, before)) {
        keep--;
    }
    else {
        before = 0;
    }
    for (i = keep; !err && i < generations->nelts; i++) {
        int n = APR_ARRAY_IDX(generations, i, int);

        if (n != before) {
            err = ja_fs_dir_remove(archive, apr_itoa(scratch, n), JA_STORE_MAX_ENTRIES, scratch);
        }
    }
}

static ja_err_t *commit_in(int *generation, const ja_store_fs_t *fs, const char *dir,
                           const ja_item_t *items, int n_items, int keep, apr_pool_t *fds,
                           apr_pool_t *scratch)
{
    uid_t owner = fs->root_uid;
    int archive, before;

    JA_TRY(ja_store_fs_check_writer(owner, "live/", scratch));
    JA_TRY(find_live(&before, fs, dir, scratch));
    JA_TRY(ja_fs_dir_make(fs->fd[JA_DIR_ARCHIVE], dir, 0755, owner, getegid(), scratch));
    JA_TRY(ja_fs_dir_open(&archive, fs->fd[JA_DIR_ARCHIVE], dir, owner, fds, scratch));
    JA_TRY(next_generation(generation, before, archive, scratch));
    JA_TRY(write_new(archive, owner, items, n_items, fds, scratch));
    if (renameat(archive, NEW, archive, apr_itoa(scratch, *generation)) != 0) {
        return ja_err_os(JA_E_IO, errno, scratch, "naming generation %d", *generation);
    }
    JA_TRY(ja_fs_dir_sync(archive, scratch));
    JA_TRY(point_to(fs, dir, *generation, scratch));
    prune(archive, before, keep, scratch);
    return NULL;
}

ja_err_t *ja_store_fs_commit(int *generation, ja_store_t *store, const char *name,
                             const ja_item_t *items, int n_items, int keep, apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    const char *dir;
    apr_pool_t *fds;
    ja_err_t *err;

    JA_TRY(ja_store_fs_name(&dir, name, scratch));
    apr_pool_create(&fds, scratch);
    err = commit_in(generation, fs, dir, items, n_items, keep, fds, scratch);
    apr_pool_destroy(fds);
    JA_TRY_W(err, scratch, "committing a set to %s/live/%s", fs->path, dir);
    return NULL;
}

/* ---- earlier generations --------------------------------------------------------------------- */

static ja_err_t *generations_in(apr_array_header_t **generations, int *live,
                                const ja_store_fs_t *fs, const char *dir, apr_pool_t *result,
                                apr_pool_t *fds, apr_pool_t *scratch)
{
    int archive;
    ja_err_t *err =
        ja_fs_dir_open(&archive, fs->fd[JA_DIR_ARCHIVE], dir, fs->root_uid, fds, scratch);

    JA_TRY(find_live(live, fs, dir, scratch));
    if (err && err->code == JA_E_NOT_FOUND) {
        *generations = apr_array_make(result, 0, sizeof(int));
        return NULL;
    }
    JA_TRY(err);
    return list_generations(generations, archive, result, scratch);
}

ja_err_t *ja_store_fs_generations(apr_array_header_t **generations, int *live, ja_store_t *store,
                                  const char *name, apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    const char *dir;
    apr_pool_t *fds;
    ja_err_t *err;

    JA_TRY(ja_store_fs_name(&dir, name, scratch));
    apr_pool_create(&fds, scratch);
    err = generations_in(generations, live, fs, dir, result, fds, scratch);
    apr_pool_destroy(fds);
    JA_TRY_W(err, scratch, "listing %s/archive/%s", fs->path, dir);
    return NULL;
}

static ja_err_t *restore_in(const ja_store_fs_t *fs, const char *dir, int generation,
                            apr_pool_t *fds, apr_pool_t *scratch)
{
    int archive, fd;

    JA_TRY(ja_store_fs_check_writer(fs->root_uid, "live/", scratch));
    JA_TRY(ja_fs_dir_open(&archive, fs->fd[JA_DIR_ARCHIVE], dir, fs->root_uid, fds, scratch));
    JA_TRY(ja_fs_dir_open(&fd, archive, apr_itoa(scratch, generation), fs->root_uid, fds, scratch));
    return point_to(fs, dir, generation, scratch);
}

ja_err_t *ja_store_fs_restore(ja_store_t *store, const char *name, int generation,
                              apr_pool_t *scratch)
{
    const ja_store_fs_t *fs = store->impl;
    const char *dir;
    apr_pool_t *fds;
    ja_err_t *err;

    JA_TRY(ja_store_fs_name(&dir, name, scratch));
    apr_pool_create(&fds, scratch);
    err = restore_in(fs, dir, generation, fds, scratch);
    apr_pool_destroy(fds);
    JA_TRY_W(err, scratch, "putting generation %d back to %s/live/%s", generation, fs->path, dir);
    return NULL;
}

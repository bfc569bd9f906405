#include "tree.h"

#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

static void must(int is_good, const char *what)
{
    if (!is_good) {
        perror(what);
        abort();
    }
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static apr_status_t remove_tree(void *path)
{
    return nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0 ? APR_SUCCESS : APR_EGENERAL;
}

const char *tree_dir(apr_pool_t *pool)
{
    const char *tmp = getenv("TMPDIR");
    char *path = apr_pstrcat(pool, tmp ? tmp : "/tmp", "/ja-store-XXXXXX", NULL);

    must(mkdtemp(path) != NULL, "mkdtemp");
    must(chmod(path, 0755) == 0, "chmod");
    apr_pool_cleanup_register(pool, path, remove_tree, apr_pool_cleanup_null);
    return path;
}

ja_store_t *tree_store(const char *dir, uid_t server_uid, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, dir, "/store", NULL);
    ja_store_t *store;

    must(!ja_store_fs_make(path, server_uid, getegid(), pool), "ja_store_fs_make");
    must(!ja_store_fs_open(&store, path, pool, pool), "ja_store_fs_open");
    return store;
}

const char *tree_path(apr_pool_t *pool, const char *fmt, ...)
{
    const char *path;
    va_list args;

    va_start(args, fmt);
    path = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    return path;
}

const char *tree_text(const char *path, apr_pool_t *pool)
{
    FILE *file = fopen(path, "rb");
    char buffer[4096];
    size_t len;

    if (!file) {
        return NULL;
    }
    len = fread(buffer, 1, sizeof(buffer), file);
    fclose(file);
    return apr_pstrmemdup(pool, buffer, len);
}

const char *tree_link(const char *path, apr_pool_t *pool)
{
    char buffer[4096];
    ssize_t len = readlink(path, buffer, sizeof(buffer));

    return len < 0 ? NULL : apr_pstrmemdup(pool, buffer, (apr_size_t)len);
}

void tree_put(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    must(file != NULL, path);
    must(fwrite(text, 1, strlen(text), file) == strlen(text), path);
    must(fclose(file) == 0, path);
}

int tree_has(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

int tree_count(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    int n = 0;

    must(dir != NULL, path);
    while ((entry = readdir(dir)) != NULL) {
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    }
    closedir(dir);
    return n;
}

unsigned tree_mode(const char *path)
{
    struct stat st;

    must(lstat(path, &st) == 0, path);
    return (unsigned)(st.st_mode & 07777);
}

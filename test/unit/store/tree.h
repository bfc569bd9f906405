/* What the tests of store/ and issue/set share: a store in a directory of its own, and a look at
 * its files from outside. A failure here aborts: it says nothing about the code under test. */
#ifndef JA_TEST_STORE_TREE_H
#define JA_TEST_STORE_TREE_H

#include "store/store_fs.h"

/* An empty directory that others may enter, gone with `pool`. */
const char *tree_dir(apr_pool_t *pool);

/* A new store below `dir`, made for `server_uid`, opened. */
ja_store_t *tree_store(const char *dir, uid_t server_uid, apr_pool_t *pool);

/* PATH, printed like printf. */
const char *tree_path(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The content of a file, NULL if there is none. The target of a link likewise. */
const char *tree_text(const char *path, apr_pool_t *pool);
const char *tree_link(const char *path, apr_pool_t *pool);

/* Write a file as anybody would. */
void tree_put(const char *path, const char *text);

/* Is there anything, also a dangling link? How many entries has a directory, dot files included? */
int tree_has(const char *path);
int tree_count(const char *path);

/* Permission bits. */
unsigned tree_mode(const char *path);

#endif

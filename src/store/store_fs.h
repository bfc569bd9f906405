/* store/store_fs: the store as a directory tree (docs/ARCHITECTURE.md shows it).
 *
 *   live/NAME -> ../archive/NAME/N      root     0755, keys 0600
 *   archive/NAME/N/                     root
 *   accounts/ staging/ ocsp/ jobs/      server   0700; ASIDE is staging/.NAME
 *   requests/                           root     0755
 *   config.json                         root     0644
 *   jobs/.lock                          server   the runner's lock
 *
 * All directories but archive/NAME, archive/NAME/N and those of single names are held open, and
 * nothing is reached but step by step from them: a path that somebody else can change is never
 * resolved.
 */
#ifndef JA_STORE_STORE_FS_H
#define JA_STORE_STORE_FS_H

#include <sys/types.h>

#include "store/store.h"

/* Make what is missing of the tree (root, at start): the top directory with its missing parents,
 * and the groups with their owners and modes. Unprivileged: everything belongs to the process.
 * JA_E_CONFIG (no absolute path), JA_E_IO; JA_E_UNTRUSTED if the top directory is a link, belongs
 * to somebody else or can be written by others: its mode is not touched. */
ja_err_t *ja_store_fs_make(const char *path, uid_t server_uid, gid_t server_gid,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* Open an existing tree. Who owns the groups is read from the directories' owners (top directory:
 * root's part; jobs/: the server's). JA_E_NOT_FOUND if there is none, JA_E_UNTRUSTED if a directory
 * belongs to the wrong one of the two, or others can write to the top directory. Descriptors are
 * closed with `pool` and not inherited by programs. */
ja_err_t *ja_store_fs_open(ja_store_t **store, const char *path, apr_pool_t *pool,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* store/names: directory names for managed domains and CAs.
 *
 * A domain name (A-labels, lower case) is its own; "*.example.jp" becomes "_wildcard.example.jp";
 * one over 200 bytes becomes its beginning, "_" and a digest, so that "NAME.json" and a temporary
 * file beside it are still names a file can have. Different names have different directories.
 */
#ifndef JA_STORE_NAMES_H
#define JA_STORE_NAMES_H

#include <apr_pools.h>

/* NULL for what is no plain name: empty, over 253 bytes, a leading dot, other characters than
 * [a-z0-9._-] (so no slash), or "_wildcard." at the beginning. */
const char *ja_names_dir(const char *name, apr_pool_t *pool);

/* A name that has the directory `dir`: the domain's, unless that has over 200 bytes, which can't be
 * told from its directory. */
const char *ja_names_of(const char *dir, apr_pool_t *pool);

#endif

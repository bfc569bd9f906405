#include "conffiles.h"

#include <httpd.h>
#include <http_config.h>
#include <util_cfgtree.h>

#include <apr_cstr.h>
#include <apr_file_info.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include "conftree.h"

/* SSLCertificateFile, SSLCertificateKeyFile, SSLCertificateChainFile */
#define FILES_OF_TLS "SSLCertificate"

/* FNV-1a */
#define HASH_BASIS 14695981039346656037ULL
#define HASH_PRIME 1099511628211ULL

/* Paths, each once. */
typedef struct {
    apr_hash_t *known;
    apr_array_header_t *files;
    apr_array_header_t *dirs;
    apr_pool_t *pool;
} search_t;

static void add(apr_array_header_t *paths, const char *path, const search_t *search)
{
    if (!apr_hash_get(search->known, path, APR_HASH_KEY_STRING)) {
        apr_hash_set(search->known, path, APR_HASH_KEY_STRING, path);
        APR_ARRAY_PUSH(paths, const char *) = path;
    }
}

/* What is no file, such as httpd's words for the command line, never changes. */
static void add_file(const char *path, const search_t *search)
{
    if (path) {
        add(search->files, path, search);
        add(search->dirs, ap_make_dirstr_parent(search->pool, path), search);
    }
}

static void search_level(const ap_directive_t *node, const search_t *search)
{
    for (; node; node = node->next) {
        add_file(node->filename, search);
        if (apr_cstr_casecmpn(node->directive, FILES_OF_TLS, sizeof(FILES_OF_TLS) - 1) == 0) {
            add_file(ja_conftree_path(node, search->pool), search);
        }
        search_level(node->first_child, search);
    }
}

ja_conffiles_t *ja_conffiles_find(apr_pool_t *pool)
{
    search_t search = { apr_hash_make(pool), apr_array_make(pool, 16, sizeof(const char *)),
                        apr_array_make(pool, 4, sizeof(const char *)), pool };
    ja_conffiles_t *found = apr_palloc(pool, sizeof(*found));

    search_level(ap_conftree, &search);
    found->files = search.files;
    found->dirs = search.dirs;
    return found;
}

static void mix(apr_uint64_t *hash, apr_uint64_t value)
{
    int i;

    for (i = 0; i < 8; i++) {
        *hash = (*hash ^ ((value >> 8 * i) & 0xff)) * HASH_PRIME;
    }
}

apr_uint64_t ja_conffiles_state(const apr_array_header_t *paths, apr_pool_t *scratch)
{
    apr_uint64_t hash = HASH_BASIS;
    int i;

    for (i = 0; i < paths->nelts; i++) {
        apr_finfo_t info = { 0 };

        if (apr_stat(&info, APR_ARRAY_IDX(paths, i, const char *),
                     APR_FINFO_MTIME | APR_FINFO_SIZE | APR_FINFO_INODE, scratch)
            != APR_SUCCESS) {
            info.mtime = 0;
        }
        mix(&hash, (apr_uint64_t)info.mtime);
        mix(&hash, (apr_uint64_t)info.size);
        mix(&hash, (apr_uint64_t)info.inode);
    }
    return hash;
}

#include "store/names.h"

#include <string.h>

#include <apr_sha1.h>
#include <apr_strings.h>

#define NAME_BYTES_MAX 253 /* RFC 1035 2.3.4, without the root's dot                */
#define WILDCARD       "_wildcard."

/* A file name has at most 255 bytes, of which the store takes some for ".NAME.json.tmp": longer
 * names go by their beginning and a digest, which only has to keep the names of one httpd.conf
 * apart. */
#define WHOLE_BYTES_MAX 200
#define HEAD_BYTES      150

static int is_plain(const char *name)
{
    return *name && *name != '.'
           && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static const char *shorten(const char *dir, apr_pool_t *pool)
{
    static const char DIGITS[] = "0123456789abcdef";
    unsigned char digest[APR_SHA1_DIGESTSIZE];
    char hex[2 * APR_SHA1_DIGESTSIZE + 1];
    apr_sha1_ctx_t sha1;
    int i;

    apr_sha1_init(&sha1);
    apr_sha1_update(&sha1, dir, (unsigned int)strlen(dir));
    apr_sha1_final(digest, &sha1);
    for (i = 0; i < APR_SHA1_DIGESTSIZE; i++) {
        hex[2 * i] = DIGITS[digest[i] >> 4];
        hex[2 * i + 1] = DIGITS[digest[i] & 15];
    }
    hex[2 * i] = '\0';
    return apr_psprintf(pool, "%.*s_%s", HEAD_BYTES, dir, hex);
}

const char *ja_names_dir(const char *name, apr_pool_t *pool)
{
    int is_wildcard = strncmp(name, "*.", 2) == 0;
    const char *rest = is_wildcard ? name + 2 : name;
    const char *dir;

    if (strlen(name) > NAME_BYTES_MAX || !is_plain(rest)) {
        return NULL;
    }
    if (strncmp(rest, WILDCARD, strlen(WILDCARD)) == 0) {
        return NULL; /* no two names have one directory */
    }
    dir = is_wildcard ? apr_pstrcat(pool, WILDCARD, rest, NULL) : apr_pstrdup(pool, name);
    return strlen(dir) <= WHOLE_BYTES_MAX ? dir : shorten(dir, pool);
}

const char *ja_names_of(const char *dir, apr_pool_t *pool)
{
    if (strncmp(dir, WILDCARD, strlen(WILDCARD)) == 0) {
        return apr_pstrcat(pool, "*.", dir + strlen(WILDCARD), NULL);
    }
    return apr_pstrdup(pool, dir);
}

/* conffiles: the files that the running configuration was read from, with the certificate and key
 * files that it names for mod_ssl: has one of them changed on disk? What follows from that is
 * decided elsewhere.
 */
#ifndef JA_CONFFILES_H
#define JA_CONFFILES_H

#include <apr_tables.h>

/* All of them, from httpd's tree of directives; for post_config. In `pool`. */
typedef struct {
    const apr_array_header_t *files; /* const char *                                              */
    const apr_array_header_t *dirs;  /* const char *: where they are, for those that are added    */
} ja_conffiles_t;
ja_conffiles_t *ja_conffiles_find(apr_pool_t *pool);

/* A number that is another one after some file of `paths` has been changed, added or removed. One
 * system call for each. */
apr_uint64_t ja_conffiles_state(const apr_array_header_t *paths, apr_pool_t *scratch);

#endif

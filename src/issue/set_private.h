/* issue/set_private: what the files of issue/set share. For nobody else. */
#ifndef JA_ISSUE_SET_PRIVATE_H
#define JA_ISSUE_SET_PRIVATE_H

#include "issue/set.h"

#define JA_SET_JSON    "set.json"
#define JA_SET_KEY_MAX (16 * 1024) /* bytes of a key in PEM; RSA-4096 has 3272              */
#define JA_SET_NO_SPEC (-1)

/* One certificate of a set with its key, read and parsed. */
typedef struct {
    int spec;      /* ja_key_spec_t; the key's as well                      */
    ja_key_t *key; /* NULL if nobody had to look at it */
    ja_chain_t *chain;
    ja_bytes_t privkey; /* the files' content                                    */
    ja_bytes_t fullchain;
} ja_set_pair_t;

/* The names of a set's files: "privkey-p256.pem", or with JA_SET_NO_SPEC "privkey.pem". `kind` is
 * "privkey", "cert", "chain" or "fullchain". */
const char *ja_set_file(const char *kind, int spec, apr_pool_t *pool);

/* set.json and back. JA_E_SYNTAX also for what is no set of `name`: another name, a key type
 * twice, none at all. */
ja_err_t *ja_set_parse(const ja_set_t **set, const ja_bytes_t *json, const char *name,
                       apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;
const char *ja_set_print(const ja_set_t *set, apr_pool_t *pool);

/* The files of `spec` in ASIDE or STAGING: read, parsed, the key being of that type; whether they
 * belong together is the caller's next question. JA_E_NOT_FOUND, JA_E_UNTRUSTED, JA_E_SYNTAX,
 * JA_E_CERT_BAD, ... */
ja_err_t *ja_set_read_key(ja_key_t **key, ja_bytes_t *pem, ja_store_t *store, ja_group_t group,
                          const char *name, int spec, apr_pool_t *result,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* The chain alone, of the key type that `pair` says, and into it. */
ja_err_t *ja_set_read_chain(ja_set_pair_t *pair, ja_store_t *store, ja_group_t group,
                            const char *name, apr_pool_t *result,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

/* Key and chain. */
ja_err_t *ja_set_read_pair(ja_set_pair_t *pair, ja_store_t *store, ja_group_t group,
                           const char *name, int spec, apr_pool_t *result,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* Make `pairs` (ja_set_pair_t, in the order of the configuration) the live set of set->name,
 * printed anew. `set` says who issued it and when. */
ja_err_t *ja_set_write(ja_store_t *store, const ja_set_t *set, const apr_array_header_t *pairs,
                       apr_time_t now, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Key and chain of a set that is live, or was: parsed, and belonging together, whatever the time.
 * JA_E_SYNTAX, JA_E_CERT_BAD, ... */
ja_err_t *ja_set_read_files(ja_set_served_t *served, const ja_bytes_t *privkey,
                            const ja_bytes_t *fullchain, apr_pool_t *result,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

/* What set.json says of a certificate whose files are `privkey_file` and `fullchain_file` with
 * this content. The file names are not copied. */
ja_err_t *ja_set_describe(ja_set_cert_t *cert, const ja_set_pair_t *pair, const char *privkey_file,
                          const char *fullchain_file, apr_pool_t *result,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

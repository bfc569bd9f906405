/* What mod_ssl is told to read. It runs for every domain at each start: with digests that match,
 * that is three small files and no parsing of PEM. */
#include "issue/set_private.h"

#include <string.h>

#include <apr_strings.h>

static ja_err_t *has_digest(int *has, const ja_bytes_t *bytes, const char *sha256,
                            apr_pool_t *scratch)
{
    const char *hex;

    JA_TRY(ja_digest_sha256(&hex, bytes->bytes, bytes->len, scratch, scratch));
    *has = sha256 && strcmp(hex, sha256) == 0;
    return NULL;
}

/* An expired certificate is better than none, so the check is made for a moment at which it is
 * valid. */
ja_err_t *ja_set_read_files(ja_set_served_t *served, const ja_bytes_t *privkey,
                            const ja_bytes_t *fullchain, apr_pool_t *result, apr_pool_t *scratch)
{
    ja_cert_facts_t facts;

    JA_TRY(ja_key_parse(&served->key, privkey->bytes, privkey->len, result, scratch));
    JA_TRY(ja_chain_parse(&served->chain, fullchain->bytes, fullchain->len, result, scratch));
    JA_TRY(ja_chain_facts(&facts, served->chain, scratch, scratch));
    return ja_chain_check(served->chain, served->key, facts.names,
                          facts.not_after - apr_time_from_sec(1), scratch);
}

/* Files that somebody has changed since: mod_ssl gets them if key and certificate belong together.
 */
static ja_err_t *check_in_full(const ja_bytes_t *privkey, const ja_bytes_t *fullchain,
                               apr_pool_t *scratch)
{
    ja_set_served_t served;

    return ja_set_read_files(&served, privkey, fullchain, scratch, scratch);
}

static ja_err_t *check_cert(ja_store_t *store, const char *name, const ja_set_cert_t *cert,
                            apr_pool_t *scratch)
{
    ja_bytes_t privkey, fullchain;
    int is_key_same, is_chain_same;

    JA_TRY(ja_store_load(&privkey, store, JA_GROUP_LIVE, name, cert->privkey_file, JA_SET_KEY_MAX,
                         scratch, scratch));
    JA_TRY(ja_store_load(&fullchain, store, JA_GROUP_LIVE, name, cert->fullchain_file,
                         JA_CHAIN_MAX_BYTES, scratch, scratch));
    JA_TRY(has_digest(&is_key_same, &privkey, cert->privkey_sha256, scratch));
    JA_TRY(has_digest(&is_chain_same, &fullchain, cert->fullchain_sha256, scratch));
    if (is_key_same && is_chain_same) {
        return NULL;
    }
    JA_TRY_W(check_in_full(&privkey, &fullchain, scratch), scratch,
             "checking %s, which was changed",
             ja_store_path(store, JA_GROUP_LIVE, name, cert->fullchain_file, scratch));
    return NULL;
}

/* The rows of set.json; if that is unusable, the files that every set has, without digests. */
static const apr_array_header_t *certs_of(const ja_set_t *set, apr_pool_t *scratch)
{
    apr_array_header_t *certs;
    ja_set_cert_t *cert;

    if (set) {
        return set->certs;
    }
    certs = apr_array_make(scratch, 1, sizeof(ja_set_cert_t));
    cert = apr_array_push(certs);
    memset(cert, 0, sizeof(*cert));
    cert->privkey_file = ja_set_file("privkey", JA_SET_NO_SPEC, scratch);
    cert->fullchain_file = ja_set_file("fullchain", JA_SET_NO_SPEC, scratch);
    return certs;
}

static void push_path(const apr_array_header_t *paths, ja_store_t *store, const char *name,
                      const char *file, apr_pool_t *result)
{
    APR_ARRAY_PUSH((apr_array_header_t *)paths, const char *) =
        ja_store_path(store, JA_GROUP_LIVE, name, file, result);
}

/* Each certificate for itself: a damaged one of a second key type leaves the first one serving.
 * The first error is handed up; one of JA_E_IO before others, because it says nothing of the files.
 */
static ja_err_t *collect(ja_set_files_t *files, ja_store_t *store, const char *name,
                         const apr_array_header_t *certs, apr_pool_t *result, apr_pool_t *scratch)
{
    ja_err_t *first = NULL;
    int i;

    for (i = 0; i < certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(certs, i, const ja_set_cert_t);
        ja_err_t *err = check_cert(store, name, cert, scratch);

        if (!err) {
            push_path(files->fullchain_paths, store, name, cert->fullchain_file, result);
            push_path(files->privkey_paths, store, name, cert->privkey_file, result);
        }
        if (!first || (err && err->code == JA_E_IO)) {
            first = err;
        }
    }
    return first;
}

ja_err_t *ja_set_files(ja_set_files_t *files, ja_store_t *store, const char *name,
                       apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_set_t *set;
    ja_err_t *err, *bad;
    int has = 1;

    files->fullchain_paths = apr_array_make(result, 2, sizeof(const char *));
    files->privkey_paths = apr_array_make(result, 2, sizeof(const char *));
    err = ja_set_load(&set, store, JA_GROUP_LIVE, name, scratch, scratch);
    if (!err && !set) {
        JA_TRY(ja_store_has(&has, store, JA_GROUP_LIVE, name, scratch));
    }
    if (!has) {
        return NULL;
    }
    bad = collect(files, store, name, certs_of(set, scratch), result, scratch);
    if (!err || (bad && bad->code == JA_E_IO)) {
        err = bad;
    }
    if (!err || err->code == JA_E_IO) {
        return err;
    }
    bad = ja_err_make(JA_E_LIVE_BAD, scratch, "the live set of %s is damaged", name);
    bad->cause = err;
    return bad;
}

/* ---- earlier sets ---------------------------------------------------------------------------- */

/* All of it is good, valid at `now`, and not revoked as far as can be told. */
static int is_usable(ja_store_t *store, const char *name, apr_time_t now, apr_pool_t *scratch)
{
    ja_set_files_t files;
    const ja_set_t *set;
    int is_revoked;

    if (ja_set_load(&set, store, JA_GROUP_LIVE, name, scratch, scratch) || !set
        || ja_set_first_to_expire(set)->not_after <= now
        || ja_set_is_revoked(&is_revoked, store, set, scratch) || is_revoked) {
        return 0;
    }
    return !ja_set_files(&files, store, name, scratch, scratch) && files.fullchain_paths->nelts > 0;
}

static int is_passed_over(int generation, const ja_set_span_t *passed)
{
    return passed && generation > passed->after && generation <= passed->up_to;
}

ja_err_t *ja_set_find_earlier(int *generation, int *live, ja_store_t *store, const char *name,
                              const ja_set_span_t *passed, apr_time_t now, apr_pool_t *scratch)
{
    apr_array_header_t *all;
    int i;

    *generation = 0;
    JA_TRY(ja_store_generations(&all, live, store, name, scratch, scratch));
    for (i = 0; i < all->nelts && *generation == 0; i++) {
        int n = APR_ARRAY_IDX(all, i, int);

        if ((*live == 0 || n < *live) && !is_passed_over(n, passed)
            && is_usable(ja_store_view(store, n, scratch), name, now, scratch)) {
            *generation = n;
        }
    }
    return NULL;
}

ja_err_t *ja_set_repair(int *generation, ja_store_t *store, const char *name, apr_time_t now,
                        apr_pool_t *scratch)
{
    int live;

    JA_TRY(ja_set_find_earlier(generation, &live, store, name, NULL, now, scratch));
    return *generation == 0 ? ja_store_remove_name(store, JA_GROUP_LIVE, name, scratch)
                            : ja_store_restore(store, name, *generation, scratch);
}

/* The root parent's part of issue/set: a domain gets another one's set. The files are root's own;
 * that they belong together is checked all the same. */
#include "issue/set_private.h"

#include "issue/dnsname.h"

#define SETS_MAX 65536

/* Those of the first certificate: the others have the same. */
static const apr_array_header_t *names_of(const ja_set_t *set)
{
    return APR_ARRAY_IDX(set->certs, 0, const ja_set_cert_t).facts.names;
}

static void enter(apr_hash_t *by_name, const ja_set_t *set)
{
    const apr_array_header_t *sans = names_of(set);
    apr_time_t end = ja_set_first_to_expire(set)->not_after;
    int i;

    for (i = 0; i < sans->nelts; i++) {
        const char *san = APR_ARRAY_IDX(sans, i, const char *);
        const ja_set_t *other = apr_hash_get(by_name, san, APR_HASH_KEY_STRING);

        if (!other || ja_set_first_to_expire(other)->not_after < end) {
            apr_hash_set(by_name, san, APR_HASH_KEY_STRING, set);
        }
    }
}

ja_err_t *ja_set_index(apr_hash_t **by_name, ja_store_t *store, apr_time_t now, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    apr_array_header_t *names;
    apr_pool_t *each;
    int i;

    *by_name = apr_hash_make(result);
    JA_TRY(ja_store_list(&names, store, JA_GROUP_LIVE, SETS_MAX, scratch, scratch));
    apr_pool_create(&each, scratch);
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const ja_set_t *set = NULL;

        apr_pool_clear(each);
        if (!ja_set_load(&set, store, JA_GROUP_LIVE, name, result, each) && set
            && ja_set_first_to_expire(set)->not_after > now) {
            enter(*by_name, set);
        }
    }
    apr_pool_destroy(each);
    return NULL;
}

static int count_covered(const ja_set_t *set, const apr_array_header_t *names)
{
    int count = 0;
    int i;

    for (i = 0; i < names->nelts; i++) {
        count += ja_cert_names_cover(names_of(set), APR_ARRAY_IDX(names, i, const char *));
    }
    return count;
}

/* The set that covers most of the names, or NULL. */
static const ja_set_t *find_best(apr_hash_t *by_name, const apr_array_header_t *names,
                                 apr_pool_t *scratch)
{
    const ja_set_t *best = NULL;
    int i;

    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);
        const char *wildcard = ja_dnsname_wildcard_of(name, scratch);
        const ja_set_t *set = apr_hash_get(by_name, name, APR_HASH_KEY_STRING);

        if (!set && wildcard) {
            set = apr_hash_get(by_name, wildcard, APR_HASH_KEY_STRING);
        }
        if (set && set != best
            && (!best || count_covered(set, names) > count_covered(best, names))) {
            best = set;
        }
    }
    return best;
}

/* The rows for the configured key types; all, if there are none of them. */
static const apr_array_header_t *choose_rows(const ja_set_t *set, const apr_array_header_t *specs,
                                             apr_pool_t *scratch)
{
    apr_array_header_t *rows = apr_array_make(scratch, specs->nelts, sizeof(ja_set_cert_t));
    int i;

    for (i = 0; i < specs->nelts; i++) {
        const ja_set_cert_t *row = ja_set_find(set, (int)APR_ARRAY_IDX(specs, i, ja_key_spec_t));

        if (row) {
            APR_ARRAY_PUSH(rows, ja_set_cert_t) = *row;
        }
    }
    return rows->nelts > 0 ? rows : set->certs;
}

static ja_err_t *read_pair(ja_set_pair_t *pair, ja_store_t *store, const char *name,
                           const ja_set_cert_t *row, apr_time_t now, apr_pool_t *scratch)
{
    pair->spec = row->spec;
    JA_TRY(ja_store_load(&pair->privkey, store, JA_GROUP_LIVE, name, row->privkey_file,
                         JA_SET_KEY_MAX, scratch, scratch));
    JA_TRY(ja_store_load(&pair->fullchain, store, JA_GROUP_LIVE, name, row->fullchain_file,
                         JA_CHAIN_MAX_BYTES, scratch, scratch));
    JA_TRY(ja_key_parse(&pair->key, pair->privkey.bytes, pair->privkey.len, scratch, scratch));
    JA_TRY(
        ja_chain_parse(&pair->chain, pair->fullchain.bytes, pair->fullchain.len, scratch, scratch));
    return ja_chain_check(pair->chain, pair->key, row->facts.names, now, scratch);
}

ja_err_t *ja_set_adopt(const char **from, ja_store_t *store, const char *name,
                       const apr_array_header_t *specs, const apr_array_header_t *names,
                       apr_hash_t *index, apr_time_t now, apr_pool_t *scratch)
{
    const ja_set_t *found = find_best(index, names, scratch);
    const apr_array_header_t *rows;
    apr_array_header_t *pairs;
    ja_set_t set;
    int i;

    *from = NULL;
    if (!found) {
        return NULL;
    }
    rows = choose_rows(found, specs, scratch);
    pairs = apr_array_make(scratch, rows->nelts, sizeof(ja_set_pair_t));
    for (i = 0; i < rows->nelts; i++) {
        JA_TRY_W(read_pair(apr_array_push(pairs), store, found->name,
                           &APR_ARRAY_IDX(rows, i, const ja_set_cert_t), now, scratch),
                 scratch, "taking over the live set of %s", found->name);
    }
    set = *found;
    set.name = name;
    JA_TRY(ja_set_write(store, &set, pairs, now, scratch));
    *from = found->name;
    return NULL;
}

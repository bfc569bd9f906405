/* A live set in one piece: for each certificate the PEM of the key, a NUL, the PEM of the chain, a
 * NUL. */
#include "issue/set_private.h"

#include <string.h>

/* The parts (ja_bytes_t) of all certificates: key, chain, key, chain, ... */
static ja_err_t *load_parts(apr_array_header_t *parts, ja_store_t *store, const char *name,
                            apr_pool_t *scratch)
{
    const ja_set_t *set;
    int i;

    JA_TRY(ja_set_load(&set, store, JA_GROUP_LIVE, name, scratch, scratch));
    if (!set) {
        return ja_err_make(JA_E_NOT_FOUND, scratch, "nothing is live for %s", name);
    }
    for (i = 0; i < set->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t);

        JA_TRY(ja_store_load(apr_array_push(parts), store, JA_GROUP_LIVE, name, cert->privkey_file,
                             JA_SET_KEY_MAX, scratch, scratch));
        JA_TRY(ja_store_load(apr_array_push(parts), store, JA_GROUP_LIVE, name,
                             cert->fullchain_file, JA_CHAIN_MAX_BYTES, scratch, scratch));
    }
    return NULL;
}

ja_err_t *ja_set_pack(ja_secret_t **record, ja_store_t *store, const char *name, apr_pool_t *result,
                      apr_pool_t *scratch)
{
    apr_array_header_t *parts = apr_array_make(scratch, 2, sizeof(ja_bytes_t));
    apr_size_t len = 0;
    unsigned char *at;
    int i;

    JA_TRY(load_parts(parts, store, name, scratch));
    for (i = 0; i < parts->nelts; i++) {
        len += APR_ARRAY_IDX(parts, i, ja_bytes_t).len + 1;
    }
    *record = ja_secret_blank(len, result);
    at = (*record)->bytes;
    for (i = 0; i < parts->nelts; i++) {
        const ja_bytes_t *part = &APR_ARRAY_IDX(parts, i, const ja_bytes_t);

        memcpy(at, part->bytes, part->len);
        at += part->len + 1;
    }
    return NULL;
}

/* The next part; 0: there is none that ends. */
static int next_part(ja_bytes_t *part, const char **at, const char *end)
{
    const char *nul = memchr(*at, '\0', (apr_size_t)(end - *at));

    if (!nul) {
        return 0;
    }
    part->bytes = *at;
    part->len = (apr_size_t)(nul - *at);
    *at = nul + 1;
    return 1;
}

ja_err_t *ja_set_unpack(const apr_array_header_t **served, const ja_bytes_t *record,
                        apr_pool_t *result, apr_pool_t *scratch)
{
    apr_array_header_t *found = apr_array_make(result, 1, sizeof(ja_set_served_t));
    const char *at = record->bytes;
    const char *end = at + record->len;
    ja_bytes_t privkey, fullchain;

    do {
        if (found->nelts == JA_KEY_SPEC_COUNT || !next_part(&privkey, &at, end)
            || !next_part(&fullchain, &at, end)) {
            return ja_err_make(JA_E_SYNTAX, scratch, "a packed set of %" APR_SIZE_T_FMT " bytes",
                               record->len);
        }
        JA_TRY(ja_set_read_files(apr_array_push(found), &privkey, &fullchain, result, scratch));
    } while (at < end);
    *served = found;
    return NULL;
}

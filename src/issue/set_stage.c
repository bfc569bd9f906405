/* The runner's part of issue/set: a set is put together in ASIDE and published when complete. */
#include "issue/set_private.h"

#include <string.h>

#include <apr_strings.h>

/* A kill while publish() makes the old and the new staged set change places leaves the old one in
 * ASIDE. It is complete and good, so nothing but its age tells it from a set that is about to be
 * published. */
static ja_err_t *forget_replaced(ja_store_t *store, const char *name, apr_pool_t *scratch)
{
    const ja_set_t *aside, *staged;

    if (ja_set_load(&aside, store, JA_GROUP_ASIDE, name, scratch, scratch) || !aside) {
        return NULL; /* it is being put together, or written anew anyway */
    }
    JA_TRY(ja_set_load(&staged, store, JA_GROUP_STAGING, name, scratch, scratch));
    if (!staged || aside->created_at > staged->created_at) {
        return NULL;
    }
    return ja_store_remove_name(store, JA_GROUP_ASIDE, name, scratch);
}

static ja_err_t *keep_aside(ja_store_t *store, const char *name, const char *file,
                            const void *bytes, apr_size_t len, int is_secret, apr_pool_t *scratch)
{
    const ja_item_t item = { file, bytes, len, is_secret };

    return ja_store_save(store, JA_GROUP_ASIDE, name, &item, JA_FS_DURABLE, scratch);
}

ja_err_t *ja_set_make_key(ja_bytes_t *csr_der, ja_store_t *store, const char *name,
                          ja_key_spec_t spec, const apr_array_header_t *names,
                          const volatile int *cancelled, apr_pool_t *result, apr_pool_t *scratch)
{
    ja_key_t *key;
    ja_secret_t *pem;

    JA_TRY(forget_replaced(store, name, scratch));
    JA_TRY(ja_key_make(&key, spec, cancelled, scratch, scratch));
    JA_TRY(ja_key_print(&pem, key, scratch, scratch));
    /* What there is from now on is no complete set any more. */
    JA_TRY(ja_store_remove(store, JA_GROUP_ASIDE, name, JA_SET_JSON, scratch));
    JA_TRY(keep_aside(store, name, ja_set_file("privkey", spec, scratch), pem->bytes, pem->len, 1,
                      scratch));
    return ja_csr_make(csr_der, key, names, result, scratch);
}

int ja_set_has_key(ja_store_t *store, const char *name, ja_key_spec_t spec, apr_pool_t *scratch)
{
    ja_key_t *key;
    ja_bytes_t pem;

    return !forget_replaced(store, name, scratch)
           && !ja_set_read_key(&key, &pem, store, JA_GROUP_ASIDE, name, spec, scratch, scratch);
}

ja_err_t *ja_set_keep_chain(ja_store_t *store, const char *name, ja_key_spec_t spec,
                            const ja_bytes_t *pem, const apr_array_header_t *names, apr_time_t now,
                            apr_pool_t *scratch)
{
    const char *leaf, *rest, *all;
    ja_chain_t *chain;
    ja_bytes_t key_pem;
    ja_key_t *key;

    JA_TRY(ja_chain_parse(&chain, pem->bytes, pem->len, scratch, scratch));
    JA_TRY(ja_set_read_key(&key, &key_pem, store, JA_GROUP_ASIDE, name, spec, scratch, scratch));
    JA_TRY(ja_chain_check(chain, key, names, now, scratch));
    JA_TRY(ja_chain_print(&leaf, &rest, &all, chain, scratch, scratch));
    return keep_aside(store, name, ja_set_file("fullchain", spec, scratch), all, strlen(all), 0,
                      scratch);
}

/* Key and chain in ASIDE belong together and are good for `names`. */
static ja_err_t *check_pair(ja_store_t *store, const char *name, int spec,
                            const apr_array_header_t *names, apr_time_t now, apr_pool_t *scratch)
{
    ja_set_pair_t pair;

    JA_TRY(ja_set_read_pair(&pair, store, JA_GROUP_ASIDE, name, spec, scratch, scratch));
    return ja_chain_check(pair.chain, pair.key, names, now, scratch);
}

int ja_set_has_cert(ja_store_t *store, const char *name, ja_key_spec_t spec,
                    const apr_array_header_t *names, apr_time_t now, apr_pool_t *scratch)
{
    return !forget_replaced(store, name, scratch)
           && !check_pair(store, name, spec, names, now, scratch);
}

/* One row of set.json for each of `specs`. */
static ja_err_t *describe_all(apr_array_header_t *certs, ja_store_t *store, const char *name,
                              const apr_array_header_t *specs, apr_pool_t *result,
                              apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < specs->nelts; i++) {
        int spec = APR_ARRAY_IDX(specs, i, ja_key_spec_t);
        ja_set_cert_t *cert = apr_array_push(certs);
        ja_set_pair_t pair;

        JA_TRY(ja_set_read_proven(&pair, store, JA_GROUP_ASIDE, name, spec, scratch, scratch));
        JA_TRY(ja_set_describe(cert, &pair, ja_set_file("privkey", spec, result),
                               ja_set_file("fullchain", spec, result), result, scratch));
    }
    return NULL;
}

ja_err_t *ja_set_stage(const ja_set_t **set, ja_store_t *store, const char *name,
                       const apr_array_header_t *specs, const char *ca_url, apr_time_t now,
                       apr_pool_t *result, apr_pool_t *scratch)
{
    apr_array_header_t *certs = apr_array_make(result, specs->nelts, sizeof(ja_set_cert_t));
    ja_set_t *staged = apr_pcalloc(result, sizeof(*staged));
    const char *json;

    staged->name = apr_pstrdup(result, name);
    staged->created_at = now;
    staged->ca_url = apr_pstrdup(result, ca_url);
    staged->certs = certs;
    JA_TRY_W(describe_all(certs, store, name, specs, result, scratch), scratch,
             "reading what is to be staged for %s", name);
    json = ja_set_print(staged, scratch);
    JA_TRY(keep_aside(store, name, JA_SET_JSON, json, strlen(json), 0, scratch));
    JA_TRY(ja_store_publish(store, name, scratch));
    *set = staged;
    return NULL;
}

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

ja_err_t *ja_set_make_key(ja_bytes_t *csr_der, ja_store_t *store, const char *name,
                          ja_key_spec_t spec, const apr_array_header_t *names,
                          const volatile int *cancelled, apr_pool_t *result, apr_pool_t *scratch)
{
    ja_item_t item = { ja_set_file("privkey", spec, scratch), .is_secret = 1 };
    ja_key_t *key;
    ja_secret_t *pem;

    JA_TRY(forget_replaced(store, name, scratch));
    JA_TRY(ja_key_make(&key, spec, cancelled, scratch, scratch));
    JA_TRY(ja_key_print(&pem, key, scratch, scratch));
    /* What there is from now on is no complete set any more. */
    JA_TRY(ja_store_remove(store, JA_GROUP_ASIDE, name, JA_SET_JSON, scratch));
    item.bytes = pem->bytes;
    item.len = pem->len;
    JA_TRY(ja_store_save(store, JA_GROUP_ASIDE, name, &item, JA_FS_DURABLE, scratch));
    return ja_csr_make(csr_der, key, names, result, scratch);
}

int ja_set_has_key(ja_store_t *store, const char *name, ja_key_spec_t spec, apr_pool_t *scratch)
{
    ja_key_t *key;
    ja_bytes_t pem;

    return !forget_replaced(store, name, scratch)
           && !ja_set_read_key(&key, &pem, store, JA_GROUP_ASIDE, name, spec, scratch, scratch);
}

/* The row that set.json will have for a pair that is in ASIDE. */
static ja_err_t *describe(ja_set_cert_t *cert, const ja_set_pair_t *pair, apr_pool_t *result,
                          apr_pool_t *scratch)
{
    return ja_set_describe(cert, pair, ja_set_file("privkey", pair->spec, result),
                           ja_set_file("fullchain", pair->spec, result), result, scratch);
}

/* Is the chain for the key in ASIDE? The request has to stand for that, or the key is read: after a
 * restart, and whenever the request says no, so that the reason comes from there. */
static ja_err_t *check_downloaded(ja_set_pair_t *pair, ja_store_t *store, const char *name,
                                  const ja_bytes_t *csr_der, const apr_array_header_t *names,
                                  apr_time_t now, apr_pool_t *scratch)
{
    if (csr_der && !ja_chain_check_request(pair->chain, csr_der, names, now, scratch)) {
        return ja_store_load(&pair->privkey, store, JA_GROUP_ASIDE, name,
                             ja_set_file("privkey", pair->spec, scratch), JA_SET_KEY_MAX, scratch,
                             scratch);
    }
    JA_TRY(ja_set_read_key(&pair->key, &pair->privkey, store, JA_GROUP_ASIDE, name, pair->spec,
                           scratch, scratch));
    return ja_chain_check(pair->chain, pair->key, names, now, scratch);
}

ja_err_t *ja_set_keep_chain(ja_set_cert_t *cert, ja_store_t *store, const char *name,
                            ja_key_spec_t spec, const ja_bytes_t *pem, const ja_bytes_t *csr_der,
                            const apr_array_header_t *names, apr_time_t now, apr_pool_t *result,
                            apr_pool_t *scratch)
{
    ja_item_t item = { ja_set_file("fullchain", spec, scratch), .is_secret = 0 };
    ja_set_pair_t pair = { .spec = spec };
    const char *leaf, *rest, *all;

    JA_TRY(ja_chain_parse(&pair.chain, pem->bytes, pem->len, scratch, scratch));
    JA_TRY(check_downloaded(&pair, store, name, csr_der, names, now, scratch));
    JA_TRY(ja_chain_print(&leaf, &rest, &all, pair.chain, scratch, scratch));
    pair.fullchain = (ja_bytes_t){ all, strlen(all) };
    item.bytes = all;
    item.len = pair.fullchain.len;
    JA_TRY(ja_store_save(store, JA_GROUP_ASIDE, name, &item, JA_FS_DURABLE, scratch));
    return describe(cert, &pair, result, scratch);
}

/* Key and chain in ASIDE belong together and are good for `names`. */
static ja_err_t *read_cert(ja_set_cert_t *cert, ja_store_t *store, const char *name, int spec,
                           const apr_array_header_t *names, apr_time_t now, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    ja_set_pair_t pair;

    JA_TRY(ja_set_read_pair(&pair, store, JA_GROUP_ASIDE, name, spec, scratch, scratch));
    JA_TRY(ja_chain_check(pair.chain, pair.key, names, now, scratch));
    return describe(cert, &pair, result, scratch);
}

int ja_set_has_cert(ja_set_cert_t *cert, ja_store_t *store, const char *name, ja_key_spec_t spec,
                    const apr_array_header_t *names, apr_time_t now, apr_pool_t *result,
                    apr_pool_t *scratch)
{
    return !forget_replaced(store, name, scratch)
           && !read_cert(cert, store, name, spec, names, now, result, scratch);
}

ja_err_t *ja_set_try(ja_set_try_fn *try_out, ja_store_t *store, const ja_plan_domain_t *domain,
                     const apr_array_header_t *certs, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < certs->nelts; i++) {
        ja_set_pair_t pair = { .spec = APR_ARRAY_IDX(certs, i, const ja_set_cert_t).spec };

        JA_TRY(ja_set_read_chain(&pair, store, JA_GROUP_ASIDE, domain->name, scratch, scratch));
        JA_TRY(try_out(domain, pair.chain, scratch));
    }
    return NULL;
}

ja_err_t *ja_set_stage(const ja_set_t **set, ja_store_t *store, const char *name,
                       const apr_array_header_t *certs, const char *ca_url, apr_time_t now,
                       apr_pool_t *result, apr_pool_t *scratch)
{
    ja_item_t item = { JA_SET_JSON, .is_secret = 0 };
    ja_set_t *staged = apr_pcalloc(result, sizeof(*staged));

    staged->name = apr_pstrdup(result, name);
    staged->created_at = now;
    staged->ca_url = apr_pstrdup(result, ca_url);
    staged->certs = certs;
    item.bytes = ja_set_print(staged, scratch);
    item.len = strlen(item.bytes);
    JA_TRY(ja_store_save(store, JA_GROUP_ASIDE, name, &item, JA_FS_DURABLE, scratch));
    JA_TRY(ja_store_publish(store, name, scratch));
    *set = staged;
    return NULL;
}

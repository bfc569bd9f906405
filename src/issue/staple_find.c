/* The beginning of issue/staple: what is known of a certificate and its response. */
#include "issue/staple_private.h"

#include <string.h>

#include "base/clock.h"
#include "issue/response.h"

ja_err_t *ja_staple_verify(ja_ocsp_facts_t *facts, const ja_bytes_t *pem, const void *der,
                           apr_size_t len, apr_pool_t *scratch)
{
    ja_chain_t *chain;

    JA_TRY(ja_chain_parse(&chain, pem->bytes, pem->len, scratch, scratch));
    return ja_ocsp_read(facts, chain, der, len, ja_clock_now(), scratch);
}

/* What is known of the certificate is read from itself. */
static ja_err_t *read_chain(ja_staple_found_t *found, const char *sha256, const ja_bytes_t *pem,
                            apr_pool_t *pool)
{
    ja_cert_facts_t facts;
    ja_chain_t *chain;

    JA_TRY(ja_chain_parse(&chain, pem->bytes, pem->len, pool, pool));
    JA_TRY(ja_chain_facts(&facts, chain, pool, pool));
    if (strcmp(facts.sha256, sha256) != 0) {
        return ja_err_make(JA_E_CERT_BAD, pool, "the chain is that of another certificate");
    }
    found->url = facts.ocsp_url;
    return found->url ? ja_ocsp_request(&found->request, chain, pool, pool) : NULL;
}

/* Nothing there, or nothing good: it is fetched again. */
static void read_stored(ja_staple_found_t *found, ja_store_t *store, const char *sha256,
                        const ja_bytes_t *pem, apr_pool_t *pool)
{
    ja_bytes_t *stored = &found->stored;
    ja_err_t *err = ja_store_load(stored, store, JA_GROUP_OCSP, NULL,
                                  ja_response_item(sha256, pool), JA_OCSP_MAX_BYTES, pool, pool);

    if (err && err->code == JA_E_NOT_FOUND) {
        return;
    }
    if (!err) {
        err = ja_staple_verify(&found->facts, pem, stored->bytes, stored->len, pool);
    }
    found->has_facts = !err;
    found->unused = err;
}

ja_err_t *ja_staple_find(ja_staple_found_t *found, ja_store_t *store, const char *sha256,
                         const ja_bytes_t *pem, apr_pool_t *pool)
{
    memset(found, 0, sizeof(*found));
    JA_TRY(read_chain(found, sha256, pem, pool));
    if (found->url) {
        read_stored(found, store, sha256, pem, pool);
    }
    return NULL;
}

#include "issue/fingerprint.h"

#include <string.h>

#include <apr_strings.h>

#include "pki/cert.h"

#define DIGITS 32

const char *ja_fingerprint(const char *text, const apr_array_header_t *list, apr_pool_t *pool)
{
    const char *all = apr_pstrcat(pool, text, "\n", apr_array_pstrcat(pool, list, '\n'), NULL);
    const char *hex;
    ja_err_t *err = ja_digest_sha256(&hex, all, strlen(all), pool, pool);

    return err ? "" : apr_pstrndup(pool, hex, DIGITS);
}

static const char *key_types(const ja_plan_domain_t *domain, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, domain->keys->nelts, sizeof(const char *));
    int i;

    for (i = 0; i < domain->keys->nelts; i++) {
        int spec = (int)APR_ARRAY_IDX(domain->keys, i, ja_key_spec_t);

        APR_ARRAY_PUSH(names, const char *) = ja_enumstr_print(&ja_key_spec_names, spec);
    }
    return apr_array_pstrcat(pool, names, ' ');
}

const char *ja_fingerprint_domain(const ja_plan_domain_t *domain, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, domain->ca->url, "\n", key_types(domain, pool), "\n",
                                   apr_array_pstrcat(pool, domain->challenges, ' '), NULL);

    return ja_fingerprint(text, domain->names, pool);
}

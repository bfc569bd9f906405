#include "set_fixture.h"

#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

const char *dir;
ja_store_t *store;
apr_array_header_t *names;

int set_begins(void **state)
{
    if (test_begins(state) != 0) {
        return -1;
    }
    dir = tree_dir(pool);
    store = tree_store(dir, geteuid(), pool);
    names = names_of("a.jp", "www.a.jp", NULL);
    return 0;
}

const char *in_store(const char *path)
{
    return apr_pstrcat(pool, dir, "/store/", path, NULL);
}

apr_array_header_t *specs_of(int first, ...)
{
    apr_array_header_t *specs = apr_array_make(pool, 2, sizeof(ja_key_spec_t));
    va_list args;
    int spec;

    va_start(args, first);
    for (spec = first; spec != JA_SET_NO_SPEC; spec = va_arg(args, int)) {
        APR_ARRAY_PUSH(specs, ja_key_spec_t) = (ja_key_spec_t)spec;
    }
    va_end(args);
    return specs;
}

ja_bytes_t issued_as(int spec, const mint_t *leaf)
{
    ja_key_t *root_key = p256_key();
    ja_key_t *middle_key = p256_key();
    X509 *root = mint(&GOOD_ROOT, root_key, NULL, root_key);
    X509 *middle = mint(&GOOD_INTERMEDIATE, middle_key, root, root_key);
    ja_bytes_t pem;
    ja_key_t *key;

    works(ja_set_read_key(&key, &pem, store, JA_GROUP_ASIDE, NAME, spec, pool, pool));
    pem.bytes = pem_of(mint(leaf, key, middle, middle_key), middle, NULL);
    pem.len = strlen(pem.bytes);
    return pem;
}

ja_bytes_t issued(int spec, const char *san)
{
    mint_t leaf = GOOD_LEAF;

    leaf.san = san;
    return issued_as(spec, &leaf);
}

ja_set_cert_t put_aside(int spec)
{
    ja_bytes_t csr, pem;
    ja_set_cert_t cert;

    works(ja_set_make_key(&csr, store, NAME, (ja_key_spec_t)spec, names, NULL, pool, pool));
    pem = issued(spec, "DNS:a.jp,DNS:www.a.jp");
    works(ja_set_keep_chain(&cert, store, NAME, (ja_key_spec_t)spec, &pem, &csr, names, NOW, pool,
                            pool));
    return cert;
}

const ja_set_t *staged(const apr_array_header_t *specs, long after_s)
{
    apr_array_header_t *certs = apr_array_make(pool, specs->nelts, sizeof(ja_set_cert_t));
    const ja_set_t *set;
    int i;

    for (i = 0; i < specs->nelts; i++) {
        APR_ARRAY_PUSH(certs, ja_set_cert_t) = put_aside(APR_ARRAY_IDX(specs, i, ja_key_spec_t));
    }
    works(ja_set_stage(&set, store, NAME, certs, CA_URL, NOW + apr_time_from_sec(after_s), pool,
                       pool));
    return set;
}

const ja_plan_domain_t *domain_with(const apr_array_header_t *specs)
{
    ja_plan_domain_t *domain = apr_pcalloc(pool, sizeof(*domain));

    domain->name = NAME;
    domain->names = names;
    domain->keys = specs;
    domain->delay.kind = JA_DELAY_OFF;
    return domain;
}

void make_live(const apr_array_header_t *specs, long after_s)
{
    ja_set_outcome_t outcome;

    staged(specs, after_s);
    works(ja_set_commit(&outcome, store, domain_with(specs), NOW + apr_time_from_sec(after_s),
                        pool));
    assert_int_equal(outcome, JA_SET_COMMITTED);
}

const char *serial_in(ja_group_t group, int spec)
{
    const ja_set_t *set;

    works(ja_set_load(&set, store, group, NAME, pool, pool));
    return set && ja_set_find(set, spec) ? ja_set_find(set, spec)->facts.serial : "none";
}

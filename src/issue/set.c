#include "issue/set_private.h"

#include <string.h>

#include <apr_strings.h>

#include "json/bind.h"

/* Bytes of strings. */
#define TEXT_MAX   1024 /* what a certificate says has 256 at most, unescaped */
#define URL_MAX    2048
#define FILE_MAX   255
#define SHA256_HEX 64

/* clang-format off */
#define OF(field) offsetof(ja_set_cert_t, field)
static const ja_field_t CERT_FIELDS[] = {
    { "key_type",   JA_FIELD_ENUM, OF(spec), .required = 1, .names = &ja_key_spec_names },
    { "names",      JA_FIELD_STRS, OF(facts.names),      .required = 1, .max = JA_CERT_MAX_NAMES },
    { "not_before", JA_FIELD_TIME, OF(facts.not_before), .required = 1 },
    { "not_after",  JA_FIELD_TIME, OF(facts.not_after),  .required = 1 },
    { "issuer",     JA_FIELD_STR,  OF(facts.issuer),     .max = TEXT_MAX },
    { "serial",     JA_FIELD_STR,  OF(facts.serial),     .required = 1, .max = TEXT_MAX },
    { "sha256",     JA_FIELD_STR,  OF(facts.sha256),     .required = 1, .max = SHA256_HEX },
    { "ocsp_url",    JA_FIELD_STR,  OF(facts.ocsp_url),    .max = TEXT_MAX },
    { "must_staple", JA_FIELD_BOOL, OF(facts.must_staple), .required = 0 },
    { "privkey_file",     JA_FIELD_STR, OF(privkey_file),     .required = 1, .max = FILE_MAX },
    { "privkey_sha256",   JA_FIELD_STR, OF(privkey_sha256),   .required = 1, .max = SHA256_HEX },
    { "fullchain_file",   JA_FIELD_STR, OF(fullchain_file),   .required = 1, .max = FILE_MAX },
    { "fullchain_sha256", JA_FIELD_STR, OF(fullchain_sha256), .required = 1, .max = SHA256_HEX },
    { NULL }
};
#undef OF
static const ja_bind_t CERT = { "certificate", sizeof(ja_set_cert_t), CERT_FIELDS };

#define OF(field) offsetof(ja_set_t, field)
static const ja_field_t SET_FIELDS[] = {
    { "name",         JA_FIELD_STR,     OF(name),       .required = 1, .max = FILE_MAX },
    { "created_at",   JA_FIELD_TIME,    OF(created_at), .required = 1 },
    { "committed_at", JA_FIELD_TIME,    OF(committed_at), .required = 0 },
    { "ca_url",       JA_FIELD_STR,     OF(ca_url),     .required = 1, .max = URL_MAX },
    { "certificates", JA_FIELD_OBJECTS, OF(certs),      .required = 1, .max = JA_KEY_SPEC_COUNT,
      .sub = &CERT },
    { NULL }
};
#undef OF
static const ja_bind_t SET = { "set", sizeof(ja_set_t), SET_FIELDS };
/* clang-format on */

const char *ja_set_file(const char *kind, int spec, apr_pool_t *pool)
{
    if (spec == JA_SET_NO_SPEC) {
        return apr_pstrcat(pool, kind, ".pem", NULL);
    }
    return apr_pstrcat(pool, kind, "-", ja_enumstr_print(&ja_key_spec_names, spec), ".pem", NULL);
}

const ja_set_cert_t *ja_set_find(const ja_set_t *set, int spec)
{
    int i;

    for (i = 0; i < set->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t);

        if (cert->spec == spec) {
            return cert;
        }
    }
    return NULL;
}

static void copy_facts(ja_cert_facts_t *facts, const ja_cert_facts_t *from, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_copy(pool, from->names);
    int i;

    *facts = *from;
    for (i = 0; i < names->nelts; i++) {
        APR_ARRAY_IDX(names, i, const char *) =
            apr_pstrdup(pool, APR_ARRAY_IDX(names, i, const char *));
    }
    facts->names = names;
    facts->serial = apr_pstrdup(pool, from->serial);
    facts->issuer = apr_pstrdup(pool, from->issuer);
    facts->sha256 = apr_pstrdup(pool, from->sha256);
    facts->ocsp_url = apr_pstrdup(pool, from->ocsp_url);
}

void ja_set_cert_copy(ja_set_cert_t *cert, const ja_set_cert_t *from, apr_pool_t *pool)
{
    cert->spec = from->spec;
    copy_facts(&cert->facts, &from->facts, pool);
    cert->privkey_file = apr_pstrdup(pool, from->privkey_file);
    cert->fullchain_file = apr_pstrdup(pool, from->fullchain_file);
    cert->privkey_sha256 = apr_pstrdup(pool, from->privkey_sha256);
    cert->fullchain_sha256 = apr_pstrdup(pool, from->fullchain_sha256);
}

ja_set_t *ja_set_copy(const ja_set_t *from, apr_pool_t *pool)
{
    apr_array_header_t *certs = apr_array_make(pool, from->certs->nelts, sizeof(ja_set_cert_t));
    ja_set_t *set = apr_pmemdup(pool, from, sizeof(*from));
    int i;

    set->name = apr_pstrdup(pool, from->name);
    set->ca_url = apr_pstrdup(pool, from->ca_url);
    for (i = 0; i < from->certs->nelts; i++) {
        ja_set_cert_copy(apr_array_push(certs), &APR_ARRAY_IDX(from->certs, i, const ja_set_cert_t),
                         pool);
    }
    set->certs = certs;
    return set;
}

int ja_set_is_same(const ja_set_t *a, const ja_set_t *b)
{
    int i;

    if (!a || !b) {
        return a == b;
    }
    for (i = 0; i < a->certs->nelts && i < b->certs->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(a->certs, i, const ja_set_cert_t).facts.sha256,
                   APR_ARRAY_IDX(b->certs, i, const ja_set_cert_t).facts.sha256)
            != 0) {
            return 0;
        }
    }
    return a->certs->nelts == b->certs->nelts && a->created_at == b->created_at;
}

void ja_set_add_digests(apr_array_header_t *digests, const ja_set_t *set)
{
    int i;

    for (i = 0; set && i < set->certs->nelts; i++) {
        APR_ARRAY_PUSH(digests, const char *) =
            APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t).facts.sha256;
    }
}

const ja_cert_facts_t *ja_set_first_to_expire(const ja_set_t *set)
{
    const ja_cert_facts_t *first = &APR_ARRAY_IDX(set->certs, 0, const ja_set_cert_t).facts;
    int i;

    for (i = 1; i < set->certs->nelts; i++) {
        const ja_cert_facts_t *facts = &APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t).facts;

        if (facts->not_after < first->not_after) {
            first = facts;
        }
    }
    return first;
}

/* ---- set.json -------------------------------------------------------------------------------- */

static ja_err_t *check_set(const ja_set_t *set, const char *name, apr_pool_t *scratch)
{
    int i;

    if (strcmp(set->name, name) != 0) {
        return ja_err_make(JA_E_SYNTAX, scratch, "set.json of %s is about another name", name);
    }
    if (set->certs->nelts == 0) {
        return ja_err_make(JA_E_SYNTAX, scratch, "set.json of %s has no certificate", name);
    }
    for (i = 0; i < set->certs->nelts; i++) {
        ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, i, ja_set_cert_t);

        if (ja_set_find(set, cert->spec) != cert) {
            return ja_err_make(JA_E_SYNTAX, scratch, "set.json of %s has two certificates for %s",
                               name, ja_enumstr_print(&ja_key_spec_names, cert->spec));
        }
        cert->facts.key_spec = cert->spec;
    }
    return NULL;
}

ja_err_t *ja_set_parse(const ja_set_t **set, const ja_bytes_t *json, const char *name,
                       apr_pool_t *result, apr_pool_t *scratch)
{
    ja_set_t *read = apr_pcalloc(result, sizeof(*read));
    ja_json_t *parsed;

    JA_TRY(ja_json_parse(&parsed, json->bytes, json->len, JA_STORE_MAX_ITEM, scratch, scratch));
    JA_TRY(ja_bind_read(read, &SET, parsed, result, scratch));
    JA_TRY(check_set(read, name, scratch));
    *set = read;
    return NULL;
}

const char *ja_set_print(const ja_set_t *set, apr_pool_t *pool)
{
    return ja_json_print_pretty(ja_bind_print(&SET, set, pool), pool);
}

ja_err_t *ja_set_load(const ja_set_t **set, ja_store_t *store, ja_group_t group, const char *name,
                      apr_pool_t *result, apr_pool_t *scratch)
{
    ja_bytes_t json;
    ja_err_t *err =
        ja_store_load(&json, store, group, name, JA_SET_JSON, JA_STORE_MAX_ITEM, scratch, scratch);

    *set = NULL;
    if (err && err->code == JA_E_NOT_FOUND) {
        return NULL;
    }
    JA_TRY(err);
    JA_TRY_W(ja_set_parse(set, &json, name, result, scratch), scratch, "reading %s",
             ja_store_path(store, group, name, JA_SET_JSON, scratch));
    return NULL;
}

/* ---- key and chain --------------------------------------------------------------------------- */

ja_err_t *ja_set_read_key(ja_key_t **key, ja_bytes_t *pem, ja_store_t *store, ja_group_t group,
                          const char *name, int spec, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *file = ja_set_file("privkey", spec, scratch);
    const char *path = ja_store_path(store, group, name, file, scratch);

    JA_TRY(ja_store_load(pem, store, group, name, file, JA_SET_KEY_MAX, result, scratch));
    JA_TRY_W(ja_key_parse(key, pem->bytes, pem->len, result, scratch), scratch, "reading %s", path);
    if (ja_key_spec(*key) != spec) {
        return ja_err_make(JA_E_SYNTAX, scratch, "the key in %s is of another type: %s", path,
                           ja_enumstr_print(&ja_key_spec_names, ja_key_spec(*key)));
    }
    return NULL;
}

ja_err_t *ja_set_read_chain(ja_set_pair_t *pair, ja_store_t *store, ja_group_t group,
                            const char *name, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *file = ja_set_file("fullchain", pair->spec, scratch);

    JA_TRY(ja_store_load(&pair->fullchain, store, group, name, file, JA_CHAIN_MAX_BYTES, result,
                         scratch));
    JA_TRY_W(
        ja_chain_parse(&pair->chain, pair->fullchain.bytes, pair->fullchain.len, result, scratch),
        scratch, "reading %s", ja_store_path(store, group, name, file, scratch));
    return NULL;
}

ja_err_t *ja_set_read_pair(ja_set_pair_t *pair, ja_store_t *store, ja_group_t group,
                           const char *name, int spec, apr_pool_t *result, apr_pool_t *scratch)
{
    pair->spec = spec;
    JA_TRY(ja_set_read_key(&pair->key, &pair->privkey, store, group, name, spec, result, scratch));
    return ja_set_read_chain(pair, store, group, name, result, scratch);
}

ja_err_t *ja_set_describe(ja_set_cert_t *cert, const ja_set_pair_t *pair, const char *privkey_file,
                          const char *fullchain_file, apr_pool_t *result, apr_pool_t *scratch)
{
    cert->spec = pair->spec;
    cert->privkey_file = privkey_file;
    cert->fullchain_file = fullchain_file;
    JA_TRY(ja_chain_facts(&cert->facts, pair->chain, result, scratch));
    JA_TRY(ja_digest_sha256(&cert->privkey_sha256, pair->privkey.bytes, pair->privkey.len, result,
                            scratch));
    return ja_digest_sha256(&cert->fullchain_sha256, pair->fullchain.bytes, pair->fullchain.len,
                            result, scratch);
}

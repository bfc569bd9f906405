/* The root parent's part of issue/set: taking over what the server's user has staged. Nothing of it
 * is believed: the files are read with limits, parsed, checked against the configuration, and what
 * is written is printed anew. */
#include "issue/set_private.h"

#include <string.h>

#include <apr_strings.h>

#define FILES_PER_CERT 4

/* A staged set, read and checked. */
typedef struct {
    ja_bytes_t json; /* set.json as it was when the rest was read             */
    const ja_set_t *set;
    const apr_array_header_t *pairs; /* ja_set_pair_t, one for each configured key type       */
    int fits;                        /* 0: it was made for another configuration              */
} staged_t;

/* Does the certificate have all names? If not, the configuration has changed since: no error. One
 * that is not the one of its row in set.json was put there by somebody else. */
static ja_err_t *check_fits(int *fits, const ja_set_pair_t *pair, const ja_set_cert_t *row,
                            const apr_array_header_t *names, apr_pool_t *scratch)
{
    ja_cert_facts_t facts;
    int i;

    JA_TRY(ja_chain_facts(&facts, pair->chain, scratch, scratch));
    if (strcmp(facts.sha256, row->facts.sha256) != 0) {
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "the certificate %s is not the one in set.json, %s", facts.sha256,
                           row->facts.sha256);
    }
    *fits = 1;
    for (i = 0; i < names->nelts && *fits; i++) {
        *fits = ja_cert_names_cover(facts.names, APR_ARRAY_IDX(names, i, const char *));
    }
    return NULL;
}

static ja_err_t *read_pairs(staged_t *staged, ja_store_t *store, const ja_plan_domain_t *domain,
                            apr_time_t now, apr_pool_t *scratch)
{
    int n = domain->keys->nelts;
    apr_array_header_t *pairs = apr_array_make(scratch, n, sizeof(ja_set_pair_t));
    int i;

    staged->pairs = pairs;
    for (i = 0; i < n; i++) {
        int spec = APR_ARRAY_IDX(domain->keys, i, ja_key_spec_t);
        const ja_set_cert_t *row = ja_set_find(staged->set, spec);
        ja_set_pair_t *pair = apr_array_push(pairs);

        staged->fits = row != NULL;
        if (!staged->fits) {
            return NULL;
        }
        JA_TRY(
            ja_set_read_pair(pair, store, JA_GROUP_STAGING, domain->name, spec, scratch, scratch));
        JA_TRY(check_fits(&staged->fits, pair, row, domain->names, scratch));
        if (!staged->fits) {
            return NULL;
        }
        JA_TRY(ja_chain_check(pair->chain, pair->key, domain->names, now, scratch));
    }
    return NULL;
}

static ja_err_t *read_staged(staged_t *staged, ja_store_t *store, const ja_plan_domain_t *domain,
                             apr_time_t now, apr_pool_t *scratch)
{
    JA_TRY(ja_store_load(&staged->json, store, JA_GROUP_STAGING, domain->name, JA_SET_JSON,
                         JA_STORE_MAX_ITEM, scratch, scratch));
    JA_TRY(ja_set_parse(&staged->set, &staged->json, domain->name, scratch, scratch));
    return read_pairs(staged, store, domain, now, scratch);
}

/* What is wrong with the files is the set's fault; a disk that can't be read, or memory that is not
 * to be had, is not. */
static ja_err_t *refuse(ja_err_t *why, const char *name, apr_pool_t *scratch)
{
    ja_err_t *err;

    if (why->code == JA_E_IO || why->code == JA_E_CRYPTO || why->code == JA_E_INTERNAL) {
        return ja_err_wrap(why, scratch, "reading the staged set of %s", name);
    }
    err = ja_err_make(JA_E_SET_BAD, scratch, "the staged set of %s is refused", name);
    err->cause = why;
    return err;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void push_item(apr_array_header_t *items, const char *file, const void *bytes,
                      apr_size_t len, int is_secret)
{
    ja_item_t *item = apr_array_push(items);

    item->item = file;
    item->bytes = bytes;
    item->len = len;
    item->is_secret = is_secret;
}

/* The files of one certificate, from what was parsed, and its row in set.json. `infix` is the key
 * type for the second and further ones. */
static ja_err_t *print_pair(apr_array_header_t *items, ja_set_cert_t *cert,
                            const ja_set_pair_t *read, int infix, apr_pool_t *scratch)
{
    ja_set_pair_t pair = *read;
    const char *leaf, *rest, *all;
    ja_secret_t *key;

    JA_TRY(ja_key_print(&key, pair.key, scratch, scratch));
    JA_TRY(ja_chain_print(&leaf, &rest, &all, pair.chain, scratch, scratch));
    pair.privkey.bytes = (const char *)key->bytes;
    pair.privkey.len = key->len;
    pair.fullchain.bytes = all;
    pair.fullchain.len = strlen(all);
    JA_TRY(ja_set_describe(cert, &pair, ja_set_file("privkey", infix, scratch),
                           ja_set_file("fullchain", infix, scratch), scratch, scratch));
    push_item(items, cert->privkey_file, key->bytes, key->len, 1);
    push_item(items, cert->fullchain_file, all, strlen(all), 0);
    push_item(items, ja_set_file("cert", infix, scratch), leaf, strlen(leaf), 0);
    push_item(items, ja_set_file("chain", infix, scratch), rest, strlen(rest), 0);
    return NULL;
}

ja_err_t *ja_set_write(ja_store_t *store, const ja_set_t *set, const apr_array_header_t *pairs,
                       apr_time_t now, apr_pool_t *scratch)
{
    int n = pairs->nelts, i, generation;
    apr_array_header_t *items = apr_array_make(scratch, FILES_PER_CERT * n + 1, sizeof(ja_item_t));
    apr_array_header_t *certs = apr_array_make(scratch, n, sizeof(ja_set_cert_t));
    ja_set_t live = *set;
    const char *json;

    for (i = 0; i < n; i++) {
        const ja_set_pair_t *pair = &APR_ARRAY_IDX(pairs, i, const ja_set_pair_t);

        JA_TRY(print_pair(items, apr_array_push(certs), pair, i == 0 ? JA_SET_NO_SPEC : pair->spec,
                          scratch));
    }
    live.certs = certs;
    live.committed_at = now;
    if (live.created_at > now) { /* the server's user may claim anything */
        live.created_at = now;
    }
    json = ja_set_print(&live, scratch);
    push_item(items, JA_SET_JSON, json, strlen(json), 0);
    return ja_store_commit(&generation, store, live.name, (const ja_item_t *)items->elts,
                           items->nelts, JA_SET_KEEP, scratch);
}

/* ---- the staged set afterwards --------------------------------------------------------------- */

/* Does the live set have the same certificates? */
static int is_same(ja_store_t *store, const char *name, const staged_t *staged, apr_pool_t *scratch)
{
    const ja_set_t *live;
    int i;

    if (ja_set_load(&live, store, JA_GROUP_LIVE, name, scratch, scratch) || !live
        || live->certs->nelts != staged->pairs->nelts) {
        return 0;
    }
    for (i = 0; i < live->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(live->certs, i, const ja_set_cert_t);
        const ja_set_pair_t *pair = &APR_ARRAY_IDX(staged->pairs, i, const ja_set_pair_t);
        ja_cert_facts_t facts;

        if (ja_chain_facts(&facts, pair->chain, scratch, scratch)
            || strcmp(facts.sha256, cert->facts.sha256) != 0) {
            return 0;
        }
    }
    return 1;
}

/* Is the same set live already, complete and good? So it is after a kill between writing it and
 * removing it from staging. */
static int is_live(ja_store_t *store, const char *name, const staged_t *staged, apr_pool_t *scratch)
{
    ja_set_files_t files;

    return is_same(store, name, staged, scratch)
           && !ja_set_files(&files, store, name, scratch, scratch);
}

/* Remove the staged set, unless the runner has published another one meanwhile. If it can't be
 * removed, the next commit finds it live already: no failure of this one. */
static void forget_staged(ja_store_t *store, const char *name, const staged_t *staged,
                          apr_pool_t *scratch)
{
    ja_bytes_t json;
    ja_err_t *err = ja_store_load(&json, store, JA_GROUP_STAGING, name, JA_SET_JSON,
                                  JA_STORE_MAX_ITEM, scratch, scratch);

    if (err || json.len != staged->json.len
        || memcmp(json.bytes, staged->json.bytes, json.len) != 0) {
        return;
    }
    if (ja_store_remove_name(store, JA_GROUP_STAGING, name, scratch)) {
        return; /* next time */
    }
}

/* `*has` is 0 if nothing is staged; otherwise the error says whether it is refused. */
static ja_err_t *find_staged(int *has, staged_t *staged, ja_store_t *store,
                             const ja_plan_domain_t *domain, apr_time_t now, apr_pool_t *scratch)
{
    ja_err_t *err;

    JA_TRY(ja_store_has(has, store, JA_GROUP_STAGING, domain->name, scratch));
    if (!*has) {
        return NULL;
    }
    err = read_staged(staged, store, domain, now, scratch);
    return err ? refuse(err, domain->name, scratch) : NULL;
}

/* A set that fits and is not live yet. */
static ja_err_t *take(ja_set_outcome_t *outcome, ja_store_t *store, const ja_plan_domain_t *domain,
                      const staged_t *staged, apr_time_t now, apr_pool_t *scratch)
{
    ja_gate_t gate;

    JA_TRY(ja_set_gate(&gate, store, domain, staged->set, now, scratch));
    switch (gate.state) {
    case JA_GATE_OPEN:
        JA_TRY(ja_set_write(store, staged->set, staged->pairs, now, scratch));
        *outcome = JA_SET_COMMITTED;
        break;
    case JA_GATE_WAITS:
        *outcome = JA_SET_WAITS;
        break;
    case JA_GATE_SHUT:
        *outcome = JA_SET_REVOKED;
        break;
    }
    return NULL;
}

ja_err_t *ja_set_commit(ja_set_outcome_t *outcome, ja_store_t *store,
                        const ja_plan_domain_t *domain, apr_time_t now, apr_pool_t *scratch)
{
    staged_t staged = { .fits = 0 };
    int has, is_done;

    *outcome = JA_SET_NOTHING;
    JA_TRY(find_staged(&has, &staged, store, domain, now, scratch));
    if (!has || !staged.fits) {
        return NULL;
    }
    is_done = is_live(store, domain->name, &staged, scratch);
    if (is_done) {
        *outcome = JA_SET_LIVE;
    }
    else {
        JA_TRY(take(outcome, store, domain, &staged, now, scratch));
    }
    if (is_done || *outcome == JA_SET_COMMITTED) {
        forget_staged(store, domain->name, &staged, scratch);
    }
    return NULL;
}

ja_err_t *ja_set_forget_taken(ja_store_t *store, const ja_plan_domain_t *domain, apr_time_t now,
                              apr_pool_t *scratch)
{
    staged_t staged = { .fits = 0 };
    int has;
    ja_err_t *err = find_staged(&has, &staged, store, domain, now, scratch);

    if (err) {
        return err->code == JA_E_SET_BAD ? NULL : err;
    }
    return has && staged.fits && is_same(store, domain->name, &staged, scratch)
               ? ja_store_remove_name(store, JA_GROUP_STAGING, domain->name, scratch)
               : NULL;
}

ja_err_t *ja_set_check_staged(ja_store_t *store, const ja_plan_domain_t *domain, apr_time_t now,
                              apr_pool_t *scratch)
{
    staged_t staged = { .fits = 0 };
    int has;

    JA_TRY(find_staged(&has, &staged, store, domain, now, scratch));
    if (!has) {
        return ja_err_make(JA_E_NOT_FOUND, scratch, "nothing is staged for %s", domain->name);
    }
    return NULL;
}

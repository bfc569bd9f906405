#include "issue/accounts_file.h"

#include <string.h>

#include <apr_strings.h>

#include "issue/fingerprint.h"
#include "json/bind.h"
#include "pki/cert.h"

#define FILE_MAX_BYTES (64 * 1024)

static const ja_field_t FIELDS[] = {
    { "url", JA_FIELD_STR, .offset = offsetof(ja_account_file_t, url), .max = 2048 },
    { "ca", JA_FIELD_STR, .offset = offsetof(ja_account_file_t, ca_url), .max = 2048 },
    { "eabKid", JA_FIELD_STR, .offset = offsetof(ja_account_file_t, eab_kid), .max = 256 },
    { "contacts", JA_FIELD_STRS, .offset = offsetof(ja_account_file_t, contacts), .max = 6 },
    { "registered", JA_FIELD_TIME, .offset = offsetof(ja_account_file_t, registered_at) },
    { "attempts", JA_FIELD_INT, .offset = offsetof(ja_account_file_t, attempts),
      .max = 1000000000 },
    { "next", JA_FIELD_TIME, .offset = offsetof(ja_account_file_t, next_at) },
    { "held", JA_FIELD_BOOL, .offset = offsetof(ja_account_file_t, held) },
    { "requested", JA_FIELD_TIME, .offset = offsetof(ja_account_file_t, requested_at) },
    { "answered", JA_FIELD_TIME, .offset = offsetof(ja_account_file_t, answered_at) },
    { "mayRegister", JA_FIELD_BOOL, .offset = offsetof(ja_account_file_t, may_register) },
    { "daysTold", JA_FIELD_INT, .offset = offsetof(ja_account_file_t, days_told), .max = 15 },
    { "fingerprint", JA_FIELD_STR, .offset = offsetof(ja_account_file_t, fingerprint), .max = 64 },
    { "error", JA_FIELD_OBJECT, .offset = offsetof(ja_account_file_t, error),
      .sub = &ja_job_error_bind },
    { "notLooked", JA_FIELD_OBJECT, .offset = offsetof(ja_account_file_t, not_looked),
      .sub = &ja_job_error_bind },
    { NULL },
};
static const ja_bind_t BIND = { "account", sizeof(ja_account_file_t), FIELDS };

static ja_err_t *parse(ja_account_file_t *file, const ja_bytes_t *bytes, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    ja_json_t *json;

    JA_TRY(ja_json_parse(&json, bytes->bytes, bytes->len, FILE_MAX_BYTES, scratch, scratch));
    return ja_bind_read(file, &BIND, json, result, scratch);
}

ja_err_t *ja_account_file_load(ja_account_file_t **file, ja_store_t *store, const char *ca_id,
                               apr_pool_t *result, apr_pool_t *scratch)
{
    ja_account_file_t *read = apr_pcalloc(result, sizeof(*read));
    ja_bytes_t bytes;
    ja_err_t *err = ja_store_load(&bytes, store, JA_GROUP_ACCOUNTS, ca_id, "account.json",
                                  FILE_MAX_BYTES, scratch, scratch);

    *file = NULL;
    if (err) {
        return err->code == JA_E_NOT_FOUND ? NULL : err;
    }
    JA_TRY_W(parse(read, &bytes, result, scratch), scratch, "%s",
             ja_store_path(store, JA_GROUP_ACCOUNTS, ca_id, "account.json", scratch));
    *file = read;
    return NULL;
}

static ja_err_t *save(ja_store_t *store, const char *ca_id, const char *name, const void *bytes,
                      apr_size_t len, apr_pool_t *scratch)
{
    ja_item_t item = { name, bytes, len, 1 };

    return ja_store_save(store, JA_GROUP_ACCOUNTS, ca_id, &item, JA_FS_DURABLE, scratch);
}

ja_err_t *ja_account_file_save(const ja_account_file_t *file, ja_store_t *store, const char *ca_id,
                               apr_pool_t *scratch)
{
    const char *text = ja_json_print_pretty(ja_bind_print(&BIND, file, scratch), scratch);

    return save(store, ca_id, "account.json", text, strlen(text), scratch);
}

ja_err_t *ja_account_key_load(ja_jwk_t **jwk, ja_store_t *store, const char *ca_id,
                              apr_pool_t *result, apr_pool_t *scratch)
{
    ja_bytes_t bytes;

    JA_TRY(ja_store_load(&bytes, store, JA_GROUP_ACCOUNTS, ca_id, "key.json", FILE_MAX_BYTES,
                         scratch, scratch));
    JA_TRY_W(ja_jwk_parse(jwk, bytes.bytes, bytes.len, result, scratch), scratch, "%s",
             ja_store_path(store, JA_GROUP_ACCOUNTS, ca_id, "key.json", scratch));
    return NULL;
}

ja_err_t *ja_account_key_make(ja_jwk_t **jwk, ja_store_t *store, const char *ca_id,
                              apr_pool_t *result, apr_pool_t *scratch)
{
    ja_jwk_t *made;
    ja_secret_t *json;

    JA_TRY(ja_jwk_make(&made, result, scratch));
    JA_TRY(ja_jwk_print(&json, made, scratch, scratch));
    JA_TRY_W(save(store, ca_id, "key.json", json->bytes, json->len, scratch), scratch,
             "saving the account key of %s", ca_id);
    *jwk = made;
    return NULL;
}

static const char *eab_text(const ja_eab_t *eab, apr_pool_t *pool)
{
    const char *digest;

    if (!eab || ja_digest_sha256(&digest, eab->hmac->bytes, eab->hmac->len, pool, pool)) {
        return "";
    }
    return apr_pstrcat(pool, eab->kid, " ", digest, NULL);
}

const char *ja_account_fingerprint(const ja_plan_ca_t *plan, apr_pool_t *pool)
{
    return ja_fingerprint(apr_pstrcat(pool, plan->url, "\n", eab_text(plan->eab, pool), NULL),
                          plan->contacts, pool);
}

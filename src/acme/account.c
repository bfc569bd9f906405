#include "acme/account.h"

#include <string.h>

#include <apr_strings.h>

#include "json/json.h"

#define BINDING_MAX_BYTES (64 * 1024)

static const char *const STATUS_NAMES[] = {
    [JA_ACCOUNT_VALID] = "valid",
    [JA_ACCOUNT_DEACTIVATED] = "deactivated",
    [JA_ACCOUNT_REVOKED] = "revoked",
};
_Static_assert(sizeof(STATUS_NAMES) / sizeof(STATUS_NAMES[0]) == JA_ACCOUNT_STATUS_COUNT,
               "a status has no name");
static const ja_enumstr_t STATUSES = { STATUS_NAMES, JA_ACCOUNT_STATUS_COUNT };

/* The status is not required: an account that has a URL must not get lost because something else
 * is missing. */
static const ja_field_t FIELDS[] = {
    { .name = "status",
      .kind = JA_FIELD_ENUM,
      .offset = offsetof(ja_account_t, status),
      .names = &STATUSES },
    { .name = NULL },
};
static const ja_bind_t ACCOUNT = { "account", sizeof(ja_account_t), FIELDS };

static void set_contacts(ja_json_t *object, const apr_array_header_t *contacts, apr_pool_t *pool)
{
    ja_json_t *list = ja_json_array(pool);
    int i;

    for (i = 0; i < contacts->nelts; i++) {
        ja_json_append_str(
            list, apr_pstrcat(pool, "mailto:", APR_ARRAY_IDX(contacts, i, const char *), NULL));
    }
    ja_json_set(object, "contact", list);
}

static ja_err_t *print_new(const char **payload, void *baton, const ja_directory_t *dir,
                           apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_account_new_t *what = baton;
    ja_json_t *object = ja_json_object(scratch);
    ja_json_t *binding;
    const char *text;

    ja_json_set_bool(object, "termsOfServiceAgreed", 1);
    set_contacts(object, what->contacts, scratch);
    if (what->eab_kid) {
        JA_TRY(ja_jws_eab(&text, what->jwk, what->eab_kid, what->eab_hmac, dir->new_account,
                          scratch, scratch));
        JA_TRY(ja_json_parse(&binding, text, strlen(text), BINDING_MAX_BYTES, scratch, scratch));
        ja_json_set(object, "externalAccountBinding", binding);
    }
    *payload = ja_json_print(object, result);
    return NULL;
}

void ja_account_ask_new(ja_ask_t *ask, const ja_account_new_t *what)
{
    *ask = (ja_ask_t){
        .kind = JA_KIND_NEW_ACCOUNT,
        .to = JA_TO_NEW_ACCOUNT,
        .payload_fn = print_new,
        .payload_baton = (void *)what,
    };
}

void ja_account_ask_existing(ja_ask_t *ask)
{
    *ask = (ja_ask_t){
        .kind = JA_KIND_NEW_ACCOUNT,
        .to = JA_TO_NEW_ACCOUNT,
        .payload = "{\"onlyReturnExisting\":true}",
    };
}

void ja_account_ask_contacts(ja_ask_t *ask, const char *account_url,
                             const apr_array_header_t *contacts, apr_pool_t *pool)
{
    ja_json_t *object = ja_json_object(pool);

    set_contacts(object, contacts, pool);
    *ask = (ja_ask_t){
        .kind = JA_KIND_ACCOUNT,
        .url = account_url,
        .payload = ja_json_print(object, pool),
    };
}

ja_err_t *ja_account_hear(ja_account_t *account, const ja_heard_t *heard, apr_pool_t *result,
                          apr_pool_t *scratch)
{
    const char *url = heard->kind == JA_KIND_ACCOUNT ? heard->url : heard->location;

    *account = (ja_account_t){ .status = -1 };
    if (!url) {
        return ja_err_make(JA_E_PROTOCOL, scratch, "the reply of %s names no account (Location)",
                           heard->url);
    }
    if (heard->json) {
        JA_TRY(ja_heard_read(account, &ACCOUNT, heard, result, scratch));
    }
    if (account->status < 0) {
        account->status = JA_ACCOUNT_VALID;
    }
    account->url = apr_pstrdup(result, url);
    return NULL;
}

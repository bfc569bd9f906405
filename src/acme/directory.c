#include "acme/directory.h"

#include <apr_strings.h>

#include "acme/problem.h"
#include "base/clock.h"
#include "json/bind.h"

#define MAX_BYTES (64 * 1024)

typedef struct {
    const char *terms;
    int eab_required;
} meta_t;

/* The members as they come. */
typedef struct {
    const char *new_nonce;
    const char *new_account;
    const char *new_order;
    const char *revoke_cert;
    const char *key_change;
    meta_t *meta;
} listing_t;

static const ja_field_t META_FIELDS[] = {
    { .name = "termsOfService",
      .kind = JA_FIELD_STR,
      .offset = offsetof(meta_t, terms),
      .max = JA_URL_MAX },
    { .name = "externalAccountRequired",
      .kind = JA_FIELD_BOOL,
      .offset = offsetof(meta_t, eab_required) },
    { .name = NULL },
};
static const ja_bind_t META = { "meta", sizeof(meta_t), META_FIELDS };

#define URL(member, field, is_required)                                             \
    {                                                                               \
        .name = member, .kind = JA_FIELD_STR, .offset = offsetof(listing_t, field), \
        .required = is_required, .max = JA_URL_MAX                                  \
    }

static const ja_field_t FIELDS[] = {
    URL("newNonce", new_nonce, 1),
    URL("newAccount", new_account, 1),
    URL("newOrder", new_order, 1),
    URL("revokeCert", revoke_cert, 0),
    URL("keyChange", key_change, 0),
    { .name = "meta", .kind = JA_FIELD_OBJECT, .offset = offsetof(listing_t, meta), .sub = &META },
    { .name = NULL },
};
static const ja_bind_t LISTING = { "directory", sizeof(listing_t), FIELDS };

/* Add the authority of `text` (NULL: nothing) to the list, once. */
static ja_err_t *add_authority(apr_array_header_t *list, const char *text, apr_pool_t *result,
                               apr_pool_t *scratch)
{
    ja_url_t url;
    int i;

    if (!text) {
        return NULL;
    }
    JA_TRY_W(ja_url_parse(&url, text, result, scratch), scratch, "reading the CA's directory");
    for (i = 0; i < list->nelts; i++) {
        if (ja_url_is_same_authority(&url, &APR_ARRAY_IDX(list, i, ja_url_t))) {
            return NULL;
        }
    }
    APR_ARRAY_PUSH(list, ja_url_t) = url;
    return NULL;
}

static ja_err_t *read_listing(listing_t *listing, const ja_http_reply_t *reply, const char *url,
                              apr_pool_t *result, apr_pool_t *scratch)
{
    ja_json_t *json;
    ja_err_t *err;

    err = ja_json_parse(&json, reply->body, reply->body_len, MAX_BYTES, scratch, scratch);
    if (err && !ja_http_is_type(reply, "application/json")) {
        /* A page of a proxy, or the wrong URL in the configuration. */
        return ja_problem_hear(reply, JA_KIND_DIRECTORY, url, ja_clock_now(), result);
    }
    if (!err) {
        err = ja_bind_read(listing, &LISTING, json, result, scratch);
    }
    return err ? ja_problem_broken(err, url, result) : NULL;
}

ja_err_t *ja_directory_hear(ja_directory_t **dir, const ja_http_reply_t *reply, const char *url,
                            apr_pool_t *result, apr_pool_t *scratch)
{
    ja_directory_t *made = apr_pcalloc(result, sizeof(*made));
    apr_array_header_t *authorities = apr_array_make(result, 2, sizeof(ja_url_t));
    listing_t listing = { 0 };

    if (reply->status != 200) {
        return ja_problem_hear(reply, JA_KIND_DIRECTORY, url, ja_clock_now(), result);
    }
    JA_TRY(read_listing(&listing, reply, url, result, scratch));
    JA_TRY(add_authority(authorities, url, result, scratch));
    JA_TRY(add_authority(authorities, listing.new_nonce, result, scratch));
    JA_TRY(add_authority(authorities, listing.new_account, result, scratch));
    JA_TRY(add_authority(authorities, listing.new_order, result, scratch));
    JA_TRY(add_authority(authorities, listing.revoke_cert, result, scratch));
    JA_TRY(add_authority(authorities, listing.key_change, result, scratch));

    made->new_nonce = listing.new_nonce;
    made->new_account = listing.new_account;
    made->new_order = listing.new_order;
    made->revoke_cert = listing.revoke_cert;
    made->key_change = listing.key_change;
    made->authorities = authorities;
    if (listing.meta) {
        made->terms = listing.meta->terms;
        made->eab_required = listing.meta->eab_required;
    }
    *dir = made;
    return NULL;
}

ja_err_t *ja_directory_check_url(const ja_directory_t *dir, const char *url, apr_pool_t *scratch)
{
    ja_url_t parsed;
    int i;

    JA_TRY(ja_url_parse(&parsed, url, scratch, scratch));
    for (i = 0; i < dir->authorities->nelts; i++) {
        if (ja_url_is_same_authority(&parsed, &APR_ARRAY_IDX(dir->authorities, i, ja_url_t))) {
            return NULL;
        }
    }
    return ja_err_make(JA_E_URL, scratch, "%s is not of a server that the CA's directory lists",
                       url);
}

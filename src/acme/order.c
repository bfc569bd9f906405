#include "acme/order.h"

#include <apr_cstr.h>
#include <apr_strings.h>

#include "acme/identifier.h"
#include "base/base64url.h"
#include "json/bind.h"
#include "net/url.h"

static const char *const STATUS_NAMES[] = {
    [JA_ORDER_PENDING] = "pending",       [JA_ORDER_READY] = "ready",
    [JA_ORDER_PROCESSING] = "processing", [JA_ORDER_VALID] = "valid",
    [JA_ORDER_INVALID] = "invalid",
};
_Static_assert(sizeof(STATUS_NAMES) / sizeof(STATUS_NAMES[0]) == JA_ORDER_STATUS_COUNT,
               "a status has no name");
static const ja_enumstr_t STATUSES = { STATUS_NAMES, JA_ORDER_STATUS_COUNT };

/* The members as they come, RFC 8555 7.1.3. */
typedef struct {
    int status;
    apr_array_header_t *identifiers;
    apr_array_header_t *authz_urls;
    const char *finalize_url;
    const char *cert_url;
    const ja_json_t *error;
    const ja_json_t *expires;
} raw_t;

static const ja_field_t FIELDS[] = {
    { .name = "status",
      .kind = JA_FIELD_ENUM,
      .offset = offsetof(raw_t, status),
      .required = 1,
      .names = &STATUSES },
    { .name = "identifiers",
      .kind = JA_FIELD_OBJECTS,
      .offset = offsetof(raw_t, identifiers),
      .required = 1,
      .max = JA_ORDER_MAX_AUTHZ,
      .sub = &ja_identifier_bind },
    { .name = "authorizations",
      .kind = JA_FIELD_STRS,
      .offset = offsetof(raw_t, authz_urls),
      .max = JA_ORDER_MAX_AUTHZ },
    { .name = "finalize",
      .kind = JA_FIELD_STR,
      .offset = offsetof(raw_t, finalize_url),
      .required = 1,
      .max = JA_URL_MAX },
    { .name = "certificate",
      .kind = JA_FIELD_STR,
      .offset = offsetof(raw_t, cert_url),
      .max = JA_URL_MAX },
    { .name = "error", .kind = JA_FIELD_JSON, .offset = offsetof(raw_t, error) },
    { .name = "expires", .kind = JA_FIELD_JSON, .offset = offsetof(raw_t, expires) },
    { .name = NULL },
};
static const ja_bind_t ORDER = { "order", sizeof(raw_t), FIELDS };

/* ---- requests -------------------------------------------------------------------------------- */

ja_err_t *ja_order_ask_new(ja_ask_t *ask, const apr_array_header_t *names, apr_pool_t *pool)
{
    ja_json_t *object = ja_json_object(pool);
    ja_json_t *list = ja_json_array(pool);
    int i;

    if (names->nelts < 1 || names->nelts > JA_ORDER_MAX_AUTHZ) {
        return ja_err_make(JA_E_CONFIG, pool, "an order has to have 1 to %d names, not %d",
                           JA_ORDER_MAX_AUTHZ, names->nelts);
    }
    for (i = 0; i < names->nelts; i++) {
        const ja_identifier_t identifier = { "dns", APR_ARRAY_IDX(names, i, const char *) };

        ja_json_append(list, ja_bind_print(&ja_identifier_bind, &identifier, pool));
    }
    ja_json_set(object, "identifiers", list);
    *ask = (ja_ask_t){
        .kind = JA_KIND_NEW_ORDER,
        .to = JA_TO_NEW_ORDER,
        .payload = ja_json_print(object, pool),
        .max_bytes = JA_ORDER_MAX_BYTES,
    };
    return NULL;
}

void ja_order_ask(ja_ask_t *ask, const char *url)
{
    *ask = (ja_ask_t){
        .kind = JA_KIND_ORDER, .url = url, .payload = "", .max_bytes = JA_ORDER_MAX_BYTES
    };
}

ja_err_t *ja_order_ask_finalize(ja_ask_t *ask, const char *finalize_url, const ja_bytes_t *csr_der,
                                apr_pool_t *pool)
{
    ja_json_t *object = ja_json_object(pool);

    if (csr_der->len == 0) {
        return ja_err_make(JA_E_INTERNAL, pool, "there is no CSR to finalize %s with",
                           finalize_url);
    }
    ja_json_set_str(object, "csr", ja_base64url_print(csr_der->bytes, csr_der->len, pool));
    *ask = (ja_ask_t){
        .kind = JA_KIND_FINALIZE,
        .url = finalize_url,
        .payload = ja_json_print(object, pool),
        .max_bytes = JA_ORDER_MAX_BYTES,
    };
    return NULL;
}

void ja_order_ask_cert(ja_ask_t *ask, const char *cert_url)
{
    *ask = (ja_ask_t){
        .kind = JA_KIND_CERT,
        .url = cert_url,
        .payload = "",
        .accept = "application/pem-certificate-chain",
        .max_bytes = JA_ORDER_MAX_BYTES,
    };
}

/* ---- replies --------------------------------------------------------------------------------- */

static int has_name(const apr_array_header_t *identifiers, const char *name)
{
    const ja_identifier_t *identifier;
    int i;

    for (i = 0; i < identifiers->nelts; i++) {
        identifier = &APR_ARRAY_IDX(identifiers, i, ja_identifier_t);
        if (ja_identifier_is_dns(identifier) && apr_cstr_casecmp(identifier->value, name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* An order for other names than ours would be validated, and finalized with a CSR that does not
 * fit. */
static ja_err_t *check_names(const raw_t *raw, const apr_array_header_t *names, const char *url,
                             apr_pool_t *scratch)
{
    const char *name;
    int i;

    for (i = 0; i < names->nelts; i++) {
        name = APR_ARRAY_IDX(names, i, const char *);
        if (!has_name(raw->identifiers, name)) {
            return ja_err_make(JA_E_PROTOCOL, scratch, "order %s lacks the name %s", url, name);
        }
    }
    if (raw->identifiers->nelts != names->nelts) {
        return ja_err_make(JA_E_PROTOCOL, scratch, "order %s has %d names and not %d", url,
                           raw->identifiers->nelts, names->nelts);
    }
    return NULL;
}

/* RFC 8555 7.4: newOrder names the order in Location. The reply of finalize is the order too, and
 * may do so. */
static const char *url_of(const ja_heard_t *heard)
{
    if (heard->kind == JA_KIND_NEW_ORDER) {
        return heard->location;
    }
    return heard->kind == JA_KIND_FINALIZE && heard->location ? heard->location : heard->url;
}

ja_err_t *ja_order_hear(ja_order_t **order, const ja_heard_t *heard,
                        const apr_array_header_t *names, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *url = url_of(heard);
    ja_order_t *made;
    raw_t raw;

    if (!url) {
        return ja_err_make(JA_E_PROTOCOL, scratch, "the reply of %s names no order (Location)",
                           heard->url);
    }
    JA_TRY(ja_heard_read(&raw, &ORDER, heard, result, scratch));
    if (names) {
        JA_TRY(check_names(&raw, names, url, scratch));
    }
    if (raw.status == JA_ORDER_VALID && !raw.cert_url) {
        return ja_err_make(JA_E_PROTOCOL, scratch, "order %s is valid and has no certificate", url);
    }
    made = apr_pcalloc(result, sizeof(*made));
    made->status = (ja_order_status_t)raw.status;
    made->url = apr_pstrdup(result, url);
    made->authz_urls = raw.authz_urls;
    made->finalize_url = raw.finalize_url;
    made->cert_url = raw.cert_url;
    made->expires_at = ja_json_time(raw.expires);
    if (raw.error) {
        made->error = ja_problem_inside(raw.error, JA_KIND_ORDER, JA_E_ORDER_INVALID,
                                        apr_psprintf(scratch, "order %s", url), result);
    }
    *order = made;
    return NULL;
}

ja_err_t *ja_order_hear_cert(ja_bytes_t *pem, const ja_heard_t *heard, apr_pool_t *result)
{
    if (!ja_http_is_type(heard->reply, "application/pem-certificate-chain")) {
        return ja_err_make(JA_E_PROTOCOL, result, "the reply of %s is no PEM certificate chain",
                           heard->url);
    }
    pem->len = heard->reply->body_len;
    pem->bytes = apr_pstrmemdup(result, heard->reply->body, pem->len);
    return NULL;
}

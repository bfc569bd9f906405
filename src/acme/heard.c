#include "acme/heard.h"

#include "base/clock.h"
#include "net/url.h"

static int is_success(const ja_http_reply_t *reply)
{
    return reply->status >= 200 && reply->status <= 299
           && !ja_http_is_type(reply, "application/problem+json");
}

/* RFC 8555 7.3 and 7.4: the new resource's URL. Elsewhere nobody needs it. */
static int makes_resource(ja_kind_t kind)
{
    return kind == JA_KIND_NEW_ACCOUNT || kind == JA_KIND_NEW_ORDER;
}

static ja_err_t *read_location(ja_heard_t *heard, apr_pool_t *result)
{
    const char *location = ja_http_header(heard->reply, "Location");
    ja_err_t *err;

    if (!location) {
        return NULL;
    }
    err = ja_url_resolve(&heard->location, heard->url, location, result, result);
    if (err && makes_resource(heard->kind)) {
        return ja_err_wrap(err, result, "the Location of the reply of %s", heard->url);
    }
    return NULL;
}

static ja_err_t *read_json(ja_heard_t *heard, apr_pool_t *result)
{
    const ja_http_reply_t *reply = heard->reply;
    ja_json_t *json;
    ja_err_t *err;

    if (!ja_http_is_type(reply, "application/json") || reply->body_len == 0) {
        return NULL;
    }
    err = ja_json_parse(&json, reply->body, reply->body_len, reply->body_len, result, result);
    if (err) {
        return ja_problem_broken(err, heard->url, result);
    }
    heard->json = json;
    return NULL;
}

ja_err_t *ja_heard_make(ja_heard_t **heard, const ja_http_reply_t *reply, ja_kind_t kind,
                        const char *url, apr_pool_t *result)
{
    ja_heard_t *made;

    if (!is_success(reply)) {
        return ja_problem_hear(reply, kind, url, ja_clock_now(), result);
    }
    made = apr_pcalloc(result, sizeof(*made));
    made->kind = kind;
    made->url = url;
    made->reply = reply;
    made->retry_at = ja_http_retry_at(reply, ja_clock_now());
    JA_TRY(read_location(made, result));
    JA_TRY(read_json(made, result));
    *heard = made;
    return NULL;
}

ja_err_t *ja_heard_read(void *out, const ja_bind_t *bind, const ja_heard_t *heard,
                        apr_pool_t *result, apr_pool_t *scratch)
{
    ja_err_t *err;

    if (!heard->json) {
        return ja_err_make(JA_E_PROTOCOL, scratch, "the reply of %s should be JSON and is not",
                           heard->url);
    }
    err = ja_bind_read(out, bind, heard->json, result, scratch);
    return err ? ja_problem_broken(err, heard->url, scratch) : NULL;
}

#include "net/http.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_date.h>
#include <apr_lib.h>

#define DAY_S (24 * 60 * 60)

ja_err_t *ja_http_start(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                        void *baton, apr_pool_t *pool)
{
    return http->start(http, req, done, baton, pool);
}

const char *ja_http_header(const ja_http_reply_t *reply, const char *name)
{
    return apr_table_get(reply->headers, name);
}

/* Seconds of a text that is nothing but digits, DAY_S at most; -1 for any other text. */
static long delay_seconds(const char *text)
{
    long seconds = 0;

    if (!*text) {
        return -1;
    }
    for (; *text; text++) {
        if (!apr_isdigit(*text)) {
            return -1;
        }
        seconds = seconds * 10 + (*text - '0');
        if (seconds > DAY_S) {
            seconds = DAY_S; /* also keeps the next digit from overflowing */
        }
    }
    return seconds;
}

apr_time_t ja_http_retry_at(const ja_http_reply_t *reply, apr_time_t now)
{
    const char *text = ja_http_header(reply, "Retry-After");
    apr_time_t latest = now + apr_time_from_sec(DAY_S);
    apr_time_t at;
    long seconds;

    if (!text) {
        return 0;
    }
    seconds = delay_seconds(text);
    if (seconds >= 0) {
        return now + apr_time_from_sec(seconds);
    }
    at = apr_date_parse_http(text);
    if (at == APR_DATE_BAD) {
        return 0;
    }
    return at < now ? now : at > latest ? latest : at;
}

int ja_http_is_type(const ja_http_reply_t *reply, const char *type)
{
    const char *value = ja_http_header(reply, "Content-Type");
    apr_size_t len = strlen(type);

    if (!value || apr_cstr_casecmpn(value, type, len) != 0) {
        return 0;
    }
    value += len;
    while (*value == ' ' || *value == '\t') {
        value++;
    }
    return *value == '\0' || *value == ';';
}

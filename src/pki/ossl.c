#include "pki/ossl.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#define REASONS_MAX 256

/* One entry of the queue: "reason (data)". */
static const char *reason_text(unsigned long code, const char *data, int flags, apr_pool_t *pool)
{
    const char *reason = ERR_reason_error_string(code);

    if (!reason) {
        reason = apr_psprintf(pool, "OpenSSL error %lx", code);
    }
    if (!(flags & ERR_TXT_STRING) || !data || !*data) {
        return reason;
    }
    return apr_psprintf(pool, "%s (%s)", reason, data);
}

static const char *queue_text(apr_pool_t *pool)
{
    const char *text = "";
    const char *data;
    unsigned long code;
    int flags;

    while ((code = ERR_get_error_all(NULL, NULL, NULL, &data, &flags)) != 0) {
        if (strlen(text) < REASONS_MAX) {
            text = apr_pstrcat(pool, text, *text ? "; " : "", reason_text(code, data, flags, pool),
                               NULL);
        }
    }
    return ja_ossl_utf8_cut(text, strlen(text), REASONS_MAX, pool);
}

ja_err_t *ja_ossl_err_at(const char *file, int line, ja_code_t code, apr_pool_t *pool,
                         const char *fmt, ...)
{
    const char *reasons = queue_text(pool);
    const char *text;
    va_list args;

    va_start(args, fmt);
    text = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    return ja_err_make_at(file, line, code, pool, "%s%s%s", text, *reasons ? ": " : "", reasons);
}

const char *ja_ossl_utf8_cut(const char *bytes, apr_size_t len, apr_size_t max, apr_pool_t *pool)
{
    if (len > max) {
        len = max;
        while (len > 0
               && ((unsigned char)bytes[len] & 0xc0)
                      == 0x80) { /* RFC 3629 3: a continuation byte */
            len--;
        }
    }
    return apr_pstrmemdup(pool, bytes, len);
}

const char *ja_ossl_bio_text(BIO *bio, apr_size_t max, apr_pool_t *pool)
{
    char *bytes = NULL;
    long len = BIO_get_mem_data(bio, &bytes);

    return len > 0 ? ja_ossl_utf8_cut(bytes, (apr_size_t)len, max, pool) : "";
}

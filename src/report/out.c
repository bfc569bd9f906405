#include "report/out.h"

#include <stdarg.h>

#include <apr_strings.h>

ja_out_t ja_out_make(apr_pool_t *pool)
{
    ja_out_t out = { pool, apr_array_make(pool, 64, sizeof(const char *)) };

    return out;
}

void ja_out_put(ja_out_t *out, const char *text)
{
    if (text) {
        APR_ARRAY_PUSH(out->parts, const char *) = text;
    }
}

void ja_out_printf(ja_out_t *out, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    ja_out_put(out, apr_pvsprintf(out->pool, fmt, args));
    va_end(args);
}

const char *ja_out_text(const ja_out_t *out)
{
    return apr_array_pstrcat(out->pool, out->parts, 0);
}

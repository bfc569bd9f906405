#include "base/err.h"

#include <stdarg.h>

#include <apr_cstr.h>
#include <apr_strings.h>

static const ja_errcode_t ROWS[JA_E_COUNT] = {
#define JA_ERR(name, id, retry, level, actor, en, ja) \
    [JA_E_##name] = { #name, id, retry, level, actor, en, ja },
#include "base/errcodes.def"
#undef JA_ERR
};

static ja_err_t *make(const char *file, int line, ja_code_t code, apr_pool_t *pool, const char *fmt,
                      va_list args)
{
    ja_err_t *err = apr_pcalloc(pool, sizeof(*err));

    err->code = code;
    err->msg = apr_pvsprintf(pool, fmt, args);
    err->file = file;
    err->line = line;
    return err;
}

ja_err_t *ja_err_make_at(const char *file, int line, ja_code_t code, apr_pool_t *pool,
                         const char *fmt, ...)
{
    ja_err_t *err;
    va_list args;

    va_start(args, fmt);
    err = make(file, line, code, pool, fmt, args);
    va_end(args);
    return err;
}

ja_err_t *ja_err_os_at(const char *file, int line, ja_code_t code, apr_status_t os,
                       apr_pool_t *pool, const char *fmt, ...)
{
    ja_err_t *err;
    va_list args;

    va_start(args, fmt);
    err = make(file, line, code, pool, fmt, args);
    va_end(args);
    err->os = os;
    return err;
}

ja_err_t *ja_err_wrap_at(const char *file, int line, const ja_err_t *cause, apr_pool_t *pool,
                         const char *fmt, ...)
{
    ja_err_t *err;
    va_list args;

    va_start(args, fmt);
    err = make(file, line, cause->code, pool, fmt, args);
    va_end(args);
    err->cause = cause;
    err->problem = cause->problem;
    err->http_status = cause->http_status;
    err->retry_at = cause->retry_at;
    return err;
}

static const ja_problem_t *problem_dup(const ja_problem_t *from, apr_pool_t *pool)
{
    ja_problem_t *to = apr_palloc(pool, sizeof(*to));

    to->type = apr_pstrdup(pool, from->type);
    to->detail = apr_pstrdup(pool, from->detail);
    to->identifier = apr_pstrdup(pool, from->identifier);
    return to;
}

ja_err_t *ja_err_dup(const ja_err_t *err, apr_pool_t *pool)
{
    ja_err_t *copy;

    if (!err) {
        return NULL;
    }
    copy = apr_pmemdup(pool, err, sizeof(*err));
    copy->msg = apr_pstrdup(pool, err->msg);
    copy->problem = err->problem ? problem_dup(err->problem, pool) : NULL;
    copy->cause = ja_err_dup(err->cause, pool);
    return copy;
}

const ja_errcode_t *ja_err_row(ja_code_t code)
{
    return &ROWS[(unsigned)code < JA_E_COUNT ? code : JA_E_INTERNAL];
}

ja_code_t ja_err_code_find(const char *text)
{
    int code;

    for (code = 0; code < JA_E_COUNT; code++) {
        if (apr_cstr_casecmp(text, ROWS[code].id) == 0
            || apr_cstr_casecmp(text, ROWS[code].name) == 0) {
            break;
        }
    }
    return (ja_code_t)code;
}

/* Line breaks and other control characters would let text from outside forge log lines or talk to a
 * terminal; that goes for U+0080 .. U+009F, two bytes in UTF-8, as well. */
static const char *one_line(char *text)
{
    unsigned char *at;

    for (at = (unsigned char *)text; *at; at++) {
        if (*at < 0x20 || *at == 0x7f) {
            *at = ' ';
        }
        if (at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f) {
            at[0] = at[1] = ' ';
        }
    }
    return text;
}

const char *ja_err_text(const ja_err_t *err, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, err->msg);
    const ja_err_t *inner = err;
    char reason[128];

    while (inner->cause) {
        inner = inner->cause;
        text = apr_pstrcat(pool, text, ": ", inner->msg, NULL);
    }
    if (err->problem) {
        text = apr_pstrcat(pool, text, ": the CA says ", err->problem->type, ": ",
                           err->problem->detail, NULL);
    }
    if (err->http_status) {
        text = apr_psprintf(pool, "%s (HTTP %d)", text, err->http_status);
    }
    if (inner->os != APR_SUCCESS) {
        text = apr_pstrcat(pool, text, ": ", apr_strerror(inner->os, reason, sizeof(reason)), NULL);
    }
    return one_line(text);
}

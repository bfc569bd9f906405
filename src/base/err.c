#include "base/err.h"

#include <stdarg.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "base/english.h"

static const ja_errcode_t ROWS[JA_E_COUNT] = {
#define JA_ERR(name, id, retry, level, actor, en, ja) \
    [JA_E_##name] = { #name, id, retry, level, actor, en, ja },
#include "base/errcodes.def"
#undef JA_ERR
};

static const char *const RETRIES[] = {
    [JA_RETRY_LATER] = "later", [JA_RETRY_FRESH] = "fresh", [JA_RETRY_SLOW] = "slow",
    [JA_RETRY_ANEW] = "anew",   [JA_RETRY_CA] = "ca",       [JA_RETRY_ASKED] = "asked",
    [JA_RETRY_HOLD] = "hold",
};
const ja_enumstr_t ja_retry_names = { RETRIES, sizeof(RETRIES) / sizeof(RETRIES[0]) };

static const char *const ACTORS[] = {
    [JA_ACTOR_NOBODY] = "nobody",
    [JA_ACTOR_OPERATOR] = "operator",
    [JA_ACTOR_RESELLER] = "reseller",
    [JA_ACTOR_DNS] = "dns",
};
const ja_enumstr_t ja_actor_names = { ACTORS, sizeof(ACTORS) / sizeof(ACTORS[0]) };

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

static void copy_problem(ja_problem_t *to, const ja_problem_t *from, apr_pool_t *pool)
{
    ja_problem_t *subs = apr_palloc(pool, sizeof(*subs) * (apr_size_t)from->sub_count);
    int i;

    to->type = apr_pstrdup(pool, from->type);
    to->detail = apr_pstrdup(pool, from->detail);
    to->value = apr_pstrdup(pool, from->value);
    to->identifier = apr_pstrdup(pool, from->identifier);
    for (i = 0; i < from->sub_count; i++) {
        copy_problem(&subs[i], &from->subs[i], pool);
    }
    to->subs = subs;
    to->sub_count = from->sub_count;
}

static const ja_problem_t *problem_dup(const ja_problem_t *from, apr_pool_t *pool)
{
    ja_problem_t *to = apr_palloc(pool, sizeof(*to));

    copy_problem(to, from, pool);
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

/* How text from outside goes into a line: as it is, or the English part of it. */
typedef const char *part_fn(const char *text, apr_pool_t *pool);

static const char *all_of(const char *text, apr_pool_t *pool)
{
    (void)pool;
    return text;
}

/* "malformed: The FQDN is invalid: [x]" */
static const char *say(const ja_problem_t *problem, part_fn *part, apr_pool_t *pool)
{
    const char *detail = part(problem->detail, pool);
    const char *value = problem->value ? part(problem->value, pool) : "";
    int is_told = *value == '\0' || strstr(detail, value);

    return apr_pstrcat(pool, part(problem->type, pool), ": ", detail, is_told ? "" : " [",
                       is_told ? "" : value, is_told ? "" : "]", NULL);
}

/* ": the CA says compound: ...; www.example.jp: caa: ..." */
static const char *say_all(const ja_problem_t *problem, part_fn *part, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, ": the CA says ", say(problem, part, pool), NULL);
    int i;

    for (i = 0; i < problem->sub_count; i++) {
        const ja_problem_t *sub = &problem->subs[i];

        text = apr_pstrcat(pool, text, "; ", sub->identifier ? part(sub->identifier, pool) : "",
                           sub->identifier ? ": " : "", say(sub, part, pool), NULL);
    }
    return text;
}

static const char *print(const ja_err_t *err, part_fn *part, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, part(err->msg, pool));
    const ja_err_t *inner = err;
    char reason[128];

    while (inner->cause) {
        inner = inner->cause;
        text = apr_pstrcat(pool, text, ": ", part(inner->msg, pool), NULL);
    }
    if (err->problem) {
        text = apr_pstrcat(pool, text, say_all(err->problem, part, pool), NULL);
    }
    if (err->http_status) {
        text = apr_psprintf(pool, "%s (HTTP %d)", text, err->http_status);
    }
    if (inner->os != APR_SUCCESS) {
        text = apr_pstrcat(pool, text, ": ", apr_strerror(inner->os, reason, sizeof(reason)), NULL);
    }
    return one_line(text);
}

const char *ja_err_text(const ja_err_t *err, apr_pool_t *pool)
{
    return print(err, all_of, pool);
}

const char *ja_err_log_text(const ja_err_t *err, apr_pool_t *pool)
{
    return print(err, ja_english_part, pool);
}

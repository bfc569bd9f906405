#include "issue/complaint.h"

#include <stdarg.h>

#include <apr_strings.h>

/* clang-format off */
static const struct {
    const char *id;
    ja_level_t level;
} ROWS[] = {
    [JA_COMPLAINT_TWICE]       = { "JA0100", JA_LOG_ERROR },
    [JA_COMPLAINT_COVERED]     = { "JA0101", JA_LOG_ERROR },
    [JA_COMPLAINT_WILDCARD]    = { "JA0102", JA_LOG_ERROR },
    [JA_COMPLAINT_CONTACT]     = { "JA0103", JA_LOG_ERROR },
    [JA_COMPLAINT_AGREEMENT]   = { "JA0104", JA_LOG_ERROR },
    [JA_COMPLAINT_DISAGREE]    = { "JA0105", JA_LOG_ERROR },
    [JA_COMPLAINT_MOD_MD]      = { "JA0106", JA_LOG_ERROR },
    [JA_COMPLAINT_TWO_DOMAINS] = { "JA0107", JA_LOG_ERROR },
    [JA_COMPLAINT_NOT_COVERED] = { "JA0108", JA_LOG_WARNING },
    [JA_COMPLAINT_UNUSED]      = { "JA0109", JA_LOG_NOTICE },
    [JA_COMPLAINT_EAB_MISSING] = { "JA0110", JA_LOG_ERROR },
    [JA_COMPLAINT_EAB_GONE]    = { "JA0111", JA_LOG_WARNING },
    [JA_COMPLAINT_EAB_FUTURE]  = { "JA0112", JA_LOG_WARNING },
};
/* clang-format on */
_Static_assert(sizeof(ROWS) / sizeof(ROWS[0]) == JA_COMPLAINT_COUNT, "a row for each kind");

void ja_complain(apr_array_header_t *complaints, ja_complaint_kind_t kind, const char *name,
                 const ja_place_t *place, const char *fmt, ...)
{
    ja_complaint_t *complaint = apr_array_push(complaints);
    va_list args;

    complaint->kind = kind;
    complaint->name = apr_pstrdup(complaints->pool, name);
    complaint->place.file = apr_pstrdup(complaints->pool, place->file);
    complaint->place.line = place->line;
    va_start(args, fmt);
    complaint->text = apr_pvsprintf(complaints->pool, fmt, args);
    va_end(args);
}

ja_level_t ja_complaint_level(const ja_complaint_t *complaint)
{
    return ROWS[complaint->kind].level;
}

const char *ja_complaint_line(const ja_complaint_t *complaint, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s: %s: %s: %s", complaint->name, ROWS[complaint->kind].id,
                        ja_place_print(&complaint->place, pool), complaint->text);
}

const char *ja_place_print(const ja_place_t *place, apr_pool_t *pool)
{
    return apr_psprintf(pool, "line %d of %s", place->line, place->file ? place->file : "?");
}

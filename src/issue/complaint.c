#include "issue/complaint.h"

#include <stdarg.h>

#include <apr_strings.h>

static const ja_message_t ROWS[JA_COMPLAINT_COUNT] = {
#define JA_COMPLAINT(name, text, id, level, en, ja) \
    [JA_COMPLAINT_##name] = { text, id, level, en, ja },
#include "issue/complaints.def"
#undef JA_COMPLAINT
};

const ja_message_t *ja_complaint_message(int kind)
{
    return &ROWS[kind];
}

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

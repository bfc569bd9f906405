/* issue/complaint: what is wrong with a configuration that can be read but makes no sense as a
 * whole: one entry per violation, with its place in httpd.conf. Faults of single directives are
 * told while they are read, by httpd itself. Whether the server starts is decided by whoever
 * collected them: not with one of level JA_LOG_ERROR. */
#ifndef JA_ISSUE_COMPLAINT_H
#define JA_ISSUE_COMPLAINT_H

#include <apr_tables.h>

#include "base/log.h"

/* A line of httpd.conf. */
typedef struct {
    const char *file;
    int line;
} ja_place_t;

/* JA_COMPLAINT_TWICE and so on: the rows of complaints.def. */
typedef enum {
#define JA_COMPLAINT(name, text, id, level, en, ja) JA_COMPLAINT_##name,
#include "issue/complaints.def"
#undef JA_COMPLAINT
    JA_COMPLAINT_COUNT
} ja_complaint_kind_t;

/* The row of one. */
const ja_message_t *ja_complaint_message(int kind);

typedef struct {
    ja_complaint_kind_t kind;
    const char *name; /* the managed domain                                             */
    ja_place_t place;
    const char *text; /* "ManagedDomain www.example.jp: ...; allowed: ...", no newline  */
} ja_complaint_t;

/* Append one to `complaints` (ja_complaint_t); everything is copied to its pool. */
void ja_complain(apr_array_header_t *complaints, ja_complaint_kind_t kind, const char *name,
                 const ja_place_t *place, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* JA_LOG_ERROR, JA_LOG_WARNING or JA_LOG_NOTICE. */
ja_level_t ja_complaint_level(const ja_complaint_t *complaint);

/* For the log: "www.example.jp: JA0100: line 12 of /etc/apache2/x.conf: TEXT". */
const char *ja_complaint_line(const ja_complaint_t *complaint, apr_pool_t *pool);

/* "line 12 of /etc/apache2/x.conf" */
const char *ja_place_print(const ja_place_t *place, apr_pool_t *pool);

#endif

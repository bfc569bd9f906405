/* base/log: where lines for people go. libja never decides on files or formats: the glue gives a
 * sink that writes to httpd's error log, the CLI one that writes to stderr, a unit test one that
 * collects.
 *
 * A line is one event: "NAME: JA0000: text", NAME being the managed domain or the CA. No function
 * here takes a ja_secret_t.
 */
#ifndef JA_BASE_LOG_H
#define JA_BASE_LOG_H

#include "base/err.h"

extern const ja_enumstr_t ja_level_names; /* "error", "warning", ... by ja_level_t; NULL between */

/* What is told and is no error: a row of a table, for the log and for the catalogue. */
typedef struct {
    const char *name; /* "staged" */
    const char *id;   /* message id, "JA0006" */
    ja_level_t level;
    const char *en; /* what it means, one sentence */
    const char *ja; /* the same in Japanese, UTF-8 */
} ja_message_t;

typedef struct {
    void (*write)(void *baton, ja_level_t level,
                  const char *line); /* the line has no newline; must not keep it */
    void *baton;
    ja_level_t level; /* lines above it are not even formatted */
} ja_log_t;

/* A line at `level`. `log` may be NULL: nothing is written. Longer lines than 4 KiB are cut. */
void ja_log_line(const ja_log_t *log, ja_level_t level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Would a line at `level` be written? */
int ja_log_is(const ja_log_t *log, ja_level_t level);

#endif

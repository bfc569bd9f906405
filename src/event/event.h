/* event/event: facts worth telling, each with a name, a message id and a level, in one table
 * (events.def). Today the log is the one that is told. */
#ifndef JA_EVENT_EVENT_H
#define JA_EVENT_EVENT_H

#include "base/log.h"

/* JA_EVENT_STAGED and so on: the rows of events.def. */
typedef enum {
#define JA_EVENT(name, text, id, level, en, ja) JA_EVENT_##name,
#include "event/events.def"
#undef JA_EVENT
    JA_EVENT_COUNT
} ja_event_t;

/* The row of one. */
const ja_message_t *ja_event_message(int event);

/* "staged" */
const char *ja_event_name(ja_event_t event);

/* One line: "NAME: JA0006: staged: text". */
void ja_event_tell(const ja_log_t *log, ja_event_t event, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* In place of the time of the next try: when the account can be used. */
#define JA_EVENT_WITH_ACCOUNT ((apr_time_t)-1)

/* The end of a failed attempt: "NAME: JA0407: while waiting for validation: ...; sentence of the
 * catalogue; next try at ...", at the level of the code's row. Text from outside is ASCII here
 * (ja_err_log_text): httpd would write anything else as "\x" and digits. `activity` may be NULL,
 * `next_at` 0. After an error of JA_RETRY_HOLD nothing is tried then, only asked. */
void ja_event_errored(const ja_log_t *log, const char *name, const ja_err_t *err,
                      const char *activity, apr_time_t next_at, apr_pool_t *scratch);

#endif

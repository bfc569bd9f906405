#include "event/event.h"

#include <stdarg.h>
#include <stdio.h>

#include <apr_strings.h>

#include "base/clock.h"

static const ja_message_t EVENTS[JA_EVENT_COUNT] = {
#define JA_EVENT(name, text, id, level, en, ja) [JA_EVENT_##name] = { text, id, level, en, ja },
#include "event/events.def"
#undef JA_EVENT
};

const ja_message_t *ja_event_message(int event)
{
    return &EVENTS[event];
}

const char *ja_event_name(ja_event_t event)
{
    return EVENTS[event].name;
}

void ja_event_tell(const ja_log_t *log, ja_event_t event, const char *name, const char *fmt, ...)
{
    const ja_message_t *row = &EVENTS[event];
    char text[2048];
    va_list args;

    if (!ja_log_is(log, row->level)) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    ja_log_line(log, row->level, "%s: %s: %s: %s", name, row->id, row->name, text);
}

/* "90 s", "12 min", "7 h", "3 days" */
static const char *print_wait(apr_interval_time_t wait, apr_pool_t *scratch)
{
    static const struct {
        const char *name;
        apr_int64_t seconds;
    } UNITS[] = { { "days", 86400 }, { "h", 3600 }, { "min", 60 } };
    apr_int64_t seconds = wait > 0 ? apr_time_sec(wait + APR_USEC_PER_SEC - 1) : 0;
    int i;

    for (i = 0; i < (int)(sizeof(UNITS) / sizeof(UNITS[0])); i++) {
        if (seconds >= 2 * UNITS[i].seconds) {
            return apr_psprintf(scratch, "%" APR_INT64_T_FMT " %s",
                                (seconds + UNITS[i].seconds / 2) / UNITS[i].seconds, UNITS[i].name);
        }
    }
    return apr_psprintf(scratch, "%" APR_INT64_T_FMT " s", seconds);
}

/* " Next try at Sun, 22 Nov 2026 10:00:00 GMT, in 12 min." */
static const char *next_try(const ja_errcode_t *row, apr_time_t next_at, apr_pool_t *scratch)
{
    char date[APR_RFC822_DATE_LEN];

    if (next_at == 0) {
        return "";
    }
    if (next_at == JA_EVENT_WITH_ACCOUNT) {
        return " The CA is asked about the account; next try as soon as that is valid.";
    }
    apr_rfc822_date(date, next_at);
    return apr_psprintf(scratch, " %s at %s, in %s.",
                        row->retry == JA_RETRY_HOLD ? "The CA is asked again" : "Next try", date,
                        print_wait(next_at - ja_clock_now(), scratch));
}

void ja_event_errored(const ja_log_t *log, const char *name, const ja_err_t *err,
                      const char *activity, apr_time_t next_at, apr_pool_t *scratch)
{
    const ja_errcode_t *row = ja_err_row(err->code);

    if (!ja_log_is(log, row->level)) {
        return;
    }
    ja_log_line(log, row->level, "%s: %s: %s%s%s%s. %s%s", name, row->id, activity ? "while " : "",
                activity ? activity : "", activity ? ": " : "", ja_err_log_text(err, scratch),
                row->en, next_try(row, next_at, scratch));
}

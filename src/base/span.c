#include "base/span.h"

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define MSEC ((apr_interval_time_t)1000)
#define SEC  ((apr_interval_time_t)APR_USEC_PER_SEC)
#define DAY  (24 * 3600 * SEC)
#define MAX  (JA_SPAN_MAX_YEARS * 365 * DAY)

/* In the order of printing: the largest first. */
static const struct {
    const char *name;
    apr_interval_time_t length;
    int is_printed; /* others are only read: "mi" is httpd's other spelling, weeks read badly */
} UNITS[] = {
    { "w", 7 * DAY, 0 },   { "d", DAY, 1 }, { "h", 3600 * SEC, 1 }, { "min", 60 * SEC, 1 },
    { "mi", 60 * SEC, 0 }, { "s", SEC, 1 }, { "ms", MSEC, 1 },
};
#define N_UNITS ((int)(sizeof(UNITS) / sizeof(UNITS[0])))

/* The length of a unit, or 0. */
static apr_interval_time_t unit_find(const char *name)
{
    int i;

    for (i = 0; i < N_UNITS; i++) {
        if (apr_cstr_casecmp(UNITS[i].name, name) == 0) {
            return UNITS[i].length;
        }
    }
    return 0;
}

int ja_span_parse(ja_span_t *span, const char *text)
{
    apr_int64_t number;
    apr_interval_time_t unit;
    const char *at = text;

    /* No number of more digits is below the maximum, whatever its unit. */
    for (number = 0; apr_isdigit(*at) && number < MAX; at++) {
        number = number * 10 + (*at - '0');
    }
    if (at == text) {
        return 0;
    }
    span->duration = 0;
    span->percent = 0;
    if (at[0] == '%' && at[1] == '\0') {
        span->percent = number < 100 ? (int)number : 0;
        return span->percent > 0;
    }
    unit = unit_find(at);
    if (unit == 0 || number > MAX / unit) {
        return 0;
    }
    span->duration = number * unit;
    return 1;
}

const char *ja_span_print(const ja_span_t *span, apr_pool_t *pool)
{
    int i;

    if (span->percent > 0) {
        return apr_psprintf(pool, "%d%%", span->percent);
    }
    for (i = 0; i < N_UNITS && span->duration > 0; i++) {
        if (UNITS[i].is_printed && span->duration % UNITS[i].length == 0) {
            return apr_psprintf(pool, "%" APR_INT64_T_FMT "%s", span->duration / UNITS[i].length,
                                UNITS[i].name);
        }
    }
    return apr_psprintf(pool, "%" APR_INT64_T_FMT "ms", span->duration / MSEC);
}

apr_interval_time_t ja_span_of(const ja_span_t *span, apr_interval_time_t lifetime)
{
    if (span->percent == 0) {
        return span->duration;
    }
    /* In this order nothing overflows, and what the division drops is less than 100 us. */
    return lifetime / 100 * span->percent;
}

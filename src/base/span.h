/* base/span: durations as httpd writes them ("30d", "12h", "10min", "45s", "250ms"), but
 * never without a unit, and shares of a lifetime ("33%"). A bare number would be seconds for httpd,
 * where whoever writes one for a certificate means days. What span makes sense where is the
 * caller's business. */
#ifndef JA_BASE_SPAN_H
#define JA_BASE_SPAN_H

#include <apr_pools.h>
#include <apr_time.h>

#define JA_SPAN_MAX_YEARS 100

typedef struct {
    apr_interval_time_t duration; /* 0 .. JA_SPAN_MAX_YEARS, if percent is 0 */
    int percent;                  /* 1 .. 99, or 0 */
} ja_span_t;

/* 1 if `text` is one, and then it is in `*span`; otherwise 0. A whole number and a unit, without
 * blanks: ms, s, min (mi), h, d, w in any case, or %. Signs, fractions, more than
 * JA_SPAN_MAX_YEARS, 0% and 100% and more, and anything behind the unit are refused. "0s" is a
 * span. */
int ja_span_parse(ja_span_t *span, const char *text);

/* "30d", "33%": the largest unit up to days that divides it; what ja_span_parse() reads back.
 * Fractions of a millisecond are dropped. */
const char *ja_span_print(const ja_span_t *span, apr_pool_t *pool);

/* How long it is for something that lasts `lifetime` (>= 0): the duration itself, even if that is
 * longer, or the share. */
apr_interval_time_t ja_span_of(const ja_span_t *span, apr_interval_time_t lifetime);

#endif

/* issue/window: how much of something there was lately: a sliding window, kept as counts of short
 * stretches of time. A value without pools; pure functions. It errs to the safe side: what was in a
 * stretch counts until all of the stretch is past.
 */
#ifndef JA_ISSUE_WINDOW_H
#define JA_ISSUE_WINDOW_H

#include <apr_time.h>

#define JA_WINDOW_PARTS 60
#define JA_WINDOW_MARKS (JA_WINDOW_PARTS + 4)

/* So many from `at` on, for a JA_WINDOW_PARTS-th of the window. */
typedef struct {
    apr_time_t at;
    apr_int64_t n;
} ja_mark_t;

typedef struct {
    int n_marks;
    ja_mark_t marks[JA_WINDOW_MARKS]; /* oldest first */
} ja_window_t;

/* At most `max` (0: no limit) in any stretch of length `per` (a minute at least). */
typedef struct {
    apr_int64_t max;
    apr_interval_time_t per;
} ja_rate_t;

/* How many there were within `per` before `now`. Marks that a wrong clock has put further ahead
 * than `per` do not count. */
apr_int64_t ja_window_count(const ja_window_t *window, apr_interval_time_t per, apr_time_t now);

/* When `n` more fit: `now`, or later. More than rate->max fit when there are none. */
apr_time_t ja_window_at(const ja_window_t *window, const ja_rate_t *rate, apr_int64_t n,
                        apr_time_t now);

/* There are `n` more. */
void ja_window_add(ja_window_t *window, apr_interval_time_t per, apr_int64_t n, apr_time_t now);

/* `n` of the latest did not happen after all. */
void ja_window_take_back(ja_window_t *window, apr_int64_t n);

#endif

#include "issue/window.h"

#include <string.h>

static apr_interval_time_t part_of(apr_interval_time_t per)
{
    apr_interval_time_t part = per / JA_WINDOW_PARTS;

    return part < apr_time_from_sec(1) ? apr_time_from_sec(1) : part;
}

/* When a mark no longer counts: the last of its stretch may have been at its very end. */
static apr_time_t end_of(const ja_mark_t *mark, apr_interval_time_t per)
{
    return mark->at + part_of(per) + per;
}

static int counts(const ja_mark_t *mark, apr_interval_time_t per, apr_time_t now)
{
    return mark->at <= now + per && now < end_of(mark, per);
}

apr_int64_t ja_window_count(const ja_window_t *window, apr_interval_time_t per, apr_time_t now)
{
    apr_int64_t count = 0;
    int i;

    for (i = 0; i < window->n_marks; i++) {
        count += counts(&window->marks[i], per, now) ? window->marks[i].n : 0;
    }
    return count;
}

apr_time_t ja_window_at(const ja_window_t *window, const ja_rate_t *rate, apr_int64_t n,
                        apr_time_t now)
{
    apr_int64_t left = ja_window_count(window, rate->per, now) + n - rate->max;
    apr_time_t at = now;
    int i;

    if (rate->max <= 0) {
        return now;
    }
    for (i = 0; i < window->n_marks && left > 0; i++) {
        if (counts(&window->marks[i], rate->per, now)) {
            left -= window->marks[i].n;
            at = end_of(&window->marks[i], rate->per);
        }
    }
    return at;
}

static void drop_first(ja_window_t *window)
{
    window->n_marks--;
    memmove(window->marks, window->marks + 1, sizeof(ja_mark_t) * (size_t)window->n_marks);
}

void ja_window_add(ja_window_t *window, apr_interval_time_t per, apr_int64_t n, apr_time_t now)
{
    apr_time_t at = now - now % part_of(per);

    while (window->n_marks > 0 && !counts(&window->marks[0], per, now)) {
        drop_first(window);
    }
    if (window->n_marks > 0 && window->marks[window->n_marks - 1].at >= at) {
        window->marks[window->n_marks - 1].n += n;
        return;
    }
    if (window->n_marks == JA_WINDOW_MARKS) {
        drop_first(window); /* the clock jumps about */
    }
    window->marks[window->n_marks++] = (ja_mark_t){ at, n };
}

void ja_window_take_back(ja_window_t *window, apr_int64_t n)
{
    int i;

    for (i = window->n_marks - 1; i >= 0 && n > 0; i--) {
        ja_mark_t *mark = &window->marks[i];
        apr_int64_t some = n < mark->n ? n : mark->n;

        mark->n -= some;
        n -= some;
    }
}

/* base/clock: the time, for all code. A test may put its own clock in; the program never does. */
#ifndef JA_BASE_CLOCK_H
#define JA_BASE_CLOCK_H

#include <apr_time.h>

typedef apr_time_t ja_clock_fn(void *baton);

/* Microseconds since 1970. */
apr_time_t ja_clock_now(void);

/* Microseconds by a clock that nobody sets: for measuring how long something takes on threads that
 * really wait. Not the tests' clock. */
apr_time_t ja_clock_monotonic(void);

/* Take the time from `fn` from now on; NULL: from the system again. Not thread-safe: before
 * anything runs. */
void ja_clock_use(ja_clock_fn *fn, void *baton);

#endif

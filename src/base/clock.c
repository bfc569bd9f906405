#include "base/clock.h"

#include <time.h>

static ja_clock_fn *clock_fn;
static void *clock_baton;

apr_time_t ja_clock_now(void)
{
    return clock_fn ? clock_fn(clock_baton) : apr_time_now();
}

apr_time_t ja_clock_monotonic(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_from_sec(now.tv_sec) + now.tv_nsec / 1000;
}

void ja_clock_use(ja_clock_fn *fn, void *baton)
{
    clock_fn = fn;
    clock_baton = baton;
}

#include "base/clock.h"

static ja_clock_fn *clock_fn;
static void *clock_baton;

apr_time_t ja_clock_now(void)
{
    return clock_fn ? clock_fn(clock_baton) : apr_time_now();
}

void ja_clock_use(ja_clock_fn *fn, void *baton)
{
    clock_fn = fn;
    clock_baton = baton;
}

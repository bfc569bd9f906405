#include "issue/countdown.h"

#define DAYS(n) apr_time_from_sec((n)*86400L)

static const int STEPS[] = { 7, 3, 1, 0 };
#define N_STEPS ((int)(sizeof(STEPS) / sizeof(STEPS[0])))

apr_time_t ja_countdown_end(apr_time_t issued_at)
{
    return issued_at > 0 ? issued_at + JA_EAB_LIFE : 0;
}

int ja_countdown_days(apr_time_t ends_at, apr_time_t now)
{
    int i;

    for (i = N_STEPS - 1; i >= 0; i--) {
        if (now >= ends_at - DAYS(STEPS[i])) {
            return STEPS[i];
        }
    }
    return -1;
}

apr_time_t ja_countdown_next(apr_time_t ends_at, apr_time_t now)
{
    int i;

    for (i = 0; i < N_STEPS; i++) {
        if (now < ends_at - DAYS(STEPS[i])) {
            return ends_at - DAYS(STEPS[i]);
        }
    }
    return 0;
}

#include "issue/backoff.h"

static const int WAIT_S[] = { 30,   60,       120,      300,       900,      1800,
                              3600, 3 * 3600, 6 * 3600, 12 * 3600, 20 * 3600 };

#define STEPS           ((int)(sizeof(WAIT_S) / sizeof(WAIT_S[0])))
#define SLOW_STEP       8 /* where JA_RETRY_SLOW begins */
#define CA_STEP         5 /* where JA_RETRY_CA stays */
#define RETRY_AFTER_MAX apr_time_from_sec(24 * 3600)

static int step_of(int attempt, ja_retry_t retry)
{
    int step = attempt < 1 ? 0 : attempt > STEPS ? STEPS - 1 : attempt - 1;

    switch (retry) {
    case JA_RETRY_SLOW:
    case JA_RETRY_ASKED:
        return step > STEPS - 1 - SLOW_STEP ? STEPS - 1 : step + SLOW_STEP;
    case JA_RETRY_CA:
        return step > CA_STEP ? CA_STEP : step;
    case JA_RETRY_LATER:
    case JA_RETRY_FRESH:
    case JA_RETRY_ANEW:
    case JA_RETRY_HOLD:
        break;
    }
    return step;
}

static apr_interval_time_t wait_of(int attempt, ja_retry_t retry, double unit)
{
    apr_interval_time_t wait = apr_time_from_sec(WAIT_S[step_of(attempt, retry)]);
    double jitter = unit > 1 ? 1 : unit > 0 ? unit : 0; /* what is no number is 0 as well */

    if (retry == JA_RETRY_ANEW && attempt <= 1) {
        return 0;
    }
    return wait + (apr_interval_time_t)((double)wait * jitter / 5);
}

apr_time_t ja_backoff(int attempt, ja_retry_t retry, apr_time_t retry_at, double unit,
                      apr_time_t now)
{
    apr_time_t at = now + wait_of(attempt, retry, unit);

    if (retry_at > now + RETRY_AFTER_MAX) {
        retry_at = now + RETRY_AFTER_MAX;
    }
    return retry_at > at ? retry_at : at;
}

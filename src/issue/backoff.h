/* issue/backoff: when to try again after a failure. A pure function of a table. */
#ifndef JA_ISSUE_BACKOFF_H
#define JA_ISSUE_BACKOFF_H

#include "base/err.h"

#define JA_BACKOFF_MAX apr_time_from_sec(29 * 3600)

/* The n-th failure in a row (1 ..) of class `retry`, ended at `now`: when the next try is. From 30
 * s to 20 hours, plus up to a fifth of it by `unit` (0 .. 1: jitter), so a day at most;
 * JA_RETRY_SLOW begins at six hours, JA_RETRY_CA stays at half an hour, the first JA_RETRY_ANEW is
 * at once. A CA's Retry-After, `retry_at`, is waited for if it is later, but for a day at most.
 * Never earlier than now + 30 s (but for that first one), never later than now + JA_BACKOFF_MAX,
 * for any n. */
apr_time_t ja_backoff(int attempt, ja_retry_t retry, apr_time_t retry_at, double unit,
                      apr_time_t now);

#endif

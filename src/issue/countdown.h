/* issue/countdown: an EAB is good for a number of days from its issue, and for nothing afterwards.
 * Pure functions of a date and the clock. */
#ifndef JA_ISSUE_COUNTDOWN_H
#define JA_ISSUE_COUNTDOWN_H

#include <apr_time.h>

#define JA_EAB_LIFE apr_time_from_sec(14 * 86400)

/* When an EAB issued then (0: not known) ends; 0: not known. */
apr_time_t ja_countdown_end(apr_time_t issued_at);

/* The smallest of 7, 3, 1 and 0 that the whole days left are not more than; -1: more than a week.
 */
int ja_countdown_days(apr_time_t ends_at, apr_time_t now);

/* When that changes next; 0: never again. */
apr_time_t ja_countdown_next(apr_time_t ends_at, apr_time_t now);

#endif

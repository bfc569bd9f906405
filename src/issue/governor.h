/* issue/governor: how much one account may ask of its CA, whatever the jobs would like. State and
 * clock in, "may it, and if not: when" out. Pure; issue/governor_file keeps the state over
 * restarts.
 *
 *   orders     ManagedDomainRateLimit, if there is one
 *   failing    orders that brought no certificate, those in flight included: twice
 *              ManagedDomainConcurrency in an hour, but at least 20
 *   requests   1000 in an hour, and for each order of that hour 20 and 4 for each of its names: a
 *              certificate with k names takes 2k+5
 *   held       a Retry-After of the CA holds for everything new that would go there: orders, and what
 *              is asked of the account. Orders in flight go on
 *   down       when several domains in a row have found the CA dead, one at a time tries, at
 *              growing intervals of up to half an hour
 *   lane       after either of the two, first two orders are in flight, then one more with each
 *              that ends
 *
 * How often one name may fail is in its job (JA_JOB_PLACED_MAX).
 */
#ifndef JA_ISSUE_GOVERNOR_H
#define JA_ISSUE_GOVERNOR_H

#include "base/enumstr.h"
#include "base/err.h"
#include "issue/plan.h"
#include "issue/window.h"

#define JA_GOVERNOR_HOUR      apr_time_from_sec(3600)
#define JA_GOVERNOR_PER_HOUR  1000 /* requests */
#define JA_GOVERNOR_PER_ORDER 20   /* more requests for each order of that hour */
#define JA_GOVERNOR_PER_NAME  4    /* and for each of its names               */
#define JA_GOVERNOR_NEVER     ((apr_time_t)INT64_MAX) /* not before something in flight has ended */

typedef struct {
    ja_rate_t orders; /* max 0: none */
    int concurrency;  /* 1 .. */
    int names;        /* 1 .., of the domain that has most */
} ja_limits_t;

/* All zero is the beginning. */
typedef struct {
    ja_window_t orders;    /* by the period of ManagedDomainRateLimit */
    ja_window_t hour;      /* orders, by the hour */
    ja_window_t failing;   /* by the hour */
    ja_window_t requests;  /* by the hour */
    apr_time_t held_until; /* 0: not */
    apr_int64_t probes;    /* tries since the CA was found dead; 0: it is not */
    apr_time_t probe_at;   /* of the next one */
    apr_int64_t lane;      /* so many in flight; 0: no limit of its own */
    int streak;            /* domains that have found the CA dead, without a sign of life */
    const char *last;      /* the last of them: compared as a pointer; not kept over restarts */
} ja_governor_t;

/* Those of a CA of the plan. */
ja_limits_t ja_governor_limits(const ja_plan_t *plan, const ja_plan_ca_t *ca);

/* What is waited for. */
typedef enum {
    JA_GOVERNOR_FREE, /* nothing */
    JA_GOVERNOR_TURN, /* something in flight ends first */
    JA_GOVERNOR_HELD, /* the rest as above */
    JA_GOVERNOR_DOWN,
    JA_GOVERNOR_ORDERS,
    JA_GOVERNOR_FAILING,
    JA_GOVERNOR_REQUESTS,
    JA_GOVERNOR_WHY_COUNT
} ja_governor_why_t;
extern const ja_enumstr_t ja_governor_why_names; /* "none", "turn", "retry-after", ... */

/* "the CA has asked to wait (Retry-After)" */
const char *ja_governor_why_text(ja_governor_why_t why);

/* When `n` (>= 0) orders of one domain may be begun, `in_flight` domains being at it: `now`, later,
 * or JA_GOVERNOR_NEVER; and what is waited for until then. */
apr_time_t ja_governor_order_at(const ja_governor_t *governor, const ja_limits_t *limits, int n,
                                int in_flight, apr_time_t now, ja_governor_why_t *why);

/* The end of the Retry-After that holds; `now`: none does. */
apr_time_t ja_governor_held_until(const ja_governor_t *governor, apr_time_t now);

/* They are begun. */
void ja_governor_take(ja_governor_t *governor, const ja_limits_t *limits, int n, apr_time_t now);

/* Of those taken, so many were not placed, and so many brought a certificate. */
void ja_governor_settle(ja_governor_t *governor, int unplaced, int good);

/* When one more request may be sent; it is sent. */
apr_time_t ja_governor_request_at(const ja_governor_t *governor, const ja_limits_t *limits,
                                  apr_time_t now);
void ja_governor_request(ja_governor_t *governor, apr_time_t now);

/* A reply came, of that status, with a Retry-After (0: without). Is it something that those who
 * wait should know? */
int ja_governor_heard(ja_governor_t *governor, int status, apr_time_t retry_at, apr_time_t now);

/* A domain's attempt has ended: with an error of class `retry` (NULL: without one). `name` lives as
 * long as the governor, one pointer for each domain. `unit`: 0 .. 1, chance. */
void ja_governor_ended(ja_governor_t *governor, const ja_limits_t *limits, const char *name,
                       const ja_retry_t *retry, double unit, apr_time_t now);

/* Is the CA taken to be dead? */
int ja_governor_is_down(const ja_governor_t *governor);

#endif

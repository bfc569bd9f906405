#include "issue/governor.h"

#include "issue/backoff.h"

#define DEAD_STREAK 3 /* so many domains in a row: it is the CA, not one of them */
#define FIRST_LANE  2
#define FAILING_MIN 20 /* orders: what few names that fail may use up must not be all */
#define HELD_MAX    apr_time_from_sec(24 * 3600)

static const char *const WHY_NAMES[] = {
    [JA_GOVERNOR_FREE] = "none",         [JA_GOVERNOR_TURN] = "turn",
    [JA_GOVERNOR_HELD] = "retry-after",  [JA_GOVERNOR_DOWN] = "ca-down",
    [JA_GOVERNOR_ORDERS] = "rate-limit", [JA_GOVERNOR_FAILING] = "failing-orders",
    [JA_GOVERNOR_REQUESTS] = "requests",
};
_Static_assert(sizeof(WHY_NAMES) / sizeof(WHY_NAMES[0]) == JA_GOVERNOR_WHY_COUNT,
               "a name for each");
const ja_enumstr_t ja_governor_why_names = { WHY_NAMES, JA_GOVERNOR_WHY_COUNT };

static const char *const WHY_TEXTS[] = {
    [JA_GOVERNOR_FREE] = "nothing",
    [JA_GOVERNOR_TURN] = "orders in flight end first",
    [JA_GOVERNOR_HELD] = "the CA has asked to wait (Retry-After)",
    [JA_GOVERNOR_DOWN] = "the CA does not answer",
    [JA_GOVERNOR_ORDERS] = "ManagedDomainRateLimit is reached",
    [JA_GOVERNOR_FAILING] = "too many orders of the last hour have brought no certificate",
    [JA_GOVERNOR_REQUESTS] = "there were too many requests in the last hour",
};
_Static_assert(sizeof(WHY_TEXTS) / sizeof(WHY_TEXTS[0]) == JA_GOVERNOR_WHY_COUNT,
               "a text for each");

const char *ja_governor_why_text(ja_governor_why_t why)
{
    return WHY_TEXTS[why];
}

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* What the requests of an order are reckoned by. */
static int most_names(const ja_plan_t *plan, const ja_plan_ca_t *ca)
{
    int most = 1;
    int i;

    for (i = 0; i < plan->domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);

        if (domain->ca == ca && domain->names->nelts > most) {
            most = domain->names->nelts;
        }
    }
    return most;
}

ja_limits_t ja_governor_limits(const ja_plan_t *plan, const ja_plan_ca_t *ca)
{
    return (ja_limits_t){ plan->rate, plan->concurrency, most_names(plan, ca) };
}

static ja_rate_t failing_rate(const ja_limits_t *limits)
{
    apr_int64_t max = 2 * (apr_int64_t)limits->concurrency;

    return (ja_rate_t){ max > FAILING_MIN ? max : FAILING_MIN, JA_GOVERNOR_HOUR };
}

static apr_time_t earlier(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

/* As governor.json has times; no earlier. */
static apr_time_t whole_seconds(apr_time_t at)
{
    return apr_time_from_sec(apr_time_sec(at + APR_USEC_PER_SEC - 1));
}

/* A time further ahead comes from a clock that was wrong. */
static apr_time_t sane(apr_time_t at, apr_interval_time_t max, apr_time_t now)
{
    return at > now + max ? now : at;
}

int ja_governor_is_down(const ja_governor_t *governor)
{
    return governor->probes > 0;
}

apr_time_t ja_governor_held_until(const ja_governor_t *g, apr_time_t now)
{
    return later(now, sane(g->held_until, HELD_MAX, now));
}

static int is_full(const ja_governor_t *g, int in_flight)
{
    return ja_governor_is_down(g) ? in_flight > 0 : g->lane > 0 && in_flight >= g->lane;
}

/* Of all that is waited for, what ends last is what counts. */
static void wait_until(apr_time_t *until, ja_governor_why_t *why, apr_time_t at,
                       ja_governor_why_t reason)
{
    if (at > *until) {
        *until = at;
        *why = reason;
    }
}

apr_time_t ja_governor_order_at(const ja_governor_t *g, const ja_limits_t *limits, int n,
                                int in_flight, apr_time_t now, ja_governor_why_t *why)
{
    const ja_rate_t failing = failing_rate(limits);
    apr_time_t at = now;

    *why = JA_GOVERNOR_FREE;
    if (is_full(g, in_flight)) {
        *why = JA_GOVERNOR_TURN;
        return JA_GOVERNOR_NEVER;
    }
    wait_until(&at, why, ja_governor_held_until(g, now), JA_GOVERNOR_HELD);
    if (ja_governor_is_down(g)) {
        wait_until(&at, why, sane(g->probe_at, JA_BACKOFF_MAX, now), JA_GOVERNOR_DOWN);
    }
    if (n > 0) {
        wait_until(&at, why, ja_window_at(&g->orders, &limits->orders, n, now), JA_GOVERNOR_ORDERS);
        wait_until(&at, why, ja_window_at(&g->failing, &failing, n, now), JA_GOVERNOR_FAILING);
    }
    wait_until(&at, why, ja_governor_request_at(g, limits, now), JA_GOVERNOR_REQUESTS);
    return at;
}

void ja_governor_take(ja_governor_t *g, const ja_limits_t *limits, int n, apr_time_t now)
{
    if (n <= 0) {
        return;
    }
    if (limits->orders.max > 0) {
        ja_window_add(&g->orders, limits->orders.per, n, now);
    }
    ja_window_add(&g->hour, JA_GOVERNOR_HOUR, n, now);
    ja_window_add(&g->failing, JA_GOVERNOR_HOUR, n, now);
}

void ja_governor_settle(ja_governor_t *g, int unplaced, int good)
{
    if (unplaced > 0) {
        ja_window_take_back(&g->orders, unplaced);
        ja_window_take_back(&g->hour, unplaced);
        ja_window_take_back(&g->failing, unplaced);
    }
    if (good > 0) {
        ja_window_take_back(&g->failing, good);
    }
}

apr_time_t ja_governor_request_at(const ja_governor_t *g, const ja_limits_t *limits, apr_time_t now)
{
    const int per_order = JA_GOVERNOR_PER_ORDER + JA_GOVERNOR_PER_NAME * limits->names;
    const ja_rate_t rate = { JA_GOVERNOR_PER_HOUR
                                 + per_order * ja_window_count(&g->hour, JA_GOVERNOR_HOUR, now),
                             JA_GOVERNOR_HOUR };

    return ja_window_at(&g->requests, &rate, 1, now);
}

void ja_governor_request(ja_governor_t *g, apr_time_t now)
{
    ja_window_add(&g->requests, JA_GOVERNOR_HOUR, 1, now);
}

static int is_sign_of_life(int status)
{
    return status > 0 && status < 500 && status != 429;
}

int ja_governor_heard(ja_governor_t *g, int status, apr_time_t retry_at, apr_time_t now)
{
    int was_down = ja_governor_is_down(g);

    if ((status == 429 || status == 503) && retry_at > now) {
        g->held_until = later(g->held_until, whole_seconds(earlier(retry_at, now + HELD_MAX)));
        g->lane = FIRST_LANE;
        return 1;
    }
    if (!is_sign_of_life(status)) {
        return 0;
    }
    g->streak = 0;
    g->last = NULL;
    if (was_down) {
        g->probes = 0;
        g->probe_at = 0;
        g->lane = FIRST_LANE;
    }
    return was_down;
}

static void found_dead(ja_governor_t *g, const char *name, double unit, apr_time_t now)
{
    g->streak += name != g->last ? 1 : 0;
    g->last = name;
    if (ja_governor_is_down(g) ? now >= g->probe_at : g->streak >= DEAD_STREAK) {
        g->probes++;
        g->probe_at = ja_backoff((int)g->probes, JA_RETRY_CA, 0, unit, now);
    }
}

void ja_governor_ended(ja_governor_t *g, const ja_limits_t *limits, const char *name,
                       const ja_retry_t *retry, double unit, apr_time_t now)
{
    if (retry && *retry == JA_RETRY_CA) {
        found_dead(g, name, unit, now);
    }
    else if (g->lane > 0 && now >= g->held_until) {
        g->lane = g->lane < limits->concurrency ? g->lane + 1 : 0;
    }
}

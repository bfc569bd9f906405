#include "issue/staple_due.h"

#define SECOND apr_time_from_sec(1)
#define MINUTE apr_time_from_sec(60)
#define HOUR   apr_time_from_sec(3600)
#define DAY    apr_time_from_sec(24 * 3600)

#define POLL_MIN     (15 * SECOND)
#define POLL_SPREAD  (45 * SECOND)
#define START_SPREAD (5 * MINUTE)
#define RETRY_MIN    MINUTE
#define RETRY_MAX    HOUR
#define HALF_MIN     (5 * MINUTE)
#define HALF_MAX     (7 * DAY)
#define HALF_UNSAID  HOUR

static apr_interval_time_t clamp(apr_interval_time_t value, apr_interval_time_t min,
                                 apr_interval_time_t max)
{
    return value < min ? min : value > max ? max : value;
}

static apr_interval_time_t part(apr_interval_time_t whole, double unit)
{
    return (apr_interval_time_t)((double)whole * unit);
}

static int has_answer(const ja_staple_state_t *state)
{
    return state->facts && state->facts->status != JA_OCSP_UNKNOWN;
}

/* Is a `good` waited for that has not come? */
static int is_polled(const ja_staple_state_t *state)
{
    return state->is_awaited && !has_answer(state);
}

static apr_time_t half_life(const ja_ocsp_facts_t *facts, double unit)
{
    apr_interval_time_t half =
        facts->next_update ? (facts->next_update - facts->this_update) / 2 : HALF_UNSAID;

    half = clamp(half, HALF_MIN, HALF_MAX);
    return facts->this_update + half + part(half, unit / 10);
}

apr_time_t ja_staple_first(const ja_staple_state_t *state, apr_time_t now, double unit)
{
    apr_interval_time_t spread = START_SPREAD;
    apr_time_t at;

    if (is_polled(state)) {
        return now;
    }
    if (!has_answer(state)) {
        return now + part(spread, unit);
    }
    at = half_life(state->facts, unit);
    if (at > now) {
        return at;
    }
    return now + part(clamp((ja_ocsp_until(state->facts) - now) / 2, 0, spread), unit);
}

static apr_interval_time_t backoff(int failures, double unit)
{
    apr_interval_time_t delay = RETRY_MIN;

    while (--failures > 0 && delay < RETRY_MAX) {
        delay *= 2;
    }
    delay = clamp(delay, RETRY_MIN, RETRY_MAX);
    return delay + part(delay, unit / 5);
}

apr_time_t ja_staple_due(const ja_staple_state_t *state, apr_time_t now, double unit)
{
    apr_interval_time_t left;
    apr_time_t at, floor;

    if (is_polled(state)) {
        return now + POLL_MIN + part(POLL_SPREAD, unit);
    }
    if (!has_answer(state)) {
        return now + backoff(state->failures, unit);
    }
    left = ja_ocsp_until(state->facts) - now;
    if (state->failures > 0) {
        apr_interval_time_t delay = backoff(state->failures, unit);

        return now + (left > 2 * RETRY_MIN ? clamp(delay, 0, left / 2) : delay);
    }
    at = half_life(state->facts, unit);
    floor = now + clamp(left / 4, HALF_MIN, HOUR);
    return at > floor ? at : floor;
}

int ja_staple_is_short(const ja_staple_state_t *state, apr_time_t now)
{
    apr_time_t until;

    if (state->failures == 0 || !has_answer(state)) {
        return state->failures > 0;
    }
    until = ja_ocsp_until(state->facts);
    return until - now < (until - state->facts->this_update) / 4;
}

int ja_staple_is_better(const ja_ocsp_facts_t *facts, const ja_ocsp_facts_t *old)
{
    if (!old) {
        return 1;
    }
    if (old->status == JA_OCSP_UNKNOWN) {
        return facts->status != JA_OCSP_UNKNOWN || facts->this_update > old->this_update;
    }
    if (facts->status == JA_OCSP_UNKNOWN) {
        return 0;
    }
    if (facts->this_update == old->this_update) {
        return facts->next_update > old->next_update
               || (facts->status == JA_OCSP_REVOKED && old->status == JA_OCSP_GOOD);
    }
    return facts->this_update > old->this_update;
}

/* How a run ends: at once, but for a reply that says where an order or account is. */
#include "issue/runner_private.h"

#include "base/clock.h"
#include "event/event.h"

/* A stop waits so long for the reply to a newOrder or newAccount. */
#define STOP_LIMIT apr_time_from_msec(700)

/* All timers go by the clock that can be set: put back by more than this, it would make them all
 * late by so much. */
#define CLOCK_BACK apr_time_from_sec(60)

static int is_critical(const ja_runner_t *r)
{
    int i;

    for (i = 0; i < ja_runner_count(r); i++) {
        if (r->slots[i].attempt && ja_attempt_is_critical(r->slots[i].attempt)) {
            return 1;
        }
    }
    for (i = 0; i < r->sides->nelts; i++) {
        const ja_side_t *side = APR_ARRAY_IDX(r->sides, i, const ja_side_t *);

        if (ja_account_is_critical(ja_runner_peer_account(side->peer))) {
            return 1;
        }
    }
    return 0;
}

void ja_runner_settle(ja_runner_t *r)
{
    int i;

    for (i = 0; i < ja_runner_count(r); i++) {
        const ja_slot_t *slot = &r->slots[i];
        int placed, good;

        if (slot->attempt) {
            ja_attempt_counts(slot->attempt, &placed, &good);
            ja_runner_peer_cut(slot->side->peer, slot->taken, placed, good);
        }
    }
    for (i = 0; i < r->sides->nelts; i++) {
        ja_runner_peer_save(APR_ARRAY_IDX(r->sides, i, ja_side_t *)->peer);
    }
}

static void on_nothing(void *baton)
{
    (void)baton;
}

/* The run ends if the clock was put back: the next one makes its timers from the files. */
static void look_at_clock(ja_runner_t *r, apr_time_t now)
{
    if (now < r->seen_at - CLOCK_BACK) {
        ja_event_tell(r->conf.log, JA_EVENT_CLOCK, "mod_jprs_acme",
                      "it was put back by %" APR_TIME_T_FMT " s: all due times are looked up again",
                      apr_time_sec(r->seen_at - now));
        __atomic_store_n(&r->is_stopping, 1, __ATOMIC_RELEASE);
        r->stop_at = 0;
    }
    r->seen_at = now;
}

int ja_runner_is_over(void *baton)
{
    ja_runner_t *r = baton;
    apr_time_t now = ja_clock_now();

    look_at_clock(r, now);
    if (!__atomic_load_n(&r->is_stopping, __ATOMIC_ACQUIRE)) {
        return 0;
    }
    if (r->stop_at == 0) {
        r->stop_at = now + STOP_LIMIT;
        ja_timer_set(ja_timer_make(r->loop, on_nothing, NULL, r->pool), r->stop_at);
    }
    return now >= r->stop_at || !is_critical(r);
}

void ja_runner_stop(ja_runner_t *runner)
{
    __atomic_store_n(&runner->is_stopping, 1, __ATOMIC_RELEASE);
    ja_loop_wakeup(runner->loop);
}

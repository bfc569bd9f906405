#include "base/loop_private.h"

#include "base/clock.h"

static int compare_timers(void *a, void *b)
{
    const ja_timer_t *x = a;
    const ja_timer_t *y = b;

    if (x->at != y->at) {
        return x->at < y->at ? -1 : 1;
    }
    return x->setting < y->setting ? -1 : x->setting > y->setting;
}

void ja_timer_stop(ja_timer_t *timer)
{
    switch (timer->state) {
    case JA_TIMER_OFF:
        break;
    case JA_TIMER_WAITING:
        apr_skiplist_remove(timer->loop->timers, timer, NULL);
        break;
    case JA_TIMER_DUE:
        APR_RING_REMOVE(timer, link);
        break;
    }
    timer->state = JA_TIMER_OFF;
}

static apr_status_t stop_at_cleanup(void *timer)
{
    ja_timer_stop(timer);
    return APR_SUCCESS;
}

ja_timer_t *ja_timer_make(ja_loop_t *loop, ja_timer_fn *fn, void *baton, apr_pool_t *pool)
{
    ja_timer_t *timer = apr_pcalloc(pool, sizeof(*timer));

    timer->loop = loop;
    timer->fn = fn;
    timer->baton = baton;
    apr_pool_cleanup_register(pool, timer, stop_at_cleanup, apr_pool_cleanup_null);
    return timer;
}

void ja_timer_set(ja_timer_t *timer, apr_time_t at)
{
    ja_timer_stop(timer);
    timer->at = at;
    timer->setting = timer->loop->settings++;
    apr_skiplist_insert(timer->loop->timers, timer);
    timer->state = JA_TIMER_WAITING;
}

/* What is due is taken out first: a callback that sets a timer for "now" has it fire in the next
 * round, and so can't keep the loop from the network. A callback may stop or move the others that
 * are due, and destroy its own. */
void ja_timers_fire(ja_loop_t *loop)
{
    apr_time_t now = ja_clock_now();
    ja_timer_t *timer;

    while ((timer = apr_skiplist_peek(loop->timers)) && timer->at <= now) {
        apr_skiplist_pop(loop->timers, NULL);
        APR_RING_INSERT_TAIL(&loop->due, timer, ja_timer_t, link);
        timer->state = JA_TIMER_DUE;
    }
    while (!APR_RING_EMPTY(&loop->due, ja_timer_t, link) && !ja_loop_is_stopped(loop)) {
        timer = APR_RING_FIRST(&loop->due);
        ja_timer_stop(timer);
        timer->fn(timer->baton);
    }
}

apr_status_t ja_timers_init(ja_loop_t *loop, apr_pool_t *pool)
{
    apr_status_t rv = apr_skiplist_init(&loop->timers, pool);

    if (rv == APR_SUCCESS) {
        apr_skiplist_set_compare(loop->timers, compare_timers, compare_timers);
        APR_RING_INIT(&loop->due, ja_timer_t, link);
    }
    return rv;
}

const ja_timer_t *ja_timers_next(const ja_loop_t *loop)
{
    return apr_skiplist_peek(loop->timers);
}

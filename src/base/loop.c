#include "base/loop_private.h"

#include "base/clock.h"

/* A clock that was put back or forward is noticed after this time at the latest. */
#define WAIT_MAX apr_time_from_sec(60 * 60)

/* ---- waiting --------------------------------------------------------------------------------- */

static ja_err_t *default_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    const apr_pollfd_t *ready;
    apr_int32_t count;
    apr_status_t rv =
        apr_pollset_poll(baton, (apr_interval_time_t)timeout_ms * 1000, &count, &ready);

    if (rv == APR_SUCCESS || APR_STATUS_IS_EINTR(rv) || APR_STATUS_IS_TIMEUP(rv)) {
        return NULL;
    }
    return ja_err_os(JA_E_INTERNAL, rv, scratch, "waiting for something to happen");
}

static void default_wakeup(void *baton)
{
    apr_pollset_wakeup(baton);
}

void ja_loop_use(ja_loop_t *loop, const ja_loop_io_t *io)
{
    const ja_loop_io_t own = { .baton = loop->pollset,
                               .poll = default_poll,
                               .wakeup = default_wakeup };

    apr_thread_mutex_lock(loop->mutex);
    loop->io = io ? *io : own;
    apr_thread_mutex_unlock(loop->mutex);
}

void ja_loop_wake_locked(ja_loop_t *loop)
{
    loop->io.wakeup(loop->io.baton);
}

void ja_loop_stop(ja_loop_t *loop)
{
    apr_thread_mutex_lock(loop->mutex);
    atomic_store(&loop->is_stopped, 1);
    ja_loop_wake_locked(loop);
    apr_thread_mutex_unlock(loop->mutex);
}

void ja_loop_wakeup(ja_loop_t *loop)
{
    apr_thread_mutex_lock(loop->mutex);
    ja_loop_wake_locked(loop);
    apr_thread_mutex_unlock(loop->mutex);
}

int ja_loop_is_stopped(const ja_loop_t *loop)
{
    return atomic_load(&loop->is_stopped);
}

static void note_tick(ja_loop_t *loop)
{
    apr_interval_time_t tick = ja_clock_monotonic() - loop->awake_at;

    loop->longest_tick = tick > loop->longest_tick ? tick : loop->longest_tick;
}

/* How long nothing is to be done, rounded up: too early would only mean another round. */
static int timeout_ms(const ja_loop_t *loop)
{
    const ja_timer_t *next = ja_timers_next(loop);
    apr_time_t now = ja_clock_now();

    if (!next || next->at > now + WAIT_MAX) {
        return (int)apr_time_as_msec(WAIT_MAX);
    }
    return next->at <= now ? 0 : (int)((next->at - now + 999) / 1000);
}

static ja_err_t *wait_and_work(ja_loop_t *loop)
{
    const ja_loop_io_t io = loop->io; /* a completion may replace it */
    ja_err_t *err;

    note_tick(loop);
    err = io.poll(io.baton, timeout_ms(loop), loop->scratch);
    loop->awake_at = ja_clock_monotonic();
    if (!err && io.work) {
        err = io.work(io.baton, loop->scratch);
    }
    return err;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static apr_status_t end_at_cleanup(void *data)
{
    ja_loop_t *loop = data;

    ja_loop_stop(loop);
    ja_works_end(loop);
    return APR_SUCCESS;
}

static apr_status_t make_parts(ja_loop_t *loop, int threads, apr_pool_t *pool)
{
    apr_status_t rv;

    if ((rv = ja_timers_init(loop, pool)) != APR_SUCCESS
        || (rv = apr_thread_mutex_create(&loop->mutex, APR_THREAD_MUTEX_DEFAULT, pool))
               != APR_SUCCESS
        || (rv = apr_pollset_create(&loop->pollset, 1, pool, APR_POLLSET_WAKEABLE)) != APR_SUCCESS
        || (rv = ja_works_init(loop, threads, pool)) != APR_SUCCESS) {
        return rv;
    }
    apr_pool_cleanup_register(pool, loop, end_at_cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

ja_err_t *ja_loop_make(ja_loop_t **loop, int threads, apr_pool_t *pool)
{
    ja_loop_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;

    apr_pool_create(&made->scratch, pool);
    rv = make_parts(made, threads, pool);
    if (rv != APR_SUCCESS) {
        return ja_err_os(JA_E_INTERNAL, rv, pool, "making the event loop");
    }
    ja_loop_use(made, NULL);
    *loop = made;
    return NULL;
}

ja_err_t *ja_loop_run(ja_loop_t *loop, int (*is_done)(void *baton), void *baton)
{
    ja_err_t *err = NULL;
    int is_over = 0;

    loop->awake_at = ja_clock_monotonic();
    while (!err && !is_over && !ja_loop_is_stopped(loop)) {
        apr_pool_clear(loop->scratch);
        err = wait_and_work(loop);
        if (!err) {
            ja_timers_fire(loop);
            ja_works_deliver(loop);
            is_over = is_done && is_done(baton);
        }
    }
    note_tick(loop);
    return err;
}

apr_interval_time_t ja_loop_longest_tick(ja_loop_t *loop)
{
    apr_interval_time_t longest = loop->longest_tick;

    loop->longest_tick = 0;
    return longest;
}

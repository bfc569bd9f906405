#include "base/loop.h"

#include <stdatomic.h>

#include <apr_poll.h>
#include <apr_ring.h>
#include <apr_signal.h>
#include <apr_skiplist.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_pool.h>

#include "base/clock.h"

/* A clock that was put back or forward is noticed after this time at the latest. */
#define WAIT_MAX apr_time_from_sec(60 * 60)

/* Threads without work stay for so long, for the next certificate of a batch. */
#define THREAD_IDLE_MAX apr_time_from_sec(5)

/* So many pools of delivered work are kept for the next, each with so many bytes. */
#define POOLS_MAX      8
#define POOL_BYTES_MAX (64 * 1024)

typedef struct work_t work_t;
APR_RING_HEAD(timer_ring_t, ja_timer_t);
APR_RING_HEAD(work_ring_t, work_t);

/* clang-format off */
typedef enum {
    TIMER_OFF,
    TIMER_WAITING, /* in loop->timers */
    TIMER_DUE /* in loop->due */
} timer_state_t;

struct ja_timer_t {
    APR_RING_ENTRY(ja_timer_t) link;
    ja_loop_t *loop;
    ja_timer_fn *fn;
    void *baton;
    timer_state_t state;
    apr_time_t at;
    apr_uint64_t setting; /* the how-many-th of the loop this is */
};

typedef enum {
    WORK_QUEUED,
    WORK_RUNNING,
    WORK_FINISHED,
    WORK_STATES
} work_state_t;

/* Lives in a pool of its own, and in the ring of its state until it is delivered or cancelled. */
struct work_t {
    APR_RING_ENTRY(work_t) link;
    ja_loop_t *loop;
    apr_pool_t *pool;
    apr_pool_t *owner;
    ja_work_fn *work;
    ja_work_done_fn *done;
    void *baton;
    work_state_t state;
    volatile int cancelled;
    ja_err_t *err;
};

struct ja_loop_t {
    apr_pool_t *scratch; /* of one round */
    apr_pool_t *pools[POOLS_MAX]; /* for work to come; only for the loop's thread */
    int n_pools;
    atomic_int is_stopped;
    apr_time_t awake_at; /* by the monotonic clock, as all about ticks */
    apr_interval_time_t longest_tick;

    apr_skiplist *timers; /* those that wait, the next one first */
    struct timer_ring_t due; /* those that this round is to fire */
    apr_uint64_t settings; /* so far: gives timers of one time their order */

    apr_pool_t *threads_pool;
    apr_thread_pool_t *threads;
    apr_thread_cond_t *returned; /* some work has */
    apr_thread_mutex_t *mutex; /* for what follows; only the loop's thread changes io */
    struct work_ring_t works[WORK_STATES];
    ja_loop_io_t io;
    apr_pollset_t *pollset; /* the loop's own io: empty, there to be woken */
};
/* clang-format on */

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

/* From any thread, with the lock: so that nobody wakes an io that has been replaced meanwhile. */
static void wakeup(ja_loop_t *loop)
{
    loop->io.wakeup(loop->io.baton);
}

void ja_loop_stop(ja_loop_t *loop)
{
    apr_thread_mutex_lock(loop->mutex);
    atomic_store(&loop->is_stopped, 1);
    wakeup(loop);
    apr_thread_mutex_unlock(loop->mutex);
}

void ja_loop_wakeup(ja_loop_t *loop)
{
    apr_thread_mutex_lock(loop->mutex);
    wakeup(loop);
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
    const ja_timer_t *next = apr_skiplist_peek(loop->timers);
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

/* ---- timers ---------------------------------------------------------------------------------- */

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
    case TIMER_OFF:
        break;
    case TIMER_WAITING:
        apr_skiplist_remove(timer->loop->timers, timer, NULL);
        break;
    case TIMER_DUE:
        APR_RING_REMOVE(timer, link);
        break;
    }
    timer->state = TIMER_OFF;
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
    timer->state = TIMER_WAITING;
}

/* What is due is taken out first: a callback that sets a timer for "now" has it fire in the next
 * round, and so can't keep the loop from the network. A callback may stop or move the others that
 * are due, and destroy its own. */
static void fire_timers(ja_loop_t *loop)
{
    apr_time_t now = ja_clock_now();
    ja_timer_t *timer;

    while ((timer = apr_skiplist_peek(loop->timers)) && timer->at <= now) {
        apr_skiplist_pop(loop->timers, NULL);
        APR_RING_INSERT_TAIL(&loop->due, timer, ja_timer_t, link);
        timer->state = TIMER_DUE;
    }
    while (!APR_RING_EMPTY(&loop->due, ja_timer_t, link) && !ja_loop_is_stopped(loop)) {
        timer = APR_RING_FIRST(&loop->due);
        ja_timer_stop(timer);
        timer->fn(timer->baton);
    }
}

/* ---- work on other threads ------------------------------------------------------------------- */

static void insert(work_t *work, work_state_t state)
{
    work->state = state;
    APR_RING_INSERT_TAIL(&work->loop->works[state], work, work_t, link);
}

/* The one that has been longest in that state, out of its ring; or NULL. */
static work_t *take(ja_loop_t *loop, work_state_t state)
{
    work_t *work;

    if (APR_RING_EMPTY(&loop->works[state], work_t, link)) {
        return NULL;
    }
    work = APR_RING_FIRST(&loop->works[state]);
    APR_RING_REMOVE(work, link);
    return work;
}

/* On another thread. There is nothing to do if the work was cancelled meanwhile. */
static void *APR_THREAD_FUNC run_next(apr_thread_t *thread, void *baton)
{
    ja_loop_t *loop = baton;
    work_t *work;

    (void)thread;
    /* Blocks signals: they are for the threads of the server that wait for them. */
    apr_setup_signal_thread();
    apr_thread_mutex_lock(loop->mutex);
    work = take(loop, WORK_QUEUED);
    if (work) {
        insert(work, WORK_RUNNING);
        apr_thread_mutex_unlock(loop->mutex);
        work->err = work->work(work->baton, &work->cancelled, work->pool);
        apr_thread_mutex_lock(loop->mutex);
        APR_RING_REMOVE(work, link);
        insert(work, WORK_FINISHED);
        apr_thread_cond_broadcast(loop->returned);
        wakeup(loop);
    }
    apr_thread_mutex_unlock(loop->mutex);
    return NULL;
}

/* A pool for work. With an allocator of its own: those of the owner's tree must not be used by two
 * threads at a time. */
static apr_status_t take_pool(apr_pool_t **pool, ja_loop_t *loop)
{
    apr_status_t rv;

    if (loop->n_pools > 0) {
        *pool = loop->pools[--loop->n_pools];
        return APR_SUCCESS;
    }
    rv = apr_pool_create_unmanaged_ex(pool, NULL, NULL);
    if (rv == APR_SUCCESS) {
        apr_allocator_max_free_set(apr_pool_allocator_get(*pool), POOL_BYTES_MAX);
    }
    return rv;
}

/* Its memory is asked of the system page by page, so it is worth keeping. */
static void give_pool_back(ja_loop_t *loop, apr_pool_t *pool)
{
    if (loop->n_pools == POOLS_MAX) {
        apr_pool_destroy(pool);
        return;
    }
    apr_pool_clear(pool);
    loop->pools[loop->n_pools++] = pool;
}

/* The owner goes. */
static apr_status_t cancel_at_cleanup(void *data)
{
    work_t *work = data;
    ja_loop_t *loop = work->loop;

    work->cancelled = 1;
    apr_thread_mutex_lock(loop->mutex);
    while (work->state == WORK_RUNNING) {
        apr_thread_cond_wait(loop->returned, loop->mutex);
    }
    APR_RING_REMOVE(work, link);
    apr_thread_mutex_unlock(loop->mutex);
    give_pool_back(loop, work->pool);
    return APR_SUCCESS;
}

ja_err_t *ja_loop_offload(ja_loop_t *loop, ja_work_fn *work, ja_work_done_fn *done, void *baton,
                          apr_pool_t *owner)
{
    work_t *item;
    apr_pool_t *pool;
    apr_status_t rv;

    rv = take_pool(&pool, loop);
    if (rv != APR_SUCCESS) {
        return ja_err_os(JA_E_INTERNAL, rv, owner, "making a pool for another thread");
    }
    item = apr_pcalloc(pool, sizeof(*item));
    item->loop = loop;
    item->pool = pool;
    item->owner = owner;
    item->work = work;
    item->done = done;
    item->baton = baton;
    apr_thread_mutex_lock(loop->mutex);
    insert(item, WORK_QUEUED);
    apr_thread_mutex_unlock(loop->mutex);
    apr_pool_cleanup_register(owner, item, cancel_at_cleanup, apr_pool_cleanup_null);
    rv = apr_thread_pool_push(loop->threads, run_next, loop, APR_THREAD_TASK_PRIORITY_NORMAL, NULL);
    if (rv != APR_SUCCESS) {
        apr_pool_cleanup_run(owner, item, cancel_at_cleanup);
        return ja_err_os(JA_E_INTERNAL, rv, owner, "starting work on another thread");
    }
    return NULL;
}

int ja_loop_is_working(ja_loop_t *loop)
{
    int is_working = 0;
    int state;

    apr_thread_mutex_lock(loop->mutex);
    for (state = 0; state < WORK_STATES; state++) {
        is_working |= !APR_RING_EMPTY(&loop->works[state], work_t, link);
    }
    apr_thread_mutex_unlock(loop->mutex);
    return is_working;
}

static work_t *take_finished(ja_loop_t *loop)
{
    work_t *work;

    apr_thread_mutex_lock(loop->mutex);
    work = take(loop, WORK_FINISHED);
    apr_thread_mutex_unlock(loop->mutex);
    return work;
}

static void deliver_finished(ja_loop_t *loop)
{
    work_t *work;

    while (!ja_loop_is_stopped(loop) && (work = take_finished(loop))) {
        /* First, as `done` may clear the owner. */
        apr_pool_cleanup_kill(work->owner, work, cancel_at_cleanup);
        work->done(work->baton, work->err);
        give_pool_back(loop, work->pool);
    }
}

/* Some work that is not delivered, with all such told to return; or NULL. */
static work_t *find_cancelled(ja_loop_t *loop)
{
    work_t *found = NULL;
    work_t *work;
    int state;

    apr_thread_mutex_lock(loop->mutex);
    for (state = 0; state < WORK_STATES; state++) {
        APR_RING_FOREACH(work, &loop->works[state], work_t, link)
        {
            work->cancelled = 1;
            found = work;
        }
    }
    apr_thread_mutex_unlock(loop->mutex);
    return found;
}

/* ---- the loop -------------------------------------------------------------------------------- */

static apr_status_t end_at_cleanup(void *data)
{
    ja_loop_t *loop = data;
    work_t *work;

    ja_loop_stop(loop);
    while ((work = find_cancelled(loop))) {
        apr_pool_cleanup_run(work->owner, work, cancel_at_cleanup);
    }
    apr_pool_destroy(loop->threads_pool); /* waits for the threads */
    while (loop->n_pools > 0) {
        apr_pool_destroy(loop->pools[--loop->n_pools]);
    }
    return APR_SUCCESS;
}

/* The pool that the threads are made in. They and the loop's thread allocate in its tree at any
 * time, so it has an allocator of its own, with a lock. */
static apr_status_t make_threads_pool(apr_pool_t **pool)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *lock;
    apr_status_t rv;

    rv = apr_pool_create_unmanaged_ex(pool, NULL, NULL);
    if (rv != APR_SUCCESS) {
        return rv;
    }
    rv = apr_thread_mutex_create(&lock, APR_THREAD_MUTEX_DEFAULT, *pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(*pool);
        return rv;
    }
    allocator = apr_pool_allocator_get(*pool);
    apr_allocator_mutex_set(allocator, lock);
    return APR_SUCCESS;
}

static apr_status_t make_parts(ja_loop_t *loop, int threads, apr_pool_t *pool)
{
    apr_status_t rv;

    if ((rv = apr_skiplist_init(&loop->timers, pool)) != APR_SUCCESS
        || (rv = apr_thread_mutex_create(&loop->mutex, APR_THREAD_MUTEX_DEFAULT, pool))
               != APR_SUCCESS
        || (rv = apr_thread_cond_create(&loop->returned, pool)) != APR_SUCCESS
        || (rv = apr_pollset_create(&loop->pollset, 1, pool, APR_POLLSET_WAKEABLE)) != APR_SUCCESS
        || (rv = make_threads_pool(&loop->threads_pool)) != APR_SUCCESS) {
        return rv;
    }
    apr_skiplist_set_compare(loop->timers, compare_timers, compare_timers);
    rv = apr_thread_pool_create(&loop->threads, 0, (apr_size_t)threads, loop->threads_pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(loop->threads_pool);
        return rv;
    }
    apr_thread_pool_idle_max_set(loop->threads, (apr_size_t)threads);
    apr_thread_pool_idle_wait_set(loop->threads, THREAD_IDLE_MAX);
    apr_pool_cleanup_register(pool, loop, end_at_cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

ja_err_t *ja_loop_make(ja_loop_t **loop, int threads, apr_pool_t *pool)
{
    ja_loop_t *made = apr_pcalloc(pool, sizeof(*made));
    apr_status_t rv;
    int state;

    apr_pool_create(&made->scratch, pool);
    APR_RING_INIT(&made->due, ja_timer_t, link);
    for (state = 0; state < WORK_STATES; state++) {
        APR_RING_INIT(&made->works[state], work_t, link);
    }
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
            fire_timers(loop);
            deliver_finished(loop);
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

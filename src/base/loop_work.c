#include "base/loop_private.h"

#include <apr_signal.h>

/* Threads without work stay for so long, for the next certificate of a batch. */
#define THREAD_IDLE_MAX apr_time_from_sec(5)

/* A pool that is kept for the next work keeps so many bytes. */
#define POOL_BYTES_MAX (64 * 1024)

static void insert(ja_work_t *work, ja_work_state_t state)
{
    work->state = state;
    APR_RING_INSERT_TAIL(&work->loop->works[state], work, ja_work_t, link);
}

/* The one that has been longest in that state, out of its ring; or NULL. */
static ja_work_t *take(ja_loop_t *loop, ja_work_state_t state)
{
    ja_work_t *work;

    if (APR_RING_EMPTY(&loop->works[state], ja_work_t, link)) {
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
    ja_work_t *work;

    (void)thread;
    /* Blocks signals: they are for the threads of the server that wait for them. */
    apr_setup_signal_thread();
    apr_thread_mutex_lock(loop->mutex);
    work = take(loop, JA_WORK_QUEUED);
    if (work) {
        insert(work, JA_WORK_RUNNING);
        apr_thread_mutex_unlock(loop->mutex);
        work->err = work->work(work->baton, &work->cancelled, work->pool);
        apr_thread_mutex_lock(loop->mutex);
        APR_RING_REMOVE(work, link);
        insert(work, JA_WORK_FINISHED);
        apr_thread_cond_broadcast(loop->returned);
        ja_loop_wake_locked(loop);
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
    if (loop->n_pools == JA_LOOP_POOLS_MAX) {
        apr_pool_destroy(pool);
        return;
    }
    apr_pool_clear(pool);
    loop->pools[loop->n_pools++] = pool;
}

/* The owner goes. */
static apr_status_t cancel_at_cleanup(void *data)
{
    ja_work_t *work = data;
    ja_loop_t *loop = work->loop;

    work->cancelled = 1;
    apr_thread_mutex_lock(loop->mutex);
    while (work->state == JA_WORK_RUNNING) {
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
    ja_work_t *item;
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
    insert(item, JA_WORK_QUEUED);
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
    for (state = 0; state < JA_WORK_STATES; state++) {
        is_working |= !APR_RING_EMPTY(&loop->works[state], ja_work_t, link);
    }
    apr_thread_mutex_unlock(loop->mutex);
    return is_working;
}

static ja_work_t *take_finished(ja_loop_t *loop)
{
    ja_work_t *work;

    apr_thread_mutex_lock(loop->mutex);
    work = take(loop, JA_WORK_FINISHED);
    apr_thread_mutex_unlock(loop->mutex);
    return work;
}

void ja_works_deliver(ja_loop_t *loop)
{
    ja_work_t *work;

    while (!ja_loop_is_stopped(loop) && (work = take_finished(loop))) {
        /* First, as `done` may clear the owner. */
        apr_pool_cleanup_kill(work->owner, work, cancel_at_cleanup);
        work->done(work->baton, work->err);
        give_pool_back(loop, work->pool);
    }
}

/* Some work that is not delivered, with all such told to return; or NULL. */
static ja_work_t *find_cancelled(ja_loop_t *loop)
{
    ja_work_t *found = NULL;
    ja_work_t *work;
    int state;

    apr_thread_mutex_lock(loop->mutex);
    for (state = 0; state < JA_WORK_STATES; state++) {
        APR_RING_FOREACH(work, &loop->works[state], ja_work_t, link)
        {
            work->cancelled = 1;
            found = work;
        }
    }
    apr_thread_mutex_unlock(loop->mutex);
    return found;
}

void ja_works_end(ja_loop_t *loop)
{
    ja_work_t *work;

    while ((work = find_cancelled(loop))) {
        apr_pool_cleanup_run(work->owner, work, cancel_at_cleanup);
    }
    apr_pool_destroy(loop->threads_pool); /* waits for the threads */
    while (loop->n_pools > 0) {
        apr_pool_destroy(loop->pools[--loop->n_pools]);
    }
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

apr_status_t ja_works_init(ja_loop_t *loop, int threads, apr_pool_t *pool)
{
    apr_status_t rv;
    int state;

    for (state = 0; state < JA_WORK_STATES; state++) {
        APR_RING_INIT(&loop->works[state], ja_work_t, link);
    }
    if ((rv = apr_thread_cond_create(&loop->returned, pool)) != APR_SUCCESS
        || (rv = make_threads_pool(&loop->threads_pool)) != APR_SUCCESS) {
        return rv;
    }
    rv = apr_thread_pool_create(&loop->threads, 0, (apr_size_t)threads, loop->threads_pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(loop->threads_pool);
        return rv;
    }
    apr_thread_pool_idle_max_set(loop->threads, (apr_size_t)threads);
    apr_thread_pool_idle_wait_set(loop->threads, THREAD_IDLE_MAX);
    return APR_SUCCESS;
}

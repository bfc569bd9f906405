/* base/loop_private: what the files of base/loop share. For nobody else. The loop itself is in loop.c,
 * timers in loop_timers.c, work on other threads in loop_work.c.
 */
#ifndef JA_BASE_LOOP_PRIVATE_H
#define JA_BASE_LOOP_PRIVATE_H

#include <stdatomic.h>

#include <apr_poll.h>
#include <apr_ring.h>
#include <apr_skiplist.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_pool.h>

#include "base/loop.h"

#define JA_LOOP_POOLS_MAX 8 /* so many pools of delivered work are kept for the next */

typedef struct ja_work_t ja_work_t;
APR_RING_HEAD(ja_timer_ring_t, ja_timer_t);
APR_RING_HEAD(ja_work_ring_t, ja_work_t);

/* clang-format off */
typedef enum {
    JA_TIMER_OFF,
    JA_TIMER_WAITING, /* in loop->timers */
    JA_TIMER_DUE /* in loop->due */
} ja_timer_state_t;

struct ja_timer_t {
    APR_RING_ENTRY(ja_timer_t) link;
    ja_loop_t *loop;
    ja_timer_fn *fn;
    void *baton;
    ja_timer_state_t state;
    apr_time_t at;
    apr_uint64_t setting; /* the how-many-th of the loop this is */
};

typedef enum {
    JA_WORK_QUEUED,
    JA_WORK_RUNNING,
    JA_WORK_FINISHED,
    JA_WORK_STATES
} ja_work_state_t;

/* Lives in a pool of its own, and in the ring of its state until it is delivered or cancelled. */
struct ja_work_t {
    APR_RING_ENTRY(ja_work_t) link;
    ja_loop_t *loop;
    apr_pool_t *pool;
    apr_pool_t *owner;
    ja_work_fn *work;
    ja_work_done_fn *done;
    void *baton;
    ja_work_state_t state;
    volatile int cancelled;
    ja_err_t *err;
};

struct ja_loop_t {
    apr_pool_t *scratch; /* of one round */
    apr_pool_t *pools[JA_LOOP_POOLS_MAX]; /* for work to come; only for the loop's thread */
    int n_pools;
    atomic_int is_stopped;
    apr_time_t awake_at; /* by the monotonic clock, as all about ticks */
    apr_interval_time_t longest_tick;

    apr_skiplist *timers; /* those that wait, the next one first */
    struct ja_timer_ring_t due; /* those that this round is to fire */
    apr_uint64_t settings; /* so far: gives timers of one time their order */

    apr_pool_t *threads_pool;
    apr_thread_pool_t *threads;
    apr_thread_cond_t *returned; /* some work has */
    apr_thread_mutex_t *mutex; /* for what follows; only the loop's thread changes io */
    struct ja_work_ring_t works[JA_WORK_STATES];
    ja_loop_io_t io;
    apr_pollset_t *pollset; /* the loop's own io: empty, there to be woken */
};
/* clang-format on */

/* A thread has something for the loop; with the lock, so that nobody wakes an io that has been
 * replaced meanwhile. */
void ja_loop_wake_locked(ja_loop_t *loop);

/* ---- loop_timers ----------------------------------------------------------------------------- */

apr_status_t ja_timers_init(ja_loop_t *loop, apr_pool_t *pool);

/* When the next one is due, if there is one. */
const ja_timer_t *ja_timers_next(const ja_loop_t *loop);

/* Call those that are due. */
void ja_timers_fire(ja_loop_t *loop);

/* ---- loop_work ------------------------------------------------------------------------------- */

/* Threads and rings; the lock is there. */
apr_status_t ja_works_init(ja_loop_t *loop, int threads, apr_pool_t *pool);

/* Tell what has come back to those who gave it away. */
void ja_works_deliver(ja_loop_t *loop);

/* Cancel everything, and wait for the threads to end. */
void ja_works_end(ja_loop_t *loop);

#endif

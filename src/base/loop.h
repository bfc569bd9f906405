/* base/loop: the event loop of the runner: moments, work on other threads, and one slot for the
 * network.
 *
 * Everything in it is called on the thread that runs ja_loop_run(), except ja_loop_stop() (any
 * thread) and the work functions of ja_loop_offload(). Nothing registered here may block. Time is
 * ja_clock_now().
 */
#ifndef JA_BASE_LOOP_H
#define JA_BASE_LOOP_H

#include "base/err.h"

typedef struct ja_loop_t ja_loop_t;
typedef struct ja_timer_t ja_timer_t;

/* What the loop waits on. net/http_curl gives one around its curl_multi; without one the loop waits
 * for timers, work and a stop only. */
typedef struct {
    void *baton;
    /* Wait at most `timeout_ms` for something to happen on the network. Returns early after
     * wakeup(), also after one that came before it. */
    ja_err_t *(*poll)(void *baton, int timeout_ms, apr_pool_t *scratch);
    /* Do what there is to do after that: completions are called from here. NULL: poll() does it,
     * and that time counts as waiting, so that ja_loop_longest_tick() does not see it. */
    ja_err_t *(*work)(void *baton, apr_pool_t *scratch);
    void (*wakeup)(void *baton); /* from any thread; must not block nor call the loop */
} ja_loop_io_t;

/* `threads`: at most so many pieces of offloaded work at a time. The loop is stopped and its
 * threads are gone when `pool` is cleared; it outlives the timers and the owners of work. `pool`
 * must not be shared with other threads. */
ja_err_t *ja_loop_make(ja_loop_t **loop, int threads, apr_pool_t *pool) JA_WARN_UNUSED;

/* Wait on `io` (copied) from now on, NULL: on nothing but timers, work and stops. What its baton
 * points to has to live until it is replaced or the loop is gone. */
void ja_loop_use(ja_loop_t *loop, const ja_loop_io_t *io);

typedef void ja_timer_fn(void *baton);

/* Call `fn` once, at `at` or as soon as possible after it. The timer lives in `pool` and is off
 * when that goes, or after ja_timer_stop(), or once it has fired. Setting it again moves it. Cost:
 * O(log n). */
ja_timer_t *ja_timer_make(ja_loop_t *loop, ja_timer_fn *fn, void *baton, apr_pool_t *pool);
void ja_timer_set(ja_timer_t *timer, apr_time_t at);
void ja_timer_stop(ja_timer_t *timer);

/* Work for another thread. Both get the same baton; `work` may use only that, and `pool`, which is
 * its own. */
typedef ja_err_t *ja_work_fn(void *baton, const volatile int *cancelled, apr_pool_t *pool);
typedef void ja_work_done_fn(void *baton, ja_err_t *err);

/* Run `work` on a thread, then `done` on the loop with its error, which lives until `done` returns.
 * When `owner` goes before that, `*cancelled` becomes 1, `done` is not called, and the clearing of
 * `owner` waits for `work` to return: long work has to look at `*cancelled` every few milliseconds.
 */
ja_err_t *ja_loop_offload(ja_loop_t *loop, ja_work_fn *work, ja_work_done_fn *done, void *baton,
                          apr_pool_t *owner) JA_WARN_UNUSED;

/* Is there work that has not been handed back? From any thread. */
int ja_loop_is_working(ja_loop_t *loop);

/* Run until ja_loop_stop(), or until `is_done` (may be NULL) says so after a round. The longest
 * time that one round kept the thread away from waiting is in ja_loop_longest_tick(). */
ja_err_t *ja_loop_run(ja_loop_t *loop, int (*is_done)(void *baton), void *baton) JA_WARN_UNUSED;

/* End ja_loop_run() within the current callback. From any thread, any number of times, also before
 * it runs. */
void ja_loop_stop(ja_loop_t *loop);
/* Make the loop go round once more, soon: `is_done` is asked again. From any thread. */
void ja_loop_wakeup(ja_loop_t *loop);
int ja_loop_is_stopped(const ja_loop_t *loop);

/* The longest round since the last call, in microseconds; reading it starts over. */
apr_interval_time_t ja_loop_longest_tick(ja_loop_t *loop);

#endif

#include "check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include <apr_portable.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/clock.h"
#include "base/loop.h"

#define START   apr_time_from_sec(1795341600)
#define SECOND  apr_time_from_sec(1)
#define HOUR_MS 3600000

/* The clock of the tests, and an io that passes the time by putting it forward. */
static apr_time_t now;
static ja_loop_t *loop;
static int polls;
static int timeouts_ms[16]; /* of the first polls */
static atomic_int wakeups;
static const char *trace; /* names of what was called, in this order */

static apr_time_t test_clock(void *baton)
{
    (void)baton;
    return now;
}

static ja_err_t *test_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    (void)baton;
    if (polls < 16) {
        timeouts_ms[polls] = timeout_ms;
    }
    if (polls > 100000) {
        return ja_err_make(JA_E_INTERNAL, scratch, "the loop does not end");
    }
    polls++;
    now += (apr_time_t)timeout_ms * 1000;
    return NULL;
}

static void test_wakeup(void *baton)
{
    (void)baton;
    wakeups++;
}

static const ja_loop_io_t TEST_IO = { .poll = test_poll, .wakeup = test_wakeup };

/* With the clock of the system and the loop's own io. */
static int loop_begins(void **state)
{
    trace = "";
    return pool_begins(state) != 0 || ja_loop_make(&loop, 2, pool) ? -1 : 0;
}

/* With the clock and the io of the tests. */
static int scripted_begins(void **state)
{
    now = START;
    polls = 0;
    wakeups = 0;
    ja_clock_use(test_clock, NULL);
    if (loop_begins(state) != 0) {
        return -1;
    }
    ja_loop_use(loop, &TEST_IO);
    return 0;
}

static int loop_ends(void **state)
{
    ja_clock_use(NULL, NULL);
    return pool_ends(state);
}

#define LOOP_TEST(FN)     cmocka_unit_test_setup_teardown(FN, loop_begins, loop_ends)
#define SCRIPTED_TEST(FN) cmocka_unit_test_setup_teardown(FN, scripted_begins, loop_ends)

static void note(void *name)
{
    trace = apr_pstrcat(pool, trace, name, NULL);
}

static void note_and_stop(void *name)
{
    note(name);
    ja_loop_stop(loop);
}

static ja_timer_t *timer_at(const char *name, apr_time_t at)
{
    ja_timer_t *timer = ja_timer_make(loop, note, (void *)name, pool);

    ja_timer_set(timer, at);
    return timer;
}

static void stop_at(apr_time_t at)
{
    ja_timer_set(ja_timer_make(loop, note_and_stop, ".", pool), at);
}

static void assert_runs(const char *expected)
{
    WORKS(ja_loop_run(loop, NULL, NULL));
    assert_string_equal(trace, expected);
}

/* ---- timers ---- */

static void timers_fire_in_order(void **state)
{
    (void)state;
    stop_at(START + 9 * SECOND);
    timer_at("c", START + 3 * SECOND);
    timer_at("a", START + 1 * SECOND);
    timer_at("b", START + 2 * SECOND);
    assert_runs("abc.");
    assert_int_equal(now, START + 9 * SECOND);
}

static void timers_of_one_time_fire_in_the_order_of_setting(void **state)
{
    ja_timer_t *moved;

    (void)state;
    moved = timer_at("a", START + SECOND);
    timer_at("b", START + SECOND);
    timer_at("c", START + SECOND);
    stop_at(START + 2 * SECOND);
    ja_timer_set(moved, START + SECOND);
    assert_runs("bca.");
}

static void timers_that_were_due_long_ago_fire_at_once(void **state)
{
    (void)state;
    timer_at("b", START);
    timer_at("a", 0);
    stop_at(START);
    assert_runs("ab.");
    assert_int_equal(polls, 1);
    assert_int_equal(timeouts_ms[0], 0);
}

static void timers_move_and_stop(void **state)
{
    ja_timer_t *moved = timer_at("m", START + SECOND);
    ja_timer_t *stopped = timer_at("s", START + SECOND);

    (void)state;
    timer_at("a", START + 2 * SECOND);
    stop_at(START + 9 * SECOND);
    ja_timer_set(moved, START + 3 * SECOND);
    ja_timer_stop(stopped);
    ja_timer_stop(stopped);
    assert_runs("am.");
}

static void timers_are_off_when_their_pool_goes(void **state)
{
    apr_pool_t *inner;

    (void)state;
    apr_pool_create(&inner, pool);
    ja_timer_set(ja_timer_make(loop, note, "x", inner), START + SECOND);
    ja_timer_make(loop, note, "y", inner);
    stop_at(START + 2 * SECOND);
    apr_pool_destroy(inner);
    assert_runs(".");
}

static void waits_are_rounded_up_and_end_in_time(void **state)
{
    (void)state;
    timer_at("a", START + 1);
    stop_at(START + 1500);
    assert_runs("a.");
    assert_int_equal(timeouts_ms[0], 1);
    assert_int_equal(timeouts_ms[1], 1);
    assert_int_equal(polls, 2);
}

static void waits_are_an_hour_at_most(void **state)
{
    (void)state;
    stop_at(START + apr_time_from_sec(2 * 60 * 60 + 1));
    assert_runs(".");
    assert_int_equal(polls, 3);
    assert_int_equal(timeouts_ms[0], HOUR_MS);
    assert_int_equal(timeouts_ms[1], HOUR_MS);
    assert_int_equal(timeouts_ms[2], 1000);
}

static void times_at_the_ends_of_the_range_are_no_problem(void **state)
{
    (void)state;
    timer_at("z", INT64_MAX);
    timer_at("a", INT64_MIN);
    stop_at(START + SECOND);
    assert_runs("a.");
}

static void put_clock(void *at)
{
    now = *(apr_time_t *)at;
    note("!");
}

static void a_clock_that_jumps_back_delays_timers(void **state)
{
    apr_time_t yesterday = START - apr_time_from_sec(24 * 60 * 60);

    (void)state;
    ja_timer_set(ja_timer_make(loop, put_clock, &yesterday, pool), START + SECOND);
    stop_at(START + 2 * SECOND);
    assert_runs("!.");
    assert_int_equal(now, START + 2 * SECOND);
    assert_int_equal(timeouts_ms[1], HOUR_MS);
}

static void a_clock_that_jumps_forward_fires_timers(void **state)
{
    apr_time_t next_year = START + apr_time_from_sec(365 * 24 * 60 * 60);

    (void)state;
    ja_timer_set(ja_timer_make(loop, put_clock, &next_year, pool), START + SECOND);
    timer_at("a", START + apr_time_from_sec(60));
    stop_at(START + apr_time_from_sec(120));
    assert_runs("!a.");
    assert_int_equal(timeouts_ms[1], 0);
    assert_int_equal(polls, 2);
}

/* ---- timers that meddle with timers ---- */

static ja_timer_t *other;
static ja_timer_t *self;
static int rounds;

static void again(void *name)
{
    note(name);
    if (++rounds < 3) {
        ja_timer_set(self, 0);
    }
}

static void a_timer_set_for_now_waits_for_the_next_round(void **state)
{
    (void)state;
    rounds = 0;
    self = ja_timer_make(loop, again, "a", pool);
    ja_timer_set(self, START + SECOND);
    timer_at("b", START + SECOND);
    stop_at(START + 2 * SECOND);
    assert_runs("abaa.");
    assert_int_equal(polls, 4);
    assert_int_equal(timeouts_ms[1], 0);
    assert_int_equal(timeouts_ms[2], 0);
}

static void stop_other(void *name)
{
    note(name);
    ja_timer_stop(other);
}

static void put_other_off(void *name)
{
    note(name);
    ja_timer_set(other, now + SECOND);
}

static void a_callback_stops_another_that_is_due(void **state)
{
    (void)state;
    ja_timer_set(ja_timer_make(loop, stop_other, "a", pool), START + SECOND);
    other = timer_at("x", START + SECOND);
    timer_at("b", START + SECOND);
    stop_at(START + 9 * SECOND);
    assert_runs("ab.");
}

static void a_callback_moves_another_that_is_due(void **state)
{
    (void)state;
    ja_timer_set(ja_timer_make(loop, put_other_off, "a", pool), START + SECOND);
    other = timer_at("x", START + SECOND);
    timer_at("b", START + SECOND);
    stop_at(START + 9 * SECOND);
    assert_runs("abx.");
}

static void end_pool(void *inner)
{
    note("e");
    apr_pool_destroy(inner);
}

static void a_callback_ends_its_own_pool(void **state)
{
    apr_pool_t *inner;

    (void)state;
    apr_pool_create(&inner, pool);
    ja_timer_set(ja_timer_make(loop, end_pool, inner, inner), START + SECOND);
    ja_timer_set(ja_timer_make(loop, note, "x", inner), START + SECOND);
    ja_timer_set(ja_timer_make(loop, note, "y", inner), START + 2 * SECOND);
    stop_at(START + 9 * SECOND);
    assert_runs("e.");
}

static void nothing_is_called_after_a_stop(void **state)
{
    (void)state;
    stop_at(START);
    timer_at("x", START);
    assert_runs(".");
    assert_true(ja_loop_is_stopped(loop));
    assert_runs(".");
}

#define MANY 20000

static apr_time_t last_at;
static int fired;

static void check_order(void *at)
{
    assert_true(*(apr_time_t *)at >= last_at);
    assert_true(*(apr_time_t *)at <= now);
    last_at = *(apr_time_t *)at;
    fired++;
}

static int all_fired(void *baton)
{
    return fired >= *(int *)baton;
}

static void many_timers_fire_in_order(void **state)
{
    ja_timer_t **timers = apr_palloc(pool, MANY * sizeof(*timers));
    apr_time_t *times = apr_palloc(pool, MANY * sizeof(*times));
    int expected = 0;
    int i;

    (void)state;
    srand(1);
    fired = 0;
    last_at = 0;
    for (i = 0; i < MANY; i++) {
        timers[i] = ja_timer_make(loop, check_order, &times[i], pool);
        times[i] = START + rand() % 1000;
        ja_timer_set(timers[i], times[i]);
    }
    for (i = 0; i < MANY; i++) {
        if (i % 3 == 0) {
            ja_timer_stop(timers[i]);
            continue;
        }
        if (i % 3 == 1) {
            times[i] = START + rand() % 100000;
            ja_timer_set(timers[i], times[i]);
        }
        expected++;
    }
    WORKS(ja_loop_run(loop, all_fired, &expected));
    assert_int_equal(fired, expected);
}

/* ---- the loop ---- */

static int is_third_round(void *baton)
{
    return ++*(int *)baton == 3;
}

static void it_runs_until_it_is_done(void **state)
{
    int count = 0;

    (void)state;
    WORKS(ja_loop_run(loop, is_third_round, &count));
    assert_int_equal(polls, 3);
    assert_false(ja_loop_is_stopped(loop));
    count = 0;
    WORKS(ja_loop_run(loop, is_third_round, &count));
    assert_int_equal(polls, 6);
}

static ja_err_t *failing_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    (void)baton;
    (void)timeout_ms;
    return ja_err_make(JA_E_CONNECT, scratch, "no network");
}

static void an_error_of_the_network_ends_it(void **state)
{
    const ja_loop_io_t failing = { .poll = failing_poll, .wakeup = test_wakeup };

    (void)state;
    ja_loop_use(loop, &failing);
    FAILS(ja_loop_run(loop, NULL, NULL), JA_E_CONNECT, "no network");
}

static void a_stop_before_it_runs_counts(void **state)
{
    (void)state;
    ja_loop_stop(loop);
    ja_loop_stop(loop);
    assert_int_equal(wakeups, 2);
    assert_runs("");
    assert_int_equal(polls, 0);
}

/* Keeps the thread busy for that time, by the clock that can't be put. */
static void spin(apr_interval_time_t duration)
{
    struct timespec start;
    struct timespec at;

    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &at);
    } while ((at.tv_sec - start.tv_sec) * 1000000 + (at.tv_nsec - start.tv_nsec) / 1000 < duration);
}

static void spin_a_while(void *baton)
{
    (void)baton;
    spin(5000);
}

static void the_longest_tick_is_told_once(void **state)
{
    (void)state;
    ja_timer_set(ja_timer_make(loop, spin_a_while, NULL, pool), START + SECOND);
    stop_at(START + 2 * SECOND);
    assert_runs(".");
    assert_true(ja_loop_longest_tick(loop) >= 5000);
    assert_int_equal(ja_loop_longest_tick(loop), 0);
}

static ja_err_t *spin_in_work(void *baton, apr_pool_t *scratch)
{
    (void)baton;
    (void)scratch;
    spin(5000);
    return NULL;
}

static ja_err_t *spin_in_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    spin(5000);
    return test_poll(baton, timeout_ms, scratch);
}

static void waiting_is_no_tick_but_the_networks_work_is(void **state)
{
    const ja_loop_io_t waiting = { .poll = spin_in_poll, .wakeup = test_wakeup };
    const ja_loop_io_t working = { .poll = test_poll, .work = spin_in_work, .wakeup = test_wakeup };

    (void)state;
    ja_loop_use(loop, &working);
    stop_at(START + SECOND);
    assert_runs(".");
    assert_true(ja_loop_longest_tick(loop) >= 5000);
    WORKS(ja_loop_make(&loop, 1, pool));
    ja_loop_use(loop, &waiting);
    stop_at(now + SECOND);
    trace = "";
    assert_runs(".");
    assert_true(ja_loop_longest_tick(loop) < 5000);
}

static ja_err_t *failing_work(void *baton, apr_pool_t *scratch)
{
    (void)baton;
    return ja_err_make(JA_E_CONNECT, scratch, "no work");
}

static void an_error_of_the_networks_work_ends_it(void **state)
{
    const ja_loop_io_t failing = { .poll = test_poll, .work = failing_work, .wakeup = test_wakeup };

    (void)state;
    ja_loop_use(loop, &failing);
    FAILS(ja_loop_run(loop, NULL, NULL), JA_E_CONNECT, "no work");
    assert_int_equal(polls, 1);
}

static void *APR_THREAD_FUNC stop_after(apr_thread_t *thread, void *baton)
{
    (void)thread;
    spin(*(int *)baton);
    ja_loop_stop(loop);
    return NULL;
}

/* The timer would fire in an hour: a wake-up that gets lost makes this test hang. */
static void a_stop_from_another_thread_is_never_lost(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < 300; i++) {
        apr_status_t status;
        apr_thread_t *thread;
        apr_pool_t *inner;

        apr_pool_create(&inner, NULL);
        WORKS(ja_loop_make(&loop, 1, inner));
        assert_int_equal(apr_thread_create(&thread, NULL, stop_after, &i, inner), APR_SUCCESS);
        WORKS(ja_loop_run(loop, NULL, NULL));
        apr_thread_join(&status, thread);
        apr_pool_destroy(inner);
    }
}

static void the_own_io_waits_for_timers(void **state)
{
    (void)state;
    timer_at("a", apr_time_now() + 2000);
    stop_at(apr_time_now() + 4000);
    assert_runs("a.");
}

/* ---- work on other threads ---- */

/* One piece of work, with what is to be known about it. */
typedef struct {
    apr_os_thread_t thread;
    atomic_int is_begun;
    atomic_int is_over;
    int is_done;
    ja_code_t code;
    apr_pool_t *ends; /* destroyed by done */
    atomic_int *waits_for;
} job_t;

static int jobs_done;

static ja_err_t *quick_work(void *baton, const volatile int *cancelled, apr_pool_t *work_pool)
{
    job_t *job = baton;

    assert_int_equal(*cancelled, 0);
    job->thread = apr_os_thread_current();
    return ja_err_make(JA_E_CRYPTO, work_pool, "no %s", apr_pstrdup(work_pool, "key"));
}

static ja_err_t *work_until_cancelled(void *baton, const volatile int *cancelled, apr_pool_t *p)
{
    job_t *job = baton;

    job->is_begun = 1;
    while (!*cancelled && !(job->waits_for && *job->waits_for)) {
        apr_thread_yield();
    }
    job->is_over = 1;
    return *cancelled ? ja_err_make(JA_E_STOPPED, p, "cancelled") : NULL;
}

static void note_done(void *baton, ja_err_t *err)
{
    job_t *job = baton;

    job->code = err ? err->code : JA_E_COUNT;
    job->is_done = 1;
    jobs_done++;
    if (err) {
        note((void *)err->msg);
    }
    if (job->ends) {
        apr_pool_destroy(job->ends);
    }
}

static int are_done(void *baton)
{
    return jobs_done >= *(int *)baton;
}

static void wait_for(atomic_int *flag)
{
    while (!*flag) {
        apr_thread_yield();
    }
}

static void work_is_done_elsewhere_and_reported_here(void **state)
{
    job_t job = { 0 };
    int count = 1;

    (void)state;
    jobs_done = 0;
    WORKS(ja_loop_offload(loop, quick_work, note_done, &job, pool));
    assert_false(job.is_done);
    WORKS(ja_loop_run(loop, are_done, &count));
    assert_int_equal(job.code, JA_E_CRYPTO);
    assert_string_equal(trace, "no key");
    assert_false(apr_os_thread_equal(job.thread, apr_os_thread_current()));
}

static void work_is_done_side_by_side(void **state)
{
    job_t a = { 0 };
    job_t b = { 0 };
    int count = 2;

    (void)state;
    jobs_done = 0;
    a.waits_for = &b.is_begun;
    b.waits_for = &a.is_begun;
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &a, pool));
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &b, pool));
    WORKS(ja_loop_run(loop, are_done, &count));
    assert_int_equal(a.code, JA_E_COUNT);
    assert_int_equal(b.code, JA_E_COUNT);
}

static void much_work_is_all_done(void **state)
{
    enum {
        COUNT = 500
    };
    job_t *jobs = apr_pcalloc(pool, COUNT * sizeof(*jobs));
    int count = COUNT;
    int i;

    (void)state;
    jobs_done = 0;
    for (i = 0; i < COUNT; i++) {
        apr_pool_create(&jobs[i].ends, pool);
        WORKS(ja_loop_offload(loop, quick_work, note_done, &jobs[i], jobs[i].ends));
    }
    WORKS(ja_loop_run(loop, are_done, &count));
    for (i = 0; i < COUNT; i++) {
        assert_int_equal(jobs[i].code, JA_E_CRYPTO);
    }
}

static void done_may_end_its_owner(void **state)
{
    job_t job = { 0 };
    int count = 1;

    (void)state;
    jobs_done = 0;
    apr_pool_create(&job.ends, pool);
    WORKS(ja_loop_offload(loop, quick_work, note_done, &job, job.ends));
    WORKS(ja_loop_run(loop, are_done, &count));
    assert_int_equal(job.is_done, 1);
}

static void an_owner_that_goes_cancels_its_work(void **state)
{
    job_t job = { 0 };
    apr_pool_t *owner;

    (void)state;
    apr_pool_create(&owner, pool);
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &job, owner));
    wait_for(&job.is_begun);
    apr_pool_destroy(owner);
    assert_int_equal(job.is_over, 1);
    stop_at(0);
    assert_runs(".");
    assert_false(job.is_done);
}

static void an_owner_that_goes_cancels_work_that_has_not_begun(void **state)
{
    job_t running[2] = { 0 };
    job_t queued = { 0 };
    apr_pool_t *owner;
    atomic_int go = 0;
    int count = 2;

    (void)state;
    jobs_done = 0;
    running[0].waits_for = running[1].waits_for = &go;
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &running[0], pool));
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &running[1], pool));
    wait_for(&running[0].is_begun);
    wait_for(&running[1].is_begun);
    apr_pool_create(&owner, pool);
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &queued, owner));
    apr_pool_destroy(owner);
    go = 1;
    WORKS(ja_loop_run(loop, are_done, &count));
    assert_false(queued.is_begun);
    assert_false(queued.is_done);
}

static void an_owner_that_goes_cancels_a_report(void **state)
{
    job_t job = { 0 };
    atomic_int go = 1;
    apr_pool_t *owner;

    (void)state;
    job.waits_for = &go;
    apr_pool_create(&owner, pool);
    WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &job, owner));
    wait_for(&job.is_over);
    apr_pool_destroy(owner);
    stop_at(0);
    assert_runs(".");
    assert_false(job.is_done);
}

static void a_loop_that_goes_takes_its_work_along(void **state)
{
    job_t jobs[4] = { 0 };
    apr_pool_t *owner;
    apr_pool_t *inner;
    int i;

    (void)state;
    apr_pool_create(&inner, NULL);
    apr_pool_create(&owner, NULL);
    WORKS(ja_loop_make(&loop, 2, inner));
    for (i = 0; i < 4; i++) {
        WORKS(ja_loop_offload(loop, work_until_cancelled, note_done, &jobs[i], owner));
    }
    wait_for(&jobs[0].is_begun);
    wait_for(&jobs[1].is_begun);
    apr_pool_destroy(inner);
    assert_true(jobs[0].is_over && jobs[1].is_over);
    apr_pool_destroy(owner);
    assert_false(jobs[0].is_done || jobs[3].is_done);
}

static void nothing_is_reported_after_a_stop(void **state)
{
    job_t job = { 0 };

    (void)state;
    WORKS(ja_loop_offload(loop, quick_work, note_done, &job, pool));
    ja_loop_stop(loop);
    assert_runs("");
    assert_false(job.is_done);
}

static void note_done_and_stop(void *baton, ja_err_t *err)
{
    note_done(baton, err);
    ja_loop_stop(loop);
}

static void a_stop_in_a_report_is_the_last_one(void **state)
{
    job_t jobs[2] = { 0 };
    atomic_int go = 1;
    int i;

    (void)state;
    jobs_done = 0;
    for (i = 0; i < 2; i++) {
        jobs[i].waits_for = &go;
        WORKS(ja_loop_offload(loop, work_until_cancelled, note_done_and_stop, &jobs[i], pool));
    }
    wait_for(&jobs[0].is_over);
    wait_for(&jobs[1].is_over);
    spin(1000); /* most likely both reports are there by now */
    assert_runs("");
    assert_int_equal(jobs_done, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCRIPTED_TEST(timers_fire_in_order),
        SCRIPTED_TEST(timers_of_one_time_fire_in_the_order_of_setting),
        SCRIPTED_TEST(timers_that_were_due_long_ago_fire_at_once),
        SCRIPTED_TEST(timers_move_and_stop),
        SCRIPTED_TEST(timers_are_off_when_their_pool_goes),
        SCRIPTED_TEST(waits_are_rounded_up_and_end_in_time),
        SCRIPTED_TEST(waits_are_an_hour_at_most),
        SCRIPTED_TEST(times_at_the_ends_of_the_range_are_no_problem),
        SCRIPTED_TEST(a_clock_that_jumps_back_delays_timers),
        SCRIPTED_TEST(a_clock_that_jumps_forward_fires_timers),
        SCRIPTED_TEST(a_timer_set_for_now_waits_for_the_next_round),
        SCRIPTED_TEST(a_callback_stops_another_that_is_due),
        SCRIPTED_TEST(a_callback_moves_another_that_is_due),
        SCRIPTED_TEST(a_callback_ends_its_own_pool),
        SCRIPTED_TEST(nothing_is_called_after_a_stop),
        SCRIPTED_TEST(many_timers_fire_in_order),
        SCRIPTED_TEST(it_runs_until_it_is_done),
        SCRIPTED_TEST(an_error_of_the_network_ends_it),
        SCRIPTED_TEST(a_stop_before_it_runs_counts),
        SCRIPTED_TEST(the_longest_tick_is_told_once),
        SCRIPTED_TEST(waiting_is_no_tick_but_the_networks_work_is),
        SCRIPTED_TEST(an_error_of_the_networks_work_ends_it),
        LOOP_TEST(a_stop_from_another_thread_is_never_lost),
        LOOP_TEST(the_own_io_waits_for_timers),
        LOOP_TEST(work_is_done_elsewhere_and_reported_here),
        LOOP_TEST(work_is_done_side_by_side),
        LOOP_TEST(much_work_is_all_done),
        LOOP_TEST(done_may_end_its_owner),
        LOOP_TEST(an_owner_that_goes_cancels_its_work),
        LOOP_TEST(an_owner_that_goes_cancels_work_that_has_not_begun),
        LOOP_TEST(an_owner_that_goes_cancels_a_report),
        LOOP_TEST(a_loop_that_goes_takes_its_work_along),
        LOOP_TEST(nothing_is_reported_after_a_stop),
        LOOP_TEST(a_stop_in_a_report_is_the_last_one),
    };

    return RUN_TESTS(tests);
}

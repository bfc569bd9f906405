#include "config.h"

#include "watchdog.h"

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include <apr_strings.h>

#include <httpd.h>
#include <ap_mpm.h>
#include <http_config.h>
#include <mpm_common.h>
#include <mod_watchdog.h>

#include "acceptance.h"
#include "activate.h"
#include "aplog.h"
#include "base/clock.h"
#include "conf.h"
#include "event/event.h"
#include "issue/runner.h"
#include "listeners.h"
#include "shared.h"

#define INSTANCE "_jprs_acme_"

/* How long an ending child waits for the runner; a second is what the runner promises. */
#define END_LIMIT apr_time_from_sec(3)

/* How soon a busy child of mpm_prefork notices that it is to end. */
#define LOOK_OUT apr_time_from_msec(500)

/* When to try again: soon, if another generation has the lock, for it ends in a moment; less and
 * less often, if the runner fails. */
#define BUSY_FIRST   apr_time_from_msec(100)
#define BUSY_LAST    apr_time_from_sec(1)
#define FAILED_FIRST apr_time_from_sec(1)
#define FAILED_LAST  apr_time_from_sec(300)

typedef struct {
    ja_runner_conf_t conf;
    apr_abortfunc_t out_of_memory;
    apr_time_t next_at;        /* not before                                  */
    apr_interval_time_t pause; /* the last one; 0: the last run was all right */
    int is_looked_out;         /* look_out() has been started                 */
    /* Between the watchdog thread and those that stop it. Stopping may happen in a signal
     * handler (mpm_prefork), which must not wait for a lock: whoever uses `runner` counts
     * himself in `users`, and it is not freed while there are any. */
    atomic_int is_stopping;
    sem_t told;        /* posted when is_stopping is set                      */
    atomic_int inside; /* threads that the end of the process has to wait for */
    atomic_int users;
    _Atomic(ja_runner_t *) runner;
} watch_t;

static watch_t watch;

/* --- stopping: any thread --------------------------------------------------------------------- */

static void stop(void)
{
    ja_runner_t *runner;

    atomic_store(&watch.is_stopping, 1);
    atomic_fetch_add(&watch.users, 1);
    runner = atomic_load(&watch.runner);
    if (runner) {
        ja_runner_stop(runner);
    }
    atomic_fetch_sub(&watch.users, 1);
    sem_post(&watch.told);
}

static void child_stopping(apr_pool_t *pchild, int is_graceful)
{
    (void)pchild;
    (void)is_graceful;
    stop();
}

/* The process goes on to exit() after this, which would cut the thread off in the middle of its
 * work. */
static apr_status_t wait_for_end(void *baton)
{
    apr_time_t limit = apr_time_now() + END_LIMIT;

    (void)baton;
    stop();
    while (atomic_load(&watch.inside) > 0 && apr_time_now() < limit) {
        apr_sleep(apr_time_from_msec(1));
    }
    return APR_SUCCESS;
}

/* A child of mpm_prefork that is in the middle of a request when it is told to end gracefully
 * changes its state and goes on with the request, for hours perhaps. Nothing is called then: a
 * thread has to look. Other MPMs call child_stopping(). */
static void *look_out(void *baton)
{
    int state = AP_MPMQ_RUNNING;

    while (!atomic_load(&watch.is_stopping) && state != AP_MPMQ_STOPPING) {
        apr_time_t at = apr_time_now() + LOOK_OUT;
        struct timespec until = { apr_time_sec(at), apr_time_usec(at) * 1000 };

        sem_timedwait(&watch.told, &until);
        ap_mpm_query(AP_MPMQ_MPM_STATE, &state);
    }
    stop();
    atomic_fetch_sub(&watch.inside, 1);
    return baton;
}

static void start_look_out(void)
{
    pthread_t thread;
    int threaded = 0;

    if (watch.is_looked_out
        || (ap_mpm_query(AP_MPMQ_IS_THREADED, &threaded) == APR_SUCCESS && threaded)) {
        return;
    }
    watch.is_looked_out = 1;
    atomic_fetch_add(&watch.inside, 1);
    if (pthread_create(&thread, NULL, look_out, NULL) == 0) {
        pthread_detach(thread);
    }
    else {
        atomic_fetch_sub(&watch.inside, 1);
    }
}

/* --- the work: the watchdog thread ------------------------------------------------------------ */

static void offer(ja_runner_t *runner)
{
    atomic_store(&watch.runner, runner);
    if (atomic_load(&watch.is_stopping)) {
        ja_runner_stop(runner); /* told before there was anything to stop */
    }
}

static void withdraw(void)
{
    atomic_store(&watch.runner, NULL);
    while (atomic_load(&watch.users) > 0) {
        apr_sleep(apr_time_from_msec(1));
    }
}

static apr_interval_time_t longer(apr_interval_time_t pause, apr_interval_time_t first,
                                  apr_interval_time_t last)
{
    return pause * 2 < first ? first : pause * 2 > last ? last : pause * 2;
}

/* A run has ended: when is the next one? */
static void judge(ja_err_t *err, apr_pool_t *scratch)
{
    int is_busy = err && err->code == JA_E_BUSY;

    if (!err || atomic_load(&watch.is_stopping)) {
        watch.pause = 0;
        watch.next_at = 0;
        return;
    }
    watch.pause = is_busy ? longer(watch.pause, BUSY_FIRST, BUSY_LAST)
                          : longer(watch.pause, FAILED_FIRST, FAILED_LAST);
    watch.next_at = ja_clock_now() + watch.pause;
    if (!is_busy) {
        ja_event_errored(watch.conf.log, "mod_jprs_acme", err, "looking after the managed domains",
                         watch.next_at, scratch);
    }
}

/* The runner gets a pool that has nothing in common with those of other threads, the allocator
 * included. */
static void run(void)
{
    ja_runner_t *runner;
    apr_pool_t *pool;
    ja_err_t *err;

    if (apr_pool_create_unmanaged_ex(&pool, watch.out_of_memory, NULL) != APR_SUCCESS) {
        return;
    }
    err = ja_runner_make(&runner, &watch.conf, pool);
    if (!err) {
        offer(runner);
        err = ja_runner_run(runner);
        withdraw();
    }
    judge(err, pool);
    apr_pool_destroy(pool);
}

/* Signals are the MPM's: were one of prefork's delivered to this thread, its handler would tear
 * the process down from in here. Threads that the runner starts inherit the mask. */
static void work(void)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_fetch_add(&watch.inside, 1);
    if (!atomic_load(&watch.is_stopping)) {
        start_look_out();
        run();
    }
    atomic_fetch_sub(&watch.inside, 1);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* The clock may have been put back since: nobody waits longer than the longest pause. */
static int is_time(void)
{
    apr_time_t now = ja_clock_now();

    return now >= watch.next_at || watch.next_at - now > FAILED_LAST;
}

/* STARTING comes once, as soon as this child has been chosen, RUNNING again and again after it.
 * The call lasts for as long as the runner has the work. */
static apr_status_t tick(int state, void *data, apr_pool_t *pool)
{
    (void)data;
    (void)pool;
    if (state == AP_WATCHDOG_STATE_STOPPING) {
        stop();
    }
    else if (is_time()) {
        work();
    }
    return APR_SUCCESS;
}

/* --- hooks ------------------------------------------------------------------------------------ */

static ja_err_t *register_tick(apr_pool_t *pconf, apr_pool_t *scratch)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *add =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *dog;
    apr_status_t status;

    if (!get || !add) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "mod_watchdog is not loaded, so no certificate is obtained or renewed; "
                           "write: LoadModule watchdog_module modules/mod_watchdog.so");
    }
    status = get(&dog, INSTANCE, 0, 1, pconf);
    if (status == APR_SUCCESS) {
        status = add(dog, AP_WD_TM_SLICE, NULL, tick);
    }
    if (status != APR_SUCCESS) {
        return ja_err_os(JA_E_INTERNAL, status, scratch, "registering with mod_watchdog");
    }
    return NULL;
}

static const char *user_agent(apr_pool_t *pool)
{
    ap_version_t httpd;

    ap_get_server_revision(&httpd);
    return apr_psprintf(pool, "mod_jprs_acme/" JA_VERSION " Apache/%d.%d.%d", httpd.major,
                        httpd.minor, httpd.patch);
}

/* Without managed domains, or without what the runner needs (an error has been logged then),
 * nothing runs. */
static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const ja_log_t *log = ja_aplog_make(s, pconf);
    ja_err_t *err;

    (void)plog;
    if (ja_activate_is_rehearsal() || !ja_activate_store() || !ja_shared_http01()) {
        return OK;
    }
    watch.conf.plan = ja_conf_get(s)->plan;
    watch.conf.http01 = ja_shared_http01();
    watch.conf.handover = ja_activate_has_parent() ? ja_shared_handover() : NULL;
    watch.conf.staples = ja_shared_staples();
    watch.conf.targets = ja_listeners_find(s, pconf, ptemp);
    ja_acceptance_init(s);
    watch.conf.try_out = ja_acceptance_try;
    watch.conf.log = log;
    watch.conf.user_agent = user_agent(pconf);
    watch.out_of_memory = apr_pool_abort_get(pconf);
    err = ja_runner_global_init(ptemp);
    if (!err) {
        err = register_tick(pconf, ptemp);
    }
    if (err) {
        ja_event_errored(log, "mod_jprs_acme", err, "starting", 0, ptemp);
    }
    return OK;
}

static void child_init(apr_pool_t *pchild, server_rec *s)
{
    (void)s;
    sem_init(&watch.told, 0, 0);
    apr_pool_pre_cleanup_register(pchild, NULL, wait_for_end);
}

void ja_watchdog_register(apr_pool_t *pool)
{
    static const char *const WATCHDOG[] = { "mod_watchdog.c", NULL };

    (void)pool;
    ap_hook_post_config(start, NULL, WATCHDOG, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, WATCHDOG, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
}

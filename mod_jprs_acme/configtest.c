#include "configtest.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <http_main.h>

#include <apr_file_io.h>
#include <apr_getopt.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "base/clock.h"
#include "issue/trial.h"
#include "ports.h"
#include "precheck.h"

/* The program that is running, also if another one is in its place by now: that is the one which
 * reads the configuration at a graceful restart. */
#define PROGRAM "/proc/self/exe"

#define TIME_LIMIT apr_time_from_sec(60)

/* So much of what it has printed is read: the end of it, where the reason is. */
#define OUTPUT_MAX (16 * 1024)

/* The one that is under way; in a pool of its own, which ends with pconf. */
typedef struct {
    ja_configtest_done_fn *done;
    void *baton;
    apr_pool_t *pool;
    apr_proc_t proc;
    apr_file_t *output;
    apr_time_t limit;
    int is_late; /* it has been killed */
} run_t;

static run_t *run;

int ja_configtest_is_running(void)
{
    return run != NULL;
}

static apr_status_t forget(void *baton)
{
    (void)baton;
    run = NULL;
    return APR_SUCCESS;
}

/* ---- the process ----------------------------------------------------------------------------- */

/* Options that make httpd act or print something else, or send messages elsewhere. */
static int is_left_out(char option)
{
    return strchr("kXtSMLVvlhEe?", option) != NULL;
}

/* The arguments of the running server, and "-t". Relative paths among them mean what they will mean
 * at a restart: since a server that has put itself into the background is in "/", that may be the
 * reason why it would not come up again. */
static const char *const *arguments(const process_rec *process, apr_pool_t *pool)
{
    apr_array_header_t *args = apr_array_make(pool, process->argc + 2, sizeof(const char *));
    apr_getopt_t *options;
    const char *value;
    char option;

    APR_ARRAY_PUSH(args, const char *) = process->argv[0];
    apr_getopt_init(&options, pool, process->argc, process->argv);
    options->errfn = NULL;
    while (apr_getopt(options, AP_SERVER_BASEARGS "k:", &option, &value) == APR_SUCCESS) {
        if (!is_left_out(option)) {
            APR_ARRAY_PUSH(args, const char *) = apr_psprintf(pool, "-%c", option);
            if (value) {
                APR_ARRAY_PUSH(args, const char *) = value;
            }
        }
    }
    APR_ARRAY_PUSH(args, const char *) = "-t";
    APR_ARRAY_PUSH(args, const char *) = NULL;
    return (const char *const *)args->elts;
}

/* That of the running server, which httpd.conf may refer to, and what precheck looks for. */
static const char *const *environment(apr_pool_t *pool)
{
    apr_array_header_t *env = apr_array_make(pool, 32, sizeof(const char *));
    char **at;

    for (at = environ; *at; at++) {
        APR_ARRAY_PUSH(env, const char *) = *at;
    }
    APR_ARRAY_PUSH(env, const char *) =
        apr_pstrcat(pool, JA_PRECHECK_ENV "=", ja_ports_print(pool), NULL);
    APR_ARRAY_PUSH(env, const char *) = NULL;
    return (const char *const *)env->elts;
}

/* What it prints goes to a file that has no name any more: it never has to wait for us to read. */
static apr_status_t open_output(apr_file_t **output, apr_pool_t *pool)
{
    const char *dir;
    char *path;
    apr_status_t status = apr_temp_dir_get(&dir, pool);

    if (status != APR_SUCCESS) {
        return status;
    }
    path = apr_pstrcat(pool, dir, "/jprs-acme-XXXXXX", NULL);
    status = apr_file_mktemp(
        output, path, APR_FOPEN_CREATE | APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_EXCL, pool);
    return status == APR_SUCCESS ? apr_file_remove(path, pool) : status;
}

static apr_status_t attach(apr_procattr_t *attr, apr_file_t *output, apr_pool_t *pool)
{
    apr_file_t *input;
    apr_status_t status = apr_file_open(&input, "/dev/null", APR_FOPEN_READ, 0, pool);

    status = status == APR_SUCCESS ? apr_procattr_child_in_set(attr, input, NULL) : status;
    status = status == APR_SUCCESS ? apr_procattr_child_out_set(attr, output, NULL) : status;
    status = status == APR_SUCCESS ? apr_procattr_child_err_set(attr, output, NULL) : status;
    status = status == APR_SUCCESS ? apr_procattr_cmdtype_set(attr, APR_PROGRAM) : status;
    return status == APR_SUCCESS ? apr_procattr_error_check_set(attr, 1) : status;
}

static apr_status_t spawn(run_t *made, const process_rec *process)
{
    apr_procattr_t *attr;
    apr_status_t status = open_output(&made->output, made->pool);

    status = status == APR_SUCCESS ? apr_procattr_create(&attr, made->pool) : status;
    status = status == APR_SUCCESS ? attach(attr, made->output, made->pool) : status;
    return status == APR_SUCCESS
               ? apr_proc_create(&made->proc, PROGRAM, arguments(process, made->pool),
                                 environment(made->pool), attr, made->pool)
               : status;
}

/* ---- its end --------------------------------------------------------------------------------- */

/* The end of what it has printed. */
static apr_size_t read_output(char *buffer)
{
    apr_off_t end = 0;
    apr_size_t len = 0;

    if (apr_file_seek(run->output, APR_END, &end) == APR_SUCCESS) {
        apr_off_t begin = end > OUTPUT_MAX ? end - OUTPUT_MAX : 0;

        if (apr_file_seek(run->output, APR_SET, &begin) == APR_SUCCESS) {
            apr_file_read_full(run->output, buffer, OUTPUT_MAX, &len);
        }
    }
    return len;
}

static const char *reason_of(int exit_code)
{
    char *buffer = apr_palloc(run->pool, OUTPUT_MAX);

    if (run->is_late) {
        return apr_psprintf(run->pool, "httpd -t did not end within %d s",
                            (int)apr_time_sec(TIME_LIMIT));
    }
    return ja_trial_reason(exit_code, buffer, read_output(buffer), run->pool);
}

/* Httpd's main loop has found it dead, or lost. `status` is its exit code, or the signal. At a
 * restart, and when pconf goes, nothing is to be done: the pool ends it. */
static void on_end(int reason, void *data, int status)
{
    run_t *ended = data;

    if (reason != APR_OC_REASON_DEATH && reason != APR_OC_REASON_LOST) {
        return;
    }
    apr_proc_other_child_unregister(data);
    ended->done(ended->baton, reason_of(reason == APR_OC_REASON_LOST ? -1 : status), ended->pool);
    apr_pool_destroy(ended->pool);
}

void ja_configtest_look(apr_time_t now)
{
    if (run && now >= run->limit && !run->is_late) {
        run->is_late = 1;
        apr_proc_kill(&run->proc, SIGKILL);
    }
}

ja_err_t *ja_configtest_start(ja_configtest_done_fn *done, void *baton, const process_rec *process,
                              apr_pool_t *pconf, apr_pool_t *scratch)
{
    apr_status_t status;
    apr_pool_t *pool;
    run_t *made;

    apr_pool_create(&pool, pconf);
    made = apr_pcalloc(pool, sizeof(*made));
    made->done = done;
    made->baton = baton;
    made->pool = pool;
    made->limit = ja_clock_now() + TIME_LIMIT;
    status = spawn(made, process);
    if (status != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return ja_err_os(JA_E_IO, status, scratch, "running %s -t", PROGRAM);
    }
    run = made;
    apr_pool_cleanup_register(pool, NULL, forget, apr_pool_cleanup_null);
    apr_pool_note_subprocess(pool, &made->proc, APR_KILL_ALWAYS);
    apr_proc_other_child_register(&made->proc, on_end, made, NULL, pconf);
    return NULL;
}

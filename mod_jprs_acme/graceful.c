#include "graceful.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <httpd.h>
#include <http_config.h>
#include <mpm_common.h>

#include <apr_strings.h>

#include "activate.h"
#include "aplog.h"
#include "base/clock.h"
#include "conf.h"
#include "conffiles.h"
#include "configtest.h"
#include "event/event.h"
#include "issue/restart.h"
#include "store/store_fs.h"

#define NAME "mod_jprs_acme" /* as whom it speaks in the log */

/* What outlives a restart, in the process pool. Code of the module does not: nothing in it points
 * there. */
#define KEPT_KEY "mod_jprs_acme:graceful:1"
typedef struct {
    ja_restart_pace_t pace;
    int is_ours;     /* the restart that has been ordered, or is being done */
    int was_refused; /* and the server has not been restarted since         */
} kept_t;

/* Of this generation; it lives in pconf. */
typedef struct {
    kept_t *kept;
    const process_rec *process;
    const ja_log_t *log;
    const char *store_path;
    const ja_conffiles_t *files;
    apr_uint64_t files_state; /* when the configuration was last looked at */
    apr_uint64_t dirs_state;
    ja_restart_status_t status; /* as people have been told; state < 0: nothing */
    apr_pool_t *reason_pool;    /* what status.reason is in                     */
    apr_pool_t *pool;
} graceful_t;

static graceful_t *self;

/* ---- what people are told -------------------------------------------------------------------- */

/* The file says what `self->status` does. */
static void publish(void)
{
    ja_store_t *store;
    apr_pool_t *scratch;
    ja_err_t *err;

    apr_pool_create(&scratch, self->pool);
    err = ja_store_fs_open(&store, self->store_path, scratch, scratch);
    if (!err) {
        err = self->status.state < 0 ? ja_restart_clear(store, scratch)
                                     : ja_restart_save(&self->status, store, scratch);
    }
    if (err) {
        ja_event_errored(self->log, NAME, err, "writing activation.json", 0, scratch);
    }
    apr_pool_destroy(scratch);
}

/* From now on this is how it is. The time of a state that was there before stays. */
static void tell(int state, apr_time_t next_at, const char *reason)
{
    ja_restart_status_t *status = &self->status;

    if (status->state == state && status->next_at == next_at && !reason) {
        return;
    }
    if (status->state != state) {
        status->since = ja_clock_now();
    }
    status->state = state;
    status->next_at = next_at;
    apr_pool_clear(self->reason_pool);
    status->reason = apr_pstrdup(self->reason_pool, reason);
    publish();
}

/* No set waits any more, although there was no restart. */
static void tell_nothing(void)
{
    if (self->status.state >= 0 && self->status.state != JA_RESTART_DONE) {
        self->status.state = -1;
        self->status.reason = NULL;
        publish();
    }
}

/* ---- outcomes -------------------------------------------------------------------------------- */

/* The same reason is told once. */
static void refuse(const char *reason, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();
    int is_known = self->status.reason && strcmp(self->status.reason, reason) == 0;
    ja_err_t *err = ja_err_make(JA_E_NO_RESTART, scratch, "%s", reason);

    ja_restart_fail(&self->kept->pace, now);
    self->kept->was_refused = 1;
    tell(JA_RESTART_REFUSED, self->kept->pace.retry_at, reason);
    if (is_known) {
        ja_log_line(self->log, JA_LOG_INFO, NAME ": still not restarted: %s",
                    ja_err_log_text(err, scratch));
    }
    else {
        ja_event_errored(self->log, NAME, err, "checking the configuration on disk",
                         self->kept->pace.retry_at, scratch);
    }
}

/* What is kept is as the next generation needs it, before the signal. */
static void restart(void)
{
    self->kept->is_ours = 1;
    ja_restart_begin(&self->kept->pace, ja_clock_now());
    ja_event_tell(self->log, JA_EVENT_RESTARTING, NAME,
                  "the server restarts gracefully, so that new certificates go live");
    kill(getpid(), AP_SIG_GRACEFUL);
}

/* The check has ended. What it found is of no use if the configuration has been changed since, or
 * if no set waits any more. */
static void on_checked(void *baton, const char *reason, apr_pool_t *scratch)
{
    (void)baton;
    if (self->kept->pace.wanted_at == 0) {
        tell_nothing();
    }
    else if (ja_conffiles_state(self->files->files, scratch) != self->files_state) {
        ja_restart_renew(&self->kept->pace);
    }
    else if (reason) {
        refuse(reason, scratch);
    }
    else {
        restart();
    }
}

/* ---- looks ----------------------------------------------------------------------------------- */

static void check(apr_pool_t *scratch)
{
    ja_err_t *err;

    self->files_state = ja_conffiles_state(self->files->files, scratch);
    self->dirs_state = ja_conffiles_state(self->files->dirs, scratch);
    if (self->status.state != JA_RESTART_REFUSED) {
        tell(JA_RESTART_CHECKING, 0, NULL);
    }
    err = ja_configtest_start(on_checked, NULL, self->process, self->pool, scratch);
    if (err) {
        refuse(ja_err_text(err, scratch), scratch);
    }
}

static int has_changed(apr_pool_t *scratch)
{
    return ja_conffiles_state(self->files->files, scratch) != self->files_state
           || ja_conffiles_state(self->files->dirs, scratch) != self->dirs_state;
}

static void look(int has_more, apr_time_t now, apr_pool_t *scratch)
{
    ja_restart_pace_t *pace = &self->kept->pace;
    int is_refused = self->status.state == JA_RESTART_REFUSED;
    apr_time_t at;

    ja_restart_want(pace, has_more, now);
    if (is_refused && has_changed(scratch)) {
        ja_restart_renew(pace);
    }
    at = ja_restart_at(pace, now);
    if (at <= now) {
        check(scratch);
    }
    else if (!is_refused) {
        tell(JA_RESTART_WAITING, at, NULL);
    }
}

void ja_graceful_look(int is_needed, int has_more)
{
    apr_time_t now = ja_clock_now();
    apr_pool_t *scratch;

    if (!self || self->kept->is_ours) {
        return;
    }
    if (!is_needed) {
        ja_restart_drop(&self->kept->pace);
    }
    if (ja_configtest_is_running()) {
        ja_configtest_look(now);
    }
    else if (!is_needed) {
        tell_nothing();
    }
    else {
        apr_pool_create(&scratch, self->pool);
        look(has_more, now, scratch);
        apr_pool_destroy(scratch);
    }
}

/* ---- the start ------------------------------------------------------------------------------- */

static kept_t *keep(process_rec *process)
{
    void *kept = NULL;

    apr_pool_userdata_get(&kept, KEPT_KEY, process->pool);
    if (!kept) {
        kept = apr_pcalloc(process->pool, sizeof(kept_t));
        apr_pool_userdata_set(kept, KEPT_KEY, NULL, process->pool);
    }
    return kept;
}

/* The server has been restarted, by us or by somebody: what was waited for has happened. */
static void begin(void)
{
    kept_t *kept = self->kept;

    if (kept->was_refused) {
        ja_event_tell(
            self->log, JA_EVENT_RECOVERED, NAME,
            "the server has been restarted; new certificates go live by themselves again");
    }
    ja_restart_drop(&kept->pace);
    self->status.state = kept->is_ours ? JA_RESTART_DONE : -1;
    self->status.since = kept->pace.restarted_at;
    kept->is_ours = 0;
    kept->was_refused = 0;
    publish();
}

static apr_status_t forget(void *baton)
{
    (void)baton;
    self = NULL;
    return APR_SUCCESS;
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    self = NULL;
    if (ja_activate_is_rehearsal() || !ja_activate_store()) {
        return OK;
    }
    self = apr_pcalloc(pconf, sizeof(*self));
    self->kept = keep(s->process);
    self->process = s->process;
    self->log = ja_aplog_make(s, pconf);
    self->store_path = ja_conf_get(s)->plan->store_path;
    self->files = ja_conffiles_find(pconf);
    self->pool = pconf;
    apr_pool_create(&self->reason_pool, pconf);
    apr_pool_cleanup_register(pconf, NULL, forget, apr_pool_cleanup_null);
    begin();
    return OK;
}

void ja_graceful_register(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(start, NULL, NULL, APR_HOOK_MIDDLE);
}

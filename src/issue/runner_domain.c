#include "issue/runner_domain.h"

#include <string.h>

#include "base/clock.h"
#include "base/rand.h"
#include "event/event.h"
#include "issue/backoff.h"
#include "issue/drive.h"
#include "issue/fingerprint.h"
#include "issue/rollback.h"
#include "issue/rollout.h"

/* The same order is looked at again after errors that pass, but not for ever: every so many
 * failures in a row begin a new one. */
#define FAILURES_PER_ORDER 5

/* When a live set that can't be read is tried again. */
#define READ_AGAIN apr_time_from_sec(60)

/* If a new set does not help (it can't be read back, or has expired by our clock), the CA is not
 * asked for one after the other. */
#define REST_AFTER_SUCCESS apr_time_from_sec(3600)

/* Who has failed no longer ago than this is not taken for one that waits for the CA. */
#define JUST_NOW apr_time_from_sec(60)

/* In the history. */
#define ERRORED "errored"
#define REVOKED "revoked"

/* ---- loading --------------------------------------------------------------------------------- */

/* `before` is what was read the last time, or NULL. A disk that can't be read, or a server without
 * descriptors left, says nothing of the set: no reason to order another one. */
static const ja_set_t *load_set(ja_domain_t *d, ja_store_t *store, ja_group_t group,
                                const ja_set_t *before, const ja_log_t *log, apr_pool_t *scratch)
{
    const ja_set_t *set = NULL;
    ja_err_t *err = ja_set_load(&set, store, group, d->plan->name, d->pool, scratch);

    if (!err) {
        return set;
    }
    if (group == JA_GROUP_LIVE && err->code != JA_E_IO) { /* the parent has told the damage */
        ja_log_line(log, JA_LOG_INFO, "%s: %s: the live set counts as missing: %s", d->plan->name,
                    ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
        return NULL;
    }
    ja_event_errored(log, d->plan->name, err,
                     group == JA_GROUP_LIVE ? "reading the live set" : "reading the staged set", 0,
                     scratch);
    if (before && err->code == JA_E_IO) {
        return ja_set_copy(before, d->pool);
    }
    d->is_unread |= group == JA_GROUP_LIVE && err->code == JA_E_IO;
    return NULL;
}

/* Every restart commits what is staged and may go live. What is still there waits at the gate, has
 * been refused, or has come in the moment of the restart. */
static const ja_set_t *load_staged(ja_domain_t *d, ja_store_t *store, const ja_log_t *log,
                                   apr_pool_t *scratch)
{
    const ja_plan_domain_t *plan = d->plan;
    ja_err_t *err = ja_set_check_staged(store, plan, ja_clock_now(), scratch);

    if (!err) {
        return load_set(d, store, JA_GROUP_STAGING, NULL, log, scratch);
    }
    if (err->code == JA_E_SET_BAD) { /* the parent has told it as an error */
        ja_log_line(log, JA_LOG_INFO, "%s: %s: removing the staged set: %s", plan->name,
                    ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
        err = ja_store_remove_name(store, JA_GROUP_STAGING, plan->name, scratch);
    }
    if (err && err->code != JA_E_NOT_FOUND) {
        ja_event_errored(log, plan->name, err, "looking at the staged set", 0, scratch);
    }
    return NULL;
}

static int has_work(const ja_job_t *job)
{
    return job->attempts > 0 || job->started_at != 0 || job->next_at != 0 || job->order_url;
}

static void begin_anew(ja_job_t *job)
{
    ja_drive_forget(job);
    job->attempts = 0;
    job->passing = 0;
    job->next_at = 0;
    job->started_at = 0;
    job->error = NULL;
}

/* This server would not have taken the certificate: it may have been mended since, and the CA is not
 * asked for another one. */
static int is_up_to_server(const ja_job_t *job)
{
    return job->error && strcmp(job->error->id, ja_err_row(JA_E_NOT_TAKEN)->id) == 0;
}

static void load_job(ja_domain_t *d, ja_store_t *store, const ja_log_t *log, apr_pool_t *scratch)
{
    ja_err_t *damage;

    ja_job_load(&d->job, &damage, store, d->plan->name, d->pool, scratch);
    if (damage) {
        damage = ja_err_wrap(damage, scratch, "what was under way begins anew");
        ja_event_errored(log, d->plan->name, damage, "reading the job", 0, scratch);
    }
    if (has_work(&d->job)) {
        const char *fingerprint = ja_fingerprint_domain(d->plan, d->pool);

        if (!d->job.fingerprint || strcmp(d->job.fingerprint, fingerprint) != 0) {
            begin_anew(&d->job);
        }
    }
    if (d->job.next_at > ja_clock_now() + JA_BACKOFF_MAX) {
        d->job.next_at = 0; /* the clock was wrong when it was written */
    }
    if (is_up_to_server(&d->job)) {
        d->job.next_at = 0;
    }
}

static void save(const ja_domain_t *d, ja_fs_safety_t safety, ja_store_t *store,
                 const ja_log_t *log, apr_pool_t *scratch)
{
    ja_err_t *err = ja_job_save(&d->job, store, d->plan->name, safety, scratch);

    if (err) {
        ja_event_errored(log, d->plan->name, err, "saving the job", 0, scratch);
    }
}

static ja_due_t due_of(const ja_domain_t *d, apr_time_t now)
{
    return ja_due(d->plan, d->live, d->staged, d->is_revoked, d->restored_at, now);
}

static int is_due(const ja_domain_t *d, apr_time_t now)
{
    ja_due_t due = due_of(d, now);

    return due.why != JA_DUE_NEVER && due.at <= now;
}

static void mind_revocation(ja_domain_t *d, ja_store_t *store, const ja_log_t *log,
                            apr_pool_t *scratch);

/* What else the store says of the live set. If it can't be read, what was known counts. */
static void look_around(ja_domain_t *d, ja_store_t *store, const ja_log_t *log, apr_pool_t *scratch)
{
    int is_revoked;
    ja_err_t *err = ja_set_is_revoked(&is_revoked, store, d->live, scratch);

    if (err) {
        ja_event_errored(log, d->plan->name, err, "reading an OCSP response", 0, scratch);
    }
    else {
        d->is_revoked = is_revoked;
    }
    d->restored_at = ja_rollback_done_at(store, d->plan->name, scratch);
}

void ja_domain_load(ja_domain_t *d, const ja_plan_domain_t *plan, ja_store_t *store,
                    const ja_log_t *log, apr_pool_t *parent)
{
    apr_pool_t *scratch;

    d->plan = plan;
    d->parent = parent;
    apr_pool_create(&d->pool, parent);
    apr_pool_create(&scratch, parent);
    load_job(d, store, log, scratch);
    d->staged = load_staged(d, store, log,
                            scratch); /* first: if it goes live in between it is seen there */
    d->live = load_set(d, store, JA_GROUP_LIVE, NULL, log, scratch);
    look_around(d, store, log, scratch);
    if (has_work(&d->job) && !is_due(d, ja_clock_now())) {
        begin_anew(&d->job); /* killed after staging, before the job said so */
        save(d, JA_FS_LAZY, store, log, scratch);
    }
    mind_revocation(d, store, log, scratch);
    apr_pool_destroy(scratch);
}

/* ---- when ------------------------------------------------------------------------------------ */

apr_time_t ja_domain_next_at(const ja_domain_t *d, ja_due_why_t *why, apr_time_t now)
{
    ja_due_t due = due_of(d, now);
    apr_time_t at = due.at > d->job.next_at ? due.at : d->job.next_at;
    apr_time_t place_at = d->job.order_url ? 0 : ja_job_place_at(&d->job, now);

    *why = due.why;
    if (due.why == JA_DUE_NEVER) {
        return 0;
    }
    if (d->is_unread) {
        return now + READ_AGAIN;
    }
    return at > place_at ? at : place_at;
}

/* Has it met it again just now, while others get answers? Then it may be this domain that the CA, or
 * something on the way, breaks the connection for: its back-off is what keeps it from the others. */
static int is_alone(const ja_domain_t *d, ja_retry_t retry)
{
    return retry == JA_RETRY_CA && d->job.attempts > 1
           && ja_clock_now() < d->job.error->at + JUST_NOW;
}

int ja_domain_awaits(const ja_domain_t *d, unsigned classes)
{
    ja_retry_t retry;

    if (!d->job.error) {
        return 0;
    }
    retry = ja_err_row(ja_err_code_find(d->job.error->id))->retry;
    return (classes & 1u << retry) != 0 && !is_alone(d, retry);
}

void ja_domain_hurry(ja_domain_t *d)
{
    d->job.next_at = 0;
}

/* ---- the end of an attempt ------------------------------------------------------------------- */

/* Job and sets move to a pool of their own, so that nothing of the attempt's memory is needed any
 * more. */
static void renew_pool(ja_domain_t *d, ja_store_t *store, const ja_log_t *log, int is_staged_new,
                       apr_pool_t *scratch)
{
    apr_pool_t *old = d->pool;
    ja_job_t job = d->job;

    apr_pool_create(&d->pool, d->parent);
    ja_job_copy(&d->job, &job, d->pool);
    d->is_unread = 0;
    d->staged = is_staged_new || d->staged
                    ? load_set(d, store, JA_GROUP_STAGING, d->staged, log, scratch)
                    : NULL;
    d->live = load_set(d, store, JA_GROUP_LIVE, d->live, log, scratch);
    look_around(d, store, log, scratch);
    apr_pool_destroy(old);
}

static void rest_if_due(ja_domain_t *d, apr_time_t now)
{
    if (is_due(d, now)) {
        d->job.next_at = now + REST_AFTER_SUCCESS;
        d->job.fingerprint = ja_fingerprint_domain(d->plan, d->pool);
    }
}

void ja_domain_succeeded(ja_domain_t *d, ja_store_t *store, const ja_log_t *log)
{
    apr_time_t now = ja_clock_now();
    apr_int64_t failures = d->job.attempts;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, d->parent);
    begin_anew(&d->job);
    d->job.why = -1;
    d->job.fingerprint = NULL;
    ja_job_note(&d->job, ja_event_name(JA_EVENT_STAGED), "a new set is complete", now, scratch);
    renew_pool(d, store, log, 1, scratch);
    rest_if_due(d, now);
    save(d, JA_FS_LAZY, store, log,
         scratch); /* that the work is done follows from the staged set */
    ja_event_tell(log, JA_EVENT_STAGED, d->plan->name, "a new set is complete; %s",
                  ja_rollout_text(d->plan));
    if (failures > 0) {
        ja_event_tell(log, JA_EVENT_RECOVERED, d->plan->name,
                      "after %" APR_INT64_T_FMT " failed attempts", failures);
    }
    apr_pool_destroy(scratch);
}

/* The how manieth failure it is, for the back-off. What the CA has failed in is not held against the
 * domain: after an outage of days its own failures begin with a short wait. And an order that is spent
 * by age has seldom gone that far without failures before: it is replaced at once, unless that has
 * just been done. */
static int step_of(ja_job_t *job, ja_retry_t retry)
{
    const ja_job_error_t *last = job->error;
    int is_again = last && ja_err_row(ja_err_code_find(last->id))->retry == JA_RETRY_ANEW;

    job->attempts++;
    job->passing += retry == JA_RETRY_CA;
    if (retry == JA_RETRY_ANEW && !is_again) {
        return 1;
    }
    return (int)(retry == JA_RETRY_CA ? job->attempts : job->attempts - job->passing);
}

static void fail(ja_domain_t *d, const char *event, const ja_err_t *err, const char *activity,
                 ja_store_t *store, const ja_log_t *log)
{
    apr_time_t now = ja_clock_now();
    ja_retry_t retry = ja_err_row(err->code)->retry;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, d->parent);
    d->job.next_at = ja_backoff(step_of(&d->job, retry), retry, err->retry_at, ja_rand_unit(), now);
    d->job.error = ja_job_error_make(err, activity, now, scratch);
    if (d->job.attempts % FAILURES_PER_ORDER == 0) {
        ja_drive_forget(&d->job);
    }
    ja_job_note(&d->job, event, d->job.error->text, now, scratch);
    renew_pool(d, store, log, 0, scratch);
    save(d, JA_FS_DURABLE, store, log, scratch);
    ja_event_errored(log, d->plan->name, err, activity,
                     retry == JA_RETRY_HOLD ? JA_EVENT_WITH_ACCOUNT : d->job.next_at, scratch);
    apr_pool_destroy(scratch);
}

void ja_domain_failed(ja_domain_t *d, const ja_err_t *err, const char *activity, ja_store_t *store,
                      const ja_log_t *log)
{
    fail(d, ERRORED, err, activity, store, log);
}

/* ---- news of the sets ------------------------------------------------------------------------ */

/* How often the history says it, since a time. */
static int count_revocations(const ja_job_t *job, apr_time_t since)
{
    int n = 0;
    int i;

    for (i = 0; i < job->history->nelts; i++) {
        const ja_job_event_t *event = &APR_ARRAY_IDX(job->history, i, ja_job_event_t);

        n += event->at >= since && strcmp(event->event, REVOKED) == 0;
    }
    return n;
}

/* If another set is there, or none is wanted, there is nothing to be done about it. */
static void tell_revocation(ja_domain_t *d, ja_store_t *store, const ja_log_t *log,
                            apr_pool_t *scratch)
{
    static const char ACTIVITY[] = "watching the certificate in use";
    ja_err_t *err = ja_err_make(JA_E_REVOKED, scratch, "the certificate in use is revoked");
    apr_time_t now = ja_clock_now();

    if (is_due(d, now)) {
        d->job.attempts = count_revocations(&d->job, 0);
        d->job.passing = 0;
        d->job.fingerprint = ja_fingerprint_domain(d->plan, d->pool);
        fail(d, REVOKED, err, ACTIVITY, store, log);
        return;
    }
    ja_job_note(&d->job, REVOKED, err->msg, now, d->pool);
    save(d, JA_FS_DURABLE, store, log, scratch);
    ja_event_errored(log, d->plan->name, err, ACTIVITY, 0, scratch);
}

static void mind_revocation(ja_domain_t *d, ja_store_t *store, const ja_log_t *log,
                            apr_pool_t *scratch)
{
    if (d->live && d->is_revoked && count_revocations(&d->job, d->live->committed_at) == 0) {
        tell_revocation(d, store, log, scratch);
    }
}

/* A certificate that was on hold may be good again: then what was under way is not needed. */
void ja_domain_responded(ja_domain_t *d, ja_store_t *store, const ja_log_t *log)
{
    int was_revoked = d->is_revoked;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, d->parent);
    look_around(d, store, log, scratch);
    mind_revocation(d, store, log, scratch);
    if (was_revoked && !d->is_revoked && !is_due(d, ja_clock_now())) {
        begin_anew(&d->job);
        save(d, JA_FS_LAZY, store, log, scratch);
    }
    apr_pool_destroy(scratch);
}

void ja_domain_reload(ja_domain_t *d, ja_store_t *store, const ja_log_t *log)
{
    const ja_set_t *before;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, d->parent);
    before = d->live ? ja_set_copy(d->live, scratch) : NULL;
    renew_pool(d, store, log, 1, scratch);
    if (d->live && !ja_set_is_same(before, d->live)) {
        ja_job_note(&d->job, ja_event_name(JA_EVENT_ACTIVATED), "another set is live",
                    ja_clock_now(), d->pool);
        save(d, JA_FS_LAZY, store, log, scratch);
    }
    mind_revocation(d, store, log, scratch);
    apr_pool_destroy(scratch);
}

/* An attempt that is going on saves the job with its next step. */
void ja_domain_proved(ja_domain_t *d, const ja_job_proof_t *proof, int is_worked_on,
                      ja_store_t *store, const ja_log_t *log)
{
    apr_pool_t *scratch;

    d->job.proof = ja_job_proof_copy(proof, d->pool);
    if (!is_worked_on) {
        apr_pool_create(&scratch, d->parent);
        save(d, JA_FS_LAZY, store, log, scratch);
        apr_pool_destroy(scratch);
    }
}

void ja_domain_discard(ja_domain_t *d, const ja_err_t *err, const char *activity, ja_store_t *store,
                       const ja_log_t *log)
{
    apr_pool_t *scratch;
    ja_err_t *kept;

    apr_pool_create(&scratch, d->parent);
    kept = ja_store_remove_name(store, JA_GROUP_STAGING, d->plan->name, scratch);
    if (kept) {
        ja_event_errored(log, d->plan->name, kept, "removing the staged set", 0, scratch);
    }
    apr_pool_destroy(scratch);
    ja_domain_failed(d, err, activity, store, log);
}

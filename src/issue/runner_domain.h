/* issue/runner_domain: what the runner holds of one domain: its job, its sets, when it is due.
 * Loaded once at the start; then the runner, being the only one that changes them, keeps the
 * picture up to date itself. Only issue/runner includes it.
 */
#ifndef JA_ISSUE_RUNNER_DOMAIN_H
#define JA_ISSUE_RUNNER_DOMAIN_H

#include "base/log.h"
#include "issue/due.h"
#include "issue/job.h"

typedef struct {
    const ja_plan_domain_t *plan;
    ja_job_t job;
    const ja_set_t *live;   /* or NULL */
    const ja_set_t *staged; /* or NULL */
    int is_unread;          /* the live set could not be read: nothing is ordered before it is */
    int is_revoked;         /* the live one is, by its OCSP response      */
    apr_time_t restored_at; /* when an earlier set was put back; 0: never */
    apr_pool_t *pool;       /* of job and sets; replaced when they change */
    apr_pool_t *parent;
} ja_domain_t;

/* Read everything from the store. What can't be read is told and counts as not being there; a
 * staged set that no restart would take over is removed. A job of another configuration begins
 * anew, and so does one whose work the sets say is done. */
void ja_domain_load(ja_domain_t *domain, const ja_plan_domain_t *plan, ja_store_t *store,
                    const ja_log_t *log, apr_pool_t *parent);

/* When the next attempt has to start, by sets, job and clock; 0: never. `*why` is the need. */
apr_time_t ja_domain_next_at(const ja_domain_t *domain, ja_due_why_t *why, apr_time_t now);

/* Did the last attempt fail with an error of one of these classes (1u << ja_retry_t)? If what it
 * failed for works again the domain need not wait for its time: hurry() forgets it (and does not
 * save). No, if it has failed for the CA several times, and within the last minute: it may be the only
 * one. */
int ja_domain_awaits(const ja_domain_t *domain, unsigned classes);
void ja_domain_hurry(ja_domain_t *domain);

/* The attempt has staged a set: the job is done, the set is read back. Saved; told. If that does
 * not help (it is due all the same) the next attempt is an hour later, so that no CA is ever asked
 * for one certificate after the other. */
void ja_domain_succeeded(ja_domain_t *domain, ja_store_t *store, const ja_log_t *log);

/* Somebody else has been at the sets: they are read again. After JA_E_IO, which is told, those of
 * before count. */
void ja_domain_reload(ja_domain_t *domain, ja_store_t *store, const ja_log_t *log);

/* The OCSP response of a live certificate may be another one: is it revoked, or not any more? The
 * first that is heard of it, also by load(), is an error, told once for each set as far as the
 * history goes back, and counts as a failed attempt: those of the sets before it count too, so that
 * a CA that revokes each set is not asked for one after the other. */
void ja_domain_responded(ja_domain_t *domain, ja_store_t *store, const ja_log_t *log);

/* What a proof has found is kept. */
void ja_domain_proved(ja_domain_t *domain, const ja_job_proof_t *proof, int is_worked_on,
                      ja_store_t *store, const ja_log_t *log);

/* The staged set is of no use, for the reason `err`: it is removed, and counts as a failed attempt.
 */
void ja_domain_discard(ja_domain_t *domain, const ja_err_t *err, const char *activity,
                       ja_store_t *store, const ja_log_t *log);

/* The attempt has failed: counted, the next one set, saved, told. */
void ja_domain_failed(ja_domain_t *domain, const ja_err_t *err, const char *activity,
                      ja_store_t *store, const ja_log_t *log);

#endif

/* issue/job: what the runner remembers of a domain's work: where the order in flight is, how often
 * it has failed, when the next try is. One file per domain, jobs/NAME.json, written by the runner
 * alone. Nothing in it says that work is finished: that follows from the sets (issue/due).
 */
#ifndef JA_ISSUE_JOB_H
#define JA_ISSUE_JOB_H

#include "base/enumstr.h"
#include "json/bind.h"
#include "store/store.h"

/* States of an order, see issue/flow. */
typedef enum {
    JA_ST_IDLE, /* no order in flight */
    JA_ST_RESUME,
    JA_ST_ORDER,
    JA_ST_AUTHZ,
    JA_ST_PRESENT,
    JA_ST_ANSWER,
    JA_ST_VALIDATE,
    JA_ST_KEY,
    JA_ST_FINALIZE,
    JA_ST_ISSUE,
    JA_ST_DOWNLOAD,
    JA_ST_KEEP,
    JA_ST_WHY,
    JA_ST_DONE,
    JA_ST_COUNT
} ja_state_t;

/* "idle", "resume", "order", ... */
extern const ja_enumstr_t ja_state_names;

/* A challenge that is presented. */
typedef struct {
    const char *type; /* "http-01" */
    const char *name;
    const char *token;
} ja_job_challenge_t;

/* What the CA says of one of several names (RFC 8555 6.7.1): its words, not escaped. */
typedef struct {
    const char *name;   /* or NULL */
    const char *type;   /* "caa" */
    const char *detail; /* may be "" */
    const char *value;  /* what the detail has in brackets, or NULL */
} ja_job_sub_t;

/* How the last attempt failed. `text` has all of it, `value` and `subs` parts of that. */
typedef struct {
    const char *id;       /* message id */
    const char *text;     /* UTF-8, one line, cut at 2 KiB */
    const char *activity; /* "waiting for validation", or NULL */
    apr_time_t at;
    const char *value;              /* what the CA's text has in brackets, or NULL */
    const apr_array_header_t *subs; /* ja_job_sub_t, at most 10; NULL: none */
} ja_job_error_t;

extern const ja_bind_t ja_job_error_bind;

/* How `err` is remembered. */
const ja_job_error_t *ja_job_error_make(const ja_err_t *err, const char *activity, apr_time_t now,
                                        apr_pool_t *pool);

#define JA_JOB_HISTORY_MAX 20

typedef struct {
    apr_time_t at;
    const char *event; /* "staged", "errored" */
    const char *text;
} ja_job_event_t;

/* What was last found when asking whether the live set is served (issue/proof). */
typedef struct {
    const char *sha256; /* of the live set's first certificate */
    apr_time_t at;
    const char *verdict;  /* of ja_proof_verdict_names */
    const char *error_id; /* message id; NULL: it is served */
    const char *text;     /* one line, cut at 2 KiB */
} ja_job_proof_t;

ja_job_proof_t *ja_job_proof_copy(const ja_job_proof_t *from, apr_pool_t *to);

/* At most so many orders for one name may fail in an hour. */
#define JA_JOB_PLACED_MAX  5
#define JA_JOB_PLACED_TIME apr_time_from_sec(3600)

/* A new order that has not brought a certificate (yet). */
typedef struct {
    apr_time_t at;
} ja_job_placed_t;

typedef struct {
    int state;                            /* ja_state_t of the order in flight */
    int spec;                             /* ja_key_spec_t that it is for; -1: none */
    const char *order_url;                /* NULL: none in flight */
    const char *thumbprint;               /* of the account that placed it */
    const apr_array_header_t *challenges; /* ja_job_challenge_t; never NULL */
    int why;                              /* ja_due_why_t of the attempt, -1: none */
    apr_int64_t attempts;                 /* failures in a row ... */
    apr_int64_t passing;                  /* ... and how many of them were the CA's (JA_RETRY_CA) */
    apr_time_t started_at;       /* of the first attempt at the present need; 0: there is no need */
    apr_time_t next_at;          /* not before; 0: no waiting */
    const char *fingerprint;     /* of the configuration it works for: another one begins anew */
    const ja_job_error_t *error; /* NULL: the last attempt did not fail */
    const apr_array_header_t *placed;  /* ja_job_placed_t, the last JA_JOB_PLACED_MAX, oldest first;
                                          never NULL */
    const apr_array_header_t *history; /* ja_job_event_t, oldest first; never NULL */
    const ja_job_proof_t *proof;       /* NULL: nothing has been asked yet */
} ja_job_t;

/* The job of `name`; an empty one if there is none, or, with `*damage` saying why, if what is there
 * can't be read: losing a job costs an order, no more. */
void ja_job_load(ja_job_t *job, ja_err_t **damage, ja_store_t *store, const char *name,
                 apr_pool_t *result, apr_pool_t *scratch);

/* Save it. */
ja_err_t *ja_job_save(const ja_job_t *job, ja_store_t *store, const char *name,
                      ja_fs_safety_t safety, apr_pool_t *scratch) JA_WARN_UNUSED;

/* A copy that lives in `to` alone, so that the pools of earlier versions can go. */
void ja_job_copy(ja_job_t *job, const ja_job_t *from, apr_pool_t *to);

/* A new order is about to be placed / the last of them is not one that failed: it has brought its
 * certificate, or was not sent after all. */
void ja_job_place(ja_job_t *job, apr_time_t now, apr_pool_t *pool);
void ja_job_unplace(ja_job_t *job);

/* When another order may be placed, not to fail too often: `now`, or later. */
apr_time_t ja_job_place_at(const ja_job_t *job, apr_time_t now);

/* Append to the history, dropping the oldest. */
void ja_job_note(ja_job_t *job, const char *event, const char *text, apr_time_t now,
                 apr_pool_t *pool);

#endif

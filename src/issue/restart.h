/* issue/restart: when the parent may restart the server gracefully by itself, because sets wait
 * that can't go live without: the pace as pure decisions, and activation.json, which tells people
 * of it. What is checked before a restart, and how it is done, is decided elsewhere.
 */
#ifndef JA_ISSUE_RESTART_H
#define JA_ISSUE_RESTART_H

#include "store/store.h"

/* ---- the pace -------------------------------------------------------------------------------- */

/* No pointers: a part of it outlives a restart. All 0 at first. */
typedef struct {
    apr_time_t restarted_at;      /* the last one of its own; 0: none                */
    apr_interval_time_t interval; /* at least that long from there to the next one   */
    apr_time_t wanted_at;         /* since when sets have been waiting; 0: none does */
    apr_time_t joined_at;         /* when the last one has joined them               */
    apr_interval_time_t pause;    /* the last one between tries; 0: no try failed    */
    apr_time_t retry_at;          /* after a try that failed                         */
} ja_restart_pace_t;

/* Sets that get ready close together are to share one restart: it waits until for so long none has
 * joined, but not longer than the second time. */
#define JA_RESTART_CALM apr_time_from_sec(8)
#define JA_RESTART_WAIT apr_time_from_sec(60)

/* From one restart to the next: the first while they are far apart, and twice the one before if
 * they follow each other at once, up to the last. */
#define JA_RESTART_INTERVAL      apr_time_from_sec(60)
#define JA_RESTART_INTERVAL_LAST apr_time_from_sec(15 * 60)

/* Sets wait at `now`; `has_more`: more of them than when this was called last. */
void ja_restart_want(ja_restart_pace_t *pace, int has_more, apr_time_t now);

/* No set waits any more. */
void ja_restart_drop(ja_restart_pace_t *pace);

/* When it may be tried; `now` or before: now. Only while sets wait. */
apr_time_t ja_restart_at(const ja_restart_pace_t *pace, apr_time_t now);

/* A try has failed: the next one is later, from one minute to one hour. */
void ja_restart_fail(ja_restart_pace_t *pace, apr_time_t now);

/* What a try depends on has changed: it need not wait for its time. */
void ja_restart_renew(ja_restart_pace_t *pace);

/* It is being done. What is left in `pace` is what the next generation has to know. */
void ja_restart_begin(ja_restart_pace_t *pace, apr_time_t now);

/* ---- what people are told -------------------------------------------------------------------- */

typedef enum {
    JA_RESTART_WAITING,  /* for its time                            */
    JA_RESTART_CHECKING, /* the configuration on disk               */
    JA_RESTART_REFUSED,  /* the server might not have come up again */
    JA_RESTART_DONE,     /* no set waits since                      */
    JA_RESTART_STATE_COUNT
} ja_restart_state_t;
extern const ja_enumstr_t
    ja_restart_state_names; /* "waiting", "checking", "refused", "restarted" */

/* activation.json. Text is UTF-8 on one line, for people. */
typedef struct {
    int state; /* ja_restart_state_t                                        */
    apr_time_t since;
    apr_time_t next_at; /* WAITING, REFUSED: when it is tried; 0: not known */
    const char *reason; /* REFUSED; or NULL                                 */
} ja_restart_status_t;

#define JA_RESTART_REASON_MAX 1024 /* bytes */

/* Written by root. JA_E_IO. */
ja_err_t *ja_restart_save(const ja_restart_status_t *status, ja_store_t *store,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* There is nothing to tell. */
ja_err_t *ja_restart_clear(ja_store_t *store, apr_pool_t *scratch) JA_WARN_UNUSED;

/* `*status` is NULL, without error, if there is nothing to tell. JA_E_SYNTAX, JA_E_UNTRUSTED,
 * JA_E_TOO_LARGE, JA_E_IO. */
ja_err_t *ja_restart_load(const ja_restart_status_t **status, ja_store_t *store, apr_pool_t *result,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

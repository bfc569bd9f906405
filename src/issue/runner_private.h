/* issue/runner_private: what the files of issue/runner share. For nobody else. The start is in
 * runner.c, who begins when in runner_places.c, attempts in runner_attempt.c, what becomes of sets in
 * runner_sets.c, how a run ends in runner_end.c.
 */
#ifndef JA_ISSUE_RUNNER_PRIVATE_H
#define JA_ISSUE_RUNNER_PRIVATE_H

#include "issue/attempt.h"
#include "issue/rollout.h"
#include "issue/runner.h"
#include "issue/runner_domain.h"
#include "issue/runner_peer.h"
#include "issue/verify.h"

typedef struct ja_slot_t ja_slot_t;

/* First in, first out. */
typedef struct {
    ja_slot_t *first, **last;
} ja_slot_queue_t;

/* A CA with its account and governor. */
typedef struct {
    ja_runner_t *runner;
    const char *id;
    ja_runner_peer_t *peer;
    ja_slot_queue_t waiting; /* due domains that may not begin yet, or have no place */
    ja_timer_t *timer;
    int has_taken;              /* what is not saved yet */
    ja_governor_why_t told_why; /* what the log says of those who wait */
    apr_time_t told_at;
} ja_side_t;

typedef enum {
    JA_SLOT_SCHEDULED, /* waits for its time, or for nothing */
    JA_SLOT_WAITING,   /* is due, and in side->waiting */
    JA_SLOT_WORKED_ON
} ja_slot_place_t;

/* A domain in the schedule. */
struct ja_slot_t {
    ja_runner_t *runner;
    ja_side_t *side;
    ja_domain_t domain;
    ja_slot_place_t place;
    ja_timer_t *timer;
    int taken;             /* orders that the governor has let pass for it */
    ja_attempt_t *attempt; /* NULL: not being worked on */
    apr_pool_t *attempt_pool;
    ja_rollout_t *rollout; /* of its sets */
    ja_verify_t *verify;   /* that they are served */
    ja_slot_t *next;       /* in the queue that it is in */
};

struct ja_runner_t {
    ja_runner_conf_t conf;
    apr_pool_t *pool;
    ja_loop_t *loop;
    ja_http_t *http;
    ja_store_t *store;
    ja_solver_t *solvers[2];
    apr_array_header_t *sides; /* ja_side_t *: as many as the plan has CAs */
    int turn;                  /* of the one that is asked next */
    ja_slot_t *slots;          /* as many as the plan has domains */
    ja_proof_t *proof;         /* whether live sets are served */
    int running;               /* at most as many as the plan's concurrency */
    ja_timer_t *look;          /* at requests/ */
    apr_time_t looked_for;     /* what requests/ had changed at then */
    int n_revocations;         /* that were in it                    */
    apr_uint32_t is_stopping;  /* set by any thread */
    apr_time_t stop_at;        /* the latest end, once the loop has seen it */
    apr_time_t seen_at;        /* the time after the last round */
};

/* How many domains, and slots, there are. */
int ja_runner_count(const ja_runner_t *runner);

/* ---- runner_places --------------------------------------------------------------------------- */

/* A CA, without anything that waits for it. */
ja_side_t *ja_runner_start_side(ja_runner_t *runner, const ja_plan_ca_t *plan);

/* A domain that has been loaded enters the schedule. */
void ja_runner_enter(ja_slot_t *slot);

/* Set the timer for the next attempt of a domain that is not being worked on. */
void ja_runner_schedule(ja_slot_t *slot);

/* Give free places to those who wait. */
void ja_runner_admit(ja_runner_t *runner);

/* ---- runner_attempt -------------------------------------------------------------------------- */

/* Begin the attempt that a place has been given for. */
void ja_runner_begin(ja_slot_t *slot);

/* The challenges of an order in flight can be answered. */
void ja_runner_present_again(ja_slot_t *slot, apr_pool_t *scratch);

/* ---- runner_sets ----------------------------------------------------------------------------- */

/* A domain that has been loaded: its sets go their way from now on. */
void ja_runner_start_sets(ja_slot_t *slot);

/* What it holds of its sets may have changed. */
void ja_runner_use_sets(ja_slot_t *slot);

/* Certificates have been revoked: it may have one of them. */
void ja_runner_mind_revocation(ja_slot_t *slot);

/* OCSP responses of certificates that nobody has any more go. */
void ja_runner_sweep(ja_runner_t *runner, apr_pool_t *scratch);

/* ---- runner_end ------------------------------------------------------------------------------ */

/* Has the run come to its end? For ja_loop_run(): asked after each round. */
int ja_runner_is_over(void *runner);

/* What the run leaves behind: orders that were let pass and not placed are given back; what is
 * saved holds for the next one. */
void ja_runner_settle(ja_runner_t *runner);

#endif

/* issue/flow: the way of one order, RFC 8555 7.4, as a table: one row per state, one exchange per
 * row. `ask` says what to wait for, `hear` reads the outcome and says which state is next and when.
 * Neither waits, sends or saves: issue/drive does. So a state is tested by one scripted outcome.
 *
 *   ORDER -> AUTHZ -> PRESENT -> ANSWER -> VALIDATE
 *         -> KEY -> FINALIZE -> ISSUE -> DOWNLOAD -> KEEP -> DONE
 *
 * All edges go forward, so no CA can make it turn in circles. After a restart it begins at RESUME,
 * which reads the order again and goes to where that is. WHY is where an order goes that the CA has
 * given up: it reads the authorizations once more, to learn the reason, and ends in an error.
 */
#ifndef JA_ISSUE_FLOW_H
#define JA_ISSUE_FLOW_H

#include "acme/authz.h"
#include "acme/order.h"
#include "base/loop.h"
#include "issue/job.h"
#include "issue/plan.h"
#include "issue/set.h"
#include "solve/solver.h"

/* A challenge that has been chosen for a name. */
typedef struct {
    ja_solver_t *solver;
    ja_solve_t what;
    const char *url;
    int needs_answer; /* 0: the CA is at it already */
} ja_picked_t;

/* Everything a state may look at or fill in. Lives in `pool`, which goes with the flow. */
typedef struct {
    const ja_plan_domain_t *domain;
    ja_key_spec_t spec;
    ja_store_t *store;
    ja_solver_t *const *solvers; /* ended by NULL */
    const char *thumbprint;      /* of the account key */
    apr_pool_t *pool;
    apr_time_t now; /* set by the driver before each ask and hear */

    int is_resumed;        /* given: the order is one of before a restart or a failure */
    int was_answered;      /* given with that: so were its challenges */
    const char *order_url; /* given for RESUME, else filled in by ORDER */
    int orders_sent;       /* newOrder requests that went out, the same one several times maybe */
    const char *finalize_url;
    const char *cert_url;
    const apr_array_header_t *authz_urls; /* const char * */
    const apr_array_header_t *picked;     /* ja_picked_t; never NULL after make */
    ja_err_t *order_error;                /* what an invalid order says of itself */
    apr_time_t order_expires_at;          /* 0: it does not say */
    const ja_err_t *refusal;              /* of a second answer to a challenge; or NULL */
    int is_spent;   /* the CA has given the order or a name of it up: it cannot be resumed */
    ja_bytes_t csr; /* no bytes: the key is one of before a restart */
    ja_bytes_t chain;
    ja_set_cert_t cert; /* filled in by KEEP: what has been issued */
    int polls;          /* in the present state */
    apr_time_t poll_until;
} ja_flow_t;

/* What to wait for. */
typedef enum {
    JA_WAIT_NOTHING, /* hear at once */
    JA_WAIT_CALLS,   /* replies to all of `asks`, sent side by side */
    JA_WAIT_WORK     /* `work`, on another thread, with the flow as its baton */
} ja_wait_kind_t;

typedef struct {
    ja_wait_kind_t kind;
    apr_array_header_t *asks; /* ja_ask_t; made empty by the driver */
    int hears_refusal;        /* an error that the CA answers with is for `hear` to judge */
    ja_work_fn *work;
} ja_wait_t;

/* The replies, in the order of the asks; none for the other kinds. */
typedef struct {
    const apr_array_header_t *replies; /* const ja_heard_t *; NULL for one that was refused */
    const ja_err_t *refusal;           /* the first of those, if the wait says so; else NULL */
} ja_outcome_t;

typedef struct {
    ja_state_t to;
    apr_time_t at; /* not before; 0 = now */
} ja_next_t;

/* How the position in the table gets into the job file. RESUME finds an order wherever it is: the
 * file only has to say which order, and people like to see what is going on. */
typedef enum {
    JA_SAVE_NOT,    /* a state that ends by itself, without the CA */
    JA_SAVE_LAZY,   /* survives a kill */
    JA_SAVE_DURABLE /* an order hangs on it: survives a power cut, leaving it too */
} ja_save_t;

typedef ja_err_t *ja_ask_fn(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch);
typedef ja_err_t *ja_hear_fn(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                             apr_pool_t *scratch);

typedef struct {
    ja_ask_fn *ask; /* NULL: the end */
    ja_hear_fn *hear;
    apr_uint32_t may_enter; /* bit per state that may follow, besides itself */
    ja_save_t save;         /* how entering it is saved */
    const char *activity;   /* for people: "while ..." */
} ja_flow_row_t;

const ja_flow_row_t *ja_flow_row(ja_state_t state);

ja_flow_t *ja_flow_make(const ja_plan_domain_t *domain, ja_key_spec_t spec, ja_store_t *store,
                        ja_solver_t *const *solvers, const char *thumbprint, apr_pool_t *pool);

#endif

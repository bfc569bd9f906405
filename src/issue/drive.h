/* issue/drive: drives one order through the table of issue/flow. The one place that changes the
 * state of an order: it saves the new state first, then sends what the state asks for, waits as it
 * says, and hands the outcome back.
 */
#ifndef JA_ISSUE_DRIVE_H
#define JA_ISSUE_DRIVE_H

#include "issue/flow.h"

typedef struct ja_drive_t ja_drive_t;

typedef struct {
    ja_loop_t *loop;
    ja_ca_t *ca;
    const ja_jwk_t *jwk;
    const char *account_url;
    ja_job_t *job; /* the position is kept in it and saved to the flow's store */
} ja_drive_conf_t;

/* The certificate is kept (`err` is NULL), or the attempt has failed; `activity` says during what.
 * The job then holds the order only if it can be resumed; its challenges stay set up in that case,
 * as the CA may come for them meanwhile. Both arguments live in the pool of start. The function may
 * clear it. */
typedef void ja_drive_done_fn(void *baton, ja_err_t *err, const char *activity);

/* Begin with a new order, or, if the flow has an order URL, where that is. `done` is called once,
 * never from within; clearing `pool` cancels. */
ja_drive_t *ja_drive_start(const ja_drive_conf_t *conf, ja_flow_t *flow, ja_drive_done_fn *done,
                           void *baton, apr_pool_t *pool);

/* Is a newOrder under way? Only its reply says where the order is. */
int ja_drive_is_critical(const ja_drive_t *drive);

/* Forget the order in a job. */
void ja_drive_forget(ja_job_t *job);

#endif

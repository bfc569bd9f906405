/* issue/flow_private: what the files of the flow share. Nobody else includes it. */
#ifndef JA_ISSUE_FLOW_PRIVATE_H
#define JA_ISSUE_FLOW_PRIVATE_H

#include "issue/dnsname.h"
#include "issue/flow.h"

/* How long one state polls before the attempt ends; the order is looked at again later. */
#define JA_FLOW_POLL_LIMIT apr_time_from_sec(600)

/* issue/flow_order.c */
ja_ask_fn ja_ask_order;
ja_hear_fn ja_hear_resume, ja_hear_order;

/* issue/flow_validate.c */
ja_ask_fn ja_ask_authz, ja_ask_present, ja_ask_answer, ja_ask_why;
ja_hear_fn ja_hear_authz, ja_hear_present, ja_hear_answer, ja_hear_validate, ja_hear_why;

/* issue/flow_issue.c */
ja_ask_fn ja_ask_key, ja_ask_finalize, ja_ask_download, ja_ask_keep;
ja_hear_fn ja_hear_key, ja_hear_finalize, ja_hear_issue, ja_hear_download, ja_hear_keep;

/* One more request to wait for, zeroed. */
ja_ask_t *ja_flow_ask(ja_wait_t *wait);

/* The reply to the i-th. */
const ja_heard_t *ja_flow_reply(const ja_outcome_t *outcome, int i);

/* Read an order and keep what later states need: all of it the first time, and at the end. */
ja_err_t *ja_flow_hear_order(ja_order_status_t *status, ja_flow_t *f, const ja_heard_t *heard,
                             int is_first, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Go to a polling state / stay in it. JA_E_POLL_SPENT if the next poll would be later than
 * JA_FLOW_POLL_LIMIT from the first. */
ja_err_t *ja_flow_poll_start(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at,
                             apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_flow_poll_again(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at,
                             apr_pool_t *scratch) JA_WARN_UNUSED;

/* JA_E_ORDER_STATE: a status that cannot follow. */
ja_err_t *ja_flow_went_wrong(const ja_flow_t *f, ja_order_status_t status,
                             apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

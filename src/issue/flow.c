/* The table, and what all states share. The states: issue/flow_order.c (RESUME, ORDER),
 * issue/flow_validate.c (AUTHZ to VALIDATE, WHY), issue/flow_issue.c (KEY to KEEP). */
#include "issue/flow.h"

#include <string.h>

#include <apr_strings.h>

#include "issue/flow_private.h"

#define TO(state) (1u << JA_ST_##state)

static ja_ask_fn ask_status;

/* clang-format off */
static const ja_flow_row_t FLOW[JA_ST_COUNT] = {
    [JA_ST_RESUME] = { ask_status, ja_hear_resume,
                       TO(AUTHZ) | TO(KEY) | TO(ISSUE) | TO(DOWNLOAD) | TO(WHY),
                       JA_SAVE_LAZY, "looking at the order again" },
    [JA_ST_ORDER] = { ja_ask_order, ja_hear_order, TO(AUTHZ) | TO(KEY) | TO(WHY),       /* 7.4   */
                      JA_SAVE_DURABLE, "placing the order" },
    [JA_ST_AUTHZ] = { ja_ask_authz, ja_hear_authz, TO(PRESENT) | TO(VALIDATE),          /* 7.5   */
                      JA_SAVE_LAZY, "reading authorizations" },
    [JA_ST_PRESENT] = { ja_ask_present, ja_hear_present, TO(ANSWER),                    /* 8     */
                        JA_SAVE_NOT, "setting up challenges" },
    [JA_ST_ANSWER] = { ja_ask_answer, ja_hear_answer, TO(VALIDATE),                     /* 7.5.1 */
                       JA_SAVE_LAZY, "answering challenges" },
    [JA_ST_VALIDATE] = { ask_status, ja_hear_validate, TO(KEY) | TO(WHY),               /* 7.1.6 */
                         JA_SAVE_LAZY, "waiting for validation" },
    [JA_ST_KEY] = { ja_ask_key, ja_hear_key, TO(FINALIZE),
                    JA_SAVE_NOT, "making the key" },
    [JA_ST_FINALIZE] = { ja_ask_finalize, ja_hear_finalize, TO(ISSUE) | TO(DOWNLOAD) | TO(WHY),
                         JA_SAVE_LAZY, "sending the CSR" },                             /* 7.4   */
    [JA_ST_ISSUE] = { ask_status, ja_hear_issue, TO(DOWNLOAD) | TO(WHY),                /* 7.4   */
                      JA_SAVE_LAZY, "waiting for the certificate" },
    [JA_ST_DOWNLOAD] = { ja_ask_download, ja_hear_download, TO(KEEP),                   /* 7.4.2 */
                         JA_SAVE_LAZY, "downloading the certificate" },
    [JA_ST_KEEP] = { ja_ask_keep, ja_hear_keep, TO(DONE),
                     JA_SAVE_NOT, "checking the certificate" },
    [JA_ST_WHY] = { ja_ask_why, ja_hear_why, 0,
                    JA_SAVE_LAZY, "asking why validation failed" },
};
/* clang-format on */

const ja_flow_row_t *ja_flow_row(ja_state_t state)
{
    return &FLOW[state];
}

ja_flow_t *ja_flow_make(const ja_plan_domain_t *domain, ja_key_spec_t spec, ja_store_t *store,
                        ja_solver_t *const *solvers, const char *thumbprint, apr_pool_t *pool)
{
    ja_flow_t *f = apr_pcalloc(pool, sizeof(*f));

    f->domain = domain;
    f->spec = spec;
    f->store = store;
    f->solvers = solvers;
    f->thumbprint = thumbprint;
    f->pool = pool;
    f->authz_urls = apr_array_make(pool, 0, sizeof(const char *));
    f->picked = apr_array_make(pool, 0, sizeof(ja_picked_t));
    return f;
}

/* ---- what all states share ------------------------------------------------------------------- */

ja_ask_t *ja_flow_ask(ja_wait_t *wait)
{
    ja_ask_t *ask = apr_array_push(wait->asks);

    memset(ask, 0, sizeof(*ask));
    wait->kind = JA_WAIT_CALLS;
    return ask;
}

const ja_heard_t *ja_flow_reply(const ja_outcome_t *outcome, int i)
{
    return APR_ARRAY_IDX(outcome->replies, i, const ja_heard_t *);
}

/* How is the order? POST-as-GET: after a restart, and at each poll. */
static ja_err_t *ask_status(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ja_order_ask(ja_flow_ask(wait), f->order_url);
    return NULL;
}

/* Keep of an order what later states need. */
static void remember(ja_flow_t *f, const ja_order_t *order)
{
    apr_array_header_t *urls = apr_array_copy(f->pool, order->authz_urls);
    int i;

    for (i = 0; i < urls->nelts; i++) {
        APR_ARRAY_IDX(urls, i, const char *) =
            apr_pstrdup(f->pool, APR_ARRAY_IDX(urls, i, const char *));
    }
    if (urls->nelts > 0) { /* an invalid order may come without: WHY needs those of the beginning */
        f->authz_urls = urls;
    }
    if (!f->order_url) { /* the reply to finalize need not name the order again */
        f->order_url = apr_pstrdup(f->pool, order->url);
    }
    f->finalize_url = apr_pstrdup(f->pool, order->finalize_url);
    f->cert_url = apr_pstrdup(f->pool, order->cert_url);
    f->order_error = ja_err_dup(order->error, f->pool);
    f->order_expires_at = order->expires_at;
}

ja_err_t *ja_flow_hear_order(ja_order_status_t *status, ja_flow_t *f, const ja_heard_t *heard,
                             int is_first, apr_pool_t *scratch)
{
    ja_order_t *order;

    JA_TRY(ja_order_hear(&order, heard, f->domain->names, scratch, scratch));
    *status = order->status;
    if (is_first || order->status == JA_ORDER_VALID || order->status == JA_ORDER_INVALID) {
        remember(f, order);
    }
    return NULL;
}

/* The first look after 250 ms, then at growing intervals; or when the CA says. RFC 8555 7.5.1, RFC
 * 9110 10.2.3. */
static apr_interval_time_t poll_interval(int polls)
{
    static const int WAIT_MS[] = { 250, 500, 1000, 2000, 4000, 7000, 10000 };
    int last = (int)(sizeof(WAIT_MS) / sizeof(WAIT_MS[0])) - 1;

    return apr_time_from_msec(WAIT_MS[polls < last ? polls : last]);
}

static void poll_next(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at)
{
    next->to = state;
    next->at = retry_at > f->now ? retry_at : f->now + poll_interval(f->polls);
    f->polls++;
}

ja_err_t *ja_flow_poll_start(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at,
                             apr_pool_t *scratch)
{
    f->polls = 0;
    f->poll_until = f->now + JA_FLOW_POLL_LIMIT;
    return ja_flow_poll_again(next, f, state, retry_at, scratch);
}

/* A longer Retry-After ends the attempt, too: it is not for one order to keep its place for hours.
 */
ja_err_t *ja_flow_poll_again(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at,
                             apr_pool_t *scratch)
{
    poll_next(next, f, state, retry_at);
    if (next->at > f->poll_until) {
        ja_err_t *err = ja_err_make(JA_E_POLL_SPENT, scratch, "order %s is not done after %d polls",
                                    f->order_url, f->polls - 1);

        err->retry_at = retry_at;
        err->cause = f->refusal;
        return err;
    }
    return NULL;
}

ja_err_t *ja_flow_went_wrong(const ja_flow_t *f, ja_order_status_t status, apr_pool_t *scratch)
{
    static const char *const NAMES[JA_ORDER_STATUS_COUNT] = {
        [JA_ORDER_PENDING] = "pending",       [JA_ORDER_READY] = "ready",
        [JA_ORDER_PROCESSING] = "processing", [JA_ORDER_VALID] = "valid",
        [JA_ORDER_INVALID] = "invalid",
    };
    static const ja_enumstr_t STATUS = { NAMES, JA_ORDER_STATUS_COUNT };

    return ja_err_make(JA_E_ORDER_STATE, scratch, "order %s cannot be %s here", f->order_url,
                       ja_enumstr_print(&STATUS, (int)status));
}

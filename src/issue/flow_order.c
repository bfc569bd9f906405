/* Where an order begins: placed, or looked at again after a restart. */
#include "issue/flow_private.h"

/* A new order, or one looked at again, that waits for authorizations. */
static ja_err_t *pending(ja_next_t *next, ja_flow_t *f, apr_pool_t *scratch)
{
    if (f->authz_urls->nelts == 0) { /* 7.1.3: it could never become ready */
        f->is_spent = 1;
        return ja_err_make(JA_E_PROTOCOL, scratch, "order %s is pending without authorizations",
                           f->order_url);
    }
    next->to = JA_ST_AUTHZ;
    return NULL;
}

/* ---- RESUME: after a restart, where is the order? -------------------------------------------- */

ja_err_t *ja_hear_resume(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                         apr_pool_t *scratch)
{
    ja_order_status_t status;
    const ja_heard_t *heard = ja_flow_reply(outcome, 0);

    JA_TRY(ja_flow_hear_order(&status, f, heard, 1, scratch));
    if ((status == JA_ORDER_PROCESSING || status == JA_ORDER_VALID)
        && !ja_set_has_key(f->store, f->domain->name, f->spec, scratch)) {
        return ja_err_make(JA_E_ORDER_STATE, scratch,
                           "order %s was finalized with a key that is not in the store",
                           f->order_url);
    }
    switch (status) {
    case JA_ORDER_PENDING:
        return pending(next, f, scratch);
    case JA_ORDER_READY:
        next->to = JA_ST_KEY;
        return NULL;
    case JA_ORDER_PROCESSING:
        return ja_flow_poll_start(next, f, JA_ST_ISSUE, heard->retry_at, scratch);
    case JA_ORDER_VALID:
        next->to = JA_ST_DOWNLOAD;
        return NULL;
    case JA_ORDER_INVALID:
        next->to = JA_ST_WHY;
        return NULL;
    case JA_ORDER_STATUS_COUNT:
        break;
    }
    return ja_flow_went_wrong(f, status, scratch);
}

/* ---- ORDER ----------------------------------------------------------------------------------- */

ja_err_t *ja_ask_order(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    ja_ask_t *ask = ja_flow_ask(wait);

    JA_TRY(ja_order_ask_new(ask, f->domain->names, scratch));
    ask->sent = &f->orders_sent;
    return NULL;
}

ja_err_t *ja_hear_order(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                        apr_pool_t *scratch)
{
    ja_order_status_t status;

    JA_TRY(ja_flow_hear_order(&status, f, ja_flow_reply(outcome, 0), 1, scratch));
    switch (status) {
    case JA_ORDER_PENDING:
        return pending(next, f, scratch);
    case JA_ORDER_READY: /* all authorizations are valid from earlier orders */
        next->to = JA_ST_KEY;
        return NULL;
    case JA_ORDER_INVALID:
        next->to = JA_ST_WHY;
        return NULL;
    case JA_ORDER_PROCESSING: /* of a CSR that we have not sent */
    case JA_ORDER_VALID:
    case JA_ORDER_STATUS_COUNT:
        break;
    }
    return ja_flow_went_wrong(f, status, scratch);
}

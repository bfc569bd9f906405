/* The states from an order that is ready to a certificate that is kept. */
#include "issue/flow.h"

#include <apr_strings.h>

#include "base/clock.h"
#include "issue/flow_private.h"

/* ---- KEY: a new one for each issuance, durable before the CA hears of it --------------------- */

static ja_err_t *make_key(void *baton, const volatile int *cancelled, apr_pool_t *pool)
{
    ja_flow_t *f = baton;

    return ja_set_make_key(&f->csr, f->store, f->domain->name, f->spec, f->domain->names, cancelled,
                           pool, pool);
}

ja_err_t *ja_ask_key(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)f;
    (void)scratch;
    wait->kind = JA_WAIT_WORK;
    wait->work = make_key;
    return NULL;
}

ja_err_t *ja_hear_key(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                      apr_pool_t *scratch)
{
    (void)outcome;
    (void)scratch;
    f->csr.bytes = apr_pmemdup(f->pool, f->csr.bytes, f->csr.len); /* out of the work's pool */
    next->to = JA_ST_FINALIZE;
    return NULL;
}

/* ---- FINALIZE -------------------------------------------------------------------------------- */

ja_err_t *ja_ask_finalize(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    return ja_order_ask_finalize(ja_flow_ask(wait), f->finalize_url, &f->csr, scratch);
}

/* The order after finalize; RFC 8555 7.4: processing, or already valid. */
static ja_err_t *after_finalize(ja_next_t *next, ja_flow_t *f, ja_order_status_t status,
                                apr_pool_t *scratch)
{
    switch (status) {
    case JA_ORDER_VALID:
        next->to = JA_ST_DOWNLOAD;
        return NULL;
    case JA_ORDER_INVALID:
        next->to = JA_ST_WHY;
        return NULL;
    case JA_ORDER_PENDING: /* backwards */
    case JA_ORDER_READY:
    case JA_ORDER_PROCESSING: /* the callers' case */
    case JA_ORDER_STATUS_COUNT:
        break;
    }
    return ja_flow_went_wrong(f, status, scratch);
}

ja_err_t *ja_hear_finalize(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                           apr_pool_t *scratch)
{
    const ja_heard_t *heard = ja_flow_reply(outcome, 0);
    ja_order_status_t status;

    JA_TRY(ja_flow_hear_order(&status, f, heard, 0, scratch));
    if (status == JA_ORDER_PROCESSING) {
        return ja_flow_poll_start(next, f, JA_ST_ISSUE, heard->retry_at, scratch);
    }
    return after_finalize(next, f, status, scratch);
}

/* ---- ISSUE: poll until the CA has issued ----------------------------------------------------- */

ja_err_t *ja_hear_issue(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                        apr_pool_t *scratch)
{
    const ja_heard_t *heard = ja_flow_reply(outcome, 0);
    ja_order_status_t status;

    JA_TRY(ja_flow_hear_order(&status, f, heard, 0, scratch));
    if (status == JA_ORDER_PROCESSING) {
        return ja_flow_poll_again(next, f, JA_ST_ISSUE, heard->retry_at, scratch);
    }
    return after_finalize(next, f, status, scratch);
}

/* ---- DOWNLOAD -------------------------------------------------------------------------------- */

ja_err_t *ja_ask_download(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ja_order_ask_cert(ja_flow_ask(wait), f->cert_url);
    return NULL;
}

ja_err_t *ja_hear_download(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                           apr_pool_t *scratch)
{
    (void)scratch;
    JA_TRY(ja_order_hear_cert(&f->chain, ja_flow_reply(outcome, 0), f->pool));
    next->to = JA_ST_KEEP;
    return NULL;
}

/* ---- KEEP: nothing is kept that is not what was asked for ------------------------------------ */

static ja_err_t *keep_chain(void *baton, const volatile int *cancelled, apr_pool_t *pool)
{
    ja_flow_t *f = baton;

    (void)cancelled;
    return ja_set_keep_chain(&f->cert, f->store, f->domain->name, f->spec, &f->chain,
                             f->csr.len > 0 ? &f->csr : NULL, f->domain->names, ja_clock_now(),
                             pool, pool);
}

ja_err_t *ja_ask_keep(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)f;
    (void)scratch;
    wait->kind = JA_WAIT_WORK;
    wait->work = keep_chain;
    return NULL;
}

ja_err_t *ja_hear_keep(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                       apr_pool_t *scratch)
{
    (void)outcome;
    (void)scratch;
    ja_set_cert_copy(&f->cert, &f->cert, f->pool); /* out of the work's pool */
    next->to = JA_ST_DONE;
    return NULL;
}

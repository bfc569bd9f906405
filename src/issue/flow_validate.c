/* From the authorizations of an order to an order that is ready, or to why it never will be. */
#include "issue/flow_private.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

/* Longer than any CA takes to look at a challenge; then the presented token may be forgotten. */
#define CHALLENGE_LIFETIME apr_time_from_sec(24 * 3600)

/* ---- AUTHZ: all side by side; a challenge is chosen for each that is pending ----------------- */

static void ask_all_authz(ja_wait_t *wait, const ja_flow_t *f)
{
    int i;

    wait->kind = JA_WAIT_NOTHING; /* unless there is one */
    for (i = 0; i < f->authz_urls->nelts; i++) {
        ja_authz_ask(ja_flow_ask(wait), APR_ARRAY_IDX(f->authz_urls, i, const char *));
    }
}

ja_err_t *ja_ask_authz(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ask_all_authz(wait, f);
    return NULL;
}

/* An authorization that cannot become valid any more takes its order along (RFC 8555 7.1.6). */
static ja_err_t *give_up(ja_flow_t *f, const ja_authz_t *authz, apr_pool_t *scratch)
{
    f->is_spent = 1;
    return ja_authz_why(authz, f->now, scratch);
}

static ja_err_t *pick(apr_array_header_t *picked, ja_flow_t *f, const ja_authz_t *authz,
                      apr_pool_t *scratch)
{
    const ja_challenge_t *challenge = ja_authz_pick(authz, f->domain->challenges);
    ja_solver_t *solver = challenge ? ja_solver_find(f->solvers, challenge->type) : NULL;
    ja_picked_t *to;

    if (!solver) {
        return ja_err_make(JA_E_NO_CHALLENGE, scratch,
                           "the CA offers no challenge for %s that is configured here",
                           authz->name);
    }
    if (challenge->status == JA_CHALLENGE_INVALID) {
        return give_up(f, authz, scratch);
    }
    to = apr_array_push(picked);
    to->solver = solver;
    to->what.name =
        apr_pstrdup(f->pool, ja_dnsname_is_wildcard(authz->name) ? authz->name + 2 : authz->name);
    to->what.token = apr_pstrdup(f->pool, challenge->token);
    to->what.thumbprint = f->thumbprint;
    to->what.expires_at = f->now + CHALLENGE_LIFETIME;
    to->url = apr_pstrdup(f->pool, challenge->url);
    /* Not twice: the CA may have moved the challenge on by the time it reads a second answer, and
     * refuse that. */
    to->needs_answer = challenge->status == JA_CHALLENGE_PENDING && !f->was_answered;
    return NULL;
}

/* Nothing is ever set up for a name that is not in the order. */
static int is_ours(const ja_flow_t *f, const ja_authz_t *authz)
{
    int i;

    for (i = 0; i < f->domain->names->nelts; i++) {
        if (apr_cstr_casecmp(APR_ARRAY_IDX(f->domain->names, i, const char *), authz->name) == 0) {
            return 1;
        }
    }
    return 0;
}

static ja_err_t *pick_if_pending(apr_array_header_t *picked, ja_flow_t *f, const ja_authz_t *authz,
                                 apr_pool_t *scratch)
{
    if (!is_ours(f, authz)) {
        f->is_spent = 1;
        return ja_err_make(JA_E_PROTOCOL, scratch,
                           "order %s has an authorization for another name: %s", f->order_url,
                           authz->name);
    }
    switch (authz->status) {
    case JA_AUTHZ_VALID: /* from an earlier order: nothing to do for this name */
        return NULL;
    case JA_AUTHZ_PENDING:
        return pick(picked, f, authz, scratch);
    case JA_AUTHZ_INVALID:
    case JA_AUTHZ_DEACTIVATED:
    case JA_AUTHZ_EXPIRED:
    case JA_AUTHZ_REVOKED:
    case JA_AUTHZ_STATUS_COUNT:
        break;
    }
    return give_up(f, authz, scratch);
}

ja_err_t *ja_hear_authz(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                        apr_pool_t *scratch)
{
    apr_array_header_t *picked =
        apr_array_make(f->pool, outcome->replies->nelts, sizeof(ja_picked_t));
    ja_authz_t *authz;
    int i;

    for (i = 0; i < outcome->replies->nelts; i++) {
        JA_TRY(ja_authz_hear(&authz, ja_flow_reply(outcome, i), scratch, scratch));
        JA_TRY(pick_if_pending(picked, f, authz, scratch));
    }
    f->picked = picked;
    if (picked->nelts > 0) {
        next->to = JA_ST_PRESENT;
    }
    else {
        JA_TRY(ja_flow_poll_start(next, f, JA_ST_VALIDATE, 0, scratch));
        next->at = 0; /* nothing to wait for: it has to be ready now */
    }
    return NULL;
}

/* ---- PRESENT --------------------------------------------------------------------------------- */

ja_err_t *ja_ask_present(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    int i;

    wait->kind = JA_WAIT_NOTHING;
    for (i = 0; i < f->picked->nelts; i++) {
        const ja_picked_t *picked = &APR_ARRAY_IDX(f->picked, i, ja_picked_t);

        JA_TRY(picked->solver->present(picked->solver, &picked->what, scratch));
    }
    return NULL;
}

ja_err_t *ja_hear_present(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                          apr_pool_t *scratch)
{
    (void)f;
    (void)outcome;
    (void)scratch;
    next->to = JA_ST_ANSWER;
    return NULL;
}

/* ---- ANSWER ---------------------------------------------------------------------------------- */

ja_err_t *ja_ask_answer(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    int i;

    (void)scratch;
    wait->kind = JA_WAIT_NOTHING; /* unless there is one */
    wait->hears_refusal = f->is_resumed;
    for (i = 0; i < f->picked->nelts; i++) {
        const ja_picked_t *picked = &APR_ARRAY_IDX(f->picked, i, ja_picked_t);

        if (picked->needs_answer) {
            ja_challenge_ask(ja_flow_ask(wait), picked->url);
        }
    }
    return NULL;
}

/* The answer may have been given before the restart that cut its reply off, and the CA may have
 * moved the challenge on since: it refuses a second answer then, and the order tells how things
 * stand. */
static ja_err_t *judge_refusal(ja_flow_t *f, const ja_err_t *refusal, apr_pool_t *scratch)
{
    if (refusal->code != JA_E_MALFORMED && refusal->code != JA_E_AUTHZ_REFUSED) {
        return ja_err_dup(refusal, scratch);
    }
    f->refusal = ja_err_dup(refusal, f->pool);
    return NULL;
}

static ja_err_t *judge_challenge(ja_flow_t *f, const ja_heard_t *heard, apr_pool_t *scratch)
{
    ja_challenge_t *challenge;

    JA_TRY(ja_challenge_hear(&challenge, heard, scratch, scratch));
    if (challenge->status != JA_CHALLENGE_INVALID) {
        return NULL;
    }
    f->is_spent = 1;
    return challenge->error ? challenge->error
                            : ja_err_make(JA_E_AUTHZ_INVALID, scratch, "challenge %s is invalid",
                                          challenge->url);
}

ja_err_t *ja_hear_answer(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                         apr_pool_t *scratch)
{
    apr_time_t retry_at = 0;
    int i;

    if (outcome->refusal) {
        JA_TRY(judge_refusal(f, outcome->refusal, scratch));
    }
    for (i = 0; i < outcome->replies->nelts; i++) {
        const ja_heard_t *heard = ja_flow_reply(outcome, i);

        if (heard) {
            JA_TRY(judge_challenge(f, heard, scratch));
            retry_at = heard->retry_at > retry_at ? heard->retry_at : retry_at;
        }
    }
    return ja_flow_poll_start(next, f, JA_ST_VALIDATE, retry_at, scratch);
}

/* ---- VALIDATE: poll the order, not each authorization ---------------------------------------- */

ja_err_t *ja_hear_validate(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                           apr_pool_t *scratch)
{
    ja_order_status_t status;

    JA_TRY(ja_flow_hear_order(&status, f, ja_flow_reply(outcome, 0), 0, scratch));
    switch (status) {
    case JA_ORDER_PENDING:
        return ja_flow_poll_again(next, f, JA_ST_VALIDATE, ja_flow_reply(outcome, 0)->retry_at,
                                  scratch);
    case JA_ORDER_READY:
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

/* ---- WHY: the CA has given the order up ------------------------------------------------------ */

ja_err_t *ja_ask_why(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ask_all_authz(wait, f);
    return NULL;
}

/* What the order itself has to say, if none of its authorizations is to blame. */
static ja_err_t *why_of_order(const ja_flow_t *f, apr_pool_t *scratch)
{
    if (f->order_error) {
        return f->order_error;
    }
    if (f->order_expires_at != 0 && f->order_expires_at <= f->now) {
        return ja_err_make(JA_E_ORDER_EXPIRED, scratch, "order %s has expired", f->order_url);
    }
    return ja_err_make(JA_E_ORDER_INVALID, scratch, "order %s is invalid", f->order_url);
}

ja_err_t *ja_hear_why(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome,
                      apr_pool_t *scratch)
{
    ja_authz_t *authz;
    int i;

    (void)next;
    f->is_spent = 1;
    for (i = 0; i < outcome->replies->nelts; i++) {
        JA_TRY(ja_authz_hear(&authz, ja_flow_reply(outcome, i), scratch, scratch));
        if (authz->status != JA_AUTHZ_VALID && authz->status != JA_AUTHZ_PENDING) {
            return ja_authz_why(authz, f->now, scratch);
        }
    }
    return why_of_order(f, scratch);
}

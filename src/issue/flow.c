/* The table, and the states up to an order that is ready. What follows is in issue/flow_issue.c. */
#include "issue/flow.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "issue/flow_private.h"

#define TO(state) (1u << JA_ST_##state)

/* Longer than any CA takes to look at a challenge; then the presented token may be forgotten. */
#define CHALLENGE_LIFETIME apr_time_from_sec(24 * 3600)

static ja_ask_fn ask_resume, ask_order, ask_authz, ask_present, ask_answer, ask_validate, ask_why;
static ja_hear_fn hear_resume, hear_order, hear_authz, hear_present, hear_answer, hear_validate, hear_why;

static const ja_flow_row_t FLOW[JA_ST_COUNT] = {
    [JA_ST_RESUME] = {ask_resume, hear_resume, TO(AUTHZ) | TO(KEY) | TO(ISSUE) | TO(DOWNLOAD) | TO(WHY), JA_SAVE_LAZY,
                      "looking at the order again"},
    [JA_ST_ORDER] = {ask_order, hear_order, TO(AUTHZ) | TO(KEY) | TO(WHY), JA_SAVE_DURABLE, "placing the order"},             /* 7.4   */
    [JA_ST_AUTHZ] = {ask_authz, hear_authz, TO(PRESENT) | TO(VALIDATE), JA_SAVE_LAZY, "reading authorizations"},               /* 7.5   */
    [JA_ST_PRESENT] = {ask_present, hear_present, TO(ANSWER), JA_SAVE_NOT, "setting up challenges"},                           /* 8     */
    [JA_ST_ANSWER] = {ask_answer, hear_answer, TO(VALIDATE), JA_SAVE_LAZY, "answering challenges"},                            /* 7.5.1 */
    [JA_ST_VALIDATE] = {ask_validate, hear_validate, TO(KEY) | TO(WHY), JA_SAVE_LAZY, "waiting for validation"},               /* 7.1.6 */
    [JA_ST_KEY] = {ja_ask_key, ja_hear_key, TO(FINALIZE), JA_SAVE_NOT, "making the key"},
    [JA_ST_FINALIZE] = {ja_ask_finalize, ja_hear_finalize, TO(ISSUE) | TO(DOWNLOAD) | TO(WHY), JA_SAVE_LAZY, "sending the CSR"},  /* 7.4 */
    [JA_ST_ISSUE] = {ja_ask_issue, ja_hear_issue, TO(DOWNLOAD) | TO(WHY), JA_SAVE_LAZY, "waiting for the certificate"},        /* 7.4   */
    [JA_ST_DOWNLOAD] = {ja_ask_download, ja_hear_download, TO(KEEP), JA_SAVE_LAZY, "downloading the certificate"},             /* 7.4.2 */
    [JA_ST_KEEP] = {ja_ask_keep, ja_hear_keep, TO(DONE), JA_SAVE_NOT, "checking the certificate"},
    [JA_ST_WHY] = {ask_why, hear_why, 0, JA_SAVE_LAZY, "asking why validation failed"},
};

const ja_flow_row_t *ja_flow_row(ja_state_t state)
{
    return &FLOW[state];
}

ja_flow_t *ja_flow_make(const ja_plan_domain_t *domain, ja_key_spec_t spec, ja_store_t *store, ja_solver_t *const *solvers,
                        const char *thumbprint, apr_pool_t *pool)
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

/* --- what all states share -------------------------------------------------------------------------------------------------------- */

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

/* Keep of an order what later states need. */
static void remember(ja_flow_t *f, const ja_order_t *order)
{
    apr_array_header_t *urls = apr_array_copy(f->pool, order->authz_urls);
    int i;

    for (i = 0; i < urls->nelts; i++) {
        APR_ARRAY_IDX(urls, i, const char *) = apr_pstrdup(f->pool, APR_ARRAY_IDX(urls, i, const char *));
    }
    if (urls->nelts > 0) {                      /* an invalid order may come without: WHY needs those of the beginning */
        f->authz_urls = urls;
    }
    if (!f->order_url) {                        /* a reply of finalize need not name the order again */
        if (!f->order_url) {                        /* the answer to finalize may come without the order's own URL */
        f->order_url = apr_pstrdup(f->pool, order->url);
    }
    }
    f->finalize_url = apr_pstrdup(f->pool, order->finalize_url);
    f->cert_url = apr_pstrdup(f->pool, order->cert_url);
    f->order_error = ja_err_dup(order->error, f->pool);
}

ja_err_t *ja_flow_hear_order(ja_order_status_t *status, ja_flow_t *f, const ja_heard_t *heard, int is_first, apr_pool_t *scratch)
{
    ja_order_t *order;

    JA_TRY(ja_order_hear(&order, heard, f->domain->names, scratch, scratch));
    *status = order->status;
    if (is_first || order->status == JA_ORDER_VALID || order->status == JA_ORDER_INVALID) {
        remember(f, order);
    }
    return NULL;
}

/* The first look after 250 ms, then at growing intervals; or when the CA says. RFC 8555 7.5.1, RFC 9110 10.2.3. */
static apr_interval_time_t poll_interval(int polls)
{
    static const int WAIT_MS[] = {250, 500, 1000, 2000, 4000, 7000, 10000};
    int last = (int)(sizeof(WAIT_MS) / sizeof(WAIT_MS[0])) - 1;

    return apr_time_from_msec(WAIT_MS[polls < last ? polls : last]);
}

static void poll_next(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at)
{
    next->to = state;
    next->at = retry_at > f->now ? retry_at : f->now + poll_interval(f->polls);
    f->polls++;
}

ja_err_t *ja_flow_poll_start(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at, apr_pool_t *scratch)
{
    f->polls = 0;
    f->poll_until = f->now + JA_FLOW_POLL_LIMIT;
    return ja_flow_poll_again(next, f, state, retry_at, scratch);
}

/* A longer Retry-After ends the attempt, too: it is not for one order to keep its place for hours. */
ja_err_t *ja_flow_poll_again(ja_next_t *next, ja_flow_t *f, ja_state_t state, apr_time_t retry_at, apr_pool_t *scratch)
{
    poll_next(next, f, state, retry_at);
    if (next->at > f->poll_until) {
        ja_err_t *err = ja_err_make(JA_E_POLL_SPENT, scratch, "order %s is not done after %d polls", f->order_url, f->polls - 1);

        err->retry_at = retry_at;
        return err;
    }
    return NULL;
}

ja_err_t *ja_flow_went_wrong(const ja_flow_t *f, ja_order_status_t status, apr_pool_t *scratch)
{
    static const char *const NAMES[JA_ORDER_STATUS_COUNT] = {
        [JA_ORDER_PENDING] = "pending", [JA_ORDER_READY] = "ready",     [JA_ORDER_PROCESSING] = "processing",
        [JA_ORDER_VALID] = "valid",     [JA_ORDER_INVALID] = "invalid",
    };
    static const ja_enumstr_t STATUS = {NAMES, JA_ORDER_STATUS_COUNT};

    return ja_err_make(JA_E_ORDER_STATE, scratch, "order %s cannot be %s here", f->order_url, ja_enumstr_print(&STATUS, (int)status));
}

/* A new order, or one looked at again, that waits for authorizations. */
static ja_err_t *pending(ja_next_t *next, ja_flow_t *f, apr_pool_t *scratch)
{
    if (f->authz_urls->nelts == 0) {            /* 7.1.3: it could never become ready */
        f->is_spent = 1;
        return ja_err_make(JA_E_PROTOCOL, scratch, "order %s is pending without authorizations", f->order_url);
    }
    next->to = JA_ST_AUTHZ;
    return NULL;
}

/* --- RESUME: after a restart, where is the order? ------------------------------------------------------------------------------------ */

static ja_err_t *ask_resume(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ja_order_ask(ja_flow_ask(wait), f->order_url);
    return NULL;
}

static ja_err_t *hear_resume(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    ja_order_status_t status;
    const ja_heard_t *heard = ja_flow_reply(outcome, 0);

    JA_TRY(ja_flow_hear_order(&status, f, heard, 1, scratch));
    if ((status == JA_ORDER_PROCESSING || status == JA_ORDER_VALID) && !ja_set_has_key(f->store, f->domain->name, f->spec, scratch)) {
        return ja_err_make(JA_E_ORDER_STATE, scratch, "order %s was finalized with a key that is not in the store", f->order_url);
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

/* --- ORDER --------------------------------------------------------------------------------------------------------------------------- */

static ja_err_t *ask_order(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    return ja_order_ask_new(ja_flow_ask(wait), f->domain->names, scratch);
}

static ja_err_t *hear_order(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    ja_order_status_t status;

    JA_TRY(ja_flow_hear_order(&status, f, ja_flow_reply(outcome, 0), 1, scratch));
    switch (status) {
    case JA_ORDER_PENDING:
        return pending(next, f, scratch);
    case JA_ORDER_READY:                        /* all authorizations are valid from earlier orders */
        next->to = JA_ST_KEY;
        return NULL;
    case JA_ORDER_INVALID:
        next->to = JA_ST_WHY;
        return NULL;
    case JA_ORDER_PROCESSING:                   /* of a CSR that we have not sent */
    case JA_ORDER_VALID:
    case JA_ORDER_STATUS_COUNT:
        break;
    }
    return ja_flow_went_wrong(f, status, scratch);
}

/* --- AUTHZ: all authorizations side by side; one challenge is chosen for each that is pending ---------------------------------------------- */

static void ask_all_authz(ja_wait_t *wait, const ja_flow_t *f)
{
    int i;

    wait->kind = JA_WAIT_NOTHING;               /* unless there is one */
    for (i = 0; i < f->authz_urls->nelts; i++) {
        ja_authz_ask(ja_flow_ask(wait), APR_ARRAY_IDX(f->authz_urls, i, const char *));
    }
}

static ja_err_t *ask_authz(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ask_all_authz(wait, f);
    return NULL;
}

/* An authorization that cannot become valid any more takes its order along (RFC 8555 7.1.6). */
static ja_err_t *give_up(ja_flow_t *f, const ja_authz_t *authz, apr_pool_t *scratch)
{
    f->is_spent = 1;
    return ja_authz_why(authz, scratch);
}

static ja_err_t *pick(apr_array_header_t *picked, ja_flow_t *f, const ja_authz_t *authz, apr_pool_t *scratch)
{
    const ja_challenge_t *challenge = ja_authz_pick(authz, f->domain->challenges);
    ja_solver_t *solver = challenge ? ja_solver_find(f->solvers, challenge->type) : NULL;
    ja_picked_t *to;

    if (!solver) {
        return ja_err_make(JA_E_NO_CHALLENGE, scratch, "the CA offers no challenge for %s that is configured here", authz->name);
    }
    if (challenge->status == JA_CHALLENGE_INVALID) {
        return give_up(f, authz, scratch);
    }
    to = apr_array_push(picked);
    to->solver = solver;
    to->what.name = apr_pstrdup(f->pool, ja_dnsname_is_wildcard(authz->name) ? authz->name + 2 : authz->name);
    to->what.token = apr_pstrdup(f->pool, challenge->token);
    to->what.thumbprint = f->thumbprint;
    to->what.expires_at = f->now + CHALLENGE_LIFETIME;
    to->url = apr_pstrdup(f->pool, challenge->url);
    to->needs_answer = challenge->status == JA_CHALLENGE_PENDING;
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

static ja_err_t *pick_if_pending(apr_array_header_t *picked, ja_flow_t *f, const ja_authz_t *authz, apr_pool_t *scratch)
{
    if (!is_ours(f, authz)) {
        f->is_spent = 1;
        return ja_err_make(JA_E_PROTOCOL, scratch, "order %s has an authorization for another name: %s", f->order_url, authz->name);
    }
    switch (authz->status) {
    case JA_AUTHZ_VALID:                        /* from an earlier order: nothing to do for this name */
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

static ja_err_t *hear_authz(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    apr_array_header_t *picked = apr_array_make(f->pool, outcome->replies->nelts, sizeof(ja_picked_t));
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
        next->at = 0;                           /* nothing to wait for: it has to be ready now */
    }
    return NULL;
}

/* --- PRESENT ------------------------------------------------------------------------------------------------------------------------- */

static ja_err_t *ask_present(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    int i;

    wait->kind = JA_WAIT_NOTHING;
    for (i = 0; i < f->picked->nelts; i++) {
        const ja_picked_t *picked = &APR_ARRAY_IDX(f->picked, i, ja_picked_t);

        JA_TRY(picked->solver->present(picked->solver, &picked->what, scratch));
    }
    return NULL;
}

static ja_err_t *hear_present(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    (void)f;
    (void)outcome;
    (void)scratch;
    next->to = JA_ST_ANSWER;
    return NULL;
}

/* --- ANSWER -------------------------------------------------------------------------------------------------------------------------- */

static ja_err_t *ask_answer(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    int i;

    (void)scratch;
    wait->kind = JA_WAIT_NOTHING;               /* unless there is one */
    for (i = 0; i < f->picked->nelts; i++) {
        const ja_picked_t *picked = &APR_ARRAY_IDX(f->picked, i, ja_picked_t);

        if (picked->needs_answer) {
            ja_challenge_ask(ja_flow_ask(wait), picked->url);
        }
    }
    return NULL;
}

static ja_err_t *hear_answer(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    ja_challenge_t *challenge;
    apr_time_t retry_at = 0;
    int i;

    for (i = 0; i < outcome->replies->nelts; i++) {
        JA_TRY(ja_challenge_hear(&challenge, ja_flow_reply(outcome, i), scratch, scratch));
        if (challenge->status == JA_CHALLENGE_INVALID) {
            f->is_spent = 1;
            return challenge->error ? challenge->error
                                    : ja_err_make(JA_E_AUTHZ_INVALID, scratch, "challenge %s is invalid", challenge->url);
        }
        if (ja_flow_reply(outcome, i)->retry_at > retry_at) {
            retry_at = ja_flow_reply(outcome, i)->retry_at;
        }
    }
    return ja_flow_poll_start(next, f, JA_ST_VALIDATE, retry_at, scratch);
}

/* --- VALIDATE: poll the order, not each authorization ------------------------------------------------------------------------------------- */

static ja_err_t *ask_validate(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ja_order_ask(ja_flow_ask(wait), f->order_url);
    return NULL;
}

static ja_err_t *hear_validate(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    ja_order_status_t status;

    JA_TRY(ja_flow_hear_order(&status, f, ja_flow_reply(outcome, 0), 0, scratch));
    switch (status) {
    case JA_ORDER_PENDING:
        return ja_flow_poll_again(next, f, JA_ST_VALIDATE, ja_flow_reply(outcome, 0)->retry_at, scratch);
    case JA_ORDER_READY:
        next->to = JA_ST_KEY;
        return NULL;
    case JA_ORDER_INVALID:
        next->to = JA_ST_WHY;
        return NULL;
    case JA_ORDER_PROCESSING:                   /* of a CSR that we have not sent */
    case JA_ORDER_VALID:
    case JA_ORDER_STATUS_COUNT:
        break;
    }
    return ja_flow_went_wrong(f, status, scratch);
}

/* --- WHY: the CA has given the order up ---------------------------------------------------------------------------------------------------- */

static ja_err_t *ask_why(ja_wait_t *wait, ja_flow_t *f, apr_pool_t *scratch)
{
    (void)scratch;
    ask_all_authz(wait, f);
    return NULL;
}

static ja_err_t *hear_why(ja_next_t *next, ja_flow_t *f, const ja_outcome_t *outcome, apr_pool_t *scratch)
{
    ja_authz_t *authz;
    int i;

    (void)next;
    f->is_spent = 1;
    for (i = 0; i < outcome->replies->nelts; i++) {
        JA_TRY(ja_authz_hear(&authz, ja_flow_reply(outcome, i), scratch, scratch));
        if (authz->status != JA_AUTHZ_VALID && authz->status != JA_AUTHZ_PENDING) {
            return ja_authz_why(authz, scratch);
        }
    }
    return f->order_error ? f->order_error : ja_err_make(JA_E_ORDER_INVALID, scratch, "order %s is invalid", f->order_url);
}

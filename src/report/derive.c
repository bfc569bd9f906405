#include "report/derive.h"

#include <string.h>

#include "issue/flow.h"

/* What several of the decisions below depend on. */
typedef struct {
    int is_staged;   /* a restart would take over what is staged */
    int is_busy;     /* an attempt is going on */
    int is_due;      /* an attempt should be going on */
    int has_account; /* orders can be placed */
    int is_held;     /* the account waits for somebody */
    ja_due_t due;
    const ja_job_error_t *error; /* that stands in the way, or NULL */
} view_t;

/* An old error does not matter once nothing is to be done any more, say because the name that
 * failed has been removed. */
static const ja_job_error_t *error_of(const ja_derive_t *from, const view_t *view)
{
    if (!view->is_due) {
        return NULL;
    }
    if (!view->has_account && from->account && from->account->error) {
        return from->account->error;
    }
    return from->job->error;
}

static view_t view_of(const ja_derive_t *from)
{
    const ja_job_t *job = from->job;
    view_t view = { 0 };
    ja_due_why_t why;

    view.is_staged = from->staged && ja_due_fits(&why, from->plan, from->staged);
    view.is_held = from->account && from->account->held;
    view.has_account = from->account && from->account->url && !view.is_held;
    view.due = ja_due(from->plan, from->live, from->staged, from->is_revoked, from->restored_at,
                      from->now);
    view.is_due = view.due.why != JA_DUE_NEVER && view.due.at <= from->now;
    /* Between two tries, the time of the next one is ahead, or that of another order. */
    view.is_busy = view.is_due && job->started_at != 0 && job->next_at <= from->now
                   && (job->order_url || ja_job_place_at(job, from->now) <= from->now);
    view.error = error_of(from, &view);
    return view;
}

/* The worst first: what visitors notice, then what needs a person, then what goes by itself. */
static ja_report_state_t state_of(const ja_derive_t *from, const view_t *view)
{
    if (from->live && ja_set_first_to_expire(from->live)->not_after <= from->now) {
        return JA_REPORT_EXPIRED;
    }
    if (from->is_revoked) {
        return JA_REPORT_REVOKED;
    }
    if (view->error) {
        return JA_REPORT_ERROR;
    }
    if (view->is_staged) {
        return JA_REPORT_STAGED;
    }
    if (view->is_due) {
        return from->live ? JA_REPORT_RENEWING : JA_REPORT_ISSUING;
    }
    return from->live ? JA_REPORT_VALID : JA_REPORT_IDLE;
}

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

/* What an attempt that is to be made waits for. */
static ja_report_next_t next_of_due(const ja_derive_t *from, const view_t *view)
{
    if (view->is_held) {
        return JA_REPORT_ACCOUNT;
    }
    if (!view->has_account) {
        return JA_REPORT_REGISTER;
    }
    if (from->waits_until > later(from->job->next_at, from->now)) {
        return JA_REPORT_WAIT;
    }
    if (view->error) {
        return JA_REPORT_RETRY;
    }
    return from->live || from->staged ? JA_REPORT_RENEW : JA_REPORT_OBTAIN;
}

/* A set that must not go live is replaced. */
static ja_report_next_t next_of_staged(const ja_derive_t *from)
{
    switch (from->gate.state) {
    case JA_GATE_SHUT:
        return JA_REPORT_RENEW;
    case JA_GATE_WAITS:
    case JA_GATE_OPEN:
        break;
    }
    if (from->plan->activation == JA_ACTIVATION_MANUAL) {
        return JA_REPORT_RESTART;
    }
    if (from->gate.state == JA_GATE_OPEN) {
        return JA_REPORT_GO_LIVE;
    }
    return from->gate.is_for_ocsp ? JA_REPORT_OCSP : JA_REPORT_DELAY;
}

static ja_report_next_t next_of(const ja_derive_t *from, const view_t *view)
{
    if (view->is_staged && !view->is_due) {
        return next_of_staged(from);
    }
    if (view->due.why == JA_DUE_NEVER) {
        return JA_REPORT_NOTHING;
    }
    if (view->is_busy) {
        return JA_REPORT_CONTINUE;
    }
    if (view->is_due) {
        return next_of_due(from, view);
    }
    if (view->due.why == JA_DUE_HELD) {
        return JA_REPORT_HELD;
    }
    return from->live || from->staged ? JA_REPORT_RENEW : JA_REPORT_OBTAIN;
}

static apr_time_t next_at_of(const ja_derive_t *from, const view_t *view, ja_report_next_t next)
{
    switch (next) {
    case JA_REPORT_OBTAIN:
    case JA_REPORT_RENEW:
    case JA_REPORT_HELD:
        return later(later(view->due.at, from->job->next_at), from->now);
    case JA_REPORT_RETRY:
    case JA_REPORT_CONTINUE:
        return later(from->job->next_at, from->now);
    case JA_REPORT_WAIT:
        return from->waits_until;
    case JA_REPORT_REGISTER:
    case JA_REPORT_ACCOUNT:
        return later(from->account ? from->account->next_at : 0, from->now);
    case JA_REPORT_OCSP:
    case JA_REPORT_DELAY:
    case JA_REPORT_RESTART: /* one before that does not take it over */
        return from->gate.at;
    case JA_REPORT_NOTHING:
    case JA_REPORT_GO_LIVE:
    case JA_REPORT_NEXT_COUNT:
        break;
    }
    return 0;
}

static const char *activity_of(const ja_derive_t *from, const view_t *view)
{
    const char *activity;

    if (!view->is_busy) {
        return NULL;
    }
    activity = ja_flow_row((ja_state_t)from->job->state)->activity;
    return activity ? activity : "preparing";
}

/* One about an earlier set says nothing any more. */
static const ja_job_proof_t *proof_of(const ja_derive_t *from)
{
    const ja_job_proof_t *proof = from->job->proof;
    const ja_set_cert_t *cert;

    if (!from->live || !proof) {
        return NULL;
    }
    cert = &APR_ARRAY_IDX(from->live->certs, 0, const ja_set_cert_t);
    return strcmp(cert->facts.sha256, proof->sha256) == 0 ? proof : NULL;
}

/* Of what the error is about. */
static apr_int64_t attempts_of(const ja_derive_t *from, const view_t *view)
{
    if (!view->error) {
        return 0;
    }
    return view->error == from->job->error ? from->job->attempts : from->account->attempts;
}

ja_report_domain_t ja_derive_domain(const ja_derive_t *from)
{
    const view_t view = view_of(from);
    ja_report_domain_t to = { 0 };

    to.name = from->plan->name;
    to.names = from->plan->names;
    to.ca_url = from->plan->ca->url;
    to.live = from->live;
    to.staged = from->staged;
    to.state = state_of(from, &view);
    if (from->live) {
        to.not_before = ja_set_first_to_expire(from->live)->not_before;
        to.not_after = ja_set_first_to_expire(from->live)->not_after;
    }
    to.activity = activity_of(from, &view);
    to.next_action = next_of(from, &view);
    to.waits_for = to.next_action == JA_REPORT_WAIT ? from->waits_for : JA_GOVERNOR_FREE;
    to.next_at = next_at_of(from, &view, to.next_action);
    to.error = view.error;
    to.attempts = attempts_of(from, &view);
    to.history = from->job->history;
    to.proof = proof_of(from);
    return to;
}

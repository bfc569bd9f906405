#include "issue/runner_private.h"

#include "base/clock.h"
#include "event/event.h"
#include "issue/fingerprint.h"

/* The CA may come any moment to look at challenges of an order in flight. */
void ja_runner_present_again(ja_slot_t *slot, apr_pool_t *scratch)
{
    const ja_runner_t *r = slot->runner;
    const ja_job_t *job = &slot->domain.job;
    int i;

    for (i = 0; job->thumbprint && i < job->challenges->nelts; i++) {
        const ja_job_challenge_t *challenge =
            &APR_ARRAY_IDX(job->challenges, i, ja_job_challenge_t);
        ja_solve_t what = { challenge->name, challenge->token, job->thumbprint,
                            ja_clock_now() + apr_time_from_sec(3600) };
        ja_solver_t *solver = ja_solver_find(r->solvers, challenge->type);
        ja_err_t *err = solver ? solver->present(solver, &what, scratch) : NULL;

        if (err) {
            ja_event_errored(r->conf.log, slot->domain.plan->name, err,
                             "setting up a challenge again", 0, scratch);
        }
    }
}

/* Nothing is in flight any more. Challenges that a killed process has left behind go; those of
 * orders that will be looked at again stay. */
static void clear_challenges(ja_runner_t *r)
{
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, r->pool);
    ja_http01_clear(r->conf.http01);
    for (i = 0; i < ja_runner_count(r); i++) {
        ja_runner_present_again(&r->slots[i], scratch);
    }
    apr_pool_destroy(scratch);
}

static void tell_batch_done(ja_runner_t *r)
{
    clear_challenges(r);
    ja_event_tell(r->conf.log, JA_EVENT_BATCH_DONE, "mod_jprs_acme",
                  "nothing is in flight any more; longest tick %" APR_TIME_T_FMT " ms",
                  apr_time_as_msec(ja_loop_longest_tick(r->loop)));
}

static void on_attempt_done(void *baton, ja_err_t *err, const char *activity)
{
    ja_slot_t *slot = baton;
    ja_runner_t *r = slot->runner;
    apr_pool_t *attempt_pool = slot->attempt_pool;
    int placed, good;

    ja_attempt_counts(slot->attempt, &placed, &good);
    ja_runner_peer_ended(slot->side->peer, slot->domain.plan->name, slot->taken, placed, good, err);
    if (err) {
        ja_domain_failed(&slot->domain, err, activity, r->store, r->conf.log);
    }
    else {
        ja_domain_succeeded(&slot->domain, r->store, r->conf.log);
    }
    slot->attempt = NULL;
    slot->attempt_pool = NULL;
    apr_pool_destroy(attempt_pool);
    r->running--;
    ja_runner_use_sets(slot);
    ja_runner_schedule(slot);
    ja_runner_admit(r);
    if (r->running == 0) {
        tell_batch_done(r);
    }
}

void ja_runner_begin(ja_slot_t *slot)
{
    ja_runner_t *r = slot->runner;
    ja_domain_t *d = &slot->domain;
    ja_attempt_conf_t conf = { d->plan,
                               r->store,
                               r->loop,
                               ja_runner_peer_ca(slot->side->peer),
                               ja_runner_peer_account(slot->side->peer),
                               r->solvers,
                               &d->job,
                               r->conf.log,
                               r->conf.try_out };
    ja_due_why_t why;

    ja_domain_next_at(d, &why, ja_clock_now());
    d->job.why = (int)why;
    d->job.fingerprint = ja_fingerprint_domain(d->plan, d->pool);
    if (!d->job.order_url) { /* an order that goes on is told when it does */
        ja_event_tell(r->conf.log, JA_EVENT_RENEWING, d->plan->name, "%s", ja_due_text(why));
    }
    slot->place = JA_SLOT_WORKED_ON;
    apr_pool_create(&slot->attempt_pool, r->pool);
    slot->attempt = ja_attempt_start(&conf, on_attempt_done, slot, slot->attempt_pool);
}

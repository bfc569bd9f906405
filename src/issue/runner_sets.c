/* What becomes of the sets of a domain: they go live (issue/rollout), it is proved that they are
 * served (issue/verify), and what the two find out changes the schedule. */
#include "issue/runner_private.h"

#include "base/clock.h"
#include "event/event.h"
#include "issue/response.h"

void ja_runner_use_sets(ja_slot_t *slot)
{
    ja_rollout_sets(slot->rollout, slot->domain.live, slot->domain.staged);
    ja_verify_set(slot->verify, slot->domain.live, slot->domain.job.proof);
}

static void discard(ja_slot_t *slot, ja_code_t code, const char *activity, const char *why)
{
    const ja_runner_t *r = slot->runner;
    apr_pool_t *scratch;

    apr_pool_create(&scratch, r->pool);
    ja_domain_discard(&slot->domain, ja_err_make(code, scratch, "%s", why), activity, r->store,
                      r->conf.log);
    apr_pool_destroy(scratch);
}

/* The parent's answer may be about the set before this one, or have had another reason. */
static int is_bad(const ja_slot_t *slot)
{
    apr_pool_t *scratch;
    ja_err_t *err;
    int is_bad;

    apr_pool_create(&scratch, slot->runner->pool);
    err = ja_set_check_staged(slot->runner->store, slot->domain.plan, ja_clock_now(), scratch);
    is_bad = err && err->code == JA_E_SET_BAD;
    apr_pool_destroy(scratch);
    return is_bad;
}

/* An attempt has the job and the sets in its hands: they must not change under it. */
static int on_news(void *baton, ja_news_t news)
{
    ja_slot_t *slot = baton;

    if (slot->place == JA_SLOT_WORKED_ON) {
        return 0;
    }
    switch (news) {
    case JA_NEWS_TAKEN:
        ja_domain_reload(&slot->domain, slot->runner->store, slot->runner->conf.log);
        break;
    case JA_NEWS_REVOKED:
        discard(slot, JA_E_REVOKED, "waiting for the OCSP responder",
                "the staged certificate is revoked");
        break;
    case JA_NEWS_RESPONSE:
        ja_domain_responded(&slot->domain, slot->runner->store, slot->runner->conf.log);
        break;
    case JA_NEWS_REFUSED:
        if (is_bad(slot)) {
            discard(slot, JA_E_SET_BAD, "handing the staged set over", "the parent has refused it");
        }
        else {
            ja_domain_reload(&slot->domain, slot->runner->store, slot->runner->conf.log);
        }
        break;
    }
    ja_runner_use_sets(slot);
    if (slot->place == JA_SLOT_SCHEDULED) {
        ja_runner_schedule(slot);
    }
    return 1;
}

void ja_runner_mind_revocation(ja_slot_t *slot)
{
    on_news(slot, JA_NEWS_RESPONSE);
}

static void on_proved(void *baton, const ja_job_proof_t *proof)
{
    ja_slot_t *slot = baton;

    ja_domain_proved(&slot->domain, proof, slot->place == JA_SLOT_WORKED_ON, slot->runner->store,
                     slot->runner->conf.log);
}

static ja_verify_t *make_verify(ja_slot_t *slot)
{
    const ja_runner_t *r = slot->runner;
    const char *name = slot->domain.plan->name;
    ja_verify_conf_t conf = { .plan = slot->domain.plan,
                              .loop = r->loop,
                              .store = r->store,
                              .log = r->conf.log,
                              .proof = r->proof,
                              .found = on_proved,
                              .baton = slot };

    conf.targets =
        r->conf.targets ? apr_hash_get(r->conf.targets, name, APR_HASH_KEY_STRING) : NULL;
    return ja_verify_make(&conf, r->pool);
}

void ja_runner_start_sets(ja_slot_t *slot)
{
    const ja_runner_t *r = slot->runner;
    ja_rollout_conf_t conf = { .plan = slot->domain.plan,
                               .loop = r->loop,
                               .http = r->http,
                               .store = r->store,
                               .log = r->conf.log,
                               .handover = r->conf.handover,
                               .staples = r->conf.staples,
                               .news = on_news,
                               .baton = slot };

    slot->rollout = ja_rollout_make(&conf, r->pool);
    slot->verify = make_verify(slot);
    ja_runner_use_sets(slot);
}

void ja_runner_sweep(ja_runner_t *r, apr_pool_t *scratch)
{
    apr_array_header_t *digests = apr_array_make(scratch, ja_runner_count(r), sizeof(const char *));
    ja_err_t *err;
    int i;

    for (i = 0; i < ja_runner_count(r); i++) {
        ja_set_add_digests(digests, r->slots[i].domain.live);
        ja_set_add_digests(digests, r->slots[i].domain.staged);
    }
    err = ja_response_sweep(r->store, digests, ja_clock_now(), scratch);
    if (err) {
        ja_event_errored(r->conf.log, "mod_jprs_acme", err, "tidying up OCSP responses", 0,
                         scratch);
    }
}

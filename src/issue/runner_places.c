#include "issue/runner_private.h"

#include "base/clock.h"
#include "event/event.h"

static void make_empty(ja_slot_queue_t *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void append(ja_slot_queue_t *queue, ja_slot_t *slot)
{
    slot->next = NULL;
    *queue->last = slot;
    queue->last = &slot->next;
}

static ja_slot_t *take_first(ja_slot_queue_t *queue)
{
    ja_slot_t *slot = queue->first;

    queue->first = slot->next;
    if (!queue->first) {
        queue->last = &queue->first;
    }
    return slot;
}

void ja_runner_schedule(ja_slot_t *slot)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, ja_clock_now());

    slot->place = JA_SLOT_SCHEDULED;
    if (at != 0) {
        ja_timer_set(slot->timer, at);
    }
}

static int is_due(const ja_slot_t *slot, apr_time_t now)
{
    ja_due_why_t why;
    apr_time_t at = ja_domain_next_at(&slot->domain, &why, now);

    return at != 0 && at <= now;
}

static int n_orders(const ja_slot_t *slot)
{
    const ja_jwk_t *jwk = ja_account_jwk(ja_runner_peer_account(slot->side->peer));

    return ja_attempt_orders(slot->domain.plan, &slot->domain.job,
                             jwk ? ja_jwk_thumbprint(jwk) : "");
}

/* Once for each time that is waited for. */
static void wait_until(ja_side_t *side, apr_time_t at, ja_governor_why_t why)
{
    char date[APR_RFC822_DATE_LEN];

    if (at == JA_GOVERNOR_NEVER) {
        return; /* the end of something in flight comes first, or the account's news */
    }
    ja_timer_set(side->timer, at);
    if (why == side->told_why && ja_clock_now() < side->told_at) {
        return;
    }
    side->told_why = why;
    side->told_at = at;
    apr_rfc822_date(date, at);
    ja_event_tell(side->runner->conf.log, JA_EVENT_ORDERS_WAIT, side->id,
                  "domains that are due wait until %s: %s", date, ja_governor_why_text(why));
}

/* The first that waits gets a place, if account and governor let it. */
static int admit_first(ja_side_t *side, ja_slot_queue_t *admitted)
{
    apr_time_t now = ja_clock_now();
    ja_slot_t *slot;
    ja_governor_why_t why;
    apr_time_t at;

    while (side->waiting.first && !is_due(side->waiting.first, now)) {
        ja_runner_schedule(take_first(&side->waiting)); /* an earlier set has been put back */
    }
    slot = side->waiting.first;
    if (!slot) {
        return 0;
    }
    slot->taken = n_orders(slot);
    at = ja_runner_peer_order_at(side->peer, slot->taken, now, &why);
    if (at > now) {
        wait_until(side, at, why);
        return 0;
    }
    take_first(&side->waiting);
    ja_runner_peer_take(side->peer, slot->taken, now);
    side->has_taken = 1;
    append(admitted, slot);
    return 1;
}

static void save_taken(ja_runner_t *r)
{
    int i;

    for (i = 0; i < r->sides->nelts; i++) {
        ja_side_t *side = APR_ARRAY_IDX(r->sides, i, ja_side_t *);

        if (side->has_taken) {
            ja_runner_peer_save(side->peer);
            side->has_taken = 0;
        }
    }
}

/* Give free places to those who wait, the CAs taking turns. The governor is asked for each when
 * there is a place for it, and not before: what the CA has said in the meantime counts. What they
 * take is saved before anything is sent. */
void ja_runner_admit(ja_runner_t *r)
{
    ja_slot_queue_t admitted;
    int refused = 0;

    make_empty(&admitted);
    while (r->stop_at == 0 && r->running < r->conf.plan->concurrency && refused < r->sides->nelts) {
        ja_side_t *side = APR_ARRAY_IDX(r->sides, r->turn, ja_side_t *);

        r->turn = (r->turn + 1) % r->sides->nelts;
        if (admit_first(side, &admitted)) {
            r->running++;
            refused = 0;
        }
        else {
            refused++;
        }
    }
    save_taken(r);
    while (admitted.first) {
        ja_runner_begin(take_first(&admitted));
    }
}

static void on_side_time(void *baton)
{
    ja_runner_admit(((ja_side_t *)baton)->runner);
}

/* A domain is due. */
static void on_due(void *baton)
{
    ja_slot_t *slot = baton;

    if (slot->domain.is_unread) {
        ja_domain_reload(&slot->domain, slot->runner->store, slot->runner->conf.log);
        ja_runner_use_sets(slot);
        ja_runner_schedule(slot);
        return;
    }
    slot->place = JA_SLOT_WAITING;
    append(&slot->side->waiting, slot);
    ja_runner_admit(slot->runner);
}

/* Those that have failed for the CA, or for the account, need not wait for their time when that
 * works again. */
static void hurry(ja_side_t *side, unsigned over)
{
    ja_runner_t *r = side->runner;
    int i;

    for (i = 0; i < ja_runner_count(r); i++) {
        ja_slot_t *slot = &r->slots[i];

        if (slot->side == side && slot->place == JA_SLOT_SCHEDULED
            && ja_domain_awaits(&slot->domain, over)) {
            ja_domain_hurry(&slot->domain);
            ja_runner_schedule(slot);
        }
    }
}

static void on_change(void *baton, unsigned over)
{
    ja_side_t *side = baton;

    if (over != 0) {
        hurry(side, over);
    }
    ja_runner_admit(side->runner);
}

void ja_runner_enter(ja_slot_t *slot)
{
    slot->timer = ja_timer_make(slot->runner->loop, on_due, slot, slot->runner->pool);
    ja_runner_schedule(slot);
}

ja_side_t *ja_runner_start_side(ja_runner_t *r, const ja_plan_ca_t *plan)
{
    ja_side_t *side = apr_pcalloc(r->pool, sizeof(*side));
    ja_runner_peer_conf_t conf = { .plan = plan,
                                   .limits = ja_governor_limits(r->conf.plan, plan),
                                   .store = r->store,
                                   .loop = r->loop,
                                   .http = r->http,
                                   .log = r->conf.log,
                                   .changed = on_change,
                                   .baton = side };

    side->runner = r;
    side->id = plan->id;
    make_empty(&side->waiting);
    side->timer = ja_timer_make(r->loop, on_side_time, side, r->pool);
    side->peer = ja_runner_peer_start(&conf, r->pool);
    return side;
}

#include "issue/rollout.h"

#include <apr_strings.h>

#include "base/clock.h"
#include "event/event.h"
#include "issue/due.h"

/* How soon and how often the parent's answer is looked for: one look at shared memory. */
#define LOOK_FIRST apr_time_from_sec(1)
#define LOOK_LAST  apr_time_from_sec(5)

/* The responder's first answer comes within this, mostly: a set that it knows does not wait. */
#define FIRST_ANSWER apr_time_from_sec(5)

/* When the gate, or the receiver of news, could not be asked. */
#define ASK_AGAIN apr_time_from_sec(60)

/* How often somebody is reminded that it is his turn. */
#define REMIND_EVERY apr_time_from_sec(86400)

/* With less than a tenth of the lifetime left, what waits is a warning. */
#define URGENT_PERCENT 10

typedef struct {
    const ja_set_t *set;          /* or NULL */
    apr_pool_t *pool;             /* its own; its staples end with it */
    apr_array_header_t *demanded; /* ja_staple_t *: of those that are must-staple */
} side_t;

struct ja_rollout_t {
    ja_rollout_conf_t conf;
    apr_pool_t *pool;
    side_t live, staged;
    ja_timer_t *timer;         /* for the staged set                      */
    ja_timer_t *live_timer;    /* for news of the live one                */
    int is_offered;            /* to the parent, who has not answered yet */
    int is_asked;              /* the responder, of the staged set        */
    apr_time_t short_at;       /* told that a staple runs out; 0: no      */
    apr_time_t told_at;        /* that the staged set waits; 0: not yet   */
    apr_int64_t days_told;     /* that it waits for somebody, of its age  */
    apr_interval_time_t pause; /* between looks                           */
};

static void on_time(void *baton);
static void on_live_time(void *baton);

ja_rollout_t *ja_rollout_make(const ja_rollout_conf_t *conf, apr_pool_t *pool)
{
    ja_rollout_t *r = apr_pcalloc(pool, sizeof(*r));

    r->conf = *conf;
    r->pool = pool;
    r->timer = ja_timer_make(conf->loop, on_time, r, pool);
    r->live_timer = ja_timer_make(conf->loop, on_live_time, r, pool);
    return r;
}

const char *ja_rollout_text(const ja_plan_domain_t *plan)
{
    switch (plan->activation) {
    case JA_ACTIVATION_HOT:
        return "it goes live by itself, without a restart";
    case JA_ACTIVATION_GRACEFUL:
        return "it goes live by itself, with a graceful restart";
    case JA_ACTIVATION_MANUAL:
    case JA_ACTIVATION_COUNT:
        break;
    }
    return "it goes live when httpd is restarted (apachectl graceful)";
}

static void look_again(ja_rollout_t *r, apr_interval_time_t in)
{
    ja_timer_set(r->timer, ja_clock_now() + in);
}

/* ---- the gate -------------------------------------------------------------------------------- */

/* "Sun, 22 Nov 2026 10:00:00 GMT" */
static const char *date_of(apr_time_t at, apr_pool_t *scratch)
{
    char *date = apr_palloc(scratch, APR_RFC822_DATE_LEN);

    apr_rfc822_date(date, at);
    return date;
}

/* Nothing is live, or not for long any more. */
static int is_urgent(const ja_rollout_t *r)
{
    const ja_cert_facts_t *facts = r->live.set ? ja_set_first_to_expire(r->live.set) : NULL;

    return !facts
           || facts->not_after - ja_clock_now()
                  < (facts->not_after - facts->not_before) / 100 * URGENT_PERCENT;
}

/* The staged set waits at the gate: told once, and once more for each day. */
static void tell_waiting(ja_rollout_t *r, const ja_gate_t *gate, apr_time_t now,
                         apr_pool_t *scratch)
{
    int is_overdue = r->told_at != 0 && is_urgent(r);

    if (now - r->told_at >= REMIND_EVERY) {
        ja_event_tell(
            r->conf.log, is_overdue ? JA_EVENT_OVERDUE : JA_EVENT_WAITING, r->conf.plan->name,
            "the staged set waits%s%s%s",
            gate->is_for_ocsp ? " until the CA's OCSP responder knows it" : "",
            gate->is_for_ocsp && gate->at != 0 ? ", or" : "",
            gate->at != 0 ? apr_pstrcat(scratch, " until ", date_of(gate->at, scratch), NULL) : "");
        r->told_at = now;
    }
}

/* The staged set waits at the gate. */
static void wait_there(ja_rollout_t *r, const ja_gate_t *gate, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();

    if (gate->is_for_ocsp && !r->is_asked && (gate->at == 0 || gate->at > now + FIRST_ANSWER)) {
        r->is_asked = 1;
        look_again(r, FIRST_ANSWER);
        return;
    }
    tell_waiting(r, gate, now, scratch);
    ja_timer_set(r->timer, gate->at != 0 ? gate->at : r->told_at + REMIND_EVERY);
}

static void tell_overdue(const ja_rollout_t *r, apr_pool_t *scratch)
{
    const ja_set_t *live = r->live.set;

    ja_event_tell(r->conf.log, is_urgent(r) ? JA_EVENT_OVERDUE : JA_EVENT_WAITING,
                  r->conf.plan->name,
                  "a set is staged since %s and waits for a restart (apachectl graceful); %s%s",
                  date_of(r->staged.set->created_at, scratch),
                  live ? "the one in use ends " : "nothing is in use before it",
                  live ? date_of(ja_set_first_to_expire(live)->not_after, scratch) : "");
}

/* Nothing happens by itself. That it has been staged has told whose turn it is: once more for each
 * day that is over, however often somebody looks. */
static void remind(ja_rollout_t *r, apr_pool_t *scratch)
{
    apr_interval_time_t age = ja_clock_now() - r->staged.set->created_at;
    apr_int64_t days = age / REMIND_EVERY;

    if (days > r->days_told) {
        tell_overdue(r, scratch);
        r->days_told = days;
    }
    look_again(r, REMIND_EVERY - (age > 0 ? age % REMIND_EVERY : 0));
}

static void offer(ja_rollout_t *r)
{
    ja_handover_offer(r->conf.handover, r->conf.plan->index);
    r->is_offered = 1;
    r->pause = LOOK_FIRST;
    look_again(r, r->pause);
}

static void tell_news(ja_rollout_t *r, ja_news_t news)
{
    if (!r->conf.news(r->conf.baton, news)) {
        look_again(r, ASK_AGAIN);
    }
}

static void ask_gate(ja_rollout_t *r, apr_pool_t *scratch)
{
    ja_gate_t gate;
    ja_err_t *err =
        ja_set_gate(&gate, r->conf.store, r->conf.plan, r->staged.set, ja_clock_now(), scratch);

    if (err) {
        ja_event_errored(r->conf.log, r->conf.plan->name, err, "asking whether the set may go live",
                         ja_clock_now() + ASK_AGAIN, scratch);
        look_again(r, ASK_AGAIN);
        return;
    }
    switch (gate.state) {
    case JA_GATE_WAITS:
        wait_there(r, &gate, scratch);
        break;
    case JA_GATE_SHUT:
        look_again(r, ASK_AGAIN); /* if it could not be removed */
        tell_news(r, JA_NEWS_REVOKED);
        break;
    case JA_GATE_OPEN:
        if (r->conf.plan->activation == JA_ACTIVATION_MANUAL || !r->conf.handover) {
            remind(r, scratch);
        }
        else {
            offer(r);
        }
        break;
    }
}

/* ---- the parent's answer --------------------------------------------------------------------- */

static void look(ja_rollout_t *r)
{
    ja_handover_word_t word = ja_handover_word(r->conf.handover, r->conf.plan->index);

    if (word == JA_HANDOVER_READY) {
        r->pause = r->pause * 2 > LOOK_LAST ? LOOK_LAST : r->pause * 2;
        look_again(r, r->pause);
        return;
    }
    r->is_offered = 0;
    ja_handover_settle(r->conf.handover, r->conf.plan->index);
    look_again(r, ASK_AGAIN); /* if nothing has changed */
    tell_news(r, word == JA_HANDOVER_REFUSED ? JA_NEWS_REFUSED : JA_NEWS_TAKEN);
}

/* Not understood yet, if the receiver of news has no time: it is looked at again then. */
void ja_rollout_look(ja_rollout_t *r)
{
    int i = r->conf.plan->index;

    if (r->is_offered || !r->conf.handover
        || ja_handover_word(r->conf.handover, i) != JA_HANDOVER_TAKEN) {
        return;
    }
    ja_handover_settle(r->conf.handover, i);
    if (!r->conf.news(r->conf.baton, JA_NEWS_TAKEN)) {
        ja_handover_answer(r->conf.handover, i, JA_HANDOVER_TAKEN);
    }
}

static void on_time(void *baton)
{
    ja_rollout_t *r = baton;
    ja_due_why_t why;
    apr_pool_t *scratch;

    if (r->is_offered) {
        look(r);
    }
    else if (r->staged.set && ja_due_fits(&why, r->conf.plan, r->staged.set)) {
        apr_pool_create(&scratch, r->pool);
        ask_gate(r, scratch);
        apr_pool_destroy(scratch);
    }
}

/* The responder has said something new. */
static void on_staged_staple(void *baton)
{
    ja_rollout_t *r = baton;

    if (!r->is_offered) {
        look_again(r, 0);
    }
}

/* ---- the responses of what is live ----------------------------------------------------------- */

/* Whoever is told may change the sets, and the keepers with them: never from within one. */
static void on_live_staple(void *baton)
{
    ja_rollout_t *r = baton;

    ja_timer_set(r->live_timer, ja_clock_now());
}

/* RFC 7633: clients refuse a certificate that demands a staple and has none. */
static void tell_short(const ja_rollout_t *r, const ja_staple_t *staple, apr_pool_t *scratch)
{
    const ja_ocsp_facts_t *facts = ja_staple_facts(staple);
    const ja_err_t *err = ja_staple_error(staple);
    int has = facts && facts->status != JA_OCSP_UNKNOWN;
    int is_over = has && ja_ocsp_until(facts) <= ja_clock_now();

    ja_event_tell(
        r->conf.log, JA_EVENT_STAPLE_ENDS, r->conf.plan->name,
        "the certificate in use demands a stapled OCSP response, %s%s, and no new one can "
        "be had: %s",
        !has      ? "there is none"
        : is_over ? "the last one has ended on "
                  : "the one at hand ends on ",
        has ? date_of(ja_ocsp_until(facts), scratch) : "",
        err ? ja_err_log_text(err, scratch) : "the responder does not know it");
}

/* Told once, and once more for each day that it goes on. */
static void mind_staples(ja_rollout_t *r)
{
    const ja_staple_t *runs_out = NULL;
    apr_pool_t *scratch;
    int i;

    for (i = 0; i < r->live.demanded->nelts && !runs_out; i++) {
        const ja_staple_t *staple = APR_ARRAY_IDX(r->live.demanded, i, const ja_staple_t *);

        runs_out = ja_staple_runs_out(staple) ? staple : NULL;
    }
    if (!runs_out) {
        r->short_at = 0;
    }
    else if (ja_clock_now() - r->short_at >= REMIND_EVERY) {
        apr_pool_create(&scratch, r->pool);
        tell_short(r, runs_out, scratch);
        apr_pool_destroy(scratch);
        r->short_at = ja_clock_now();
    }
}

static void on_live_time(void *baton)
{
    ja_rollout_t *r = baton;

    if (r->live.set) {
        mind_staples(r);
    }
    if (r->live.set && !r->conf.news(r->conf.baton, JA_NEWS_RESPONSE)) {
        ja_timer_set(r->live_timer, ja_clock_now() + ASK_AGAIN);
    }
}

/* ---- sets ------------------------------------------------------------------------------------ */

/* The response of a staged certificate is wanted in any case: the gate asks for it. */
static void start_staples(ja_rollout_t *r, side_t *side, ja_group_t group)
{
    ja_staple_conf_t conf = { .loop = r->conf.loop,
                              .http = r->conf.http,
                              .store = r->conf.store,
                              .log = r->conf.log,
                              .table = r->conf.plan->stapling ? r->conf.staples : NULL,
                              .domain_index = r->conf.plan->index,
                              .name = r->conf.plan->name };
    int i;

    for (i = 0; i < side->set->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(side->set->certs, i, const ja_set_cert_t);
        ja_staple_t *staple = ja_staple_start(
            &conf, group, cert, group == JA_GROUP_STAGING || cert->facts.must_staple,
            group == JA_GROUP_STAGING ? on_staged_staple : on_live_staple, r, side->pool);

        if (cert->facts.must_staple) {
            APR_ARRAY_PUSH(side->demanded, ja_staple_t *) = staple;
        }
    }
}

/* For the responses of the staged set. Those of earlier sets were kept until now, for whoever still
 * served one. */
static void make_room(const ja_rollout_t *r)
{
    apr_array_header_t *digests = apr_array_make(r->staged.pool, 2, sizeof(const char *));

    if (r->conf.staples) {
        ja_set_add_digests(digests, r->live.set);
        ja_set_add_digests(digests, r->staged.set);
        ja_staple_table_keep(r->conf.staples, r->conf.plan->index, digests);
    }
}

static int change(ja_rollout_t *r, side_t *side, const ja_set_t *set, ja_group_t group)
{
    if (ja_set_is_same(side->set, set)) {
        return 0;
    }
    if (side->pool) {
        apr_pool_destroy(side->pool);
        side->pool = NULL;
    }
    side->set = NULL;
    if (set) {
        apr_pool_create(&side->pool, r->pool);
        side->set = ja_set_copy(set, side->pool);
        side->demanded = apr_array_make(side->pool, 1, sizeof(ja_staple_t *));
        if (group == JA_GROUP_STAGING || r->conf.plan->stapling) {
            start_staples(r, side, group);
        }
    }
    return 1;
}

/* What the parent was offered is another set now, or none: he finds out himself. */
void ja_rollout_sets(ja_rollout_t *r, const ja_set_t *live, const ja_set_t *staged)
{
    if (change(r, &r->live, live, JA_GROUP_LIVE)) {
        r->short_at = 0;
    }
    if (!change(r, &r->staged, staged, JA_GROUP_STAGING)) {
        return;
    }
    if (r->is_offered) {
        ja_handover_settle(r->conf.handover, r->conf.plan->index);
        r->is_offered = 0;
    }
    r->is_asked = 0;
    r->told_at = 0;
    r->days_told = 0;
    ja_timer_stop(r->timer);
    if (staged) {
        make_room(r);
        look_again(r, 0);
    }
}

#include "issue/rollout.h"

#include <apr_strings.h>

#include "base/clock.h"
#include "event/event.h"
#include "issue/due.h"

/* How soon and how often the parent's answer is looked for: one look at shared memory. */
#define LOOK_FIRST apr_time_from_sec(1)
#define LOOK_LAST  apr_time_from_sec(15)

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
    apr_time_t short_at;       /* told that a staple runs out; 0: none does */
    apr_time_t told_at;        /* that the staged set waits; 0: not yet   */
    apr_int64_t days_told;     /* that it waits for somebody, of its age  */
    apr_interval_time_t pause; /* between looks                           */
};

static void on_time(void *baton);
static void on_live_time(void *baton);

ja_rollout_t *ja_rollout_make(const ja_rollout_conf_t *conf, apr_pool_t *pool)
{
    ja_rollout_t *a = apr_pcalloc(pool, sizeof(*a));

    a->conf = *conf;
    a->pool = pool;
    a->timer = ja_timer_make(conf->loop, on_time, a, pool);
    a->live_timer = ja_timer_make(conf->loop, on_live_time, a, pool);
    return a;
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

static void look_again(ja_rollout_t *a, apr_interval_time_t in)
{
    ja_timer_set(a->timer, ja_clock_now() + in);
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
static int is_urgent(const ja_rollout_t *a)
{
    const ja_cert_facts_t *facts = a->live.set ? ja_set_first_to_expire(a->live.set) : NULL;

    return !facts
           || facts->not_after - ja_clock_now()
                  < (facts->not_after - facts->not_before) / 100 * URGENT_PERCENT;
}

/* The staged set waits at the gate: told once, and once more for each day. */
static void wait_there(ja_rollout_t *a, const ja_gate_t *gate, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();
    int is_overdue = a->told_at != 0 && is_urgent(a);

    if (now - a->told_at >= REMIND_EVERY) {
        ja_event_tell(
            a->conf.log, is_overdue ? JA_EVENT_OVERDUE : JA_EVENT_WAITING, a->conf.plan->name,
            "the staged set waits%s%s%s",
            gate->is_for_ocsp ? " until the CA's OCSP responder knows it" : "",
            gate->is_for_ocsp && gate->at != 0 ? ", or" : "",
            gate->at != 0 ? apr_pstrcat(scratch, " until ", date_of(gate->at, scratch), NULL) : "");
        a->told_at = now;
    }
    ja_timer_set(a->timer, gate->at != 0 ? gate->at : a->told_at + REMIND_EVERY);
}

static void tell_overdue(const ja_rollout_t *a, apr_pool_t *scratch)
{
    const ja_set_t *live = a->live.set;

    ja_event_tell(a->conf.log, is_urgent(a) ? JA_EVENT_OVERDUE : JA_EVENT_WAITING,
                  a->conf.plan->name,
                  "a set is staged since %s and waits for a restart (apachectl graceful); %s%s",
                  date_of(a->staged.set->created_at, scratch),
                  live ? "the one in use ends " : "nothing is in use before it",
                  live ? date_of(ja_set_first_to_expire(live)->not_after, scratch) : "");
}

/* Nothing happens by itself. That it has been staged has told whose turn it is: once more for each
 * day that is over, however often somebody looks. */
static void remind(ja_rollout_t *a, apr_pool_t *scratch)
{
    apr_interval_time_t age = ja_clock_now() - a->staged.set->created_at;
    apr_int64_t days = age / REMIND_EVERY;

    if (days > a->days_told) {
        tell_overdue(a, scratch);
        a->days_told = days;
    }
    look_again(a, REMIND_EVERY - (age > 0 ? age % REMIND_EVERY : 0));
}

static void offer(ja_rollout_t *a)
{
    ja_handover_offer(a->conf.handover, a->conf.plan->index);
    a->is_offered = 1;
    a->pause = LOOK_FIRST;
    look_again(a, a->pause);
}

static void tell_news(ja_rollout_t *a, ja_news_t news)
{
    if (!a->conf.news(a->conf.baton, news)) {
        look_again(a, ASK_AGAIN);
    }
}

static void ask_gate(ja_rollout_t *a, apr_pool_t *scratch)
{
    ja_gate_t gate;
    ja_err_t *err =
        ja_set_gate(&gate, a->conf.store, a->conf.plan, a->staged.set, ja_clock_now(), scratch);

    if (err) {
        ja_event_errored(a->conf.log, a->conf.plan->name, err, "asking whether the set may go live",
                         ja_clock_now() + ASK_AGAIN, scratch);
        look_again(a, ASK_AGAIN);
        return;
    }
    switch (gate.state) {
    case JA_GATE_WAITS:
        wait_there(a, &gate, scratch);
        break;
    case JA_GATE_SHUT:
        look_again(a, ASK_AGAIN); /* if it could not be removed */
        tell_news(a, JA_NEWS_REVOKED);
        break;
    case JA_GATE_OPEN:
        if (a->conf.plan->activation == JA_ACTIVATION_MANUAL || !a->conf.handover) {
            remind(a, scratch);
        }
        else {
            offer(a);
        }
        break;
    }
}

/* ---- the parent's answer --------------------------------------------------------------------- */

static void look(ja_rollout_t *a)
{
    ja_handover_word_t word = ja_handover_word(a->conf.handover, a->conf.plan->index);

    if (word == JA_HANDOVER_READY) {
        a->pause = a->pause * 2 > LOOK_LAST ? LOOK_LAST : a->pause * 2;
        look_again(a, a->pause);
        return;
    }
    a->is_offered = 0;
    ja_handover_settle(a->conf.handover, a->conf.plan->index);
    look_again(a, ASK_AGAIN); /* if nothing has changed */
    tell_news(a, word == JA_HANDOVER_REFUSED ? JA_NEWS_REFUSED : JA_NEWS_TAKEN);
}

/* Not understood yet, if the receiver of news has no time: it is looked at again then. */
void ja_rollout_look(ja_rollout_t *a)
{
    int i = a->conf.plan->index;

    if (a->is_offered || !a->conf.handover
        || ja_handover_word(a->conf.handover, i) != JA_HANDOVER_TAKEN) {
        return;
    }
    ja_handover_settle(a->conf.handover, i);
    if (!a->conf.news(a->conf.baton, JA_NEWS_TAKEN)) {
        ja_handover_answer(a->conf.handover, i, JA_HANDOVER_TAKEN);
    }
}

static void decide(ja_rollout_t *a)
{
    ja_due_why_t why;
    apr_pool_t *scratch;

    if (a->is_offered) {
        look(a);
    }
    else if (a->staged.set && ja_due_fits(&why, a->conf.plan, a->staged.set)) {
        apr_pool_create(&scratch, a->pool);
        ask_gate(a, scratch);
        apr_pool_destroy(scratch);
    }
}

static void on_time(void *baton)
{
    decide(baton);
}

/* The responder has said something new. */
static void on_staged_staple(void *baton)
{
    ja_rollout_t *a = baton;

    if (!a->is_offered) {
        look_again(a, 0);
    }
}

/* ---- the responses of what is live ----------------------------------------------------------- */

/* Whoever is told may change the sets, and the keepers with them: never from within one. */
static void on_live_staple(void *baton)
{
    ja_rollout_t *a = baton;

    ja_timer_set(a->live_timer, ja_clock_now());
}

/* RFC 7633: clients refuse a certificate that demands a staple and has none. */
static void tell_short(const ja_rollout_t *a, const ja_staple_t *staple, apr_pool_t *scratch)
{
    const ja_ocsp_facts_t *facts = ja_staple_facts(staple);
    const ja_err_t *err = ja_staple_error(staple);
    int has = facts && facts->status != JA_OCSP_UNKNOWN;
    int is_over = has && ja_ocsp_until(facts) <= ja_clock_now();

    ja_event_tell(
        a->conf.log, JA_EVENT_STAPLE_ENDS, a->conf.plan->name,
        "the certificate in use demands a stapled OCSP response, %s%s, and no new one can "
        "be had: %s",
        !has      ? "there is none"
        : is_over ? "the last one has ended on "
                  : "the one at hand ends on ",
        has ? date_of(ja_ocsp_until(facts), scratch) : "",
        err ? ja_err_log_text(err, scratch) : "the responder does not know it");
}

/* Told once, and once more for each day that it goes on. */
static void mind_staples(ja_rollout_t *a)
{
    const ja_staple_t *runs_out = NULL;
    apr_pool_t *scratch;
    int i;

    for (i = 0; i < a->live.demanded->nelts && !runs_out; i++) {
        const ja_staple_t *staple = APR_ARRAY_IDX(a->live.demanded, i, const ja_staple_t *);

        runs_out = ja_staple_runs_out(staple) ? staple : NULL;
    }
    if (!runs_out) {
        a->short_at = 0;
    }
    else if (ja_clock_now() - a->short_at >= REMIND_EVERY) {
        apr_pool_create(&scratch, a->pool);
        tell_short(a, runs_out, scratch);
        apr_pool_destroy(scratch);
        a->short_at = ja_clock_now();
    }
}

static void on_live_time(void *baton)
{
    ja_rollout_t *a = baton;

    if (a->live.set) {
        mind_staples(a);
    }
    if (a->live.set && !a->conf.news(a->conf.baton, JA_NEWS_RESPONSE)) {
        ja_timer_set(a->live_timer, ja_clock_now() + ASK_AGAIN);
    }
}

/* ---- sets ------------------------------------------------------------------------------------ */

/* The response of a staged certificate is wanted in any case: the gate asks for it. */
static void start_staples(ja_rollout_t *a, side_t *side, ja_group_t group)
{
    ja_staple_conf_t conf = { .loop = a->conf.loop,
                              .http = a->conf.http,
                              .store = a->conf.store,
                              .log = a->conf.log,
                              .table = a->conf.plan->stapling ? a->conf.staples : NULL,
                              .domain_index = a->conf.plan->index,
                              .name = a->conf.plan->name };
    int i;

    for (i = 0; i < side->set->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(side->set->certs, i, const ja_set_cert_t);
        ja_staple_t *staple = ja_staple_start(
            &conf, group, cert, group == JA_GROUP_STAGING,
            group == JA_GROUP_STAGING ? on_staged_staple : on_live_staple, a, side->pool);

        if (cert->facts.must_staple) {
            APR_ARRAY_PUSH(side->demanded, ja_staple_t *) = staple;
        }
    }
}

/* For the responses of the staged set. Those of earlier sets were kept until now, for whoever still
 * served one. */
static void make_room(const ja_rollout_t *a)
{
    apr_array_header_t *digests = apr_array_make(a->staged.pool, 2, sizeof(const char *));

    if (a->conf.staples) {
        ja_set_add_digests(digests, a->live.set);
        ja_set_add_digests(digests, a->staged.set);
        ja_staple_table_keep(a->conf.staples, a->conf.plan->index, digests);
    }
}

static int change(ja_rollout_t *a, side_t *side, const ja_set_t *set, ja_group_t group)
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
        apr_pool_create(&side->pool, a->pool);
        side->set = ja_set_copy(set, side->pool);
        side->demanded = apr_array_make(side->pool, 1, sizeof(ja_staple_t *));
        if (group == JA_GROUP_STAGING || a->conf.plan->stapling) {
            start_staples(a, side, group);
        }
    }
    return 1;
}

/* What the parent was offered is another set now, or none: he finds out himself. */
void ja_rollout_sets(ja_rollout_t *a, const ja_set_t *live, const ja_set_t *staged)
{
    if (change(a, &a->live, live, JA_GROUP_LIVE)) {
        a->short_at = 0;
    }
    if (!change(a, &a->staged, staged, JA_GROUP_STAGING)) {
        return;
    }
    if (a->is_offered) {
        ja_handover_settle(a->conf.handover, a->conf.plan->index);
        a->is_offered = 0;
    }
    a->told_at = 0;
    a->days_told = 0;
    ja_timer_stop(a->timer);
    if (staged) {
        make_room(a);
        look_again(a, 0);
    }
}

#include "issue/runner_peer.h"

#include "base/clock.h"
#include "base/rand.h"
#include "event/event.h"
#include "issue/governor_file.h"

/* How many nonces may circulate for n orders. An order rarely has more than one request under way;
 * a nonce more costs a request more. */
#define NONCES_MIN       3
#define NONCES_MAX       32
#define ORDERS_PER_NONCE 4

struct ja_runner_peer_t {
    ja_runner_peer_conf_t conf;
    apr_pool_t *pool;
    ja_http_t http; /* in front of conf.http: counts, and looks at the replies */
    ja_ca_t *ca;
    ja_account_keeper_t *account;
    ja_governor_t governor;
    ja_timer_t *news; /* to tell `changed` from the loop */
    unsigned over;    /* what there is to tell */
    int load;
};

/* ---- every request and reply ----------------------------------------------------------------- */

typedef struct {
    ja_runner_peer_t *peer;
    ja_http_done_fn *done;
    void *baton;
} trip_t;

static void tell_news(void *baton)
{
    ja_runner_peer_t *peer = baton;
    unsigned over = peer->over;

    peer->over = 0;
    ja_runner_peer_save(peer);
    peer->conf.changed(peer->conf.baton, over);
}

static void on_reply(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    trip_t *trip = baton;
    ja_runner_peer_t *peer = trip->peer;
    apr_time_t now = ja_clock_now();
    int was_down = ja_governor_is_down(&peer->governor);

    if (reply
        && ja_governor_heard(&peer->governor, reply->status, ja_http_retry_at(reply, now), now)) {
        peer->over |= was_down && !ja_governor_is_down(&peer->governor) ? 1u << JA_RETRY_CA : 0;
        ja_timer_set(peer->news, now);
    }
    trip->done(trip->baton, reply, err);
}

static ja_err_t *start_trip(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                            void *baton, apr_pool_t *pool)
{
    ja_runner_peer_t *peer = http->impl;
    apr_time_t now = ja_clock_now();
    apr_time_t at = ja_governor_request_at(&peer->governor, &peer->conf.limits, now);
    trip_t *trip = apr_palloc(pool, sizeof(*trip));

    if (at > now) {
        ja_err_t *err = ja_err_make(JA_E_GOVERNED, pool, "no more requests to %s in this hour",
                                    peer->conf.plan->url);

        err->retry_at = at;
        return err;
    }
    *trip = (trip_t){ peer, done, baton };
    ja_governor_request(&peer->governor, now);
    return ja_http_start(peer->conf.http, req, on_reply, trip, pool);
}

/* What is new waits as long as the CA has asked for. A nonce for it, and the rest of an order, do
 * not. */
static int is_new(ja_kind_t kind)
{
    return kind == JA_KIND_NEW_ORDER || kind == JA_KIND_NEW_ACCOUNT || kind == JA_KIND_ACCOUNT;
}

static ja_err_t *may_send(void *baton, ja_kind_t kind, apr_pool_t *pool)
{
    const ja_runner_peer_t *peer = baton;
    apr_time_t now = ja_clock_now();
    apr_time_t until = ja_governor_held_until(&peer->governor, now);
    ja_err_t *err;

    if (!is_new(kind) || until <= now) {
        return NULL;
    }
    err = ja_err_make(JA_E_RATE_LIMITED, pool, "not sent to %s: %s", peer->conf.plan->url,
                      ja_governor_why_text(JA_GOVERNOR_HELD));
    err->retry_at = until;
    return err;
}

/* ---- orders ---------------------------------------------------------------------------------- */

apr_time_t ja_runner_peer_order_at(const ja_runner_peer_t *peer, int n, apr_time_t now,
                                   ja_governor_why_t *why)
{
    if (!ja_account_is_ready(peer->account)) {
        *why = JA_GOVERNOR_TURN;
        return JA_GOVERNOR_NEVER;
    }
    return ja_governor_order_at(&peer->governor, &peer->conf.limits, n, peer->load, now, why);
}

static void expect_load(ja_runner_peer_t *peer, int change)
{
    int nonces;

    peer->load += change;
    nonces = peer->load / ORDERS_PER_NONCE;
    ja_ca_expect(peer->ca, nonces < NONCES_MIN   ? NONCES_MIN
                           : nonces > NONCES_MAX ? NONCES_MAX
                                                 : nonces);
}

void ja_runner_peer_take(ja_runner_peer_t *peer, int n, apr_time_t now)
{
    ja_governor_take(&peer->governor, &peer->conf.limits, n, now);
    expect_load(peer, 1);
}

void ja_runner_peer_save(ja_runner_peer_t *peer)
{
    apr_pool_t *scratch;
    ja_err_t *err;

    apr_pool_create(&scratch, peer->pool);
    err = ja_governor_save(&peer->governor, peer->conf.store, peer->conf.plan->id, scratch);
    if (err) {
        ja_event_errored(peer->conf.log, peer->conf.plan->id, err, "saving the governor", 0,
                         scratch);
    }
    apr_pool_destroy(scratch);
}

void ja_runner_peer_cut(ja_runner_peer_t *peer, int taken, int placed, int good)
{
    ja_governor_settle(&peer->governor, taken - placed, good);
    expect_load(peer, -1);
}

void ja_runner_peer_ended(ja_runner_peer_t *peer, const char *name, int taken, int placed, int good,
                          const ja_err_t *err)
{
    const ja_retry_t *retry = err ? &ja_err_row(err->code)->retry : NULL;

    ja_runner_peer_cut(peer, taken, placed, good);
    ja_governor_ended(&peer->governor, &peer->conf.limits, name, retry, ja_rand_unit(),
                      ja_clock_now());
    if (err && *retry == JA_RETRY_HOLD) {
        ja_account_doubt(peer->account, err);
    }
}

/* ---- the beginning --------------------------------------------------------------------------- */

static void on_account(void *baton, int is_freed)
{
    ja_runner_peer_t *peer = baton;

    peer->over |= is_freed ? 1u << JA_RETRY_HOLD : 0;
    ja_timer_set(peer->news, ja_clock_now());
}

static void load_governor(ja_runner_peer_t *peer)
{
    apr_pool_t *scratch;
    ja_err_t *damage;

    apr_pool_create(&scratch, peer->pool);
    ja_governor_load(&peer->governor, &damage, peer->conf.store, peer->conf.plan->id, scratch);
    if (damage) {
        ja_event_errored(peer->conf.log, peer->conf.plan->id, damage, "reading the governor", 0,
                         scratch);
    }
    apr_pool_destroy(scratch);
}

ja_runner_peer_t *ja_runner_peer_start(const ja_runner_peer_conf_t *conf, apr_pool_t *pool)
{
    ja_runner_peer_t *peer = apr_pcalloc(pool, sizeof(*peer));
    ja_ca_conf_t ca_conf = { conf->plan->id, conf->plan->url, conf->plan->trust_file, may_send,
                             peer };
    ja_account_conf_t account_conf = { conf->plan, conf->store, NULL, conf->loop,
                                       conf->log,  on_account,  peer };

    peer->conf = *conf;
    peer->pool = pool;
    peer->http = (ja_http_t){ peer, start_trip };
    peer->news = ja_timer_make(conf->loop, tell_news, peer, pool);
    load_governor(peer);
    peer->ca = ja_ca_make(&ca_conf, conf->loop, &peer->http, conf->log, pool);
    account_conf.ca = peer->ca;
    peer->account = ja_account_keeper_start(&account_conf, pool);
    return peer;
}

ja_ca_t *ja_runner_peer_ca(const ja_runner_peer_t *peer)
{
    return peer->ca;
}

ja_account_keeper_t *ja_runner_peer_account(const ja_runner_peer_t *peer)
{
    return peer->account;
}

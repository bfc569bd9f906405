#include "acme/nonces.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/clock.h"
#include "net/url.h"

typedef struct {
    char text[JA_NONCE_MAX + 1];
    apr_time_t at;
} kept_t;

typedef struct waiter_t waiter_t;
struct waiter_t {
    APR_RING_ENTRY(waiter_t) link;
    ja_nonces_fn *fn;
    void *baton;
    ja_trip_t *trip; /* of the nonce to come                                 */
    apr_pool_t *pool;
};
APR_RING_HEAD(waiters_t, waiter_t);

struct ja_nonces_t {
    ja_peer_t *peer;
    apr_pool_t *pool;
    char url[JA_URL_MAX + 1];
    int expected;
    ja_trips_t trips;            /* with requests and HEADs; the brisk ones circulate */
    int heads;                   /* of all that travel                               */
    kept_t stock[JA_NONCES_MAX]; /* the oldest first                                 */
    int count;
    struct waiters_t waiting; /* the longest first                                */
    ja_timer_t *timer;        /* while somebody waits: the next trip to become slow */
    int is_closing;
};

/* One HEAD, in a pool of its own that ends with it. */
typedef struct {
    ja_nonces_t *nonces;
    ja_http_req_t req;
    ja_trip_t trip;
    apr_pool_t *pool;
} head_t;

/* ---- stock ---- */

const char *ja_nonces_of(const ja_http_reply_t *reply)
{
    const char *nonce = ja_http_header(reply, "Replay-Nonce");
    apr_size_t len;

    if (!nonce) {
        return NULL;
    }
    for (len = 0; nonce[len]; len++) {
        if (len >= JA_NONCE_MAX
            || !(apr_isalnum(nonce[len]) || nonce[len] == '-' || nonce[len] == '_')) {
            return NULL;
        }
    }
    return len > 0 ? nonce : NULL;
}

static void drop_oldest(ja_nonces_t *nonces, int count)
{
    nonces->count -= count;
    memmove(&nonces->stock[0], &nonces->stock[count], sizeof(kept_t) * (apr_size_t)nonces->count);
}

static void drop_stale(ja_nonces_t *nonces)
{
    apr_time_t now = ja_clock_now();
    int stale = 0;

    /* A clock that was put back makes them seem to be of the future: these go as well. */
    while (stale < nonces->count
           && (nonces->stock[stale].at + JA_NONCES_AGE < now || nonces->stock[stale].at > now)) {
        stale++;
    }
    drop_oldest(nonces, stale);
}

void ja_nonces_keep(ja_nonces_t *nonces, const ja_http_reply_t *reply)
{
    const char *nonce = ja_nonces_of(reply);
    kept_t *kept;

    if (!nonce) {
        return;
    }
    if (nonces->count == JA_NONCES_MAX) {
        drop_oldest(nonces, 1);
    }
    kept = &nonces->stock[nonces->count++];
    apr_cpystrn(kept->text, nonce, sizeof(kept->text));
    kept->at = ja_clock_now();
}

void ja_nonces_end(ja_nonces_t *nonces, ja_trip_t *trip, const ja_http_reply_t *reply)
{
    ja_trip_end(&nonces->trips, trip);
    if (reply) {
        ja_nonces_keep(nonces, reply);
    }
}

void ja_nonces_again(ja_nonces_t *nonces, ja_trip_t *trip)
{
    ja_trip_begin(&nonces->trips, trip);
}

/* In stock or on its way, however slow: may still come to serve somebody. */
static int is_any_left(const ja_nonces_t *nonces)
{
    return nonces->count + nonces->trips.brisk + nonces->trips.slow > 0;
}

/* How many are in stock or will be soon. */
static int circulating(const ja_nonces_t *nonces)
{
    return nonces->count + nonces->trips.brisk;
}

/* The youngest: the CA forgets the oldest first. There has to be one. */
static const char *out_of_stock(ja_nonces_t *nonces, ja_trip_t *trip, apr_pool_t *pool)
{
    ja_trip_begin(&nonces->trips, trip);
    return apr_pstrdup(pool, nonces->stock[--nonces->count].text);
}

/* ---- waiting ---- */

static apr_status_t stop_waiting(void *data)
{
    waiter_t *waiter = data;

    APR_RING_REMOVE(waiter, link);
    return APR_SUCCESS;
}

static waiter_t *wait_make(ja_nonces_t *nonces, ja_trip_t *trip, ja_nonces_fn *fn, void *baton,
                           apr_pool_t *pool)
{
    waiter_t *waiter = apr_pcalloc(pool, sizeof(*waiter));

    waiter->trip = trip;
    waiter->fn = fn;
    waiter->baton = baton;
    waiter->pool = pool;
    APR_RING_ELEM_INIT(waiter, link);
    APR_RING_INSERT_TAIL(&nonces->waiting, waiter, waiter_t, link);
    apr_pool_cleanup_register(pool, waiter, stop_waiting, apr_pool_cleanup_null);
    return waiter;
}

/* Waiting is over before the waiter hears of it: it may clear its pool. */
static waiter_t *wait_first(struct waiters_t *waiting)
{
    waiter_t *waiter = APR_RING_FIRST(waiting);

    apr_pool_cleanup_run(waiter->pool, waiter, stop_waiting);
    return waiter;
}

/* Those who wait now; who asks again while hearing of it waits anew. */
static void fail_all(ja_nonces_t *nonces, const ja_err_t *err)
{
    struct waiters_t failing;
    waiter_t *waiter;

    APR_RING_INIT(&failing, waiter_t, link);
    APR_RING_CONCAT(&failing, &nonces->waiting, waiter_t, link);
    while (!APR_RING_EMPTY(&failing, waiter_t, link)) {
        waiter = wait_first(&failing);
        waiter->fn(waiter->baton, NULL, ja_err_dup(err, waiter->pool));
    }
}

static void fail_first(ja_nonces_t *nonces, const ja_err_t *err)
{
    waiter_t *waiter;

    if (!APR_RING_EMPTY(&nonces->waiting, waiter_t, link)) {
        waiter = wait_first(&nonces->waiting);
        waiter->fn(waiter->baton, NULL, ja_err_dup(err, waiter->pool));
    }
}

/* What is in stock goes to those who have waited longest. */
static void hand_out(ja_nonces_t *nonces)
{
    waiter_t *waiter;

    drop_stale(nonces);
    while (nonces->count > 0 && !APR_RING_EMPTY(&nonces->waiting, waiter_t, link)) {
        waiter = wait_first(&nonces->waiting);
        waiter->fn(waiter->baton, out_of_stock(nonces, waiter->trip, waiter->pool), NULL);
    }
}

static int count_waiting(const ja_nonces_t *nonces, int max)
{
    const waiter_t *waiter;
    int count = 0;

    APR_RING_FOREACH(waiter, &nonces->waiting, waiter_t, link)
    {
        if (++count >= max) {
            break;
        }
    }
    return count;
}

/* ---- newNonce, RFC 8555 7.2 ---- */

static ja_err_t *read_head(const ja_http_reply_t *reply, const char *url, apr_pool_t *pool)
{
    if (ja_nonces_of(reply)) {
        return NULL;
    }
    if (reply->status != 200 && reply->status != 204) {
        return ja_problem_hear(reply, JA_KIND_NONCE, url, ja_clock_now(), pool);
    }
    return ja_err_make(JA_E_PROTOCOL, pool, "the reply of %s has no Replay-Nonce", url);
}

/* Nothing may be left that could still serve those who wait. If there are slow ones, nobody knows
 * when they end: then one waiter pays for the HEAD, and the next one gets its own. */
static void head_failed(ja_nonces_t *nonces, const ja_err_t *err)
{
    ja_trips_sort(&nonces->trips);
    if (circulating(nonces) > 0) {
        return;
    }
    if (is_any_left(nonces)) {
        fail_first(nonces, err);
    }
    else {
        fail_all(nonces, err);
    }
}

static void head_done(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    head_t *head = baton;
    ja_nonces_t *nonces = head->nonces;

    nonces->heads--;
    ja_nonces_end(nonces, &head->trip, reply);
    if (reply) {
        ja_peer_notice(nonces->peer, reply);
        err = read_head(reply, head->req.url, head->pool);
    }
    if (err) {
        head_failed(nonces, err);
    }
    apr_pool_destroy(head->pool);
    if (err && nonces->trips.brisk > 0) {
        hand_out(nonces); /* no HEAD again: the next exchange to end sees to it */
    }
    else {
        ja_nonces_pump(nonces);
    }
}

/* All ends: its trip must not stay among those of calls that are cancelled after it. */
static apr_status_t cancel_head(void *data)
{
    head_t *head = data;

    ja_trip_end(&head->nonces->trips, &head->trip);
    return APR_SUCCESS;
}

static ja_err_t *fetch(ja_nonces_t *nonces, apr_pool_t *pool)
{
    head_t *head = apr_pcalloc(pool, sizeof(*head));

    head->nonces = nonces;
    head->pool = pool;
    head->req.method = JA_HTTP_HEAD;
    head->req.url = apr_pstrdup(pool, nonces->url);
    JA_TRY(ja_peer_start(nonces->peer, JA_KIND_NONCE, &head->req, head_done, head, pool));
    nonces->heads++;
    ja_trip_begin(&nonces->trips, &head->trip);
    apr_pool_cleanup_register(pool, head, cancel_head, apr_pool_cleanup_null);
    return NULL;
}

/* A slow HEAD is no reason for another one to the same waiter: that would be a flood to a CA that
 * is slow with everything. What others bring serves the one who has waited longest anyway. */
static int is_head_wanted(const ja_nonces_t *nonces)
{
    return circulating(nonces) < nonces->expected
           && nonces->trips.brisk + nonces->trips.slow < JA_NONCES_MAX_TRIPS
           && count_waiting(nonces, nonces->heads + 1) > nonces->heads;
}

/* Look again when the next trip becomes slow, as nothing else may happen until then. */
static void watch(ja_nonces_t *nonces)
{
    apr_time_t next = ja_trips_next_slow(&nonces->trips);

    if (next == 0 || APR_RING_EMPTY(&nonces->waiting, waiter_t, link)) {
        ja_timer_stop(nonces->timer);
        return;
    }
    ja_timer_set(nonces->timer, next);
}

/* As many HEADs as there are waiters, within what may circulate. */
static ja_err_t *fetch_missing(ja_nonces_t *nonces, apr_pool_t *errors)
{
    ja_err_t *err = NULL;
    apr_pool_t *pool;

    ja_trips_sort(&nonces->trips);
    while (!err && is_head_wanted(nonces)) {
        apr_pool_create(&pool, nonces->pool);
        err = ja_err_dup(fetch(nonces, pool), errors);
        if (err) {
            apr_pool_destroy(pool);
        }
    }
    watch(nonces);
    return err;
}

/* ---- the calls of others ---- */

ja_err_t *ja_nonces_take(const char **nonce, ja_nonces_t *nonces, ja_trip_t *trip, ja_nonces_fn *fn,
                         void *baton, apr_pool_t *pool)
{
    waiter_t *waiter;
    ja_err_t *err;

    drop_stale(nonces);
    *nonce = NULL;
    if (nonces->count > 0 && APR_RING_EMPTY(&nonces->waiting, waiter_t, link)) {
        *nonce = out_of_stock(nonces, trip, pool);
        return NULL;
    }
    waiter = wait_make(nonces, trip, fn, baton, pool);
    err = fetch_missing(nonces, pool);
    if (err && !is_any_left(nonces)) {
        apr_pool_cleanup_run(pool, waiter, stop_waiting);
        return err;
    }
    return NULL;
}

void ja_nonces_pump(ja_nonces_t *nonces)
{
    apr_pool_t *scratch;
    ja_err_t *err;

    if (nonces->is_closing) {
        return;
    }
    hand_out(nonces);
    apr_pool_create(&scratch, nonces->pool);
    err = fetch_missing(nonces, scratch);
    if (err && !is_any_left(nonces)) {
        fail_all(nonces, err);
    }
    apr_pool_destroy(scratch);
}

static void on_timer(void *baton)
{
    ja_nonces_pump(baton);
}

void ja_nonces_use(ja_nonces_t *nonces, const char *new_nonce_url)
{
    apr_cpystrn(nonces->url, new_nonce_url, sizeof(nonces->url));
}

void ja_nonces_expect(ja_nonces_t *nonces, int count)
{
    nonces->expected = count < 1 ? 1 : count > JA_NONCES_MAX ? JA_NONCES_MAX : count;
}

/* Requests that are cancelled while everything ends want no replacement. */
static apr_status_t close_down(void *data)
{
    ja_nonces_t *nonces = data;

    nonces->is_closing = 1;
    return APR_SUCCESS;
}

ja_nonces_t *ja_nonces_make(ja_peer_t *peer, ja_loop_t *loop, apr_pool_t *pool)
{
    ja_nonces_t *nonces = apr_pcalloc(pool, sizeof(*nonces));

    nonces->peer = peer;
    nonces->pool = pool;
    nonces->expected = 1;
    APR_RING_INIT(&nonces->waiting, waiter_t, link);
    ja_trips_init(&nonces->trips);
    nonces->timer = ja_timer_make(loop, on_timer, nonces, pool);
    apr_pool_pre_cleanup_register(pool, nonces, close_down);
    return nonces;
}

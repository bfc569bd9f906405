#include "acme/nonces.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_ring.h>
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
    apr_pool_t *pool;
};
APR_RING_HEAD(waiters_t, waiter_t);

struct ja_nonces_t {
    ja_peer_t *peer;
    apr_pool_t *pool;
    char url[JA_URL_MAX + 1];
    int expected;
    int travelling;              /* with requests and HEADs                          */
    int heads;                   /* of them                                          */
    kept_t stock[JA_NONCES_MAX]; /* the oldest first                                 */
    int count;
    struct waiters_t waiting; /* the longest first                                */
    int is_closing;
};

/* One HEAD, in a pool of its own that ends with it. */
typedef struct {
    ja_nonces_t *nonces;
    ja_http_req_t req;
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

void ja_nonces_end(ja_nonces_t *nonces, const ja_http_reply_t *reply)
{
    nonces->travelling--;
    if (reply) {
        ja_nonces_keep(nonces, reply);
    }
}

/* The youngest: the CA forgets the oldest first. There has to be one. */
static const char *out_of_stock(ja_nonces_t *nonces, apr_pool_t *pool)
{
    nonces->travelling++;
    return apr_pstrdup(pool, nonces->stock[--nonces->count].text);
}

/* ---- waiting ---- */

static apr_status_t stop_waiting(void *data)
{
    waiter_t *waiter = data;

    APR_RING_REMOVE(waiter, link);
    return APR_SUCCESS;
}

static waiter_t *wait_make(ja_nonces_t *nonces, ja_nonces_fn *fn, void *baton, apr_pool_t *pool)
{
    waiter_t *waiter = apr_pcalloc(pool, sizeof(*waiter));

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

/* What is in stock goes to those who have waited longest. */
static void hand_out(ja_nonces_t *nonces)
{
    waiter_t *waiter;

    drop_stale(nonces);
    while (nonces->count > 0 && !APR_RING_EMPTY(&nonces->waiting, waiter_t, link)) {
        waiter = wait_first(&nonces->waiting);
        waiter->fn(waiter->baton, out_of_stock(nonces, waiter->pool), NULL);
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

static void head_done(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    head_t *head = baton;
    ja_nonces_t *nonces = head->nonces;

    nonces->heads--;
    ja_nonces_end(nonces, reply);
    if (reply) {
        ja_peer_notice(nonces->peer, reply);
        err = read_head(reply, head->req.url, head->pool);
    }
    if (err && nonces->count + nonces->travelling == 0) {
        fail_all(nonces, err); /* nothing circulates that could still serve them */
    }
    apr_pool_destroy(head->pool);
    if (err) {
        hand_out(nonces); /* no HEAD again: the next exchange to end sees to it */
    }
    else {
        ja_nonces_pump(nonces);
    }
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
    nonces->travelling++;
    return NULL;
}

/* As many HEADs as there are waiters, within what may circulate. */
static ja_err_t *fetch_missing(ja_nonces_t *nonces, apr_pool_t *errors)
{
    ja_err_t *err = NULL;
    apr_pool_t *pool;

    while (!err && nonces->count + nonces->travelling < nonces->expected
           && count_waiting(nonces, nonces->heads + 1) > nonces->heads) {
        apr_pool_create(&pool, nonces->pool);
        err = ja_err_dup(fetch(nonces, pool), errors);
        if (err) {
            apr_pool_destroy(pool);
        }
    }
    return err;
}

/* ---- the calls of others ---- */

ja_err_t *ja_nonces_take(const char **nonce, ja_nonces_t *nonces, ja_nonces_fn *fn, void *baton,
                         apr_pool_t *pool)
{
    waiter_t *waiter;
    ja_err_t *err;

    drop_stale(nonces);
    *nonce = NULL;
    if (nonces->count > 0 && APR_RING_EMPTY(&nonces->waiting, waiter_t, link)) {
        *nonce = out_of_stock(nonces, pool);
        return NULL;
    }
    waiter = wait_make(nonces, fn, baton, pool);
    err = fetch_missing(nonces, pool);
    if (err && nonces->count + nonces->travelling == 0) {
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
    if (err && nonces->count + nonces->travelling == 0) {
        fail_all(nonces, err);
    }
    apr_pool_destroy(scratch);
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

ja_nonces_t *ja_nonces_make(ja_peer_t *peer, apr_pool_t *pool)
{
    ja_nonces_t *nonces = apr_pcalloc(pool, sizeof(*nonces));

    nonces->peer = peer;
    nonces->pool = pool;
    nonces->expected = 1;
    APR_RING_INIT(&nonces->waiting, waiter_t, link);
    apr_pool_pre_cleanup_register(pool, nonces, close_down);
    return nonces;
}

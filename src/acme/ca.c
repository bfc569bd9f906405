#include "acme/ca.h"

#include <apr_ring.h>
#include <apr_strings.h>

#include "acme/call.h"
#include "base/clock.h"

#define DIRECTORY_AGE apr_time_from_sec(24 * 60 * 60)

/* A call that the directory has to come for first. */
typedef struct waiter_t waiter_t;
struct waiter_t {
    APR_RING_ENTRY(waiter_t) link;
    ja_call_t *call;
};
APR_RING_HEAD(waiters_t, waiter_t);

struct ja_ca_t {
    ja_peer_t peer;
    ja_nonces_t *nonces;
    apr_pool_t *pool;
    const char *directory_url;
    ja_directory_t *directory; /* NULL before the first one                    */
    apr_pool_t *directory_pool;
    apr_time_t directory_at; /* when it was read                             */
    int is_fetching;
    struct waiters_t waiting;
};

/* One GET of the directory; if it brings one, the pool is kept for that. */
typedef struct {
    ja_ca_t *ca;
    ja_http_req_t req;
    apr_pool_t *pool;
} fetch_t;

/* ---- waiting for the directory ---- */

static apr_status_t stop_waiting(void *data)
{
    waiter_t *waiter = data;

    APR_RING_REMOVE(waiter, link);
    return APR_SUCCESS;
}

static void wait_add(ja_ca_t *ca, ja_call_t *call)
{
    apr_pool_t *pool = ja_call_pool(call);
    waiter_t *waiter = apr_pcalloc(pool, sizeof(*waiter));

    waiter->call = call;
    APR_RING_ELEM_INIT(waiter, link);
    APR_RING_INSERT_TAIL(&ca->waiting, waiter, waiter_t, link);
    apr_pool_cleanup_register(pool, waiter, stop_waiting, apr_pool_cleanup_null);
}

static ja_call_t *wait_first(struct waiters_t *waiting)
{
    waiter_t *waiter = APR_RING_FIRST(waiting);

    apr_pool_cleanup_run(ja_call_pool(waiter->call), waiter, stop_waiting);
    return waiter->call;
}

/* All that wait now go on, or fail with `err`. Calls that their callbacks make are not among
 * them. */
static void release(ja_ca_t *ca, ja_err_t *err)
{
    struct waiters_t released;
    ja_err_t *failed;
    ja_call_t *call;

    APR_RING_INIT(&released, waiter_t, link);
    APR_RING_CONCAT(&released, &ca->waiting, waiter_t, link);
    while (!APR_RING_EMPTY(&released, waiter_t, link)) {
        call = wait_first(&released);
        failed = err ? err : ja_call_send(call, ca->directory);
        if (failed) {
            ja_call_fail(call, failed);
        }
    }
}

/* ---- reading it ---- */

/* Takes over `pool`, in which `directory` lives. */
static void adopt(ja_ca_t *ca, ja_directory_t *directory, apr_pool_t *pool)
{
    if (ca->directory_pool) {
        apr_pool_destroy(ca->directory_pool);
    }
    ca->directory = directory;
    ca->directory_pool = pool;
    ca->directory_at = ja_clock_now();
    ca->peer.has_moved = 0;
    ja_nonces_use(ca->nonces, directory->new_nonce);
}

static void fetch_done(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    fetch_t *fetch = baton;
    ja_ca_t *ca = fetch->ca;
    ja_directory_t *directory = NULL;

    ca->is_fetching = 0;
    if (reply) {
        ja_nonces_keep(ca->nonces, reply);
        err = ja_directory_hear(&directory, reply, ca->directory_url, fetch->pool, fetch->pool);
    }
    if (!directory) {
        release(ca, ja_err_wrap(err, fetch->pool, "reading the directory of the CA"));
        apr_pool_destroy(fetch->pool);
        return;
    }
    adopt(ca, directory, fetch->pool);
    release(ca, NULL);
}

static ja_err_t *fetch_start(ja_ca_t *ca, apr_pool_t *errors)
{
    apr_pool_t *pool;
    fetch_t *fetch;
    ja_err_t *err;

    apr_pool_create(&pool, ca->pool);
    fetch = apr_pcalloc(pool, sizeof(*fetch));
    fetch->ca = ca;
    fetch->pool = pool;
    fetch->req.method = JA_HTTP_GET;
    fetch->req.url = ca->directory_url;
    fetch->req.accept = "application/json";
    err = ja_err_dup(
        ja_peer_start(&ca->peer, JA_KIND_DIRECTORY, &fetch->req, fetch_done, fetch, pool), errors);
    if (err) {
        apr_pool_destroy(pool);
        return err;
    }
    ca->is_fetching = 1;
    return NULL;
}

static int is_directory_good(const ja_ca_t *ca)
{
    apr_time_t now = ja_clock_now();

    return ca->directory && !ca->peer.has_moved && ca->directory_at <= now
           && now < ca->directory_at + DIRECTORY_AGE;
}

/* ---- the CA ---- */

ja_err_t *ja_ca_call(ja_ca_t *ca, const ja_ask_t *ask, const ja_jwk_t *jwk, const char *kid,
                     ja_ca_done_fn *done, void *baton, apr_pool_t *pool)
{
    ja_call_t *call = ja_call_make(&ca->peer, ca->nonces, ask, jwk, kid, done, baton, pool);

    if (is_directory_good(ca)) {
        return ja_call_send(call, ca->directory);
    }
    if (!ca->is_fetching) {
        JA_TRY(fetch_start(ca, pool));
    }
    wait_add(ca, call);
    return NULL;
}

ja_ca_t *ja_ca_make(const ja_ca_conf_t *conf, ja_loop_t *loop, ja_http_t *http, const ja_log_t *log,
                    apr_pool_t *pool)
{
    ja_ca_t *ca = apr_pcalloc(pool, sizeof(*ca));

    ca->peer.http = http;
    ca->peer.log = log;
    ca->peer.name = apr_pstrdup(pool, conf->name);
    ca->peer.trust_file = apr_pstrdup(pool, conf->trust_file);
    ca->peer.may_send = conf->may_send;
    ca->peer.baton = conf->baton;
    ca->pool = pool;
    ca->directory_url = apr_pstrdup(pool, conf->directory_url);
    ca->nonces = ja_nonces_make(&ca->peer, loop, pool);
    APR_RING_INIT(&ca->waiting, waiter_t, link);
    return ca;
}

void ja_ca_expect(ja_ca_t *ca, int nonces)
{
    ja_nonces_expect(ca->nonces, nonces);
}

const ja_directory_t *ja_ca_directory(const ja_ca_t *ca)
{
    return ca->directory;
}

apr_uint64_t ja_ca_count(const ja_ca_t *ca, ja_kind_t kind)
{
    return (unsigned)kind < JA_KIND_COUNT ? ca->peer.counts[kind] : 0;
}

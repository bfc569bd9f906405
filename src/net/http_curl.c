#include "net/http_curl.h"

#include <apr_ring.h>

#include "net/transfer.h"
#include "net/url.h"

#define MAX_CONNECTIONS_DEFAULT 16L
#define HTTP2_CONNECTIONS       2L
#define STOCK_MAX               32 /* idle handles */

/* More exchanges at a time wait here instead of in curl: so many streams every HTTP/2 server
 * allows on one connection (RFC 9113 6.5.2 recommends 100 at least), for more of them curl opens
 * more connections; and an exchange's time begins with its turn. */
#define RUNNING_MAX 100

/* After a timeout, connections that are older are not used any more. */
#define STALE_S 5L

typedef struct exchange_t exchange_t;
APR_RING_HEAD(exchanges_t, exchange_t);

typedef struct {
    ja_http_t http; /* what the callers have */
    ja_http_curl_conf_t conf;
    CURLM *multi;
    int has_seen_http1; /* a server answered with it */
    int has_timed_out;  /* the last exchange to end, did */
    ja_transfer_t *stock;
    int stock_count;
    struct exchanges_t running;
    int running_count;
    struct exchanges_t waiting; /* the longest first */
} client_t;

struct exchange_t {
    APR_RING_ENTRY(exchange_t) link;
    client_t *client;
    const ja_http_req_t *req;
    ja_transfer_t *transfer; /* NULL while it waits */
    ja_http_done_fn *done;
    void *baton;
    apr_pool_t *pool;
};

static ja_transfer_t *take_transfer(client_t *client)
{
    ja_transfer_t *transfer = client->stock;

    if (!transfer) {
        return ja_transfer_make();
    }
    client->stock = transfer->next;
    client->stock_count--;
    return transfer;
}

static void return_transfer(client_t *client, ja_transfer_t *transfer)
{
    if (client->stock_count >= STOCK_MAX) {
        ja_transfer_free(transfer);
        return;
    }
    ja_transfer_end(transfer);
    transfer->next = client->stock;
    client->stock = transfer;
    client->stock_count++;
}

/* Take an exchange out of curl, or out of the queue. Its pool is not touched. */
static void detach(exchange_t *exchange)
{
    client_t *client = exchange->client;

    APR_RING_REMOVE(exchange, link);
    if (exchange->transfer) {
        curl_multi_remove_handle(client->multi, exchange->transfer->easy);
        return_transfer(client, exchange->transfer);
        client->running_count--;
    }
}

static apr_status_t cancel(void *data)
{
    detach(data);
    return APR_SUCCESS;
}

/* A stream of HTTP/2 that has run into its time limit leaves its connection open, and if that is
 * dead (a NAT that forgot it, a CA that hangs) every request on it would have to wait as long.
 * After a timeout only connections that are younger than that are used again, until a reply comes.
 */
static CURLcode avoid_stale(const client_t *client, CURL *easy)
{
    return client->has_timed_out ? curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, STALE_S)
                                 : CURLE_OK;
}

/* Give an exchange of the queue to curl. */
static ja_err_t *launch(exchange_t *exchange)
{
    client_t *client = exchange->client;
    ja_transfer_t *transfer = take_transfer(client);

    if (!transfer) {
        return ja_err_make(JA_E_INTERNAL, exchange->pool, "no memory for a request to %s",
                           exchange->req->url);
    }
    if (ja_transfer_begin(transfer, exchange->req, client->conf.user_agent, client->conf.proxy,
                          exchange->pool)
            != 0
        || curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, exchange) != CURLE_OK
        || avoid_stale(client, transfer->easy) != CURLE_OK
        || curl_multi_add_handle(client->multi, transfer->easy) != CURLM_OK) {
        return_transfer(client, transfer);
        return ja_err_make(JA_E_INTERNAL, exchange->pool, "no memory for a request to %s",
                           exchange->req->url);
    }
    exchange->transfer = transfer;
    APR_RING_REMOVE(exchange, link);
    APR_RING_INSERT_TAIL(&client->running, exchange, exchange_t, link);
    client->running_count++;
    return NULL;
}

static ja_err_t *start(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                       void *baton, apr_pool_t *pool)
{
    client_t *client = http->impl;
    exchange_t *exchange = apr_pcalloc(pool, sizeof(*exchange));

    JA_TRY(ja_url_check(req->url, req->plain_ok, pool));

    exchange->client = client;
    exchange->req = req;
    exchange->done = done;
    exchange->baton = baton;
    exchange->pool = pool;
    APR_RING_ELEM_INIT(exchange, link);
    APR_RING_INSERT_TAIL(&client->waiting, exchange, exchange_t, link);
    apr_pool_cleanup_register(pool, exchange, cancel, apr_pool_cleanup_null);
    return NULL;
}

/* Out of the client before `done`, which may clear the pool and start other exchanges; unused
 * after it. */
static void end(exchange_t *exchange, const ja_http_reply_t *reply, ja_err_t *err)
{
    apr_pool_cleanup_kill(exchange->pool, exchange, cancel);
    detach(exchange);
    exchange->done(exchange->baton, reply, err);
}

static int can_launch(const client_t *client)
{
    return client->running_count < RUNNING_MAX
           && !APR_RING_EMPTY(&client->waiting, exchange_t, link);
}

static void launch_waiting(client_t *client)
{
    exchange_t *exchange;
    ja_err_t *err;

    while (can_launch(client)) {
        exchange = APR_RING_FIRST(&client->waiting);
        err = launch(exchange);
        if (err) {
            end(exchange, NULL, err);
        }
    }
}

static void finish(exchange_t *exchange, CURLcode result)
{
    const ja_transfer_t *transfer = exchange->transfer;
    const ja_http_reply_t *reply = result == CURLE_OK ? ja_transfer_reply(transfer) : NULL;
    ja_err_t *err = reply ? NULL : ja_transfer_failure(transfer, result);

    exchange->client->has_timed_out = err && err->code == JA_E_TIMEOUT;
    if (ja_log_is(exchange->client->conf.log, JA_LOG_DEBUG)) {
        ja_log_line(exchange->client->conf.log, JA_LOG_DEBUG, "%s",
                    ja_transfer_text(transfer, exchange->pool));
    }
    end(exchange, reply, err);
}

static long connections_allowed(const client_t *client)
{
    return client->conf.max_connections > 0 ? client->conf.max_connections
                                            : MAX_CONNECTIONS_DEFAULT;
}

/* One connection carries all requests to a server that speaks HTTP/2; left alone, curl sometimes
 * opens more when requests begin side by side. Its limit is one for all hosts: a single one that
 * speaks HTTP/1.1 keeps it as it was. OCSP responders, of which nobody expects more, do not count.
 */
static void note_version(client_t *client, const ja_http_req_t *req, CURL *easy)
{
    long version = 0;

    curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
    if (version == 0 || client->has_seen_http1 || req->plain_ok) {
        return;
    }
    client->has_seen_http1 = version < CURL_HTTP_VERSION_2_0;
    curl_multi_setopt(client->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      client->has_seen_http1 ? connections_allowed(client) : HTTP2_CONNECTIONS);
}

static void finish_all(client_t *client)
{
    const CURLMsg *message;
    exchange_t *exchange;
    CURLcode result;
    int left;

    while ((message = curl_multi_info_read(client->multi, &left))) {
        if (message->msg == CURLMSG_DONE) {
            result = message->data.result;
            curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &exchange);
            note_version(client, exchange->req, message->easy_handle);
            finish(exchange, result);
        }
    }
}

static ja_err_t *check(CURLMcode result, apr_pool_t *pool)
{
    if (result != CURLM_OK) {
        return ja_err_make(JA_E_INTERNAL, pool, "waiting for the network: %s",
                           curl_multi_strerror(result));
    }
    return NULL;
}

/* What is to be launched is not waited for: work() is to come at once. */
static ja_err_t *wait_once(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    client_t *client = baton;

    return check(curl_multi_poll(client->multi, NULL, 0, can_launch(client) ? 0 : timeout_ms, NULL),
                 scratch);
}

static ja_err_t *work(void *baton, apr_pool_t *scratch)
{
    client_t *client = baton;
    int running;

    launch_waiting(client);
    JA_TRY(check(curl_multi_perform(client->multi, &running), scratch));
    finish_all(client);
    return NULL;
}

static void wakeup(void *baton)
{
    client_t *client = baton;

    curl_multi_wakeup(client->multi);
}

/* Exchanges whose pools live longer than the client are never called back. */
static void forget(struct exchanges_t *exchanges)
{
    exchange_t *exchange;

    while (!APR_RING_EMPTY(exchanges, exchange_t, link)) {
        exchange = APR_RING_FIRST(exchanges);
        apr_pool_cleanup_kill(exchange->pool, exchange, cancel);
        detach(exchange);
    }
}

static apr_status_t client_end(void *data)
{
    client_t *client = data;
    ja_transfer_t *transfer;

    forget(&client->running);
    forget(&client->waiting);
    while ((transfer = client->stock)) {
        client->stock = transfer->next;
        ja_transfer_free(transfer);
    }
    curl_multi_cleanup(client->multi);
    return APR_SUCCESS;
}

ja_err_t *ja_http_curl_global_init(apr_pool_t *scratch)
{
    CURLcode result = curl_global_init(CURL_GLOBAL_DEFAULT);

    if (result != CURLE_OK) {
        return ja_err_make(JA_E_INTERNAL, scratch, "libcurl can't be used: %s",
                           curl_easy_strerror(result));
    }
    return NULL;
}

static void set_connections(CURLM *multi, long connections)
{
    curl_multi_setopt(multi, CURLMOPT_PIPELINING, (long)CURLPIPE_MULTIPLEX);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS, connections);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, connections * 2);
}

ja_err_t *ja_http_curl_make(ja_http_t **http, ja_loop_io_t *io, const ja_http_curl_conf_t *conf,
                            apr_pool_t *pool)
{
    client_t *client = apr_pcalloc(pool, sizeof(*client));

    client->conf = *conf;
    APR_RING_INIT(&client->running, exchange_t, link);
    APR_RING_INIT(&client->waiting, exchange_t, link);
    client->multi = curl_multi_init();
    if (!client->multi) {
        return ja_err_make(JA_E_INTERNAL, pool, "no memory for the network");
    }
    apr_pool_cleanup_register(pool, client, client_end, apr_pool_cleanup_null);
    set_connections(client->multi, connections_allowed(client));

    client->http.impl = client;
    client->http.start = start;
    *http = &client->http;
    *io = (ja_loop_io_t){
        .baton = client,
        .poll = wait_once,
        .work = work,
        .wakeup = wakeup,
    };
    return NULL;
}

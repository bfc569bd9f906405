#include "acme/call.h"

#include <string.h>

#include <apr_strings.h>

struct ja_call_t {
    ja_peer_t *peer;
    ja_nonces_t *nonces;
    ja_ask_t ask;
    const ja_jwk_t *jwk;
    const char *kid;
    ja_ca_done_fn *done;
    void *baton;
    apr_pool_t *pool;
    ja_trip_t trip;  /* of the nonce of the present try */
    const char *url; /* known once there is a directory */
    const char *payload;
    ja_http_req_t req; /* of the present try */
    int tries;
};

/* The nonce of a request that is cancelled never comes back: others may be waiting for it. */
static apr_status_t cancel(void *data)
{
    ja_call_t *call = data;

    ja_nonces_end(call->nonces, &call->trip, NULL);
    ja_nonces_pump(call->nonces);
    return APR_SUCCESS;
}

/* `done` may clear the pool: the call is not used after it. */
static void finish(ja_call_t *call, const ja_heard_t *heard, ja_err_t *err)
{
    ja_nonces_t *nonces = call->nonces;

    call->done(call->baton, heard, err);
    ja_nonces_pump(nonces);
}

/* ---- one try ---- */

static void on_reply(void *baton, const ja_http_reply_t *reply, ja_err_t *err);

static ja_err_t *send_with(ja_call_t *call, const char *nonce)
{
    const ja_jws_header_t header = { .url = call->url, .nonce = nonce, .kid = call->kid };
    const char *body;

    JA_TRY(ja_jws_sign(&body, call->jwk, &header, call->payload, call->pool, call->pool));
    call->req = (ja_http_req_t){
        .method = JA_HTTP_POST,
        .url = call->url,
        .content_type = "application/jose+json", /* RFC 8555 6.2 */
        .accept = call->ask.accept,
        .body = body,
        .body_len = strlen(body),
        .max_bytes = call->ask.max_bytes,
    };
    JA_TRY(ja_peer_start(call->peer, call->ask.kind, &call->req, on_reply, call, call->pool));
    call->tries++;
    if (call->ask.sent) {
        (*call->ask.sent)++;
    }
    apr_pool_cleanup_register(call->pool, call, cancel, apr_pool_cleanup_null);
    return NULL;
}

/* As send_with(), the nonce being given back if that fails. */
static ja_err_t *try_with(ja_call_t *call, const char *nonce)
{
    ja_err_t *err = send_with(call, nonce);

    if (err) {
        ja_nonces_end(call->nonces, &call->trip, NULL);
    }
    return err;
}

static void on_nonce(void *baton, const char *nonce, ja_err_t *err)
{
    ja_call_t *call = baton;

    if (nonce) {
        err = try_with(call, nonce);
    }
    if (err) {
        finish(call, NULL, err);
    }
}

static ja_err_t *try_once(ja_call_t *call)
{
    const char *nonce;

    JA_TRY(ja_nonces_take(&nonce, call->nonces, &call->trip, on_nonce, call, call->pool));
    return nonce ? try_with(call, nonce) : NULL;
}

/* ---- its reply ---- */

/* RFC 8555 6.5: the error reply brings the nonce to try again with. If it does not, another has
 * to do. */
static ja_err_t *try_again(ja_call_t *call, const ja_http_reply_t *reply)
{
    const char *nonce = ja_nonces_of(reply);

    if (nonce) {
        ja_nonces_again(call->nonces, &call->trip);
        return try_with(call, nonce);
    }
    ja_nonces_end(call->nonces, &call->trip, reply);
    return try_once(call);
}

static int is_bad_nonce(const ja_err_t *err)
{
    return err && err->code == JA_E_BAD_NONCE && err->http_status == 400;
}

static void on_reply(void *baton, const ja_http_reply_t *reply, ja_err_t *err)
{
    ja_call_t *call = baton;
    ja_heard_t *heard = NULL;

    apr_pool_cleanup_kill(call->pool, call, cancel);
    if (!reply) {
        ja_nonces_end(call->nonces, &call->trip, NULL);
        finish(call, NULL, err);
        return;
    }
    if (call->ask.to != JA_TO_URL) {
        ja_peer_notice(call->peer, reply);
    }
    err = ja_heard_make(&heard, reply, call->ask.kind, call->url, call->pool);
    if (is_bad_nonce(err) && call->tries < JA_CALL_TRIES) {
        err = try_again(call, reply);
        if (err) {
            finish(call, NULL, err);
        }
        return;
    }
    ja_nonces_end(call->nonces, &call->trip, reply);
    finish(call, heard, err);
}

/* ---- beginning and end ---- */

ja_call_t *ja_call_make(ja_peer_t *peer, ja_nonces_t *nonces, const ja_ask_t *ask,
                        const ja_jwk_t *jwk, const char *kid, ja_ca_done_fn *done, void *baton,
                        apr_pool_t *pool)
{
    ja_call_t *call = apr_pcalloc(pool, sizeof(*call));

    call->peer = peer;
    call->nonces = nonces;
    call->ask = *ask;
    call->jwk = jwk;
    call->kid = apr_pstrdup(pool, kid);
    call->done = done;
    call->baton = baton;
    call->pool = pool;
    return call;
}

static const char *url_of(const ja_ask_t *ask, const ja_directory_t *dir)
{
    switch (ask->to) {
    case JA_TO_NEW_ACCOUNT:
        return dir->new_account;
    case JA_TO_NEW_ORDER:
        return dir->new_order;
    case JA_TO_REVOKE:
        return dir->revoke_cert;
    case JA_TO_URL:
        break;
    }
    return ask->url;
}

ja_err_t *ja_call_send(ja_call_t *call, const ja_directory_t *dir)
{
    call->url = apr_pstrdup(call->pool, url_of(&call->ask, dir));
    if (!call->url) {
        return ja_err_make(JA_E_PROTOCOL, call->pool, "the CA's directory has no URL for the %s",
                           ja_kind_name(call->ask.kind));
    }
    JA_TRY(ja_directory_check_url(dir, call->url, call->pool));
    call->payload = call->ask.payload;
    if (!call->payload) {
        JA_TRY(call->ask.payload_fn(&call->payload, call->ask.payload_baton, dir, call->pool,
                                    call->pool));
    }
    return try_once(call);
}

void ja_call_fail(ja_call_t *call, const ja_err_t *err)
{
    finish(call, NULL, ja_err_dup(err, call->pool));
}

apr_pool_t *ja_call_pool(const ja_call_t *call)
{
    return call->pool;
}

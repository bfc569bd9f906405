/* acme/ca: one CA as a peer: its directory (fetched once, again after a while or when a URL in it
 * turns out wrong), its stock of nonces, and signed requests to it. Everything is asynchronous on
 * one thread.
 *
 * Nonces: every reply's Replay-Nonce goes into the stock or to the request that has waited longest.
 * A HEAD to newNonce is sent only while requests wait and fewer nonces circulate (in stock, or
 * travelling with a request or a HEAD) than ja_ca_expect() said: so a single order costs one HEAD,
 * and a batch as many as it has requests side by side. A nonce that has travelled for longer than
 * 500 ms no longer counts: requests that the CA is slow with never hold up others. At most 256
 * travel at a time.
 *
 * Retries that the protocol asks for are done here, and only these: badNonce with the reply's
 * nonce, at most 5 times (RFC 8555 6.5). Everything else is the caller's decision.
 */
#ifndef JA_ACME_CA_H
#define JA_ACME_CA_H

#include "acme/directory.h"
#include "acme/heard.h"
#include "acme/jws.h"
#include "base/log.h"
#include "base/loop.h"

typedef struct ja_ca_t ja_ca_t;

typedef struct {
    const char *name; /* for log lines */
    const char *directory_url;
    const char *trust_file;   /* or NULL */
    ja_may_send_fn *may_send; /* or NULL: everything may */
    void *baton;
} ja_ca_conf_t;

/* Lives in `pool`, and longer than its calls; nothing is sent before the first of them. `loop`,
 * `http` and `log` live longer still. */
ja_ca_t *ja_ca_make(const ja_ca_conf_t *conf, ja_loop_t *loop, ja_http_t *http, const ja_log_t *log,
                    apr_pool_t *pool);

/* How many nonces may circulate: 1 .. 32, the caller's guess at what serves the present load.
 * Starts at 1. */
void ja_ca_expect(ja_ca_t *ca, int nonces);

/* The directory, or NULL as long as no call has needed it. To be used at once: a later one may
 * replace it when the loop goes on. */
const ja_directory_t *ja_ca_directory(const ja_ca_t *ca);

/* Where a request goes: an absolute URL, or one of the directory's resources, known only once the
 * directory is there. */
typedef enum {
    JA_TO_URL,
    JA_TO_NEW_ACCOUNT,
    JA_TO_NEW_ORDER,
    JA_TO_REVOKE /* a CA need not have it: JA_E_PROTOCOL then */
} ja_to_t;

/* The payload may depend on the directory (the EAB's protected header has the newAccount URL): then
 * it is made late by `payload_fn`. */
typedef ja_err_t *ja_payload_fn(const char **payload, void *baton, const ja_directory_t *dir,
                                apr_pool_t *result, apr_pool_t *scratch);

typedef struct {
    ja_kind_t kind;
    ja_to_t to;
    const char
        *url; /* JA_TO_URL; has to be of an authority that the directory lists, else JA_E_URL */
    const char *payload; /* JSON text; "" = POST-as-GET (RFC 8555 6.3); NULL: payload_fn makes it */
    ja_payload_fn *payload_fn;
    void *payload_baton;
    const char *accept;   /* or NULL */
    apr_size_t max_bytes; /* 0: 64 KiB */
    int *sent;            /* or NULL: counts how often it is sent, 0 if the directory or a nonce was
                             not to be had */
} ja_ask_t;

/* Exactly one of `heard` and `err` is not NULL; both live in the call's pool. */
typedef void ja_ca_done_fn(void *baton, const ja_heard_t *heard, ja_err_t *err);

/* Sign `ask` with `jwk`, as account `kid` (NULL: with the public key itself, for newAccount), send
 * it, call `done` once, never from within. What `ask` points to, and `jwk`, live as long as `pool`.
 * Clearing `pool` cancels. `done` may clear `pool`. After an error of this function itself `done`
 * is not called. */
ja_err_t *ja_ca_call(ja_ca_t *ca, const ja_ask_t *ask, const ja_jwk_t *jwk, const char *kid,
                     ja_ca_done_fn *done, void *baton, apr_pool_t *pool) JA_WARN_UNUSED;

/* Requests sent so far, by kind: for debug lines and tests. */
apr_uint64_t ja_ca_count(const ja_ca_t *ca, ja_kind_t kind);

#endif

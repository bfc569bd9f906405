/* acme/nonces: the stock of a CA's nonces and the requests that wait for one, RFC 8555 6.5 and
 * 7.2. Inside acme/; the rules are in acme/ca.h.
 *
 * A nonce circulates: it is in stock, or travels with a request, or is what a HEAD to newNonce is
 * to bring. take() and end() never call anybody back; pump() does, and is to be called after an
 * exchange has ended and nothing of that exchange is needed any more. */
#ifndef JA_ACME_NONCES_H
#define JA_ACME_NONCES_H

#include "acme/peer.h"

#define JA_NONCE_MAX  256
#define JA_NONCES_MAX 32
#define JA_NONCES_AGE \
    apr_time_from_sec(3600) /* older ones are not used: the CA has forgotten them       */

typedef struct ja_nonces_t ja_nonces_t;

/* Lives in `pool`, as long as `peer`. One may circulate until ja_nonces_expect() says more. */
ja_nonces_t *ja_nonces_make(ja_peer_t *peer, apr_pool_t *pool);
void ja_nonces_expect(ja_nonces_t *nonces, int count);

/* Where newNonce is; copied. To be set before anything is taken. */
void ja_nonces_use(ja_nonces_t *nonces, const char *new_nonce_url);

/* Exactly one of `nonce` and `err` is not NULL. `nonce` is the receiver's until it is given back
 * by ja_nonces_end(). */
typedef void ja_nonces_fn(void *baton, const char *nonce, ja_err_t *err);

/* A nonce for one request, in `pool`. If none is to be had now `*nonce` is NULL and `fn` is
 * called later, unless `pool` is cleared before. */
ja_err_t *ja_nonces_take(const char **nonce, ja_nonces_t *nonces, ja_nonces_fn *fn, void *baton,
                         apr_pool_t *pool) JA_WARN_UNUSED;

/* The exchange that a nonce travelled with is over. If `reply` (NULL: there was none) brings a
 * new one, that goes into stock. */
void ja_nonces_end(ja_nonces_t *nonces, const ja_http_reply_t *reply);

/* Put a nonce that came unasked for into stock. */
void ja_nonces_keep(ja_nonces_t *nonces, const ja_http_reply_t *reply);

/* Hand out what is in stock, in the order of waiting, and fetch more if that is allowed. */
void ja_nonces_pump(ja_nonces_t *nonces);

/* The Replay-Nonce of a reply, or NULL if it has none or one that is no nonce (RFC 8555 6.5.1). */
const char *ja_nonces_of(const ja_http_reply_t *reply);

#endif

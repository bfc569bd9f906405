/* acme/nonces: the stock of a CA's nonces and the requests that wait for one, RFC 8555 6.5 and
 * 7.2. Inside acme/; the rules are in acme/ca.h.
 *
 * A nonce circulates: it is in stock, or travels with a request, or is what a HEAD to newNonce is
 * to bring. A slow trip (acme/trips) does not count: it must not hold up others.
 *
 * take() and end() never call anybody back; pump() does, and is to be called after an exchange has
 * ended and nothing of that exchange is needed any more. The stock pumps by itself when a trip
 * becomes slow while somebody waits. */
#ifndef JA_ACME_NONCES_H
#define JA_ACME_NONCES_H

#include "acme/peer.h"
#include "acme/trips.h"
#include "base/loop.h"

#define JA_NONCE_MAX  256
#define JA_NONCES_MAX 32
#define JA_NONCES_AGE \
    apr_time_from_sec(3600)     /* older ones are not used: the CA has forgotten them */
#define JA_NONCES_MAX_TRIPS 256 /* travelling at a time, the slow ones included */

typedef struct ja_nonces_t ja_nonces_t;

/* Lives in `pool`, as long as `peer`, and not longer than `loop`. One may circulate until
 * ja_nonces_expect() says more. */
ja_nonces_t *ja_nonces_make(ja_peer_t *peer, ja_loop_t *loop, apr_pool_t *pool);
void ja_nonces_expect(ja_nonces_t *nonces, int count);

/* Where newNonce is; copied. To be set before anything is taken. */
void ja_nonces_use(ja_nonces_t *nonces, const char *new_nonce_url);

/* Exactly one of `nonce` and `err` is not NULL. `nonce` is the receiver's until it is given back
 * by ja_nonces_end(). */
typedef void ja_nonces_fn(void *baton, const char *nonce, ja_err_t *err);

/* A nonce for one request, in `pool`; its `trip` begins. If none is to be had now `*nonce` is NULL
 * and `fn` is called later, the trip beginning then, unless `pool` is cleared before. */
ja_err_t *ja_nonces_take(const char **nonce, ja_nonces_t *nonces, ja_trip_t *trip, ja_nonces_fn *fn,
                         void *baton, apr_pool_t *pool) JA_WARN_UNUSED;

/* The exchange that a nonce travelled with is over, and so is the trip; it may have been so before.
 * If `reply` (NULL: there was none) brings a new nonce, that goes into stock. */
void ja_nonces_end(ja_nonces_t *nonces, ja_trip_t *trip, const ja_http_reply_t *reply);

/* The reply brought a nonce that the exchange uses at once for another try: a trip of its own. */
void ja_nonces_again(ja_nonces_t *nonces, ja_trip_t *trip);

/* Put a nonce that came unasked for into stock. */
void ja_nonces_keep(ja_nonces_t *nonces, const ja_http_reply_t *reply);

/* Hand out what is in stock, in the order of waiting, and fetch more if that is allowed. */
void ja_nonces_pump(ja_nonces_t *nonces);

/* The Replay-Nonce of a reply, or NULL if it has none or one that is no nonce (RFC 8555 6.5.1). */
const char *ja_nonces_of(const ja_http_reply_t *reply);

#endif

/* acme/call: one signed request to a CA with its retries for a bad nonce, RFC 8555 6.2 and 6.5.
 * Inside acme/: others use ja_ca_call(), which sees to it that there is a directory first. */
#ifndef JA_ACME_CALL_H
#define JA_ACME_CALL_H

#include "acme/ca.h"
#include "acme/nonces.h"

#define JA_CALL_TRIES 6 /* the first, and 5 more with other nonces */

typedef struct ja_call_t ja_call_t;

/* What ja_ca_call() got, kept in `pool`; nothing is sent. */
ja_call_t *ja_call_make(ja_peer_t *peer, ja_nonces_t *nonces, const ja_ask_t *ask,
                        const ja_jwk_t *jwk, const char *kid, ja_ca_done_fn *done, void *baton,
                        apr_pool_t *pool);

/* Check, sign and send, once there is a nonce. After an error `done` is not called. `dir` is not
 * kept. */
ja_err_t *ja_call_send(ja_call_t *call, const ja_directory_t *dir) JA_WARN_UNUSED;

/* It ends with `err`, which may be of any pool: `done` is called. Not after ja_call_send() was
 * successful. */
void ja_call_fail(ja_call_t *call, const ja_err_t *err);

/* The pool it lives in. */
apr_pool_t *ja_call_pool(const ja_call_t *call);

#endif

/* cli/session: what a command asks a CA by itself, as the account that the server has registered
 * there. One question at a time; the command waits for the answer. Neither orders nor accounts are
 * made here: that is the runner's.
 */
#ifndef JA_CLI_SESSION_H
#define JA_CLI_SESSION_H

#include "acme/ca.h"
#include "issue/plan.h"
#include "store/store.h"

typedef struct ja_session_t ja_session_t;

/* Read account and key of `ca` from the store (root can); nothing is sent yet. Lives in `pool`.
 * JA_E_NOT_FOUND: there is no account; JA_E_IO, JA_E_SYNTAX, JA_E_UNTRUSTED. */
ja_err_t *ja_session_open(ja_session_t **session, ja_store_t *store, const ja_plan_ca_t *ca,
                          apr_pool_t *pool) JA_WARN_UNUSED;

/* Ask, and wait: at most a minute for each of directory, nonce and answer. `heard` lives in `pool`,
 * and an error too. */
ja_err_t *ja_session_ask(const ja_heard_t **heard, ja_session_t *session, const ja_ask_t *ask,
                         apr_pool_t *pool) JA_WARN_UNUSED;

#endif

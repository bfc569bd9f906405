/* acme/authz: authorizations and their challenges, RFC 8555 7.1.4, 7.5 and 8. */
#ifndef JA_ACME_AUTHZ_H
#define JA_ACME_AUTHZ_H

#include <apr_tables.h>

#include "acme/ca.h"

#define JA_AUTHZ_MAX_CHALLENGES 20
#define JA_TOKEN_MAX \
    128 /* [A-Za-z0-9_-]: RFC 8555 8.3 asks for at least 128 bits of entropy in it */

typedef enum {
    JA_AUTHZ_PENDING,
    JA_AUTHZ_VALID,
    JA_AUTHZ_INVALID,
    JA_AUTHZ_DEACTIVATED,
    JA_AUTHZ_EXPIRED,
    JA_AUTHZ_REVOKED,
    JA_AUTHZ_STATUS_COUNT
} ja_authz_status_t;

typedef enum {
    JA_CHALLENGE_PENDING,
    JA_CHALLENGE_PROCESSING,
    JA_CHALLENGE_VALID,
    JA_CHALLENGE_INVALID,
    JA_CHALLENGE_STATUS_COUNT
} ja_challenge_status_t;

typedef struct {
    const char *type; /* "http-01"; any string */
    const char *url;
    const char
        *token; /* checked: 1 .. JA_TOKEN_MAX characters of the alphabet; "" for types without */
    ja_challenge_status_t status;
    ja_err_t *error; /* why it is invalid, or NULL */
} ja_challenge_t;

typedef struct {
    ja_authz_status_t status;
    const char *name; /* the identifier, with "*." in front if "wildcard" is set */
    const apr_array_header_t *challenges; /* ja_challenge_t */
    apr_time_t expires_at;                /* 0: it does not say, or not as RFC 3339 does */
} ja_authz_t;

/* POST-as-GET of an authorization. */
void ja_authz_ask(ja_ask_t *ask, const char *url);
ja_err_t *ja_authz_hear(ja_authz_t **authz, const ja_heard_t *heard, apr_pool_t *result,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

/* The first challenge of the first of `types` (const char *, in order of preference) that is
 * offered, or NULL. */
const ja_challenge_t *ja_authz_pick(const ja_authz_t *authz, const apr_array_header_t *types);

/* Why the authorization is not valid: the error of its invalid challenge, JA_E_AUTHZ_EXPIRED, or
 * JA_E_AUTHZ_INVALID with the status. Never NULL. */
ja_err_t *ja_authz_why(const ja_authz_t *authz, apr_time_t now, apr_pool_t *result) JA_WARN_UNUSED;

/* Tell the CA that a challenge can be looked at (7.5.1); the answer is the challenge. */
void ja_challenge_ask(ja_ask_t *ask, const char *url);
ja_err_t *ja_challenge_hear(ja_challenge_t **challenge, const ja_heard_t *heard, apr_pool_t *result,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

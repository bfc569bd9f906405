/* acme/problem: problem documents (RFC 7807, RFC 8555 6.7), and replies that should have been one,
 * turned into errors. What a problem means for us stands in acme/meaning; what follows from that,
 * in base/errcodes.def. */
#ifndef JA_ACME_PROBLEM_H
#define JA_ACME_PROBLEM_H

#include "json/json.h"
#include "net/http.h"

#define JA_PROBLEM_URN "urn:ietf:params:acme:error:" /* before the types of RFC 8555 */

/* What a request was for: shown in messages, counted, and used to tell equal problem texts apart.
 */
typedef enum {
    JA_KIND_DIRECTORY,
    JA_KIND_NONCE,
    JA_KIND_NEW_ACCOUNT,
    JA_KIND_ACCOUNT,
    JA_KIND_NEW_ORDER,
    JA_KIND_ORDER,
    JA_KIND_AUTHZ,
    JA_KIND_CHALLENGE,
    JA_KIND_FINALIZE,
    JA_KIND_CERT,
    JA_KIND_REVOKE,
    JA_KIND_COUNT
} ja_kind_t;

/* Asked before each request: may it be sent now? An error says why not, and is that of the call. */
typedef ja_err_t *ja_may_send_fn(void *baton, ja_kind_t kind, apr_pool_t *pool);

/* "new order": for messages */
const char *ja_kind_name(ja_kind_t kind);

/* The error behind a reply whose status is not 2xx, or that should have been a success and is not
 * one. Never NULL. Sets problem, http_status, retry_at (from Retry-After, by `now`). Any body, of
 * any type, empty or garbage, gives a defined error; a problem document whose text is in another
 * encoding than UTF-8 is one still, what is no UTF-8 in it being "?". */
ja_err_t *ja_problem_hear(const ja_http_reply_t *reply, ja_kind_t kind, const char *url,
                          apr_time_t now, apr_pool_t *result) JA_WARN_UNUSED;

/* The same for a problem object inside another one: the "error" of an order (RFC 8555 7.1.3;
 * JA_KIND_ORDER) or of a challenge (8; JA_KIND_CHALLENGE). `what` is the object it was found in:
 * "challenge http-01 of www.example.jp". NULL `problem`, or one of a type that is not known, gives
 * `fallback`. */
ja_err_t *ja_problem_inside(const ja_json_t *problem, ja_kind_t kind, ja_code_t fallback,
                            const char *what, apr_pool_t *result) JA_WARN_UNUSED;

/* JA_E_PROTOCOL for a reply of `url` that could not be read; `cause` says why. */
ja_err_t *ja_problem_broken(const ja_err_t *cause, const char *url,
                            apr_pool_t *result) JA_WARN_UNUSED;

#endif

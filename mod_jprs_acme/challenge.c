#include "challenge.h"

#include <string.h>

#include <httpd.h>
#include <http_config.h>
#include <http_protocol.h>
#include <http_request.h>

#include "base/clock.h"
#include "shared.h"

/* The one gate: the token that a request asks for, or NULL. The path is as the client sent it,
 * not decoded and not normalised: whatever is not literally a challenge's path is none. The Host
 * does not matter, so its absence doesn't either. In a request to a forward proxy r->uri is the
 * whole URL, and not ours. */
static const char *token_of(const request_rec *r, apr_size_t *len)
{
    if (r->method_number != M_GET || r->proxyreq != PROXYREQ_NONE) { /* M_GET: GET or HEAD */
        return NULL;
    }
    return ja_http01_token(len, r->uri);
}

static int send_answer(request_rec *r, const char *answer)
{
    int status = ap_discard_request_body(r);

    if (status != OK) {
        return status;
    }
    ap_set_content_type(r, "application/octet-stream");
    ap_set_content_length(r, (apr_off_t)strlen(answer));
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    ap_rputs(answer, r); /* not sent in reply to HEAD: httpd sees to that */
    return OK;
}

static int answer_pending(request_rec *r, int is_lookup)
{
    const ja_http01_table_t *table = ja_shared_http01();
    char answer[JA_HTTP01_MAX_ANSWER];
    const char *token;
    apr_size_t len;

    if (!table || is_lookup || !ap_is_initial_req(r)) {
        return DECLINED;
    }
    token = token_of(r, &len);
    if (!token || !ja_http01_find(answer, table, token, len, ja_clock_now())) {
        return DECLINED;
    }
    return send_answer(r, answer);
}

/* quick_handler rather than an earlier hook: it is the first one whose answer ends as any other
 * does, with the connection kept open, a line in the access log, and the same in HTTP/2. Nothing
 * that a site configures runs before it but mod_cache, which a hook of its own order could
 * overtake. */
void ja_challenge_register(apr_pool_t *pool)
{
    static const char *const BEFORE[] = { "mod_cache.c", NULL };

    (void)pool;
    ap_hook_quick_handler(answer_pending, NULL, BEFORE, APR_HOOK_REALLY_FIRST);
}

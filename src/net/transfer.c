#include "net/transfer.h"

#include <stdlib.h>
#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#define TIMEOUT_DEFAULT    apr_time_from_sec(60)
#define CONNECT_TIMEOUT_MS 15000L
#define MAX_HEADERS        64
#define MAX_HEADER_BYTES   8192
#define KEPT_BUFFER_MAX    (64 * 1024) /* a larger buffer does not wait for the next reply */

/* Which code a failure of curl is; the rest is JA_E_HTTP. */
/* clang-format off */
static const struct {
    CURLcode result;
    ja_code_t code;
} CODES[] = {
    { CURLE_COULDNT_RESOLVE_PROXY, JA_E_PROXY },
    { CURLE_COULDNT_RESOLVE_HOST, JA_E_RESOLVE },
    { CURLE_COULDNT_CONNECT, JA_E_CONNECT },
    { CURLE_SEND_ERROR, JA_E_CUT },
    { CURLE_RECV_ERROR, JA_E_CUT },
    { CURLE_GOT_NOTHING, JA_E_CUT },
    { CURLE_PARTIAL_FILE, JA_E_CUT },
    { CURLE_HTTP2, JA_E_CUT },
    { CURLE_HTTP2_STREAM, JA_E_CUT },
#if LIBCURL_VERSION_NUM >= 0x074900
    { CURLE_PROXY, JA_E_PROXY },
#endif
    { CURLE_SSL_CONNECT_ERROR, JA_E_TLS },
    { CURLE_PEER_FAILED_VERIFICATION, JA_E_TLS },
    { CURLE_SSL_CACERT_BADFILE, JA_E_TLS },
    { CURLE_SSL_CIPHER, JA_E_TLS },
    { CURLE_SSL_ISSUER_ERROR, JA_E_TLS },
    { CURLE_URL_MALFORMAT, JA_E_URL },
    { CURLE_OUT_OF_MEMORY, JA_E_INTERNAL },
    { CURLE_FAILED_INIT, JA_E_INTERNAL },
};
/* clang-format on */

static const char *const METHODS[] = {
    [JA_HTTP_HEAD] = "HEAD",
    [JA_HTTP_GET] = "GET",
    [JA_HTTP_POST] = "POST",
};

ja_transfer_t *ja_transfer_make(void)
{
    ja_transfer_t *transfer = calloc(1, sizeof(*transfer));

    if (!transfer) {
        return NULL;
    }
    transfer->easy = curl_easy_init();
    if (!transfer->easy) {
        free(transfer);
        return NULL;
    }
    return transfer;
}

void ja_transfer_free(ja_transfer_t *transfer)
{
    curl_easy_cleanup(transfer->easy);
    curl_slist_free_all(transfer->headers);
    free(transfer->body);
    free(transfer);
}

/* ---- the reply: curl's callbacks ------------------------------------------------------------- */

static int make_room(ja_transfer_t *transfer, apr_size_t more)
{
    apr_size_t size = transfer->size ? transfer->size : 4096;
    char *body;

    while (size < transfer->len + more) {
        size *= 2;
    }
    if (size == transfer->size) {
        return 1;
    }
    body = realloc(transfer->body, size);
    if (!body) {
        return 0;
    }
    transfer->body = body;
    transfer->size = size;
    return 1;
}

static size_t on_body(char *bytes, size_t one, size_t count, void *baton)
{
    ja_transfer_t *transfer = baton;
    size_t len = one * count;

    if (len > transfer->req->max_bytes - transfer->len) {
        transfer->is_too_large = 1;
        return 0;
    }
    if (!make_room(transfer, len)) {
        return 0;
    }
    memcpy(transfer->body + transfer->len, bytes, len);
    transfer->len += len;
    return len;
}

static void add_reply_header(ja_transfer_t *transfer, const char *line, size_t len, size_t name_len)
{
    char *name = apr_pstrmemdup(transfer->pool, line, name_len);
    char *value = apr_pstrmemdup(transfer->pool, line + name_len + 1, len - name_len - 1);

    apr_collapse_spaces(name, name);
    value += strspn(value, " \t");
    value[strcspn(value, "\r\n")] = '\0';
    apr_table_addn(transfer->reply_headers, name, value);
}

/* One line, the status line too: that begins a new reply, after an interim one (RFC 9110 15.2). */
static size_t on_header(char *bytes, size_t one, size_t count, void *baton)
{
    ja_transfer_t *transfer = baton;
    size_t len = one * count;
    const char *colon = memchr(bytes, ':', len);

    if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
        apr_table_clear(transfer->reply_headers);
        transfer->reply_header_count = 0;
    }
    else if (colon && len <= MAX_HEADER_BYTES && transfer->reply_header_count < MAX_HEADERS
             && !memchr(bytes, 0, len)) {
        transfer->reply_header_count++;
        add_reply_header(transfer, bytes, len, (size_t)(colon - bytes));
    }
    return len;
}

/* ---- the request ----------------------------------------------------------------------------- */

static void set_protocols(CURL *easy)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
}

static int is_https(const char *url)
{
    return apr_cstr_casecmpn(url, "https:", 6) == 0;
}

/* How the way to the server is to be. Defaults of curl that matter: no redirects, certificates are
 * verified, no cookies, no .netrc. */
static void set_way(CURL *easy, const ja_http_req_t *req)
{
    apr_interval_time_t timeout = req->timeout > 0 ? req->timeout : TIMEOUT_DEFAULT;

    set_protocols(easy);
    curl_easy_setopt(easy, CURLOPT_URL, req->url);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L); /* signals are httpd's */
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)apr_time_as_msec(timeout));
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
    /* Rather share a connection than open one. Without TLS whether it can be shared would be
     * known only after a first reply. */
    curl_easy_setopt(easy, CURLOPT_PIPEWAIT, (long)is_https(req->url));
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L); /* to cancel does not wait for a resolver */
#endif
    if (req->trust_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, req->trust_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL); /* these anchors and no others */
    }
}

static int add_header(ja_transfer_t *transfer, const char *line)
{
    struct curl_slist *list = curl_slist_append(transfer->headers, line);

    if (!list) {
        return 0;
    }
    transfer->headers = list;
    return 1;
}

static int set_headers(ja_transfer_t *transfer, const ja_http_req_t *req, apr_pool_t *pool)
{
    int ok = add_header(transfer, "Expect:"); /* no round trip for a 100-continue */

    ok = ok && add_header(transfer, "Accept-Language: en, ja;q=0.9"); /* RFC 8555 6.1 */
    if (req->content_type) {
        ok = ok
             && add_header(transfer, apr_pstrcat(pool, "Content-Type: ", req->content_type, NULL));
    }
    if (req->accept) {
        ok = ok && add_header(transfer, apr_pstrcat(pool, "Accept: ", req->accept, NULL));
    }
    curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->headers);
    return ok;
}

static void set_method(CURL *easy, const ja_http_req_t *req)
{
    if (req->method == JA_HTTP_HEAD) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    }
    if (req->method == JA_HTTP_POST) {
        curl_easy_setopt(easy, CURLOPT_POST, 1L);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, req->body ? req->body : "");
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)(req->body ? req->body_len : 0));
    }
}

static void set_callbacks(ja_transfer_t *transfer)
{
    curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->reason);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
}

int ja_transfer_begin(ja_transfer_t *transfer, const ja_http_req_t *req, const char *user_agent,
                      const char *proxy, apr_pool_t *pool)
{
    transfer->req = req;
    transfer->pool = pool;
    transfer->reply_headers = apr_table_make(pool, 16);
    transfer->reason[0] = '\0';

    set_way(transfer->easy, req);
    curl_easy_setopt(transfer->easy, CURLOPT_USERAGENT, user_agent);
    if (proxy) {
        curl_easy_setopt(transfer->easy, CURLOPT_PROXY, proxy);
    }
    set_method(transfer->easy, req);
    set_callbacks(transfer);
    return set_headers(transfer, req, pool) ? 0 : -1;
}

/* ---- the end --------------------------------------------------------------------------------- */

const ja_http_reply_t *ja_transfer_reply(const ja_transfer_t *transfer)
{
    ja_http_reply_t *reply = apr_pcalloc(transfer->pool, sizeof(*reply));
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    reply->status = (int)status;
    reply->headers = transfer->reply_headers;
    reply->body_len = transfer->len;
    reply->body =
        transfer->len ? apr_pstrmemdup(transfer->pool, transfer->body, transfer->len) : "";
    return reply;
}

static ja_code_t code_of(CURLcode result, CURL *easy)
{
    curl_off_t sent_at = 0;
    unsigned i;

    if (result == CURLE_OPERATION_TIMEDOUT) {
        /* A server that can't be reached is a matter for other people than one that is slow. */
        curl_easy_getinfo(easy, CURLINFO_PRETRANSFER_TIME_T, &sent_at);
        return sent_at > 0 ? JA_E_TIMEOUT : JA_E_CONNECT;
    }
    for (i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
        if (CODES[i].result == result) {
            return CODES[i].code;
        }
    }
    return JA_E_HTTP;
}

ja_err_t *ja_transfer_failure(const ja_transfer_t *transfer, CURLcode result)
{
    const ja_http_req_t *req = transfer->req;

    if (transfer->is_too_large) {
        return ja_err_make(JA_E_TOO_LARGE, transfer->pool,
                           "%s %s: the reply is larger than %" APR_SIZE_T_FMT " bytes",
                           METHODS[req->method], req->url, req->max_bytes);
    }
    return ja_err_make(code_of(result, transfer->easy), transfer->pool, "%s %s: %s",
                       METHODS[req->method], req->url,
                       transfer->reason[0] ? transfer->reason : curl_easy_strerror(result));
}

const char *ja_transfer_text(const ja_transfer_t *transfer, apr_pool_t *pool)
{
    curl_off_t total_us = 0;
    long connects = 0;
    long status = 0;

    curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &total_us);
    curl_easy_getinfo(transfer->easy, CURLINFO_NUM_CONNECTS, &connects);
    curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
    return apr_psprintf(pool, "%s %s: status %ld, %" APR_SIZE_T_FMT " bytes, %ld ms%s",
                        METHODS[transfer->req->method], transfer->req->url, status, transfer->len,
                        (long)(total_us / 1000), connects > 0 ? ", new connection" : "");
}

void ja_transfer_end(ja_transfer_t *transfer)
{
    curl_easy_reset(transfer->easy); /* no option survives that points into a pool */
    curl_slist_free_all(transfer->headers);
    transfer->headers = NULL;
    if (transfer->size > KEPT_BUFFER_MAX) {
        free(transfer->body);
        transfer->body = NULL;
        transfer->size = 0;
    }
    transfer->len = 0;
    transfer->is_too_large = 0;
    transfer->reply_header_count = 0;
    transfer->req = NULL;
    transfer->pool = NULL;
}

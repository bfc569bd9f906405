/* net/http_curl: the transport on one curl_multi: HTTP/2 where the server speaks it, a handful of
 * reused connections, https only (http for loopback addresses, and where a request allows it). It
 * is also what the event loop waits on. */
#ifndef JA_NET_HTTP_CURL_H
#define JA_NET_HTTP_CURL_H

#include "base/log.h"
#include "base/loop.h"
#include "net/http.h"

typedef struct {
    const char *user_agent;
    const char *proxy;    /* URL, or NULL: as the environment says */
    long max_connections; /* per host, for HTTP/1.1; 0: 16 */
    const ja_log_t *log;  /* debug lines per exchange; may be NULL */
} ja_http_curl_conf_t;

/* Before any thread or child exists, once per process (the httpd parent): curl_global_init(). */
ja_err_t *ja_http_curl_global_init(apr_pool_t *scratch) JA_WARN_UNUSED;

/* `io` is filled for ja_loop_use(). All lives in `pool`. */
ja_err_t *ja_http_curl_make(ja_http_t **http, ja_loop_io_t *io, const ja_http_curl_conf_t *conf,
                            apr_pool_t *pool) JA_WARN_UNUSED;

#endif

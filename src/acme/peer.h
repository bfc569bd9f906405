/* acme/peer: what all exchanges with one CA have in common: the transport, trust anchors, limits,
 * counters. Inside acme/. */
#ifndef JA_ACME_PEER_H
#define JA_ACME_PEER_H

#include "acme/problem.h"
#include "base/log.h"

#define JA_PEER_MAX_BYTES (64 * 1024) /* of a reply for which nobody asks for more */

typedef struct {
    ja_http_t *http;
    const ja_log_t *log;                /* or NULL */
    const char *name;                   /* for log lines */
    const char *trust_file;             /* or NULL: the system's */
    ja_may_send_fn *may_send;           /* or NULL */
    void *baton;                        /* of it */
    apr_uint64_t counts[JA_KIND_COUNT]; /* requests sent */
    int has_moved;                      /* a URL of the directory was not there: read it again */
} ja_peer_t;

/* Complete `req` (trust anchors, size limit if it has none), count it, start it. As
 * ja_http_start(). */
ja_err_t *ja_peer_start(ja_peer_t *peer, ja_kind_t kind, ja_http_req_t *req, ja_http_done_fn *done,
                        void *baton, apr_pool_t *pool) JA_WARN_UNUSED;

/* To be told of each reply of a URL that stands in the directory: notices when it is gone (404,
 * 410). */
void ja_peer_notice(ja_peer_t *peer, const ja_http_reply_t *reply);

#endif

#include "acme/peer.h"

ja_err_t *ja_peer_start(ja_peer_t *peer, ja_kind_t kind, ja_http_req_t *req, ja_http_done_fn *done,
                        void *baton, apr_pool_t *pool)
{
    if (peer->may_send) {
        JA_TRY(peer->may_send(peer->baton, kind, pool));
    }
    req->trust_file = peer->trust_file;
    if (req->max_bytes == 0) {
        req->max_bytes = JA_PEER_MAX_BYTES;
    }
    JA_TRY(ja_http_start(peer->http, req, done, baton, pool));
    peer->counts[kind]++;
    ja_log_line(peer->log, JA_LOG_DEBUG, "%s: asking %s: %s", peer->name, ja_kind_name(kind),
                req->url);
    return NULL;
}

void ja_peer_notice(ja_peer_t *peer, const ja_http_reply_t *reply)
{
    if (reply->status == 404 || reply->status == 410) {
        peer->has_moved = 1;
    }
}

/* net/transfer: one transfer of libcurl: an easy handle, the request's options on it, and the
 * reply gathered with its limits. Used over and over for one exchange after another. Connections,
 * waiting and calling back are net/http_curl's, the only user. */
#ifndef JA_NET_TRANSFER_H
#define JA_NET_TRANSFER_H

#include <curl/curl.h>

#include "net/http.h"

typedef struct ja_transfer_t ja_transfer_t;
struct ja_transfer_t {
    CURL *easy;
    struct curl_slist *headers; /* of the request */
    char *body;                 /* of the reply so far; malloc: it outgrows */
    apr_size_t len;             /* of that */
    apr_size_t size;            /* of its memory */
    char reason[CURL_ERROR_SIZE];
    const ja_http_req_t *req; /* NULL outside of begin .. end */
    apr_pool_t *pool;         /* of the exchange; NULL as well */
    apr_table_t *reply_headers;
    int reply_header_count;
    int is_too_large;    /* the limit has ended it */
    ja_transfer_t *next; /* for the owner's list */
};

/* NULL if there is no memory. To be freed by the owner. */
ja_transfer_t *ja_transfer_make(void);
void ja_transfer_free(ja_transfer_t *transfer);

/* Set all options for `req`, which lives in `pool`. `proxy` may be NULL. 0, or -1 if there is no
 * memory; ja_transfer_end() either way. */
int ja_transfer_begin(ja_transfer_t *transfer, const ja_http_req_t *req, const char *user_agent,
                      const char *proxy, apr_pool_t *pool);

/* After curl is done with it: what came, or why nothing came, in the pool of begin. */
const ja_http_reply_t *ja_transfer_reply(const ja_transfer_t *transfer);
ja_err_t *ja_transfer_failure(const ja_transfer_t *transfer, CURLcode result) JA_WARN_UNUSED;

/* "POST https://...: status 201, 512 bytes, 53 ms" */
const char *ja_transfer_text(const ja_transfer_t *transfer, apr_pool_t *pool);

/* Forget the request and the reply; the handle can be used for the next one. Not while it is in a
 * multi handle. */
void ja_transfer_end(ja_transfer_t *transfer);

#endif

/* acme/order: the order resource, RFC 8555 7.1.3 and 7.4. Shape and requests; when to ask is
 * decided in issue/. */
#ifndef JA_ACME_ORDER_H
#define JA_ACME_ORDER_H

#include <apr_tables.h>

#include "acme/ca.h"
#include "base/fs.h"

#define JA_ORDER_MAX_AUTHZ 200
#define JA_ORDER_MAX_BYTES (256 * 1024)

typedef enum {
    JA_ORDER_PENDING,
    JA_ORDER_READY,
    JA_ORDER_PROCESSING,
    JA_ORDER_VALID,
    JA_ORDER_INVALID,
    JA_ORDER_STATUS_COUNT
} ja_order_status_t;

typedef struct {
    ja_order_status_t status;
    const char *url; /* Location of newOrder, or the URL that was asked; never NULL */
    const apr_array_header_t *authz_urls; /* const char *; may be empty */
    const char *finalize_url;             /* never NULL */
    const char *cert_url;                 /* not NULL if status is valid */
    ja_err_t *error;                      /* the order's "error" as an error, or NULL */
    apr_time_t expires_at;                /* 0: it does not say, or not as RFC 3339 does */
} ja_order_t;

/* newOrder for DNS names (A-labels; wildcards as "*.example.jp"). */
ja_err_t *ja_order_ask_new(ja_ask_t *ask, const apr_array_header_t *names,
                           apr_pool_t *pool) JA_WARN_UNUSED;

/* Poll: POST-as-GET. */
void ja_order_ask(ja_ask_t *ask, const char *url);

/* Finalize with a CSR. */
ja_err_t *ja_order_ask_finalize(ja_ask_t *ask, const char *finalize_url, const ja_bytes_t *csr_der,
                                apr_pool_t *pool) JA_WARN_UNUSED;

/* Reads the answer to any of the three; `names` (may be NULL) have to be the order's identifiers,
 * in any order. JA_E_PROTOCOL names what is missing. */
ja_err_t *ja_order_hear(ja_order_t **order, const ja_heard_t *heard,
                        const apr_array_header_t *names, apr_pool_t *result,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

/* Download the chain (7.4.2). The reply's body is PEM; its media type has to say so:
 * ja_order_hear_cert() gives the bytes, not looked into. */
void ja_order_ask_cert(ja_ask_t *ask, const char *cert_url);
ja_err_t *ja_order_hear_cert(ja_bytes_t *pem, const ja_heard_t *heard,
                             apr_pool_t *result) JA_WARN_UNUSED;

#endif

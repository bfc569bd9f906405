/* acme/directory: the CA's list of resources, RFC 8555 7.1.1. */
#ifndef JA_ACME_DIRECTORY_H
#define JA_ACME_DIRECTORY_H

#include <apr_tables.h>

#include "net/http.h"
#include "net/url.h"

typedef struct {
    const char *new_nonce;   /* required */
    const char *new_account; /* required */
    const char *new_order;   /* required */
    const char *revoke_cert; /* or NULL */
    const char *key_change;  /* or NULL */
    const char *terms;       /* meta.termsOfService, or NULL */
    int eab_required;        /* meta.externalAccountRequired */
    const apr_array_header_t
        *authorities; /* ja_url_t: the directory's own and those of its resources */
} ja_directory_t;

/* Read the reply to a GET of the directory at `url`. Every URL in it that is used is checked by
 * ja_url_parse(); another authority than that of `url` is allowed here, and here only: it is the
 * directory that lists what belongs to the CA. JA_E_HTTP, JA_E_PROTOCOL, JA_E_URL. */
ja_err_t *ja_directory_hear(ja_directory_t **dir, const ja_http_reply_t *reply, const char *url,
                            apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* May a request go to `url`: is it of one of the directory's authorities? JA_E_URL. */
ja_err_t *ja_directory_check_url(const ja_directory_t *dir, const char *url,
                                 apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

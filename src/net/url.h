/* net/url: what may be asked for. URLs that the CA hands out are requests made on its word: they
 * have to be https (http for loopback only) and of an authority that the CA's directory is at or
 * lists. Replies that are signed themselves, as those of OCSP, may come by plain http. */
#ifndef JA_NET_URL_H
#define JA_NET_URL_H

#include "base/err.h"

#define JA_URL_MAX 2048

typedef struct {
    const char *scheme; /* "https" or "http", lower case */
    const char *host;   /* lower case, without brackets */
    int port;           /* 443 or 80 if not given */
} ja_url_t;

/* Absolute http(s) URL of at most JA_URL_MAX printable ASCII characters, with a host, without user
 * info and fragment; plain http only for 127.0.0.0/8, ::1 and localhost. JA_E_URL. */
ja_err_t *ja_url_parse(ja_url_t *url, const char *text, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* May it be asked for? What ja_url_parse() takes, and with `plain_ok` plain http of any host as
 * well: for replies that are signed themselves. JA_E_URL. */
ja_err_t *ja_url_check(const char *text, int plain_ok, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Same scheme, host and port? */
int ja_url_is_same_authority(const ja_url_t *a, const ja_url_t *b);

/* A reference in a reply of `base` (a parsed URL) as absolute URL: it is one, or a path
 * ("/acme/acct/1"). Other relative forms (RFC 3986 4.2) and what ja_url_parse() refuses: JA_E_URL.
 * Whose authority it is remains to be checked. */
ja_err_t *ja_url_resolve(const char **absolute, const char *base, const char *reference,
                         apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

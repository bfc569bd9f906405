/* conftree: what the lines of other modules say that matters here, read from httpd's tree of
 * directives: which virtual hosts do TLS, which have certificates of their own, and what mod_md
 * manages. Other modules offer no way to ask them at the time of check_config. */
#ifndef JA_CONFTREE_H
#define JA_CONFTREE_H

#include <httpd.h>
#include <http_config.h>

#include <apr_hash.h>

/* Of the main server or a virtual host. */
typedef struct {
    int has_tls;               /* SSLEngine is given and not off; -1 in `hosts`: not given there  */
    apr_array_header_t *certs; /* const ap_directive_t *: SSLCertificateFile; never NULL          */
    apr_array_header_t *keys;  /* likewise SSLCertificateKeyFile                                  */
    const ap_directive_t
        *ciphers; /* SSLCipherSuite, the last one that is not of TLS 1.3; or NULL */
} ja_tls_t;

typedef struct {
    ja_tls_t server;      /* the main server                                              */
    apr_hash_t *hosts;    /* "FILE:LINE" of a <VirtualHost> -> ja_tls_t *                 */
    apr_hash_t *md_names; /* of MDomain and its like, A-labels -> const ap_directive_t *  */
} ja_conftree_t;

/* Read the tree at `root`, which has to live as long as the result. */
ja_conftree_t *ja_conftree_read(const ap_directive_t *root, apr_pool_t *pool);

/* What holds for `s`. */
ja_tls_t ja_conftree_tls(const ja_conftree_t *tree, const server_rec *s, apr_pool_t *pool);

/* The words of SSLCipherSuite without the protocol, as OpenSSL takes them. */
const char *ja_conftree_ciphers(const ap_directive_t *node, apr_pool_t *pool);

/* The security level that it asks for ("HIGH:@SECLEVEL=3"); 0: none. NULL asks for none. */
int ja_conftree_level(const ap_directive_t *ciphers);

/* The file that a directive names, as mod_ssl finds it. NULL: it names none. */
const char *ja_conftree_path(const ap_directive_t *node, apr_pool_t *pool);

#endif

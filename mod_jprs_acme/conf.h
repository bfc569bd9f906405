/* conf: what was read from httpd.conf, found again from any server_rec. A fresh one is made each
 * time httpd reads its configuration: twice at start, once per restart. It lives in pconf. */
#ifndef JA_CONF_H
#define JA_CONF_H

#include <httpd.h>

#include "issue/plan.h"

typedef struct {
    apr_pool_t *pool;             /* pconf                                                      */
    apr_array_header_t *declared; /* ja_declared_t: the ManagedDomain lines and sections        */
    ja_settings_t settings;       /* of the server: directives outside of <ManagedDomain>       */
    ja_plan_t *plan;              /* NULL until sites has made it: not before check_config      */
} ja_conf_t;

/* Where a virtual host's certificate comes from. */
typedef enum {
    JA_SERVES_OTHERS,   /* nothing from here: its own files, another module's, or no TLS */
    JA_SERVES_LIVE,     /* the live set of its domain                                    */
    JA_SERVES_TEMPORARY /* a temporary certificate, until a set is live                  */
} ja_serves_t;

/* A virtual host, or the main server. Filled in while httpd starts, constant afterwards. */
typedef struct {
    ja_conf_t *conf;                /* NULL only for a virtual host before check_config  */
    const ja_plan_domain_t *domain; /* that its names belong to, or NULL: by sites       */
    int has_tls;                    /* SSLEngine is on: by sites                         */
    int level;                      /* that SSLCipherSuite asks for, 0: none: by sites   */
    ja_serves_t serves;             /* by ssl                                            */
    struct ssl_ctx_st *ctx;         /* mod_ssl's, whose new handshakes ask for the newest
                                       set: by hot; NULL: there is none that does        */
} ja_site_t;

/* The create_server_config of the module. */
void *ja_conf_create(apr_pool_t *pool, server_rec *s);

/* Never NULL. */
ja_site_t *ja_conf_site(const server_rec *s);

/* The configuration. NULL only for a virtual host before check_config. */
ja_conf_t *ja_conf_get(const server_rec *s);

/* Give the virtual host, or the main server, its domain (or NULL), and say whether it does TLS, and
 * at which security level: for sites. */
void ja_conf_assign(server_rec *s, ja_conf_t *conf, const ja_plan_domain_t *domain, int has_tls,
                    int level);

#endif

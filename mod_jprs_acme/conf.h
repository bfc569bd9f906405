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

/* The create_server_config of the module. */
void *ja_conf_create(apr_pool_t *pool, server_rec *s);

/* The configuration. NULL only for a virtual host before check_config. */
ja_conf_t *ja_conf_get(const server_rec *s);

/* The managed domain that the names of `s` belong to, or NULL. Known from check_config on. */
const ja_plan_domain_t *ja_conf_domain(const server_rec *s);

/* Has it SSLEngine on? Known from check_config on. */
int ja_conf_has_tls(const server_rec *s);

/* Give the virtual host, or the main server, its domain (or NULL), and say whether it does TLS: for
 * sites. */
void ja_conf_assign(server_rec *s, ja_conf_t *conf, const ja_plan_domain_t *domain, int has_tls);

#endif

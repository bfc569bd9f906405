#include "conf.h"

#include <http_config.h>

#include "mod_jprs_acme.h"

void *ja_conf_create(apr_pool_t *pool, server_rec *s)
{
    ja_site_t *site = apr_pcalloc(pool, sizeof(*site));

    if (!s->is_virtual) {
        site->conf = apr_pcalloc(pool, sizeof(*site->conf));
        site->conf->pool = pool;
        site->conf->declared = apr_array_make(pool, 16, sizeof(ja_declared_t));
    }
    return site;
}

ja_site_t *ja_conf_site(const server_rec *s)
{
    return ap_get_module_config(s->module_config, &jprs_acme_module);
}

ja_conf_t *ja_conf_get(const server_rec *s)
{
    return ja_conf_site(s)->conf;
}

/* httpd lets virtual hosts without a directive of ours share the main server's configuration: this
 * is where they get their own. */
void ja_conf_assign(server_rec *s, ja_conf_t *conf, const ja_plan_domain_t *domain, int has_tls,
                    int level)
{
    ja_site_t *site = apr_pcalloc(conf->pool, sizeof(*site));

    site->conf = conf;
    site->domain = domain;
    site->has_tls = has_tls;
    site->level = level;
    ap_set_module_config(s->module_config, &jprs_acme_module, site);
}

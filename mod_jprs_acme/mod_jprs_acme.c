/* The module record, and which files take part. Each of them hooks itself into one part of httpd.
 */
#include "mod_jprs_acme.h"

#include "activate.h"
#include "challenge.h"
#include "conf.h"
#include "directives.h"
#include "graceful.h"
#include "hot.h"
#include "monitor.h"
#include "precheck.h"
#include "putback.h"
#include "shared.h"
#include "sites.h"
#include "ssl.h"
#include "stapling.h"
#include "status.h"
#include "watchdog.h"

static void register_hooks(apr_pool_t *pool)
{
    ja_sites_register(pool);     /* what httpd.conf says as a whole */
    ja_precheck_register(pool);  /* in "httpd -t": would a restart work? */
    ja_shared_register(pool);    /* memory of all processes */
    ja_activate_register(pool);  /* the store, at start: new certificates go live */
    ja_ssl_register(pool);       /* mod_ssl's files; 503 before the first certificate */
    ja_hot_register(pool);       /* new certificates for new handshakes */
    ja_stapling_register(pool);  /* OCSP responses in handshakes */
    ja_putback_register(pool);   /* earlier certificates that are asked for */
    ja_monitor_register(pool);   /* the parent, while the server runs */
    ja_graceful_register(pool);  /* its restarts */
    ja_challenge_register(pool); /* requests of the CA */
    ja_watchdog_register(pool);  /* the runner */
    ja_status_register(pool);    /* server-status */
}

AP_DECLARE_MODULE(jprs_acme) = {
    STANDARD20_MODULE_STUFF,
    NULL, /* per directory: there is nothing */
    NULL,
    ja_conf_create, /* per server: directives stand in the main server only, so none is merged */
    NULL,
    ja_directives,
    register_hooks,
    AP_MODULE_FLAG_NONE,
};

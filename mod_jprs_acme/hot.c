#include "hot.h"

#include <httpd.h>
#include <http_config.h>
#include <http_core.h>

#include <apr_optional_hooks.h>
#include <apr_strings.h>
#include <openssl/ssl.h>

#include "activate.h"
#include "adopted.h"
#include "aplog.h"
#include "conf.h"
#include "event/event.h"
#include "shared.h"
#include "stapling.h"

/* As in mod_ssl_openssl.h, which distributions do not ship. An optional hook goes by its name:
 * where mod_ssl doesn't have it, nothing is called. */
typedef int ssl_HOOK_init_server_t(server_rec *s, apr_pool_t *p, int is_proxy, SSL_CTX *ctx);

#define ALPN_CHALLENGE     "acme-tls/1" /* RFC 8737 */
#define ALPN_CHALLENGE_LEN 10

/* Where an SSL says that it has been through choose(). Below 0, if OpenSSL had none to give: never. */
static int chosen_index = -1;

/* ---- handshakes ------------------------------------------------------------------------------ */

/* With TLS 1.3 the protocol has been chosen by now, and another certificate with it. */
static int is_challenge(const SSL *ssl)
{
    const unsigned char *alpn;
    unsigned len;

    SSL_get0_alpn_selected(ssl, &alpn, &len);
    return len == ALPN_CHALLENGE_LEN && memcmp(alpn, ALPN_CHALLENGE, len) == 0;
}

/* Has this connection been through choose() before? Then this is a renegotiation (TLS 1.2). */
static int was_chosen(SSL *ssl)
{
    int was = SSL_get_ex_data(ssl, chosen_index) != NULL;

    SSL_set_ex_data(ssl, chosen_index, &chosen_index);
    return was;
}

/* OpenSSL's cert_cb: before a certificate is chosen, after SNI. Whatever happens, the handshake
 * goes on, with the certificates of the start if there are no others. What a connection has begun
 * with, it keeps: clients take a server that becomes another one for an attack. */
static int choose(SSL *ssl, void *domain)
{
    const ja_adopted_t *adopted;
    int i = ((const ja_plan_domain_t *)domain)->index;

    if (!is_challenge(ssl) && !was_chosen(ssl)) {
        adopted = ja_adopted_get(i, ssl);
        if (adopted && adopted->n_certs > 0) {
            return ja_adopted_use(adopted, ssl);
        }
    }
    return 1;
}

/* ---- hooks ----------------------------------------------------------------------------------- */

/* httpd -D JPRS_ACME_NOT_HOT: as with a mod_ssl that has no such hook, to see what is done then. */
static int is_switched_off(void)
{
    return ap_exists_config_define("JPRS_ACME_NOT_HOT");
}

static int init_server(server_rec *s, apr_pool_t *pool, int is_proxy, SSL_CTX *ctx)
{
    ja_site_t *site = ja_conf_site(s);

    (void)pool;
    if (is_proxy || site->serves == JA_SERVES_OTHERS || !ja_shared_handover()
        || is_switched_off()) {
        return DECLINED;
    }
    SSL_CTX_set_cert_cb(ctx, choose, (void *)site->domain);
    ja_stapling_install(ctx, site->domain);
    site->ctx = ctx;
    return OK;
}

int ja_hot_has(const ja_plan_domain_t *domain)
{
    return ja_shared_handover() && ja_adopted_has(domain->index);
}

/* OpenSSL takes no index back: one for the life of the process, however often this is loaded. */
static int find_index(apr_pool_t *process)
{
    static const char KEY[] = "mod_jprs_acme:ssl-index";
    void *kept = NULL;

    apr_pool_userdata_get(&kept, KEY, process);
    if (!kept) {
        int index = SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL);

        kept = apr_pmemdup(process, &index, sizeof(index));
        apr_pool_userdata_set(kept, KEY, NULL, process);
    }
    return *(int *)kept;
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    if (ja_shared_handover()) {
        chosen_index = find_index(s->process->pool);
        ja_adopted_init(s, ja_conf_get(s)->plan->domains->nelts, pconf);
    }
    return OK;
}

/* ---- what can't be done hot ------------------------------------------------------------------ */

static ja_plan_domain_t *domain_at(const ja_plan_t *plan, int i)
{
    return APR_ARRAY_IDX(plan->domains, i, ja_plan_domain_t *);
}

/* Nobody takes anything over while the server runs. */
static void wait_for_restarts(const ja_plan_t *plan)
{
    int i;

    for (i = 0; i < plan->domains->nelts; i++) {
        domain_at(plan, i)->activation = JA_ACTIVATION_MANUAL;
    }
}

/* Domains with a virtual host that never asks for the newest set: the first one is returned. */
static const ja_plan_domain_t *restart_for_cold(const ja_plan_t *plan, const server_rec *s)
{
    const ja_plan_domain_t *first = NULL;

    for (; s; s = s->next) {
        const ja_site_t *site = ja_conf_site(s);

        if (site->serves != JA_SERVES_OTHERS && !site->ctx
            && site->domain->activation == JA_ACTIVATION_HOT) {
            domain_at(plan, site->domain->index)->activation = JA_ACTIVATION_GRACEFUL;
            first = first ? first : site->domain;
        }
    }
    return first;
}

/* mod_ssl has been through all virtual hosts. What the configuration asks for and can't be done, is
 * not in the plan any more; somebody has to know before the first renewal. */
static int finish(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    const ja_plan_t *plan = ja_conf_get(s)->plan;
    const ja_log_t *log = ja_aplog_make(s, ptemp);
    const ja_plan_domain_t *cold;

    (void)pconf;
    (void)plog;
    if (!ja_shared_handover()) {
        return OK;
    }
    if (!ja_activate_has_parent()) {
        wait_for_restarts(plan);
        ja_event_tell(log, JA_EVENT_NOT_HOT, "mod_jprs_acme",
                      "without a parent process (httpd -X) new certificates go live at the next "
                      "start only");
        return OK;
    }
    cold = restart_for_cold(plan, s);
    if (cold) {
        ja_event_tell(
            log, JA_EVENT_NOT_HOT, cold->name,
            "the running mod_ssl does not let certificates be changed without a restart: "
            "instead of \"ManagedDomainActivation hot\" the server restarts gracefully by "
            "itself");
    }
    return OK;
}

void ja_hot_register(apr_pool_t *pool)
{
    static const char *const BEFORE_SSL[] = { "mod_ssl.c", NULL };

    (void)pool;
    ap_hook_post_config(start, NULL, BEFORE_SSL, APR_HOOK_MIDDLE);
    ap_hook_post_config(finish, NULL, NULL, APR_HOOK_REALLY_LAST);
    APR_OPTIONAL_HOOK(ssl, init_server, init_server, NULL, NULL, APR_HOOK_MIDDLE);
}

#include "acceptance.h"

#include <openssl/ssl.h>

#include "conf.h"
#include "pki/ossl.h"

static server_rec *server;

void ja_acceptance_init(server_rec *s)
{
    server = s;
}

/* What mod_ssl does with the files: each certificate of the chain is measured by the security level,
 * its key and the signature on it. */
static int takes(SSL *ssl, const ja_chain_t *chain)
{
    int i;

    if (SSL_use_certificate(ssl, ja_chain_cert(chain, 0)) != 1) {
        return 0;
    }
    for (i = 1; i < ja_chain_count(chain); i++) {
        if (SSL_add1_chain_cert(ssl, ja_chain_cert(chain, i)) != 1) {
            return 0;
        }
    }
    return 1;
}

static ja_err_t *try_site(const server_rec *s, SSL_CTX *ctx, const ja_chain_t *chain,
                          apr_pool_t *scratch)
{
    SSL *ssl = SSL_new(ctx);
    ja_err_t *err = NULL;

    if (!ssl || !takes(ssl, chain)) {
        err = ja_ossl_err(JA_E_NOT_TAKEN, scratch, "the virtual host %s of %s:%u",
                          s->server_hostname ? s->server_hostname : "without name",
                          s->defn_name ? s->defn_name : "the main server", s->defn_line_number);
    }
    SSL_free(ssl);
    return err;
}

ja_err_t *ja_acceptance_try(const ja_plan_domain_t *domain, const ja_chain_t *chain,
                            apr_pool_t *scratch)
{
    const server_rec *s;

    for (s = server; s; s = s->next) {
        const ja_site_t *site = ja_conf_site(s);

        if (site->domain == domain && site->ctx) {
            JA_TRY(try_site(s, site->ctx, chain, scratch));
        }
    }
    return NULL;
}

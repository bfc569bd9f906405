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

/* ---- what mod_ssl has made nothing of yet ---------------------------------------------------- */

static apr_status_t end_ctx(void *ctx)
{
    SSL_CTX_free(ctx);
    return APR_SUCCESS;
}

static ja_err_t *make_ctx(SSL_CTX **ctx, apr_pool_t *scratch)
{
    ERR_clear_error();
    *ctx = SSL_CTX_new(TLS_server_method());
    if (!*ctx) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "trying something out");
    }
    apr_pool_cleanup_register(scratch, *ctx, end_ctx, apr_pool_cleanup_null);
    return NULL;
}

ja_err_t *ja_acceptance_try_file(int level, const char *path, apr_pool_t *scratch)
{
    SSL_CTX *ctx;

    if (level == 0) {
        return NULL;
    }
    JA_TRY(make_ctx(&ctx, scratch));
    if (level <= SSL_CTX_get_security_level(ctx)) {
        return NULL;
    }
    SSL_CTX_set_security_level(ctx, level);
    if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1) {
        return ja_ossl_err(JA_E_NOT_TAKEN, scratch, "%s, at security level %d", path, level);
    }
    return NULL;
}

ja_err_t *ja_acceptance_try_ciphers(const char *suites, apr_pool_t *scratch)
{
    SSL_CTX *ctx;

    JA_TRY(make_ctx(&ctx, scratch));
    if (SSL_CTX_set_cipher_list(ctx, suites) != 1) {
        return ja_ossl_err(JA_E_NOT_TAKEN, scratch, "SSLCipherSuite %s", suites);
    }
    return NULL;
}

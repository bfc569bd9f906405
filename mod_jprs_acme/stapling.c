#include "stapling.h"

#include <httpd.h>
#include <http_config.h>
#include <http_ssl.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include <openssl/evp.h>

#include "activate.h"
#include "aplog.h"
#include "base/clock.h"
#include "conf.h"
#include "issue/response.h"
#include "pki/pem.h"
#include "shared.h"

static apr_hash_t *primed; /* mod_ssl's id of a certificate -> its digest; in pconf */

/* ---- handshakes ------------------------------------------------------------------------------ */

static int find(char *response, apr_size_t *len, const ja_plan_domain_t *domain,
                const unsigned char *digest)
{
    return ja_shared_staples()
           && ja_staple_table_get(response, len, ja_shared_staples(), domain->index, digest,
                                  ja_clock_now());
}

/* OpenSSL's status callback: the certificate has been chosen. OpenSSL frees the response. */
static int staple(SSL *ssl, void *domain)
{
    char response[JA_STAPLE_MAX];
    unsigned char digest[JA_STAPLE_DIGEST];
    X509 *cert = SSL_get_certificate(ssl);
    unsigned char *copy;
    apr_size_t len;

    if (!cert || !X509_digest(cert, EVP_sha256(), digest, NULL)
        || !find(response, &len, domain, digest)) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    copy = OPENSSL_memdup(response, len);
    if (!copy) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)len);
    return SSL_TLSEXT_ERR_OK;
}

void ja_stapling_install(SSL_CTX *ctx, const ja_plan_domain_t *domain)
{
    if (domain->stapling && ja_shared_staples()) {
        SSL_CTX_set_tlsext_status_cb(ctx, staple);
        SSL_CTX_set_tlsext_status_arg(ctx, (void *)domain);
    }
}

/* ---- httpd's hooks --------------------------------------------------------------------------- */

static int is_stapled(const server_rec *s)
{
    const ja_site_t *site = ja_conf_site(s);

    return site->serves == JA_SERVES_LIVE && site->domain->stapling && ja_shared_staples();
}

/* The response that the runner kept before the restart: the first handshake has it. One that can't be
 * read is fetched again by the runner: no reason to alarm anybody. */
static void restore(server_rec *s, const ja_plan_domain_t *domain, const unsigned char *digest,
                    apr_pool_t *scratch)
{
    char response[JA_STAPLE_MAX];
    apr_size_t len;
    ja_err_t *err;

    if (!ja_activate_store() || ja_activate_is_rehearsal()
        || find(response, &len, domain, digest)) {
        return;
    }
    err = ja_response_restore(ja_shared_staples(), domain->index, ja_activate_store(),
                              apr_pescape_hex(scratch, digest, JA_STAPLE_DIGEST, 0), ja_clock_now(),
                              scratch);
    if (err) {
        ja_log_line(ja_aplog_make(s, scratch), JA_LOG_INFO, "%s: %s: no kept OCSP response: %s",
                    domain->name, ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
    }
}

/* The PEM begins with the certificate itself. It is not parsed: OpenSSL takes a tenth of a
 * millisecond for that. */
static int read_digest(unsigned char *digest, const char *pem, apr_pool_t *scratch)
{
    ja_secret_t *der;
    ja_err_t *err = ja_pem_next(&der, &pem, pem + strlen(pem), "CERTIFICATE", scratch, scratch);

    return !err && der && EVP_Digest(der->bytes, der->len, digest, NULL, EVP_sha256(), NULL);
}

/* mod_ssl asks of each certificate whether somebody provides its responses. Of a temporary one there
 * are none, and nothing to complain of. */
static int prime(server_rec *s, apr_pool_t *pool, const char *id, apr_size_t id_len,
                 const char *pem)
{
    const ja_plan_domain_t *domain = ja_conf_site(s)->domain;
    unsigned char digest[JA_STAPLE_DIGEST];
    apr_pool_t *scratch;
    int is_known;

    if (ja_conf_site(s)->serves == JA_SERVES_TEMPORARY) {
        return OK;
    }
    if (!is_stapled(s)) {
        return DECLINED;
    }
    apr_pool_create(&scratch, pool);
    is_known = read_digest(digest, pem, scratch);
    if (is_known) {
        apr_hash_set(primed, apr_pmemdup(pool, id, id_len), (apr_ssize_t)id_len,
                     apr_pmemdup(pool, digest, sizeof(digest)));
        restore(s, domain, digest, scratch);
    }
    apr_pool_destroy(scratch);
    return is_known ? OK : DECLINED;
}

static int get_response(server_rec *s, conn_rec *c, const char *id, apr_size_t id_len,
                        ap_ssl_ocsp_copy_resp *copy, void *userdata)
{
    char response[JA_STAPLE_MAX];
    const unsigned char *digest;
    apr_size_t len;

    (void)c;
    if (!is_stapled(s)) {
        return DECLINED;
    }
    digest = apr_hash_get(primed, id, (apr_ssize_t)id_len);
    if (!digest || !find(response, &len, ja_conf_site(s)->domain, digest)) {
        return DECLINED;
    }
    copy((const unsigned char *)response, len, userdata);
    return OK;
}

/* ---- the start ------------------------------------------------------------------------------- */

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    (void)ptemp;
    (void)s;
    primed = apr_hash_make(pconf);
    return OK;
}

void ja_stapling_register(apr_pool_t *pool)
{
    static const char *const BEFORE_SSL[] = { "mod_ssl.c", NULL };

    (void)pool;
    ap_hook_post_config(start, NULL, BEFORE_SSL, APR_HOOK_MIDDLE);
    ap_hook_ssl_ocsp_prime_hook(prime, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_ssl_ocsp_get_resp_hook(get_response, NULL, NULL, APR_HOOK_MIDDLE);
}

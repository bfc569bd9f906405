#include "stapling.h"

#include <httpd.h>
#include <http_config.h>
#include <http_ssl.h>

#include <apr_strings.h>

#include <openssl/pem.h>

#include "activate.h"
#include "aplog.h"
#include "base/clock.h"
#include "conf.h"
#include "event/event.h"
#include "issue/response.h"
#include "issue/set.h"
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

/* mod_ssl asks of each certificate whether somebody provides its responses. The PEM begins with the
 * certificate itself. */
static int prime(server_rec *s, apr_pool_t *pool, const char *id, apr_size_t id_len,
                 const char *pem)
{
    unsigned char digest[JA_STAPLE_DIGEST];
    BIO *bio;
    X509 *cert;
    int is_known;

    if (!is_stapled(s)) {
        return DECLINED;
    }
    bio = BIO_new_mem_buf(pem, -1);
    cert = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    is_known = cert && X509_digest(cert, EVP_sha256(), digest, NULL);
    X509_free(cert);
    BIO_free(bio);
    if (!is_known) {
        return DECLINED;
    }
    apr_hash_set(primed, apr_pmemdup(pool, id, id_len), (apr_ssize_t)id_len,
                 apr_pmemdup(pool, digest, sizeof(digest)));
    return OK;
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

/* Responses that the runner kept before the restart: the first handshake has them. */
static ja_err_t *fill(const ja_plan_domain_t *domain, apr_pool_t *scratch)
{
    const ja_set_t *live;
    int i;

    JA_TRY(ja_set_load(&live, ja_activate_store(), JA_GROUP_LIVE, domain->name, scratch, scratch));
    for (i = 0; live && i < live->certs->nelts; i++) {
        JA_TRY(ja_response_restore(ja_shared_staples(), domain->index, ja_activate_store(),
                                   APR_ARRAY_IDX(live->certs, i, const ja_set_cert_t).facts.sha256,
                                   ja_clock_now(), scratch));
    }
    return NULL;
}

/* A response that can't be read is fetched again by the runner: no reason to alarm anybody. */
static void fill_all(server_rec *s, apr_pool_t *ptemp)
{
    const apr_array_header_t *domains = ja_conf_get(s)->plan->domains;
    const ja_log_t *log = ja_aplog_make(s, ptemp);
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, ptemp);
    for (i = 0; i < domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(domains, i, const ja_plan_domain_t *);
        ja_err_t *err = domain->stapling ? fill(domain, scratch) : NULL;

        if (err) {
            ja_log_line(log, JA_LOG_INFO, "%s: %s: no kept OCSP response: %s", domain->name,
                        ja_err_row(err->code)->id, ja_err_log_text(err, scratch));
        }
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
}

static int start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    (void)plog;
    primed = apr_hash_make(pconf);
    if (ja_activate_store() && ja_shared_staples() && !ja_activate_is_rehearsal()) {
        fill_all(s, ptemp);
    }
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

#include "adopted.h"

#include <pthread.h>
#include <stdatomic.h>

#include "aplog.h"
#include "conf.h"
#include "event/event.h"
#include "issue/set.h"
#include "pki/ossl.h"
#include "shared.h"

/* Of one domain. */
typedef struct {
    _Atomic(const ja_adopted_t *) newest;
    pthread_mutex_t parsing; /* held by who makes the next one */
} place_t;

static place_t *places;
static server_rec *server;

void ja_adopted_init(server_rec *s, int n_domains, apr_pool_t *pconf)
{
    int i;

    server = s;
    places = apr_pcalloc(pconf, sizeof(*places) * (apr_size_t)n_domains);
    for (i = 0; i < n_domains; i++) {
        atomic_init(&places[i].newest, NULL);
        pthread_mutex_init(&places[i].parsing, NULL); /* never fails in Linux' libc */
    }
}

/* ---- making one ------------------------------------------------------------------------------ */

static int copy_cert(ja_adopted_cert_t *cert, const ja_set_served_t *served)
{
    int i;

    cert->leaf = ja_chain_cert(served->chain, 0);
    cert->key = ja_key_evp(served->key);
    cert->rest = sk_X509_new_null();
    for (i = 1; cert->rest && i < ja_chain_count(served->chain); i++) {
        if (!sk_X509_push(cert->rest, ja_chain_cert(served->chain, i))) {
            return 0;
        }
    }
    return cert->rest != NULL;
}

/* What the virtual host's security level doesn't let pass would leave a handshake without any
 * certificate: a connection that nobody uses finds that out. */
static int is_accepted(const ja_adopted_t *adopted, const SSL *ssl)
{
    SSL *trial = SSL_new(SSL_get_SSL_CTX(ssl));
    int is_good = trial && ja_adopted_use(adopted, trial);

    SSL_free(trial);
    return is_good;
}

/* Certificates and keys live in `pool`, which is never destroyed: a handshake may use them at any
 * time, and it is a few kilobytes for each renewal. */
static ja_err_t *make(ja_adopted_t *adopted, const SSL *ssl, apr_pool_t *pool, apr_pool_t *scratch)
{
    const apr_array_header_t *served;
    ja_adopted_cert_t *certs;
    ja_bytes_t record;
    int i;

    JA_TRY(ja_handover_read(&record, ja_shared_handover(), adopted->edition, scratch));
    JA_TRY(ja_set_unpack(&served, &record, pool, scratch));
    certs = apr_pcalloc(pool, sizeof(*certs) * (apr_size_t)served->nelts);
    for (i = 0; i < served->nelts; i++) {
        if (!copy_cert(&certs[i], &APR_ARRAY_IDX(served, i, const ja_set_served_t))) {
            return ja_ossl_err(JA_E_CRYPTO, scratch, "putting a chain together");
        }
    }
    adopted->certs = certs;
    adopted->n_certs = served->nelts;
    return is_accepted(adopted, ssl)
               ? NULL
               : ja_ossl_err(JA_E_CRYPTO, scratch, "trying a certificate out");
}

static void tell(ja_err_t *cause, int i, apr_pool_t *scratch)
{
    const ja_plan_domain_t *domain =
        APR_ARRAY_IDX(ja_conf_get(server)->plan->domains, i, const ja_plan_domain_t *);
    ja_err_t *err = ja_err_make(JA_E_NOT_ADOPTED, scratch, "the published set is not usable");

    err->cause = cause;
    ja_event_errored(ja_aplog_make(server, scratch), domain->name, err,
                     "putting the new certificate to use", 0, scratch);
}

static int is_of(const ja_adopted_t *adopted, apr_uint64_t edition)
{
    return adopted && adopted->edition == edition;
}

/* After a failure the certificates stay as they were; the record is not tried again. */
static void adopt(int i, const SSL *ssl)
{
    apr_uint64_t edition = ja_handover_edition(ja_shared_handover(), i);
    const ja_adopted_t *before = atomic_load(&places[i].newest);
    apr_pool_t *pool, *scratch;
    ja_adopted_t *adopted;
    ja_err_t *err;

    if (is_of(before, edition) || apr_pool_create_unmanaged_ex(&pool, NULL, NULL) != APR_SUCCESS) {
        return;
    }
    apr_pool_create(&scratch, pool);
    adopted = apr_pcalloc(pool, sizeof(*adopted));
    adopted->edition = edition;
    err = make(adopted, ssl, pool, scratch);
    if (err) {
        adopted->certs = before ? before->certs : NULL;
        adopted->n_certs = before ? before->n_certs : 0;
        tell(err, i, scratch);
    }
    apr_pool_destroy(scratch);
    atomic_store(&places[i].newest, adopted);
}

/* ---- using them ------------------------------------------------------------------------------ */

/* May this thread make the next one? A new process has nothing to go on with meanwhile but what the
 * server started with, which may be of long ago: there everybody waits for the first. */
static int begin(place_t *place, const ja_adopted_t *before)
{
    int has_one = before && before->n_certs > 0;

    return (has_one ? pthread_mutex_trylock(&place->parsing) : pthread_mutex_lock(&place->parsing))
           == 0;
}

const ja_adopted_t *ja_adopted_get(int i, const SSL *ssl)
{
    place_t *place = &places[i];
    apr_uint64_t edition = ja_handover_edition(ja_shared_handover(), i);
    const ja_adopted_t *newest;

    if (edition == 0) {
        return NULL;
    }
    newest = atomic_load(&place->newest);
    if (!is_of(newest, edition) && begin(place, newest)) {
        adopt(i, ssl);
        pthread_mutex_unlock(&place->parsing);
        newest = atomic_load(&place->newest);
    }
    return newest;
}

int ja_adopted_has(int i)
{
    const ja_adopted_t *newest = atomic_load(&places[i].newest);

    return newest ? newest->n_certs > 0 : ja_handover_edition(ja_shared_handover(), i) != 0;
}

int ja_adopted_use(const ja_adopted_t *adopted, SSL *ssl)
{
    int i;

    SSL_certs_clear(ssl);
    for (i = 0; i < adopted->n_certs; i++) {
        const ja_adopted_cert_t *cert = &adopted->certs[i];

        if (SSL_use_cert_and_key(ssl, cert->leaf, cert->key, cert->rest, 1) != 1) {
            return 0;
        }
    }
    return adopted->n_certs > 0;
}

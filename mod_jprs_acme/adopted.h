/* adopted: the newest set of each managed domain that this process knows, parsed once and used by
 * all its handshakes. Sets come from shared memory (issue/handover), where the parent publishes
 * them. Whoever sees a new one first parses it; others go on with the one before meanwhile, and only
 * those wait that have none yet. A set that can't be used is never served, and is told once.
 */
#ifndef JA_ADOPTED_H
#define JA_ADOPTED_H

#include <httpd.h>

#include <openssl/ssl.h>

/* One certificate; all of it is kept for as long as the process lives. */
typedef struct {
    X509 *leaf;
    STACK_OF(X509) * rest; /* of the chain; may be empty */
    EVP_PKEY *key;
} ja_adopted_cert_t;

typedef struct {
    apr_uint64_t edition; /* of the record that it was made from, or was tried to be */
    const ja_adopted_cert_t *certs;
    int n_certs; /* 0: no record has been good yet */
} ja_adopted_t;

/* Room for the sets of `n_domains`, in the parent before children are made. */
void ja_adopted_init(server_rec *s, int n_domains, apr_pool_t *pconf);

/* The set of domain number `i`; NULL: none has been published since the start. `ssl` is a handshake
 * for which a new set is tried out. One atomic load if there is nothing new. */
const ja_adopted_t *ja_adopted_get(int i, const SSL *ssl);

/* Has this process a set of domain number `i` that it can serve? What is published and was not
 * needed yet counts: who resumes a session is not asked for a certificate. One or two atomic loads. */
int ja_adopted_has(int i);

/* Give the certificates to a handshake, in the place of those that it has. 0: it can't be done, and
 * it may have none any more. */
int ja_adopted_use(const ja_adopted_t *adopted, SSL *ssl);

#endif

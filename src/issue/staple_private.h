/* issue/staple_private: what the files of issue/staple share. For nobody else. */
#ifndef JA_ISSUE_STAPLE_PRIVATE_H
#define JA_ISSUE_STAPLE_PRIVATE_H

#include "pki/ocsp.h"
#include "store/store.h"

/* What there is to know before a responder is asked. */
typedef struct {
    const char *url;    /* of the responder; NULL: the certificate names none, the rest is unset */
    ja_bytes_t request; /* DER */
    ja_bytes_t stored;  /* the stored response, if `has_facts` */
    ja_ocsp_facts_t facts; /* of that */
    int has_facts;
    const ja_err_t *unused; /* why what is stored is not used; NULL: it is, or nothing is stored */
} ja_staple_found_t;

/* Read the chain of the certificate with that digest, and what is stored for it, which is verified
 * as if it had just come. Any thread; everything in `pool`. JA_E_CERT_BAD: it is the chain of
 * another certificate, or lacks the issuer; JA_E_TOO_LARGE, JA_E_CRYPTO. */
ja_err_t *ja_staple_find(ja_staple_found_t *found, ja_store_t *store, const char *sha256,
                         const ja_bytes_t *pem, apr_pool_t *pool) JA_WARN_UNUSED;

/* ja_ocsp_read() now, with a chain in PEM. */
ja_err_t *ja_staple_verify(ja_ocsp_facts_t *facts, const ja_bytes_t *pem, const void *der,
                           apr_size_t len, apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

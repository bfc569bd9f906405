/* pki/ocsp: what an OCSP responder says of a leaf, RFC 6960, in the profile of RFC 5019: the
 * question as bytes, the answer as facts that have been verified. When to ask, and what follows
 * from an answer, is decided elsewhere; nothing here uses the network. */
#ifndef JA_PKI_OCSP_H
#define JA_PKI_OCSP_H

#include "pki/cert.h"

#define JA_OCSP_MAX_BYTES (64 * 1024) /* of a response */

/* A response that does not say how long it holds is used for so long after its thisUpdate. */
#define JA_OCSP_AGE_MAX apr_time_from_sec(7 * 24 * 3600)

typedef enum {
    JA_OCSP_GOOD,
    JA_OCSP_REVOKED,
    JA_OCSP_UNKNOWN,
    JA_OCSP_STATUS_COUNT
} ja_ocsp_status_t;

/* "good", "revoked", "unknown" */
extern const ja_enumstr_t ja_ocsp_status_names;

/* A response. Plain values: copied by assignment. */
typedef struct {
    int status; /* ja_ocsp_status_t */
    apr_time_t produced_at;
    apr_time_t this_update;
    apr_time_t next_update; /* 0: not said */
    apr_time_t revoked_at;  /* 0 unless revoked */
    int reason;             /* CRLReason of RFC 5280 5.3.1, 0 .. 10; -1: not said */
} ja_ocsp_facts_t;

/* The end of a response's use: nextUpdate, or JA_OCSP_AGE_MAX after thisUpdate. */
apr_time_t ja_ocsp_until(const ja_ocsp_facts_t *facts);

/* An OCSPRequest for the leaf in DER: one CertID with SHA-1, no nonce, so that caches on the way
 * can answer it. Its issuer has to be the chain's second certificate: JA_E_CERT_BAD otherwise.
 * JA_E_CRYPTO. */
ja_err_t *ja_ocsp_request(ja_bytes_t *der, const ja_chain_t *chain, apr_pool_t *result,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* The URL that asks the same by GET, RFC 6960 A.1. NULL if it would be over 255 bytes more than
 * `responder_url` (RFC 5019 5), or if that has a query. */
const char *ja_ocsp_get_url(const char *responder_url, const ja_bytes_t *request, apr_pool_t *pool);

/* Read and verify what a responder sent. It has to be a successful response, about this leaf, whose
 * time has come (by a clock that is at most five minutes behind) and has not passed at `now`, and
 * be signed by the issuer, or by a responder whose certificate the issuer has signed for that (RFC
 * 6960 4.2.2.2). Nobody else is trusted, and that certificate's own status is not asked for.
 *
 * JA_E_OCSP_REFUSED: the responder does not answer, and says which way (RFC 6960 2.3).
 * JA_E_OCSP_BAD: no response, or not one to rely on; the message says which rule. JA_E_TOO_LARGE;
 * JA_E_CERT_BAD as for ja_ocsp_request(). */
ja_err_t *ja_ocsp_read(ja_ocsp_facts_t *facts, const ja_chain_t *chain, const void *der,
                       apr_size_t len, apr_time_t now, apr_pool_t *scratch) JA_WARN_UNUSED;

/* What a response says, nothing verified, neither signature nor time nor which certificate it is
 * about: for one that was verified when it was stored. It has to have exactly one SingleResponse.
 * Errors as above. */
ja_err_t *ja_ocsp_peek(ja_ocsp_facts_t *facts, const void *der, apr_size_t len,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

/* An OCSP responder for tests: makes the responses of a good one, and those that nobody should
 * believe. */
#ifndef JA_TEST_PKI_RESPONDER_H
#define JA_TEST_PKI_RESPONDER_H

#include "fixture.h"

#include <openssl/ocsp.h>

#include "pki/ocsp.h"

/* A leaf with its CA, as OCSP needs them. */
typedef struct {
    X509 *leaf, *issuer;
    ja_key_t *issuer_key;
    const char *pem; /* leaf and issuer */
    ja_chain_t *chain;
} issued_t;

/* GOOD_LEAF with `access` (mint_t), by GOOD_INTERMEDIATE. */
issued_t issue_leaf(const char *access);

/* The certificate of a delegated responder. */
extern const mint_t GOOD_RESPONDER;

/* A response to be made. Times in seconds relative to NOW. */
typedef struct {
    int refusal; /* responseStatus; 0: successful                              */
    int status;  /* V_OCSP_CERTSTATUS_...                                      */
    int reason;  /* of a revoked one; -1: none                                 */
    long revoked_s;
    long this_s;
    long next_s;  /* 0: without                                                 */
    X509 *signer; /* NULL: the issuer                                           */
    const ja_key_t *signer_key;
    X509 *enclosed;    /* a certificate to send along, or NULL                       */
    X509 *also_about;  /* another leaf of the issuer, in front; or NULL              */
    int has_sha256_id; /* CertID by SHA-256                                          */
    int has_key_id;    /* ResponderID by key                                         */
} response_t;

/* Since an hour, for a week. */
extern const response_t GOOD_RESPONSE;

ja_bytes_t respond(const response_t *what, const issued_t *about);

#endif

/* What the tests of pki/ share: a pool for each test, a fixed moment, keys, and a small CA that
 * makes any certificate, also those that no CA would. */
#ifndef JA_TEST_PKI_FIXTURE_H
#define JA_TEST_PKI_FIXTURE_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/x509.h>

#include "pki/cert.h"

/* The pool of the running test, for results and scratch. */
extern apr_pool_t *pool;

/* 2030-01-01T00:00:00Z: what "now" is. */
#define NOW  apr_time_from_sec(1893456000)
#define HOUR 3600
#define DAY  (24 * HOUR)

/* For cmocka_unit_test_setup_teardown(); the teardown also fails the test if OpenSSL's error queue
 * is not empty. */
int test_begins(void **state);
int test_ends(void **state);
#define TEST(FN) cmocka_unit_test_setup_teardown(FN, test_begins, test_ends)

/* The call worked; or it failed with that code, and `part` is in its text. */
void works(ja_err_t *err);
void fails(ja_err_t *err, ja_code_t code, const char *part);

/* An array of const char *, up to the NULL. */
apr_array_header_t *names_of(const char *first, ...);

/* A new P-256 key. */
ja_key_t *p256_key(void);

/* A certificate to be made. What is NULL or 0 is left out. Extensions are in the notation of
 * x509v3_config(5). */
typedef struct {
    const char *cn;
    const char *san;      /* "DNS:www.example.jp"                             */
    const char *basic;    /* "CA:TRUE"                                        */
    const char *usage;    /* "digitalSignature"                               */
    const char *extended; /* "serverAuth"                                     */
    const char *access;   /* "OCSP;URI:http://ocsp.example/"                  */
    const char *feature;  /* "status_request"                                 */
    long from_s;          /* relative to NOW                                  */
    long to_s;
    void (*twist)(X509 *cert); /* the last change before it is signed              */
} mint_t;

/* Signed by `issuer` with `issuer_key`; by itself if `issuer` is NULL. */
X509 *mint(const mint_t *what, const ja_key_t *key, X509 *issuer, const ja_key_t *issuer_key);

/* A root, an intermediate and a leaf for www.example.jp and *.example.net, as a good CA makes
 * them. */
extern const mint_t GOOD_ROOT;
extern const mint_t GOOD_INTERMEDIATE;
extern const mint_t GOOD_LEAF;

/* PEM of certificates, up to the NULL, and the same as a chain. */
const char *pem_of(X509 *first, ...);
ja_chain_t *chain_of(const char *pem);

#endif

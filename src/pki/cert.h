/* pki/cert: certificate chains: reading what came from outside, checking that it is what was asked
 * for, and the facts that decisions and reports need. No store, no network.
 * In cert.c; ja_chain_check...() are in cert_check.c, ja_cert_self_signed() and
 * ja_cert_is_temporary() in cert_self.c. */
#ifndef JA_PKI_CERT_H
#define JA_PKI_CERT_H

#include <apr_tables.h>

#include "base/fs.h"
#include "pki/key.h"

#define JA_CHAIN_MAX_BYTES (256 * 1024)
#define JA_CHAIN_MAX_CERTS 10
#define JA_CERT_MAX_NAMES  200

typedef struct ja_chain_t ja_chain_t; /* leaf first; X509s freed with the pool; at least one */

/* What there is to know about a leaf. Strings are ASCII or UTF-8 from the certificate, cut at 256
 * bytes; not escaped. */
typedef struct {
    apr_time_t not_before;
    apr_time_t not_after;
    const apr_array_header_t *names; /* const char *: dNSName SANs, lower case            */
    const char *serial;              /* hex, lower case, without separators               */
    const char *issuer;              /* CN of the issuer, else its one-line name          */
    const char *sha256;              /* fingerprint of the leaf's DER, hex                */
    int key_spec;                    /* ja_key_spec_t or -1                               */
    const char *ocsp_url;            /* as ja_x509_ocsp_url(), not cut; NULL: none        */
    int must_staple;                 /* as ja_x509_must_staple()                          */
} ja_cert_facts_t;

/* PEM (RFC 8555 9.1): certificates and nothing else but white space; 1 to JA_CHAIN_MAX_CERTS,
 * JA_CHAIN_MAX_BYTES. JA_E_CERT_BAD, JA_E_TOO_LARGE. */
ja_err_t *ja_chain_parse(ja_chain_t **chain, const char *pem, apr_size_t len, apr_pool_t *result,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* The same from certificates that OpenSSL has parsed, such as those that a TLS server sent: leaf
 * first, 1 to JA_CHAIN_MAX_CERTS. They are shared, not copied. JA_E_CERT_BAD: none; JA_E_TOO_LARGE.
 */
struct stack_st_X509;
ja_err_t *ja_chain_make(ja_chain_t **chain, const struct stack_st_X509 *certs, apr_pool_t *result,
                        apr_pool_t *scratch) JA_WARN_UNUSED;

/* Is it what we asked for? The leaf's public key is that of `key`; every one of `names` is covered
 * by a SAN (exactly, or by a wildcard); it is a server certificate (not a CA; an extended key
 * usage, if any, has serverAuth); validity makes sense at `now` (not_before at most an hour ahead,
 * not_after in the future and after not_before); each certificate is issued (name and signature) by
 * the next; and `key` signs what the leaf verifies, so its private half is whole. Whether anybody
 * trusts the last certificate is not decided here. For what comes from outside: costs one signature
 * with `key` (P-256 0.05 ms, RSA 1 to 6 ms). JA_E_CERT_BAD says which rule and with what values. */
ja_err_t *ja_chain_check(const ja_chain_t *chain, const ja_key_t *key,
                         const apr_array_header_t *names, apr_time_t now,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* The same without the key, for which a request stands (from ja_csr_make()): whoever signed that
 * has a private half that is whole. The leaf's public key has to be that of the request to the
 * byte. No is therefore not the last word, as a CA may write the same key in another way;
 * ja_chain_check() has it. Spares the millisecond that OpenSSL takes to read a key. */
ja_err_t *ja_chain_check_request(const ja_chain_t *chain, const ja_bytes_t *csr_der,
                                 const apr_array_header_t *names, apr_time_t now,
                                 apr_pool_t *scratch) JA_WARN_UNUSED;

/* `facts` and what it points to live in `result`. JA_E_CERT_BAD: a leaf whose names or times cannot
 * be told. */
ja_err_t *ja_chain_facts(ja_cert_facts_t *facts, const ja_chain_t *chain, apr_pool_t *result,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* PEM again, normalised: the leaf, the rest (may be ""), all of it. */
ja_err_t *ja_chain_print(const char **leaf, const char **rest, const char **all,
                         const ja_chain_t *chain, apr_pool_t *result,
                         apr_pool_t *scratch) JA_WARN_UNUSED;

/* The leaf as bytes. JA_E_CRYPTO. */
ja_err_t *ja_chain_leaf_der(ja_bytes_t *der, const ja_chain_t *chain, apr_pool_t *result,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

/* Does a SAN `pattern` ("www.example.jp", "*.example.jp") cover `name`? Case-insensitive; a
 * wildcard stands for exactly one label; a wildcard name is covered by the same wildcard only. */
int ja_cert_name_matches(const char *pattern, const char *name);

/* Does one of `sans` (const char *) cover `name`? */
int ja_cert_names_cover(const apr_array_header_t *sans, const char *name);

/* A self-signed certificate for `names` (as for ja_csr_make()), valid from a day before `now` until
 * `days` after it, PEM: what is served before the first real one. JA_E_INTERNAL (names),
 * JA_E_CRYPTO. */
ja_err_t *ja_cert_self_signed(const char **pem, const ja_key_t *key,
                              const apr_array_header_t *names, int days, apr_time_t now,
                              apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Is the leaf such a certificate (of whatever server that runs this module)? By what it says of
 * itself; nothing is verified. */
int ja_cert_is_temporary(const ja_chain_t *chain);

/* For messages: the subjects of all certificates from the leaf on, as CN or else one-line name,
 * "a, b, c". Not escaped, at most 256 bytes each. */
const char *ja_chain_subjects(const ja_chain_t *chain, apr_pool_t *result, apr_pool_t *scratch);

/* SHA-256 of bytes, hex. */
ja_err_t *ja_digest_sha256(const char **hex, const void *bytes, apr_size_t len, apr_pool_t *result,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

/* For those who call OpenSSL themselves: the X509s, 0 being the leaf, still owned by the chain's
 * pool. NULL out of range. */
struct x509_st;
int ja_chain_count(const ja_chain_t *chain);
struct x509_st *ja_chain_cert(const ja_chain_t *chain, int i);

#endif

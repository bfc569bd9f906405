/* net/handshake: one TLS handshake as a client, to see what a server serves. Nothing is verified
 * (whether anybody trusts it, whether names fit) and nothing is sent after it: what was served is
 * collected, and others judge.
 *
 * It blocks, on the calling thread only: for ja_loop_offload(). SIGPIPE has to be ignored or
 * blocked there, as it is in the threads of a loop.
 */
#ifndef JA_NET_HANDSHAKE_H
#define JA_NET_HANDSHAKE_H

#include "base/fs.h"
#include "net/endpoint.h"
#include "pki/cert.h"

/* Which of its certificates the server is to choose: the others are ruled out by what the client
 * says that it can verify. */
typedef enum {
    JA_HANDSHAKE_ANY, /* the one the server likes best */
    JA_HANDSHAKE_RSA,
    JA_HANDSHAKE_EC,
    JA_HANDSHAKE_KINDS
} ja_handshake_kind_t;

/* "any", "RSA", "ECDSA" */
extern const ja_enumstr_t ja_handshake_kind_names;

typedef struct {
    ja_endpoint_t to;
    const char *sni; /* the name to ask for, at most 253 octets */
    ja_handshake_kind_t kind;
    int ask_staple;            /* ask for an OCSP response, RFC 6066 8 */
    apr_interval_time_t limit; /* for all of it, by the monotonic clock */
} ja_handshake_ask_t;

/* What is served. Texts from the certificates are not escaped. */
typedef struct {
    const char *protocol;         /* "TLSv1.3" */
    ja_cert_facts_t facts;        /* of the leaf */
    const char *subjects;         /* ja_chain_subjects() */
    int is_temporary;             /* ja_cert_is_temporary() */
    int n_certs;                  /* sent, leaf included: 1 .. JA_CHAIN_MAX_CERTS */
    const char *fullchain_sha256; /* hex digest of all of them as ja_chain_print() writes them:
                                     as in set.json */
    ja_bytes_t staple;            /* the OCSP response in DER, not looked into; len 0: none came.
                                     TLS allows less than 64 KiB, OpenSSL 16 KiB with TLS 1.2 */
} ja_handshake_t;

/* TLS 1.2 or 1.3. No certificate is shown to a server that demands one: what it serves is seen all
 * the same. Returns within 0.1 s after `*cancelled` (NULL: never) has become 1. JA_E_CONNECT:
 * nobody is there; JA_E_TIMEOUT: not within `limit`; JA_E_TLS: no handshake, such as when the
 * server has no certificate of that kind, or does not speak TLS; JA_E_CERT_BAD, JA_E_TOO_LARGE:
 * what came cannot be read; JA_E_STOPPED: cancelled; JA_E_SYNTAX: not an address; JA_E_CRYPTO,
 * JA_E_INTERNAL. */
ja_err_t *ja_handshake_run(ja_handshake_t *seen, const ja_handshake_ask_t *ask,
                           const volatile int *cancelled, apr_pool_t *result,
                           apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

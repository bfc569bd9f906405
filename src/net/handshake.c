#include "net/handshake.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <netinet/in.h>
#include <sys/socket.h>

#include <apr_strings.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "pki/ossl.h"

#define SLICE_MS 100

/* One handshake under way. */
typedef struct {
    const ja_handshake_ask_t *ask;
    const char *to; /* for messages */
    const volatile int *cancelled;
    apr_time_t until; /* monotonic */
    int socket;
    SSL *ssl;
    apr_pool_t *own;     /* of socket and SSL: they go when the handshake is over */
    apr_pool_t *scratch; /* of errors */
} trip_t;

JA_OSSL_OWN(own_ctx, SSL_CTX, SSL_CTX_free)
JA_OSSL_OWN(own_ssl, SSL, SSL_free)

static const char *const KIND_NAMES[JA_HANDSHAKE_KINDS] = {
    [JA_HANDSHAKE_ANY] = "any",
    [JA_HANDSHAKE_RSA] = "RSA",
    [JA_HANDSHAKE_EC] = "ECDSA",
};

const ja_enumstr_t ja_handshake_kind_names = { KIND_NAMES, JA_HANDSHAKE_KINDS };

/* What the client says it can do. Signature algorithms decide with TLS 1.3 (RFC 8446 4.4.2.2), the
 * kind of authentication in the cipher suite as well with TLS 1.2. */
static const struct {
    const char *signatures; /* NULL: as OpenSSL would */
    const char *ciphers;
} CAN[JA_HANDSHAKE_KINDS] = {
    [JA_HANDSHAKE_RSA] = {
        "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
        "RSA+SHA256:RSA+SHA384:RSA+SHA512:RSA+SHA1",
        "aRSA:!eNULL",
    },
    [JA_HANDSHAKE_EC] = { "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512", "aECDSA:!eNULL" },
};

/* ---- waiting --------------------------------------------------------------------------------- */

static int slice_ms(apr_interval_time_t left)
{
    return left > SLICE_MS * 1000 ? SLICE_MS : (int)(left / 1000) + 1;
}

/* Until the socket can be read from, or written to. */
static ja_err_t *wait_for(const trip_t *trip, short events, const char *doing)
{
    struct pollfd fd = { .fd = trip->socket, .events = events };
    apr_interval_time_t left;
    int ready;

    while (!trip->cancelled || !*trip->cancelled) {
        left = trip->until - ja_clock_monotonic();
        if (left <= 0) {
            return ja_err_make(JA_E_TIMEOUT, trip->scratch, "%s %s: no answer within %d ms", doing,
                               trip->to, (int)apr_time_as_msec(trip->ask->limit));
        }
        ready = poll(&fd, 1, slice_ms(left));
        if (ready > 0) {
            return NULL;
        }
        if (ready < 0 && errno != EINTR) {
            return ja_err_os(JA_E_INTERNAL, errno, trip->scratch, "%s %s", doing, trip->to);
        }
    }
    return ja_err_make(JA_E_STOPPED, trip->scratch, "%s %s", doing, trip->to);
}

/* ---- the connection -------------------------------------------------------------------------- */

static apr_status_t close_socket(void *baton)
{
    const trip_t *trip = baton;

    close(trip->socket);
    return APR_SUCCESS;
}

static ja_err_t *refused(const trip_t *trip, int os)
{
    return ja_err_os(JA_E_CONNECT, os, trip->scratch, "connecting to %s", trip->to);
}

static ja_err_t *connect_to(trip_t *trip, const struct addrinfo *at)
{
    int failed = 0;
    socklen_t len = sizeof(failed);

    trip->socket = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (trip->socket < 0) { /* that is our own trouble, such as no descriptor left */
        return ja_err_os(JA_E_INTERNAL, errno, trip->scratch, "a socket for %s", trip->to);
    }
    apr_pool_cleanup_register(trip->own, trip, close_socket, apr_pool_cleanup_null);
    if (connect(trip->socket, at->ai_addr, at->ai_addrlen) == 0) {
        return NULL;
    }
    if (errno != EINPROGRESS) {
        return refused(trip, errno);
    }
    JA_TRY(wait_for(trip, POLLOUT, "connecting to"));
    if (getsockopt(trip->socket, SOL_SOCKET, SO_ERROR, &failed, &len) != 0) {
        failed = errno;
    }
    return failed ? refused(trip, failed) : NULL;
}

static ja_err_t *open_connection(trip_t *trip)
{
    const struct addrinfo numeric = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                                      .ai_socktype = SOCK_STREAM };
    const char *port = apr_itoa(trip->own, trip->ask->to.port);
    struct addrinfo *at;
    ja_err_t *err;

    if (getaddrinfo(trip->ask->to.address, port, &numeric, &at) != 0) {
        return ja_err_make(JA_E_SYNTAX, trip->scratch, "%s is not an address", trip->to);
    }
    err = connect_to(trip, at);
    freeaddrinfo(at);
    return err;
}

/* ---- TLS ------------------------------------------------------------------------------------- */

static int set_kind(SSL *ssl, ja_handshake_kind_t kind)
{
    return !CAN[kind].signatures
           || (SSL_set1_sigalgs_list(ssl, CAN[kind].signatures)
               && SSL_set_cipher_list(ssl, CAN[kind].ciphers));
}

/* Whatever the server has is of interest, so nothing is too weak here. */
static ja_err_t *prepare_tls(trip_t *trip)
{
    const ja_handshake_ask_t *ask = trip->ask;
    SSL_CTX *ctx = own_ctx(SSL_CTX_new(TLS_client_method()), trip->own);

    trip->ssl = ctx ? own_ssl(SSL_new(ctx), trip->own) : NULL;
    if (!trip->ssl) {
        return ja_ossl_err(JA_E_CRYPTO, trip->scratch, "preparing a TLS handshake");
    }
    SSL_set_security_level(trip->ssl, 0);
    SSL_set_verify(trip->ssl, SSL_VERIFY_NONE, NULL);
    if (!SSL_set_min_proto_version(trip->ssl, TLS1_2_VERSION)
        || !SSL_set_tlsext_host_name(trip->ssl, ask->sni) || !set_kind(trip->ssl, ask->kind)
        || (ask->ask_staple && !SSL_set_tlsext_status_type(trip->ssl, TLSEXT_STATUSTYPE_ocsp))
        || !SSL_set_fd(trip->ssl, trip->socket)) {
        return ja_ossl_err(JA_E_CRYPTO, trip->scratch, "preparing a TLS handshake for %s",
                           ask->sni);
    }
    return NULL;
}

/* SSL_connect() has returned `returned`: what now? */
static ja_err_t *go_on(const trip_t *trip, int returned)
{
    int os = errno;

    switch (SSL_get_error(trip->ssl, returned)) {
    case SSL_ERROR_WANT_READ:
        return wait_for(trip, POLLIN, "the TLS handshake with");
    case SSL_ERROR_WANT_WRITE:
        return wait_for(trip, POLLOUT, "the TLS handshake with");
    case SSL_ERROR_SYSCALL:
        if (ERR_peek_error() == 0 && os) {
            return ja_err_os(JA_E_TLS, os, trip->scratch, "the TLS handshake with %s", trip->to);
        }
        break;
    default:
        break;
    }
    return ja_ossl_err(JA_E_TLS, trip->scratch, "the TLS handshake with %s", trip->to);
}

/* A server that demands a certificate of its clients ends a TLS 1.2 handshake for want of one. By
 * then it has shown its own, and proved that it has the key: OpenSSL goes no further otherwise. */
static int is_all_seen(const trip_t *trip)
{
    int has_alerted = ERR_GET_REASON(ERR_peek_error()) > SSL_AD_REASON_OFFSET;

    return has_alerted && SSL_get_peer_cert_chain(trip->ssl);
}

static ja_err_t *shake_hands(const trip_t *trip)
{
    int returned;

    for (;;) {
        ERR_clear_error();
        errno = 0;
        returned = SSL_connect(trip->ssl);
        if (returned == 1) {
            SSL_shutdown(trip->ssl); /* so that the server sees an orderly end */
            ERR_clear_error();
            return NULL;
        }
        if (is_all_seen(trip)) {
            ERR_clear_error();
            return NULL;
        }
        JA_TRY(go_on(trip, returned));
    }
}

/* ---- what was served ------------------------------------------------------------------------- */

static void read_staple(ja_bytes_t *staple, const trip_t *trip, apr_pool_t *result)
{
    const unsigned char *bytes = NULL;
    long len = SSL_get_tlsext_status_ocsp_resp(trip->ssl, &bytes);

    staple->len = bytes && len > 0 ? (apr_size_t)len : 0;
    staple->bytes = apr_pstrmemdup(result, (const char *)bytes, staple->len);
}

static ja_err_t *read_chain(ja_handshake_t *seen, const trip_t *trip, apr_pool_t *result)
{
    apr_pool_t *scratch = trip->scratch;
    const char *leaf;
    const char *rest;
    const char *all;
    ja_chain_t *chain;

    JA_TRY(ja_chain_make(&chain, SSL_get_peer_cert_chain(trip->ssl), trip->own, scratch));
    JA_TRY(ja_chain_facts(&seen->facts, chain, result, scratch));
    JA_TRY(ja_chain_print(&leaf, &rest, &all, chain, trip->own, scratch));
    JA_TRY(ja_digest_sha256(&seen->fullchain_sha256, all, strlen(all), result, scratch));
    seen->subjects = ja_chain_subjects(chain, result, scratch);
    seen->is_temporary = ja_cert_is_temporary(chain);
    seen->n_certs = ja_chain_count(chain);
    return NULL;
}

static ja_err_t *run(ja_handshake_t *seen, trip_t *trip, apr_pool_t *result)
{
    JA_TRY(open_connection(trip));
    JA_TRY(prepare_tls(trip));
    JA_TRY(shake_hands(trip));
    seen->protocol = apr_pstrdup(result, SSL_get_version(trip->ssl));
    JA_TRY_W(read_chain(seen, trip, result), trip->scratch, "reading what %s serves", trip->to);
    read_staple(&seen->staple, trip, result);
    return NULL;
}

ja_err_t *ja_handshake_run(ja_handshake_t *seen, const ja_handshake_ask_t *ask,
                           const volatile int *cancelled, apr_pool_t *result, apr_pool_t *scratch)
{
    trip_t trip = { .ask = ask, .cancelled = cancelled, .scratch = scratch };
    ja_err_t *err;

    memset(seen, 0, sizeof(*seen));
    trip.to = ja_endpoint_print(&ask->to, scratch);
    trip.until = ja_clock_monotonic() + ask->limit;
    apr_pool_create(&trip.own, scratch);
    err = run(seen, &trip, result);
    apr_pool_destroy(trip.own);
    return err;
}

#include "net/tls_server.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <apr_strings.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static const char PLAIN[] = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

struct tls_server_t {
    const tls_server_conf_t *conf;
    SSL_CTX *ctx;
    int listener;
    int port;
    pthread_t thread;
    pthread_mutex_t lock;
    int connection; /* -1: none; under the lock, like what follows */
    int is_ending;
    char sni[256];
};

static int note_sni(SSL *ssl, int *alert, void *baton)
{
    tls_server_t *server = baton;
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

    (void)alert;
    pthread_mutex_lock(&server->lock);
    apr_cpystrn(server->sni, name ? name : "", sizeof(server->sni));
    pthread_mutex_unlock(&server->lock);
    return SSL_TLSEXT_ERR_OK;
}

static int staple(SSL *ssl, void *baton)
{
    const tls_server_t *server = baton;
    unsigned char *bytes;

    if (!server->conf->staple) {
        return SSL_TLSEXT_ERR_NOACK;
    }
    bytes = OPENSSL_memdup(server->conf->staple, server->conf->staple_len);
    SSL_set_tlsext_status_ocsp_resp(ssl, bytes, (long)server->conf->staple_len);
    return SSL_TLSEXT_ERR_OK;
}

static void use_cert(SSL_CTX *ctx, const char *pem, const ja_key_t *key, apr_pool_t *pool)
{
    ja_chain_t *chain;
    int i;

    if (ja_chain_parse(&chain, pem, strlen(pem), pool, pool)
        || SSL_CTX_use_certificate(ctx, ja_chain_cert(chain, 0)) != 1
        || SSL_CTX_use_PrivateKey(ctx, ja_key_evp(key)) != 1) {
        abort();
    }
    for (i = 1; i < ja_chain_count(chain); i++) {
        SSL_CTX_add1_chain_cert(ctx, ja_chain_cert(chain, i));
    }
}

static SSL_CTX *make_ctx(tls_server_t *server, apr_pool_t *pool)
{
    const tls_server_conf_t *conf = server->conf;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    int i;

    for (i = 0; i < 2; i++) {
        if (conf->certs[i].pem) {
            use_cert(ctx, conf->certs[i].pem, conf->certs[i].key, pool);
        }
    }
    if (conf->demands_cert) {
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    }
    SSL_CTX_set_mode(ctx, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_max_proto_version(ctx, conf->max_version);
    SSL_CTX_set_tlsext_servername_callback(ctx, note_sni);
    SSL_CTX_set_tlsext_servername_arg(ctx, server);
    SSL_CTX_set_tlsext_status_cb(ctx, staple);
    SSL_CTX_set_tlsext_status_arg(ctx, server);
    return ctx;
}

static void serve_tls(const tls_server_t *server, int connection)
{
    SSL *ssl = SSL_new(server->ctx);

    SSL_set_fd(ssl, connection);
    SSL_accept(ssl);
    SSL_free(ssl);
    ERR_clear_error();
}

static void serve(const tls_server_t *server, int connection)
{
    char byte[1024];

    switch (server->conf->manner) {
    case TLS_SERVER_TLS:
        serve_tls(server, connection);
        shutdown(connection, SHUT_WR);
        break;
    case TLS_SERVER_PLAIN:
        send(connection, PLAIN, sizeof(PLAIN) - 1, MSG_NOSIGNAL);
        shutdown(connection, SHUT_WR);
        break;
    case TLS_SERVER_SILENT:
        break;
    }
    while (recv(connection, byte, sizeof(byte), 0) > 0) {
        continue;
    }
}

/* 0 if the server ends. */
static int hold(tls_server_t *server, int connection)
{
    int goes_on;

    pthread_mutex_lock(&server->lock);
    server->connection = connection;
    goes_on = !server->is_ending;
    pthread_mutex_unlock(&server->lock);
    return goes_on;
}

static void *serve_all(void *baton)
{
    tls_server_t *server = baton;
    int connection;

    while ((connection = accept(server->listener, NULL, NULL)) >= 0) {
        if (hold(server, connection)) {
            serve(server, connection);
        }
        hold(server, -1);
        close(connection);
    }
    return NULL;
}

static apr_status_t server_end(void *baton)
{
    tls_server_t *server = baton;

    pthread_mutex_lock(&server->lock);
    server->is_ending = 1;
    shutdown(server->listener, SHUT_RDWR);
    if (server->connection >= 0) {
        shutdown(server->connection, SHUT_RDWR);
    }
    pthread_mutex_unlock(&server->lock);
    pthread_join(server->thread, NULL);
    pthread_mutex_destroy(&server->lock);
    close(server->listener);
    SSL_CTX_free(server->ctx);
    return APR_SUCCESS;
}

/* A socket bound to a free port. */
static int bind_free(int *port)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);
    int bound = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (bind(bound, (struct sockaddr *)&at, sizeof(at)) != 0
        || getsockname(bound, (struct sockaddr *)&at, &len) != 0) {
        abort();
    }
    *port = ntohs(at.sin_port);
    return bound;
}

tls_server_t *tls_server_start(const tls_server_conf_t *conf, apr_pool_t *pool)
{
    tls_server_t *server = apr_pcalloc(pool, sizeof(*server));

    signal(SIGPIPE, SIG_IGN); /* a client that has seen enough is none of our troubles */
    server->conf = conf;
    server->connection = -1;
    server->ctx = make_ctx(server, pool);
    pthread_mutex_init(&server->lock, NULL);
    server->listener = bind_free(&server->port);
    if (listen(server->listener, 16) != 0
        || pthread_create(&server->thread, NULL, serve_all, server) != 0) {
        abort();
    }
    apr_pool_cleanup_register(pool, server, server_end, apr_pool_cleanup_null);
    return server;
}

ja_endpoint_t tls_server_endpoint(const tls_server_t *server)
{
    return (ja_endpoint_t){ "127.0.0.1", (apr_port_t)server->port };
}

const char *tls_server_sni(tls_server_t *server)
{
    static char name[sizeof(server->sni)];

    pthread_mutex_lock(&server->lock);
    apr_cpystrn(name, server->sni, sizeof(name));
    pthread_mutex_unlock(&server->lock);
    return name;
}

ja_endpoint_t tls_server_nobody(void)
{
    int port;

    close(bind_free(&port));
    return (ja_endpoint_t){ "127.0.0.1", (apr_port_t)port };
}

/* A TLS server on a loopback port, for tests of what a client sees in a handshake. One thread for
 * all connections, one after the other; each is held until the client goes. */
#ifndef JA_TEST_NET_TLS_SERVER_H
#define JA_TEST_NET_TLS_SERVER_H

#include "net/endpoint.h"
#include "pki/cert.h"

typedef enum {
    TLS_SERVER_TLS,
    TLS_SERVER_SILENT, /* accepts, and never says anything */
    TLS_SERVER_PLAIN   /* answers in HTTP without TLS */
} tls_server_manner_t;

typedef struct {
    tls_server_manner_t manner;
    struct {
        const char *pem; /* leaf first */
        const ja_key_t *key;
    } certs[2];         /* of different kinds; pem NULL: none */
    int demands_cert;   /* of its clients */
    int max_version;    /* TLS1_2_VERSION; 0: the newest */
    const char *staple; /* bytes to staple, or NULL */
    apr_size_t staple_len;
} tls_server_conf_t;

typedef struct tls_server_t tls_server_t;

/* Listening when it returns; ends with `pool`. `conf` has to live as long. */
tls_server_t *tls_server_start(const tls_server_conf_t *conf, apr_pool_t *pool);

ja_endpoint_t tls_server_endpoint(const tls_server_t *server);

/* The name that the last handshake asked for; "" if none did. */
const char *tls_server_sni(tls_server_t *server);

/* A port of 127.0.0.1 that nobody listens on. */
ja_endpoint_t tls_server_nobody(void);

#endif

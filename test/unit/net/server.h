/* An HTTP/1.1 server on a loopback port, for tests of the real transport: it sends what the test
 * says, bytes and all. One thread for each connection. */
#ifndef JA_TEST_NET_SERVER_H
#define JA_TEST_NET_SERVER_H

#include <apr_pools.h>

typedef struct server_t server_t;

/* The bytes to send for a request (head and body, NUL-terminated). NULL: nothing, the connection
 * is kept open; "": it is closed. Called from the server's threads. What is returned is freed
 * with free(). */
typedef char *server_fn(void *baton, const char *request);

/* Listening when it returns; ends with `pool`. */
server_t *server_start(server_fn *answer, void *baton, apr_pool_t *pool);

/* "http://127.0.0.1:PORT" + path */
const char *server_url(const server_t *server, const char *path, apr_pool_t *pool);

/* Connections accepted and requests read so far. */
int server_connections(server_t *server);
int server_requests(server_t *server);

/* "HTTP/1.1 200 OK" with a Content-Length, `headers` ("A: b\r\n" or "") and `body`; malloc. */
char *server_reply(const char *headers, const char *body);

#endif

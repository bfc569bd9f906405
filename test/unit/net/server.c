#include "net/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <sys/socket.h>

#include <apr_strings.h>

#define CONNECTIONS_MAX 64
#define REQUEST_MAX     65536

struct server_t {
    server_fn *answer;
    void *baton;
    int listener;
    int port;
    pthread_t acceptor;
    pthread_mutex_t lock;
    pthread_t threads[CONNECTIONS_MAX];
    int sockets[CONNECTIONS_MAX];
    int connections;
    int requests;
};

typedef struct {
    server_t *server;
    int socket;
} connection_t;

/* How long the request at the beginning of `text` is; 0: not all of it is there. */
static size_t request_length(const char *text, size_t len)
{
    const char *end = strstr(text, "\r\n\r\n");
    const char *length = strstr(text, "Content-Length: ");
    size_t need;

    if (!end) {
        return 0;
    }
    need = (size_t)(end + 4 - text);
    if (length && length < end) {
        need += (size_t)atol(length + 16);
    }
    return len >= need ? need : 0;
}

static void count_request(server_t *server)
{
    pthread_mutex_lock(&server->lock);
    server->requests++;
    pthread_mutex_unlock(&server->lock);
}

/* 0 if the connection is to be closed. */
static int answer(const connection_t *connection, const char *request)
{
    char *bytes = connection->server->answer(connection->server->baton, request);
    size_t len = bytes ? strlen(bytes) : 0;
    int goes_on = !bytes
                  || (len > 0 && send(connection->socket, bytes, len, MSG_NOSIGNAL) == (ssize_t)len
                      && !strstr(bytes, "Connection: close"));

    free(bytes);
    return goes_on;
}

static void *serve(void *baton)
{
    connection_t *connection = baton;
    char *text = calloc(1, REQUEST_MAX + 1);
    size_t len = 0;
    size_t one;
    ssize_t got;

    while ((got = recv(connection->socket, text + len, REQUEST_MAX - len, 0)) > 0) {
        len += (size_t)got;
        text[len] = '\0';
        one = request_length(text, len);
        if (one > 0) {
            count_request(connection->server);
            if (!answer(connection, text)) {
                break;
            }
            memmove(text, text + one, len - one + 1);
            len -= one;
        }
    }
    shutdown(connection->socket, SHUT_RDWR);
    free(text);
    free(connection);
    return NULL;
}

static void *accept_all(void *baton)
{
    server_t *server = baton;
    connection_t *connection;
    int accepted;

    while ((accepted = accept(server->listener, NULL, NULL)) >= 0) {
        connection = malloc(sizeof(*connection));
        connection->server = server;
        connection->socket = accepted;
        pthread_mutex_lock(&server->lock);
        server->sockets[server->connections] = accepted;
        pthread_create(&server->threads[server->connections], NULL, serve, connection);
        server->connections++;
        pthread_mutex_unlock(&server->lock);
    }
    return NULL;
}

static apr_status_t server_end(void *data)
{
    server_t *server = data;
    int i;

    shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->acceptor, NULL);
    close(server->listener);
    for (i = 0; i < server->connections; i++) {
        shutdown(server->sockets[i], SHUT_RDWR);
        pthread_join(server->threads[i], NULL);
        close(server->sockets[i]);
    }
    pthread_mutex_destroy(&server->lock);
    return APR_SUCCESS;
}

server_t *server_start(server_fn *fn, void *baton, apr_pool_t *pool)
{
    server_t *server = apr_pcalloc(pool, sizeof(*server));
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);

    server->answer = fn;
    server->baton = baton;
    pthread_mutex_init(&server->lock, NULL);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(server->listener, (struct sockaddr *)&at, sizeof(at)) != 0
        || listen(server->listener, 64) != 0
        || getsockname(server->listener, (struct sockaddr *)&at, &len) != 0) {
        abort();
    }
    server->port = ntohs(at.sin_port);
    pthread_create(&server->acceptor, NULL, accept_all, server);
    apr_pool_cleanup_register(pool, server, server_end, apr_pool_cleanup_null);
    return server;
}

const char *server_url(const server_t *server, const char *path, apr_pool_t *pool)
{
    return apr_psprintf(pool, "http://127.0.0.1:%d%s", server->port, path);
}

static int read_count(server_t *server, const int *count)
{
    int value;

    pthread_mutex_lock(&server->lock);
    value = *count;
    pthread_mutex_unlock(&server->lock);
    return value;
}

int server_connections(server_t *server)
{
    return read_count(server, &server->connections);
}

int server_requests(server_t *server)
{
    return read_count(server, &server->requests);
}

char *server_reply(const char *headers, const char *body)
{
    size_t size = strlen(headers) + strlen(body) + 128;
    char *bytes = malloc(size);

    snprintf(bytes, size, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n%s\r\n%s", strlen(body),
             headers, body);
    return bytes;
}

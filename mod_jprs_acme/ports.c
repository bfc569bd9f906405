#include "ports.h"

#include <string.h>

#include <ap_listen.h>

#include <apr_network_io.h>
#include <apr_strings.h>

/* "127.0.0.1:80", "[::]:443" */
static const char *print(const apr_sockaddr_t *address, apr_pool_t *pool)
{
    char *ip = NULL;
    int is_v6 = address->family == APR_INET6;

    apr_sockaddr_ip_get(&ip, (apr_sockaddr_t *)address);
    return apr_psprintf(pool, "%s%s%s:%d", is_v6 ? "[" : "", ip, is_v6 ? "]" : "", address->port);
}

/* Not all of httpd's listeners are sockets. */
static const char *print_listener(const ap_listen_rec *listener, apr_pool_t *pool)
{
    return listener->bind_addr ? print(listener->bind_addr, pool) : NULL;
}

const char *ja_ports_print(apr_pool_t *pool)
{
    const ap_listen_rec *at;
    const char *all = "";

    for (at = ap_listeners; at; at = at->next) {
        const char *one = print_listener(at, pool);

        if (one) {
            all = apr_pstrcat(pool, all, *all ? " " : "", one, NULL);
        }
    }
    return all;
}

static int has_word(const char *words, const char *wanted)
{
    apr_size_t len = strlen(wanted);
    const char *at;

    for (at = words; (at = strstr(at, wanted)) != NULL; at += len) {
        if ((at == words || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0')) {
            return 1;
        }
    }
    return 0;
}

/* "Listen 80" means all addresses of both kinds. Where the socket for IPv6 takes those of IPv4 as
 * well, httpd makes no other one. */
static int is_running(const char *running, const apr_sockaddr_t *address, apr_pool_t *scratch)
{
    const char *text = print(address, scratch);

    if (has_word(running, text)) {
        return 1;
    }
    return strncmp(text, "0.0.0.0:", 8) == 0
           && has_word(running, apr_psprintf(scratch, "[::]:%d", address->port));
}

/* As httpd does it, but for listening: nobody who connects is to get here. */
static apr_status_t try_bind(apr_sockaddr_t *address, apr_pool_t *scratch)
{
    apr_socket_t *socket;
    apr_status_t status =
        apr_socket_create(&socket, address->family, SOCK_STREAM, APR_PROTO_TCP, scratch);

    if (status != APR_SUCCESS) {
        return status;
    }
    status = apr_socket_opt_set(socket, APR_SO_REUSEADDR, 1);
#if APR_HAVE_IPV6 && !defined(AP_ENABLE_V4_MAPPED)
    if (status == APR_SUCCESS && address->family == APR_INET6) {
        status = apr_socket_opt_set(socket, APR_IPV6_V6ONLY, 1);
    }
#endif
    if (status == APR_SUCCESS) {
        status = apr_socket_bind(socket, address);
    }
    apr_socket_close(socket);
    return status;
}

ja_err_t *ja_ports_check(const char *running, apr_pool_t *scratch)
{
    const ap_listen_rec *at;

    for (at = ap_listeners; at; at = at->next) {
        apr_status_t status;

        if (!at->bind_addr || is_running(running, at->bind_addr, scratch)) {
            continue;
        }
        status = try_bind(at->bind_addr, scratch);
        if (status != APR_SUCCESS) {
            return ja_err_os(JA_E_IO, status, scratch, "Listen %s", print_listener(at, scratch));
        }
    }
    return NULL;
}

/* net/endpoint: where a server can be connected to: an address, never a name, and a port. */
#ifndef JA_NET_ENDPOINT_H
#define JA_NET_ENDPOINT_H

#include <apr_network_io.h>
#include <apr_pools.h>

typedef struct {
    const char *address; /* text: "127.0.0.1", "::1", "fe80::1%eth0" */
    apr_port_t port;
} ja_endpoint_t;

/* "127.0.0.1:443", "[::1]:443" */
const char *ja_endpoint_print(const ja_endpoint_t *endpoint, apr_pool_t *pool);

/* The same address, written in the same way, and the same port? */
int ja_endpoint_is_same(const ja_endpoint_t *a, const ja_endpoint_t *b);

/* Is it an address of this machine, at this moment? Yes if that can't be found out. Makes system
 * calls. */
int ja_endpoint_is_local(const ja_endpoint_t *endpoint);

#endif

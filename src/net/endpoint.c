#include "net/endpoint.h"

#include <ifaddrs.h>
#include <string.h>

#include <arpa/inet.h>

#include <apr_strings.h>

const char *ja_endpoint_print(const ja_endpoint_t *endpoint, apr_pool_t *pool)
{
    int is_v6 = strchr(endpoint->address, ':') != NULL;

    return apr_psprintf(pool, is_v6 ? "[%s]:%d" : "%s:%d", endpoint->address, endpoint->port);
}

int ja_endpoint_is_same(const ja_endpoint_t *a, const ja_endpoint_t *b)
{
    return a->port == b->port && strcmp(a->address, b->address) == 0;
}

typedef struct {
    int family;
    unsigned char bytes[sizeof(struct in6_addr)];
    size_t len;
} address_t;

/* What is behind a "%" is left out: it says by which interface. */
static int parse(address_t *address, const char *text)
{
    int is_v6 = strchr(text, ':') != NULL;
    char bare[INET6_ADDRSTRLEN];

    apr_cpystrn(bare, text, sizeof(bare));
    bare[strcspn(bare, "%")] = '\0';
    address->family = is_v6 ? AF_INET6 : AF_INET;
    address->len = is_v6 ? sizeof(struct in6_addr) : sizeof(struct in_addr);
    return inet_pton(address->family, bare, address->bytes) == 1;
}

static int is_at(const address_t *address, const struct sockaddr *interface)
{
    const void *own;

    if (!interface || interface->sa_family != address->family) {
        return 0;
    }
    own = address->family == AF_INET
              ? (const void *)&((const struct sockaddr_in *)interface)->sin_addr
              : (const void *)&((const struct sockaddr_in6 *)interface)->sin6_addr;
    return memcmp(address->bytes, own, address->len) == 0;
}

/* All of 127.0.0.0/8, RFC 1122 3.2.1.3; interfaces show only the address that they have. */
static int is_loopback(const address_t *address)
{
    return address->family == AF_INET && address->bytes[0] == 127;
}

int ja_endpoint_is_local(const ja_endpoint_t *endpoint)
{
    struct ifaddrs *interfaces;
    struct ifaddrs *one;
    address_t address;
    int found = 0;

    if (!parse(&address, endpoint->address)) {
        return 0;
    }
    if (is_loopback(&address) || getifaddrs(&interfaces) != 0) {
        return 1;
    }
    for (one = interfaces; one && !found; one = one->ifa_next) {
        found = is_at(&address, one->ifa_addr);
    }
    freeifaddrs(interfaces);
    return found;
}

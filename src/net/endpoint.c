#include "net/endpoint.h"

#include <string.h>

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

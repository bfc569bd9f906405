#include "listeners.h"

#include <string.h>

#include <ap_listen.h>

#include <apr_strings.h>

#include "conf.h"
#include "issue/dnsname.h"

#define ENDPOINTS_MAX 16

typedef struct {
    const ja_plan_t *plan;
    apr_hash_t *found;  /* the result */
    apr_hash_t *claims; /* "192.0.2.1:443": what virtual hosts are for; see claim_of() */
    apr_hash_t *known;  /* "127.0.0.1:443 www.example.jp": what is in it */
    apr_pool_t *result;
    apr_pool_t *scratch;
} search_t;

/* --- addresses -------------------------------------------------------------------------------- */

/* 0.0.0.0 or ::, which httpd takes for each other in <VirtualHost>: all addresses. */
static int is_any(const apr_sockaddr_t *address)
{
    static const char ZEROS[16];

    return address->ipaddr_len <= (int)sizeof(ZEROS)
           && memcmp(address->ipaddr_ptr, ZEROS, (size_t)address->ipaddr_len) == 0;
}

/* Does a listener at :: take connections to IPv4 addresses as well? */
static int takes_v4(const ap_listen_rec *listener)
{
    apr_int32_t is_v6_only = 1;

    return listener->bind_addr->family == APR_INET
           || (apr_socket_opt_get(listener->sd, APR_IPV6_V6ONLY, &is_v6_only) == APR_SUCCESS
               && !is_v6_only);
}

/* Does what comes to the address `at` arrive at the listener? */
static int takes(const ap_listen_rec *listener, apr_sockaddr_t *at)
{
    apr_sockaddr_t *bound = listener->bind_addr;

    if (!is_any(bound)) {
        return apr_sockaddr_equal(at, bound);
    }
    return at->family == bound->family || (at->family == APR_INET && takes_v4(listener));
}

static const char *address_text(apr_sockaddr_t *address, apr_pool_t *pool)
{
    char text[64]; /* an IPv6 address with its interface */

    return apr_sockaddr_ip_getbuf(text, sizeof(text), address) == APR_SUCCESS
               ? apr_pstrdup(pool, text)
               : NULL;
}

/* The address at which clients meet the virtual host's address `host` at `listener`, as text; NULL
 * if they don't. */
static const char *meet(const server_addr_rec *host, const ap_listen_rec *listener,
                        apr_pool_t *pool)
{
    apr_sockaddr_t *bound = listener->bind_addr;
    apr_sockaddr_t *at = is_any(host->host_addr) ? bound : host->host_addr;

    if ((host->host_port != 0 && host->host_port != bound->port)
        || (bound->family != APR_INET && bound->family != APR_INET6)) {
        return NULL;
    }
    if (is_any(at)) {
        return takes_v4(listener) ? "127.0.0.1" : "::1";
    }
    return takes(listener, at) ? address_text(at, pool) : NULL;
}

/* "*" stands for all addresses, port 0 for all ports. */
static const char *claim_of(const server_addr_rec *host, apr_port_t port, apr_pool_t *pool)
{
    const char *address = is_any(host->host_addr) ? "*" : address_text(host->host_addr, pool);
    const ja_endpoint_t at = { address ? address : "?", port };

    return ja_endpoint_print(&at, pool);
}

static int is_claimed(const search_t *search, const char *address, apr_port_t port)
{
    const ja_endpoint_t at = { address, port };

    return apr_hash_get(search->claims, ja_endpoint_print(&at, search->scratch),
                        APR_HASH_KEY_STRING)
           != NULL;
}

/* Do connections to `at` go elsewhere, although it is one of the addresses that `host` of `s` is
 * for? A virtual host with one address comes before those for all, and each of them before the main
 * server. One with a port may come before those for all ports. */
static int is_taken(const search_t *search, const ja_endpoint_t *at, const server_addr_rec *host,
                    const server_rec *s)
{
    const char *claim = claim_of(host, at->port, search->scratch);

    if (is_any(host->host_addr)
        && (is_claimed(search, at->address, at->port) || is_claimed(search, at->address, 0))) {
        return 1;
    }
    if (host->host_port == 0 && apr_hash_get(search->claims, claim, APR_HASH_KEY_STRING)) {
        return 1;
    }
    return !s->is_virtual && is_claimed(search, "*", 0);
}

static void add_endpoint(apr_array_header_t *endpoints, const ja_endpoint_t *endpoint)
{
    int i;

    for (i = 0; i < endpoints->nelts; i++) {
        if (ja_endpoint_is_same(&APR_ARRAY_IDX(endpoints, i, ja_endpoint_t), endpoint)) {
            return;
        }
    }
    if (endpoints->nelts < ENDPOINTS_MAX) {
        APR_ARRAY_PUSH(endpoints, ja_endpoint_t) = *endpoint;
    }
}

/* Where clients meet `s`: ja_endpoint_t. */
static const apr_array_header_t *endpoints_of(const search_t *search, const server_rec *s)
{
    apr_array_header_t *endpoints = apr_array_make(search->scratch, 4, sizeof(ja_endpoint_t));
    const ap_listen_rec *listener;
    const server_addr_rec *host;
    ja_endpoint_t at;

    for (host = s->addrs; host; host = host->next) {
        for (listener = ap_listeners; listener; listener = listener->next) {
            at.address = meet(host, listener, search->scratch);
            at.port = listener->bind_addr->port;
            if (at.address && !is_taken(search, &at, host, s)) {
                add_endpoint(endpoints, &at);
            }
        }
    }
    return endpoints;
}

/* --- names ------------------------------------------------------------------------------------ */

static void push(apr_array_header_t *names, const char *name)
{
    APR_ARRAY_PUSH(names, const char *) = name;
}

/* What clients may ask `domain` for, by one name of its virtual host. */
static void add_name(apr_array_header_t *names, const search_t *search,
                     const ja_plan_domain_t *domain, const char *text)
{
    const char *why;
    const char *name = ja_dnsname_parse(text, &why, search->scratch);
    const char *own;
    int i;

    if (name && ja_plan_find(search->plan, name, search->scratch) == domain) {
        push(names, ja_proof_sni(name, search->scratch));
        return;
    }
    for (i = 0; name && i < domain->names->nelts; i++) {
        own = APR_ARRAY_IDX(domain->names, i, const char *);
        if (ja_cert_name_matches(name, own)) {
            push(names, own);
        }
    }
}

static const apr_array_header_t *names_of(const search_t *search, const server_rec *s)
{
    const apr_array_header_t *const lists[] = { s->names, s->wild_names };
    const ja_plan_domain_t *domain = ja_conf_site(s)->domain;
    apr_array_header_t *names = apr_array_make(search->scratch, 4, sizeof(const char *));
    size_t list;
    int i;

    if (s->server_hostname) {
        add_name(names, search, domain, s->server_hostname);
    }
    for (list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
        for (i = 0; lists[list] && i < lists[list]->nelts; i++) {
            add_name(names, search, domain, APR_ARRAY_IDX(lists[list], i, const char *));
        }
    }
    return names;
}

/* --- both ------------------------------------------------------------------------------------- */

static apr_array_header_t *targets_of(const search_t *search, const ja_plan_domain_t *domain)
{
    apr_array_header_t *targets = apr_hash_get(search->found, domain->name, APR_HASH_KEY_STRING);

    if (!targets) {
        targets = apr_array_make(search->result, 4, sizeof(ja_proof_target_t));
        apr_hash_set(search->found, domain->name, APR_HASH_KEY_STRING, targets);
    }
    return targets;
}

/* A name is of one domain only, so what is known is known for it. */
static void add_target(const search_t *search, apr_array_header_t *targets, const ja_endpoint_t *at,
                       const char *name)
{
    const char *key =
        apr_pstrcat(search->scratch, ja_endpoint_print(at, search->scratch), " ", name, NULL);

    if (targets->nelts < JA_PROOF_MAX_TARGETS
        && !apr_hash_get(search->known, key, APR_HASH_KEY_STRING)) {
        apr_hash_set(search->known, key, APR_HASH_KEY_STRING, "");
        APR_ARRAY_PUSH(targets, ja_proof_target_t) =
            (ja_proof_target_t){ { apr_pstrdup(search->result, at->address), at->port },
                                 apr_pstrdup(search->result, name) };
    }
}

static void add_host(const search_t *search, const server_rec *s)
{
    const apr_array_header_t *endpoints = endpoints_of(search, s);
    const apr_array_header_t *names = names_of(search, s);
    apr_array_header_t *targets;
    int i, j;

    if (endpoints->nelts == 0 || names->nelts == 0) {
        return;
    }
    targets = targets_of(search, ja_conf_site(s)->domain);
    for (i = 0; i < endpoints->nelts; i++) {
        for (j = 0; j < names->nelts; j++) {
            add_target(search, targets, &APR_ARRAY_IDX(endpoints, i, ja_endpoint_t),
                       APR_ARRAY_IDX(names, j, const char *));
        }
    }
}

apr_hash_t *ja_listeners_find(server_rec *s, apr_pool_t *result, apr_pool_t *scratch)
{
    search_t search = { .plan = ja_conf_get(s)->plan,
                        .found = apr_hash_make(result),
                        .claims = apr_hash_make(scratch),
                        .known = apr_hash_make(scratch),
                        .result = result,
                        .scratch = scratch };
    const server_rec *host;
    const server_addr_rec *at;

    for (host = s->next; host; host = host->next) {
        for (at = host->addrs; at; at = at->next) {
            apr_hash_set(search.claims, claim_of(at, at->host_port, scratch), APR_HASH_KEY_STRING,
                         "");
        }
    }
    for (host = s; host; host = host->next) {
        if (ja_conf_site(host)->domain && ja_conf_site(host)->has_tls) {
            add_host(&search, host);
        }
    }
    return search.found;
}

#include "conftree.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "issue/dnsname.h"

static int is(const ap_directive_t *node, const char *name)
{
    return apr_cstr_casecmp(node->directive, name) == 0;
}

static const char *place_key(const char *file, unsigned line, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s:%u", file, line);
}

static void init_tls(ja_tls_t *tls, int has_tls, apr_pool_t *pool)
{
    tls->has_tls = has_tls;
    tls->certs = apr_array_make(pool, 1, sizeof(const ap_directive_t *));
    tls->keys = apr_array_make(pool, 1, sizeof(const ap_directive_t *));
    tls->ciphers = NULL;
}

static int is_of_tls13(const ap_directive_t *node, apr_pool_t *pool)
{
    const char *args = node->args;

    return apr_cstr_casecmp(ap_getword_conf(pool, &args), "TLSv1.3") == 0;
}

/* One directive of mod_ssl, as it stands in the main server or a virtual host. */
static void read_tls(ja_tls_t *tls, const ap_directive_t *node, apr_pool_t *pool)
{
    const char *args = node->args;

    if (is(node, "SSLEngine")) {
        tls->has_tls = apr_cstr_casecmp(ap_getword_conf(pool, &args), "off") != 0;
    }
    else if (is(node, "SSLCertificateFile")) {
        APR_ARRAY_PUSH(tls->certs, const ap_directive_t *) = node;
    }
    else if (is(node, "SSLCertificateKeyFile")) {
        APR_ARRAY_PUSH(tls->keys, const ap_directive_t *) = node;
    }
    else if (is(node, "SSLCipherSuite") && !is_of_tls13(node, pool)) {
        tls->ciphers = node;
    }
}

/* Names of a line like "MDomain a.example.jp b.example.jp auto". Words that are no names, like
 * "auto", are none of ours either. */
static void read_md(ja_conftree_t *tree, const ap_directive_t *node, apr_pool_t *pool)
{
    char *rest = apr_pstrdup(pool, node->args);
    const char *name;
    const char *why;
    char *word;

    while ((word = apr_strtok(rest, " \t\"',>", &rest))) {
        name = ja_dnsname_parse(word, &why, pool);
        if (name) {
            apr_hash_set(tree->md_names, name, APR_HASH_KEY_STRING, node);
        }
    }
}

static int is_md(const ap_directive_t *node)
{
    return is(node, "MDomain") || is(node, "<MDomain") || is(node, "<MDomainSet")
           || is(node, "MDMember");
}

/* The nodes of one level and what is below; `tls` is where they are in, NULL for other sections. */
static void read_level(ja_conftree_t *tree, ja_tls_t *tls, const ap_directive_t *node,
                       apr_pool_t *pool)
{
    ja_tls_t *inner;

    for (; node; node = node->next) {
        if (tls) {
            read_tls(tls, node, pool);
        }
        if (is_md(node)) {
            read_md(tree, node, pool);
        }
        inner = NULL;
        if (is(node, "<VirtualHost")) {
            inner = apr_palloc(pool, sizeof(*inner));
            init_tls(inner, -1, pool);
            apr_hash_set(tree->hosts, place_key(node->filename, (unsigned)node->line_num, pool),
                         APR_HASH_KEY_STRING, inner);
        }
        read_level(tree, inner, node->first_child, pool);
    }
}

ja_conftree_t *ja_conftree_read(const ap_directive_t *root, apr_pool_t *pool)
{
    ja_conftree_t *tree = apr_pcalloc(pool, sizeof(*tree));

    tree->hosts = apr_hash_make(pool);
    tree->md_names = apr_hash_make(pool);
    init_tls(&tree->server, 0, pool);
    read_level(tree, &tree->server, root, pool);
    return tree;
}

/* mod_ssl's rules: SSLEngine and SSLCipherSuite of the virtual host win, certificates add up. */
ja_tls_t ja_conftree_tls(const ja_conftree_t *tree, const server_rec *s, apr_pool_t *pool)
{
    const ja_tls_t *host = NULL;
    ja_tls_t tls = tree->server;

    if (s->is_virtual && s->defn_name) {
        host = apr_hash_get(tree->hosts, place_key(s->defn_name, s->defn_line_number, pool),
                            APR_HASH_KEY_STRING);
    }
    if (host) {
        tls.has_tls = host->has_tls >= 0 ? host->has_tls : tls.has_tls;
        tls.certs = apr_array_append(pool, tls.certs, host->certs);
        tls.keys = apr_array_append(pool, tls.keys, host->keys);
        tls.ciphers = host->ciphers ? host->ciphers : tls.ciphers;
    }
    return tls;
}

const char *ja_conftree_ciphers(const ap_directive_t *node, apr_pool_t *pool)
{
    const char *args = node->args;
    const char *first = ap_getword_conf(pool, &args);
    const char *second = ap_getword_conf(pool, &args);

    return *second ? second : first;
}

int ja_conftree_level(const ap_directive_t *ciphers)
{
    static const char LEVEL[] = "@SECLEVEL=";
    const char *at = ciphers ? strstr(ciphers->args, LEVEL) : NULL;

    return at && apr_isdigit(at[strlen(LEVEL)]) ? at[strlen(LEVEL)] - '0' : 0;
}

const char *ja_conftree_path(const ap_directive_t *node, apr_pool_t *pool)
{
    const char *args = node->args;
    const char *word = ap_getword_conf(pool, &args);

    return *word ? ap_server_root_relative(pool, word) : NULL;
}

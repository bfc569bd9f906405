#include "net/url.h"

#include <stdlib.h>
#include <string.h>

#include <arpa/inet.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

/* Text from outside is not repeated in messages before it is known to be plain characters. */
static ja_err_t *bad(const char *text, const char *why, apr_pool_t *pool)
{
    return ja_err_make(JA_E_URL, pool, "the URL \"%s\" %s", text, why);
}

/* "//user:password@": RFC 3986 3.2.1 advises against it, and JA_E_URL has to be told without the
 * text, which may be in a log for long. */
static int has_user(const char *text)
{
    const char *authority = strstr(text, "//");

    return authority && memchr(authority, '@', 2 + strcspn(authority + 2, "/?#")) != NULL;
}

static ja_err_t *check_text(const char *text, apr_pool_t *pool)
{
    apr_size_t len;

    for (len = 0; text[len]; len++) {
        if (len >= JA_URL_MAX) {
            return ja_err_make(JA_E_URL, pool, "a URL is longer than %d characters", JA_URL_MAX);
        }
        if (text[len] < 0x21 || text[len] > 0x7e) {
            return ja_err_make(JA_E_URL, pool,
                               "a URL has a character at position %" APR_SIZE_T_FMT
                               " that is not printable ASCII",
                               len + 1);
        }
    }
    if (has_user(text)) {
        return ja_err_make(JA_E_URL, pool,
                           "a URL has a user name or password before its host name, which is not "
                           "allowed");
    }
    return strchr(text, '#') ? bad(text, "has a fragment", pool) : NULL;
}

/* Is every character of `host` a letter, a digit, or one of `more`? */
static int is_made_of(const char *host, const char *more)
{
    for (; *host; host++) {
        if (!apr_isalnum(*host) && !strchr(more, *host)) {
            return 0;
        }
    }
    return 1;
}

static const char *lower_case(char *text)
{
    char *at;

    for (at = text; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    return text;
}

static int is_loopback(const char *host)
{
    struct in_addr four;
    struct in6_addr six;

    if (inet_pton(AF_INET, host, &four) == 1) {
        return ntohl(four.s_addr) >> 24 == 127;
    }
    if (inet_pton(AF_INET6, host, &six) == 1) {
        return IN6_IS_ADDR_LOOPBACK(&six) != 0;
    }
    return strcmp(host, "localhost") == 0;
}

/* The digits behind the colon; -1 if they are no port. */
static int port_of(const char *digits)
{
    apr_size_t len = strlen(digits);
    long port;

    if (len < 1 || len > 5 || strspn(digits, "0123456789") != len) {
        return -1;
    }
    port = strtol(digits, NULL, 10);
    return port >= 1 && port <= 65535 ? (int)port : -1;
}

/* host, host:port, [v6], [v6]:port: split in place. NULL if it is none of them. */
static char *split_authority(char *authority, char **port)
{
    struct in6_addr six;
    char *end;

    *port = NULL;
    if (authority[0] == '[') {
        end = strchr(authority, ']');
        if (!end || (end[1] != '\0' && end[1] != ':')) {
            return NULL;
        }
        *port = end[1] == ':' ? end + 2 : NULL;
        *end = '\0';
        return inet_pton(AF_INET6, authority + 1, &six) == 1 ? authority + 1 : NULL;
    }
    end = strchr(authority, ':');
    if (end) {
        *port = end + 1;
        *end = '\0';
    }
    return authority[0] && is_made_of(authority, "-._") ? authority : NULL;
}

/* An https URL, or an http one: of loopback, or with `plain_ok` of whatever host. */
static ja_err_t *parse(ja_url_t *url, const char *text, int plain_ok, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    const char *rest;
    char *host;
    char *port;

    JA_TRY(check_text(text, scratch));

    if (apr_cstr_casecmpn(text, "https://", 8) == 0) {
        url->scheme = "https";
        url->port = 443;
        rest = text + 8;
    }
    else if (apr_cstr_casecmpn(text, "http://", 7) == 0) {
        url->scheme = "http";
        url->port = 80;
        rest = text + 7;
    }
    else {
        return bad(text, "does not begin with https://", scratch);
    }

    /* Up to the path or the query. */
    host = split_authority(apr_pstrmemdup(result, rest, strcspn(rest, "/?")), &port);
    if (!host) {
        return bad(text, "has no plain host name or address", scratch);
    }
    url->host = lower_case(host);
    if (port) {
        url->port = port_of(port);
        if (url->port < 0) {
            return bad(text, "has an impossible port", scratch);
        }
    }
    if (!plain_ok && strcmp(url->scheme, "http") == 0 && !is_loopback(url->host)) {
        return bad(text, "is plain http, which is for loopback addresses only", scratch);
    }
    return NULL;
}

ja_err_t *ja_url_parse(ja_url_t *url, const char *text, apr_pool_t *result, apr_pool_t *scratch)
{
    return parse(url, text, 0, result, scratch);
}

ja_err_t *ja_url_check(const char *text, int plain_ok, apr_pool_t *scratch)
{
    ja_url_t url;

    return parse(&url, text, plain_ok, scratch, scratch);
}

int ja_url_is_same_authority(const ja_url_t *a, const ja_url_t *b)
{
    return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port;
}

ja_err_t *ja_url_resolve(const char **absolute, const char *base, const char *reference,
                         apr_pool_t *result, apr_pool_t *scratch)
{
    ja_url_t url;
    const char *path;

    if (reference[0] == '/' && reference[1] != '/') {
        path = strstr(base, "://");
        path = path ? path + 3 : base;
        path += strcspn(path, "/?");
        reference = apr_pstrcat(scratch, apr_pstrmemdup(scratch, base, (apr_size_t)(path - base)),
                                reference, NULL);
    }
    JA_TRY(ja_url_parse(&url, reference, scratch, scratch));
    *absolute = apr_pstrdup(result, reference);
    return NULL;
}

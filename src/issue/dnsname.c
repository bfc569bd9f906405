#include "issue/dnsname.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <idn2.h>

#define SHOWN_MAX 80

/* What was written, for a message: cut, and on one line. */
static const char *shown(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *copy = apr_pstrndup(pool, text, len < SHOWN_MAX ? len : SHOWN_MAX);
    char *at;

    for (at = copy; *at; at++) {
        if (apr_iscntrl(*at)) {
            *at = '?';
        }
    }
    return len <= SHOWN_MAX ? copy : apr_pstrcat(pool, copy, "...", NULL);
}

/* Does it take more than lower case to have A-labels? */
static int needs_idna(const char *text)
{
    while (apr_isascii(*text) && *text) {
        text++;
    }
    return *text != '\0';
}

/* RFC 5891 5. A-labels that came as such are not looked into: the CA decides about them. */
static char *to_ascii(const char *text, const char **why, apr_pool_t *pool)
{
    char *ascii = NULL;
    char *copy;
    int status;

    if (!needs_idna(text)) {
        return apr_pstrdup(pool, text);
    }
    status = idn2_to_ascii_8z(text, &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
    if (status != IDN2_OK) {
        *why = apr_psprintf(pool, "it can't be converted to A-labels: %s", idn2_strerror(status));
        return NULL;
    }
    copy = apr_pstrdup(pool, ascii);
    idn2_free(ascii);
    return copy;
}

/* NULL, or what is wrong with the `len` octets of a label. */
static const char *label_fault(const char *label, apr_size_t len, apr_pool_t *pool)
{
    apr_size_t i;

    if (len == 0) {
        return "it has an empty label (a dot too many)";
    }
    if (memchr(label, '*', len)) {
        return "\"*\" can only be the whole first label, as in *.example.jp";
    }
    for (i = 0; i < len; i++) {
        if (!apr_isalnum(label[i]) && label[i] != '-') {
            return apr_psprintf(pool,
                                "its label \"%s\" has a character that no host name has (only "
                                "letters, digits and \"-\")",
                                shown(label, len, pool));
        }
    }
    if (len > JA_DNSNAME_LABEL_MAX) {
        return apr_psprintf(pool, "its label \"%s\" has %" APR_SIZE_T_FMT " octets; at most %d",
                            shown(label, len, pool), len, JA_DNSNAME_LABEL_MAX);
    }
    if (label[0] == '-' || label[len - 1] == '-') {
        return apr_psprintf(pool, "its label \"%s\" begins or ends with \"-\"",
                            shown(label, len, pool));
    }
    return NULL;
}

static int is_number(const char *label)
{
    return label[strspn(label, "0123456789")] == '\0';
}

/* NULL, or what is wrong with a name that has no "*." before it. */
static const char *name_fault(const char *name, apr_pool_t *pool)
{
    const char *label = name;
    const char *fault;
    const char *dot;

    if (!*name) {
        return "it is empty";
    }
    for (; (dot = strchr(label, '.')); label = dot + 1) {
        fault = label_fault(label, (apr_size_t)(dot - label), pool);
        if (fault) {
            return fault;
        }
    }
    fault = label_fault(label, strlen(label), pool);
    if (fault) {
        return fault;
    }
    if (label == name) {
        return "it has only one label; a name has at least two, as in www.example.jp";
    }
    if (is_number(label)) {
        return "it ends with a number, so it is an IP address or nothing; write a DNS name";
    }
    return NULL;
}

/* Drops the root's dot and makes it lower case, in place. The length that is left. */
static apr_size_t normalize(char *name)
{
    apr_size_t len = strlen(name);
    apr_size_t i;

    if (len > 0 && name[len - 1] == '.') {
        name[--len] = '\0';
    }
    for (i = 0; i < len; i++) {
        name[i] = (char)apr_tolower(name[i]);
    }
    return len;
}

const char *ja_dnsname_parse(const char *text, const char **why, apr_pool_t *pool)
{
    int is_wildcard = strncmp(text, "*.", 2) == 0;
    char *name = to_ascii(is_wildcard ? text + 2 : text, why, pool);
    apr_size_t len;

    if (!name) {
        return NULL;
    }
    len = normalize(name) + (is_wildcard ? 2 : 0);
    if (len > JA_DNSNAME_MAX) {
        *why = apr_psprintf(pool, "it has %" APR_SIZE_T_FMT " octets; at most %d", len,
                            JA_DNSNAME_MAX);
        return NULL;
    }
    *why = name_fault(name, pool);
    if (*why) {
        return NULL;
    }
    return is_wildcard ? apr_pstrcat(pool, "*.", name, NULL) : name;
}

int ja_dnsname_is_wildcard(const char *name)
{
    return name[0] == '*';
}

const char *ja_dnsname_wildcard_of(const char *name, apr_pool_t *pool)
{
    const char *dot = strchr(name, '.');

    if (ja_dnsname_is_wildcard(name) || !dot || !strchr(dot + 1, '.')) {
        return NULL;
    }
    return apr_pstrcat(pool, "*", dot, NULL);
}

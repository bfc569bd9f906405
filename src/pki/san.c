#include "pki/san.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "pki/cert.h"
#include "pki/ossl.h"

#define NAME_MAX_OCTETS 253 /* RFC 1035 2.3.4, as text */
#define CN_MAX_OCTETS   64

JA_OSSL_OWN(own_names, GENERAL_NAMES, GENERAL_NAMES_free)

static int is_name(const char *bytes, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++) {
        if (!apr_isascii(bytes[i]) || !apr_isgraph(bytes[i])) {
            return 0;
        }
    }
    return len > 0 && len <= NAME_MAX_OCTETS;
}

static int append(GENERAL_NAMES *san, const char *name)
{
    GENERAL_NAME *entry = a2i_GENERAL_NAME(NULL, NULL, NULL, GEN_DNS, name, 0);

    if (!entry) {
        return 0;
    }
    if (!sk_GENERAL_NAME_push(san, entry)) {
        GENERAL_NAME_free(entry);
        return 0;
    }
    return 1;
}

ja_err_t *ja_san_make(GENERAL_NAMES **san, const apr_array_header_t *names, apr_pool_t *result,
                      apr_pool_t *scratch)
{
    GENERAL_NAMES *made = own_names(GENERAL_NAMES_new(), result);
    int i;

    if (!made) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "making a list of names");
    }
    if (names->nelts < 1) {
        return ja_err_make(JA_E_INTERNAL, scratch, "no names for a certificate");
    }
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        if (!is_name(name, strlen(name))) {
            return ja_err_make(JA_E_INTERNAL, scratch, "\"%s\" cannot be a name in a certificate",
                               name);
        }
        if (!append(made, name)) {
            return ja_ossl_err(JA_E_CRYPTO, scratch, "adding the name %s", name);
        }
    }
    *san = made;
    return NULL;
}

/* The text of a dNSName, lower case, or NULL if it is not one. */
static char *read_name(const ASN1_STRING *string, apr_pool_t *result)
{
    const char *bytes = (const char *)ASN1_STRING_get0_data(string);
    int len = ASN1_STRING_length(string);
    char *name;
    char *at;

    if (len < 0 || !is_name(bytes, (apr_size_t)len)) {
        return NULL;
    }
    name = apr_pstrmemdup(result, bytes, (apr_size_t)len);
    for (at = name; *at; at++) {
        *at = apr_tolower(*at);
    }
    return name;
}

static ja_err_t *read_all(apr_array_header_t *names, const GENERAL_NAMES *san, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        const GENERAL_NAME *entry = sk_GENERAL_NAME_value(san, i);
        char *name;

        if (entry->type != GEN_DNS) {
            continue;
        }
        name = read_name(entry->d.dNSName, names->pool);
        if (!name) {
            return ja_err_make(JA_E_CERT_BAD, scratch,
                               "dNSName %d of the certificate is not a name", i + 1);
        }
        if (names->nelts == JA_CERT_MAX_NAMES) {
            return ja_err_make(JA_E_CERT_BAD, scratch, "the certificate has more than %d names",
                               JA_CERT_MAX_NAMES);
        }
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    return NULL;
}

ja_err_t *ja_san_read(apr_array_header_t **names, const X509 *cert, apr_pool_t *result,
                      apr_pool_t *scratch)
{
    int found;
    GENERAL_NAMES *san =
        own_names(X509_get_ext_d2i(cert, NID_subject_alt_name, &found, NULL), scratch);

    *names = apr_array_make(result, 4, sizeof(const char *));
    if (san) {
        return read_all(*names, san, scratch);
    }
    switch (found) { /* X509V3_get_d2i(3): why there is nothing */
    case -1:
        return NULL;
    case -2:
        return ja_err_make(JA_E_CERT_BAD, scratch,
                           "the certificate has more than one subjectAltName extension");
    default:
        return ja_ossl_err(JA_E_CERT_BAD, scratch,
                           "the certificate's subjectAltName cannot be read");
    }
}

const char *ja_san_common_name(const apr_array_header_t *names)
{
    const char *first = names->nelts > 0 ? APR_ARRAY_IDX(names, 0, const char *) : NULL;

    return first && strlen(first) <= CN_MAX_OCTETS ? first : NULL;
}

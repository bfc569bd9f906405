#include "pki/pem.h"

#include <limits.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include <openssl/pem.h>

#include "pki/ossl.h"

JA_OSSL_OWN(own_bio, BIO, BIO_free)

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && apr_isspace(*at)) {
        at++;
    }
    return at;
}

static int begins_with(const char *at, const char *end, const char *text)
{
    return (apr_size_t)(end - at) >= strlen(text) && memcmp(at, text, strlen(text)) == 0;
}

/* The end of the block that begins at `at`, or NULL if no whole one of that label does. Base64 has
 * no hyphen, so the first one is the END line's; OpenSSL takes any for the end of the data and
 * skips what follows. */
static const char *block_end(const char *at, const char *end, const char *label,
                             apr_pool_t *scratch)
{
    const char *first = apr_psprintf(scratch, "-----BEGIN %s-----", label);
    const char *last = apr_psprintf(scratch, "-----END %s-----", label);
    const char *hyphen;

    if (!begins_with(at, end, first)) {
        return NULL;
    }
    at += strlen(first);
    hyphen = memchr(at, '-', (apr_size_t)(end - at));
    return hyphen && begins_with(hyphen, end, last) ? hyphen + strlen(last) : NULL;
}

/* The bytes of one block. PEM_FLAG_SECURE has OpenSSL wipe its buffers: the block may be a key. */
static ja_err_t *decode(ja_secret_t **der, const char *block, apr_size_t len, const char *label,
                        apr_pool_t *result, apr_pool_t *scratch)
{
    BIO *bio = len <= INT_MAX ? own_bio(BIO_new_mem_buf(block, (int)len), scratch) : NULL;
    unsigned char *bytes = NULL;
    char *header = NULL;
    char *name = NULL;
    long bytes_len = 0;
    int is_read;

    if (!bio) {
        return ja_ossl_err(JA_E_CRYPTO, scratch, "no buffer for %" APR_SIZE_T_FMT " bytes of PEM",
                           len);
    }
    is_read = PEM_read_bio_ex(bio, &name, &header, &bytes, &bytes_len,
                              PEM_FLAG_SECURE | PEM_FLAG_EAY_COMPATIBLE);
    *der = is_read && !*header ? ja_secret_make(bytes, (apr_size_t)bytes_len, result) : NULL;
    OPENSSL_secure_free(name);
    OPENSSL_secure_free(header);
    OPENSSL_secure_clear_free(bytes, (size_t)bytes_len);
    if (!is_read) {
        return ja_ossl_err(JA_E_SYNTAX, scratch, "%s block of PEM is damaged", label);
    }
    return *der ? NULL
                : ja_err_make(JA_E_SYNTAX, scratch, "%s block of PEM has headers or is encrypted",
                              label);
}

ja_err_t *ja_pem_next(ja_secret_t **der, const char **at, const char *end, const char *label,
                      apr_pool_t *result, apr_pool_t *scratch)
{
    const char *block = skip_space(*at, end);
    const char *rest;

    *der = NULL;
    *at = block;
    if (block == end) {
        return NULL;
    }
    rest = block_end(block, end, label, scratch);
    if (!rest) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "there is something other than whole %s blocks of PEM", label);
    }
    *at = rest;
    return decode(der, block, (apr_size_t)(rest - block), label, result, scratch);
}

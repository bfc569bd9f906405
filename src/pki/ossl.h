/* pki/ossl: what the files that call OpenSSL share: how an error leaves its queue, and how its
 * objects get an owner. For pki/, net/handshake and mod_jprs_acme/. The error queue belongs to the
 * thread, and httpd works on the same threads: a function that calls OpenSSL empties the queue
 * first (what others left there must not get into our messages) and leaves nothing in it, success
 * or not.
 */
#ifndef JA_PKI_OSSL_H
#define JA_PKI_OSSL_H

#include <openssl/bio.h>
#include <openssl/err.h>

#include "base/err.h"

/* `static TYPE *OWN(TYPE *object, apr_pool_t *pool)`: give an object to a pool, which frees it with
 * FREE_FN. NULL is handed through, so one test finds out whether there is an owned object:
 *
 *     X509 *cert = own_cert(X509_new(), pool);
 *     if (!cert) ... */
#define JA_OSSL_OWN(OWN, TYPE, FREE_FN)                                                 \
    static apr_status_t OWN##_ends(void *object)                                        \
    {                                                                                   \
        FREE_FN(object);                                                                \
        return APR_SUCCESS;                                                             \
    }                                                                                   \
    static TYPE *OWN(TYPE *object, apr_pool_t *pool)                                    \
    {                                                                                   \
        if (object) {                                                                   \
            apr_pool_cleanup_register(pool, object, OWN##_ends, apr_pool_cleanup_null); \
        }                                                                               \
        return object;                                                                  \
    }

/* A new error whose text ends in OpenSSL's reasons, oldest first, cut at 256 bytes. Empties the
 * queue. */
ja_err_t *ja_ossl_err_at(const char *file, int line, ja_code_t code, apr_pool_t *pool,
                         const char *fmt, ...)
    __attribute__((format(printf, 5, 6), returns_nonnull)) JA_WARN_UNUSED;
#define ja_ossl_err(...) ja_ossl_err_at(__FILE__, __LINE__, __VA_ARGS__)

/* What a memory BIO holds, as a string of at most `max` bytes: cut there, never within a UTF-8
 * character. */
const char *ja_ossl_bio_text(BIO *bio, apr_size_t max, apr_pool_t *pool);

/* `len` bytes of UTF-8 as a string of at most `max` bytes, cut in the same way. */
const char *ja_ossl_utf8_cut(const char *bytes, apr_size_t len, apr_size_t max, apr_pool_t *pool);

#endif

#include "fixture.h"

#include <string.h>

#include <apr_general.h>
#include <apr_strings.h>

#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "pki/ossl.h"

apr_pool_t *pool;

JA_OSSL_OWN(own_bio, BIO, BIO_free)
JA_OSSL_OWN(own_cert, X509, X509_free)

const mint_t GOOD_ROOT = {
    .cn = "Test Root",
    .basic = "critical,CA:TRUE",
    .usage = "critical,keyCertSign,cRLSign",
    .from_s = -100L * DAY,
    .to_s = 1000L * DAY,
};

const mint_t GOOD_INTERMEDIATE = {
    .cn = "Test Intermediate",
    .basic = "critical,CA:TRUE,pathlen:0",
    .usage = "critical,keyCertSign,cRLSign",
    .from_s = -50L * DAY,
    .to_s = 500L * DAY,
};

const mint_t GOOD_LEAF = {
    .cn = "www.example.jp",
    .san = "DNS:www.example.jp,DNS:*.Example.NET,IP:192.0.2.1",
    .basic = "critical,CA:FALSE",
    .usage = "critical,digitalSignature",
    .extended = "serverAuth,clientAuth",
    .from_s = -HOUR,
    .to_s = 90L * DAY,
};

int test_begins(void **state)
{
    (void)state;
    if (!pool) {
        apr_initialize();
    }
    return apr_pool_create(&pool, NULL) == APR_SUCCESS ? 0 : -1;
}

int test_ends(void **state)
{
    unsigned long left = ERR_peek_error();

    (void)state;
    if (left) {
        print_error("left in OpenSSL's queue: %s\n", ERR_error_string(left, NULL));
        ERR_clear_error();
    }
    apr_pool_destroy(pool);
    return left ? -1 : 0;
}

void works(ja_err_t *err)
{
    if (err) {
        fail_msg("%s:%d: %s", err->file, err->line, ja_err_text(err, pool));
    }
}

void fails(ja_err_t *err, ja_code_t code, const char *part)
{
    const char *text;

    assert_non_null(err);
    text = ja_err_text(err, pool);
    assert_string_equal(ja_err_row(err->code)->name, ja_err_row(code)->name);
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

apr_array_header_t *names_of(const char *first, ...)
{
    apr_array_header_t *names = apr_array_make(pool, 4, sizeof(const char *));
    const char *name;
    va_list args;

    va_start(args, first);
    for (name = first; name; name = va_arg(args, const char *)) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    va_end(args);
    return names;
}

ja_key_t *p256_key(void)
{
    ja_key_t *key;

    works(ja_key_make(&key, JA_KEY_P256, NULL, pool, pool));
    return key;
}

static void add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509_EXTENSION *extension;
    X509V3_CTX ctx;

    if (!value) {
        return;
    }
    X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

X509 *mint(const mint_t *what, const ja_key_t *key, X509 *issuer, const ja_key_t *issuer_key)
{
    X509 *cert = own_cert(X509_new(), pool);
    X509 *by = issuer ? issuer : cert;
    time_t now = apr_time_sec(NOW);
    static long serial;

    assert_non_null(cert);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 0xabc000 + ++serial);
    X509_time_adj_ex(X509_getm_notBefore(cert), 0, what->from_s, &now);
    X509_time_adj_ex(X509_getm_notAfter(cert), 0, what->to_s, &now);
    if (what->cn) {
        X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_UTF8,
                                   (const unsigned char *)what->cn, -1, -1, 0);
    }
    X509_set_issuer_name(cert, X509_get_subject_name(by));
    X509_set_pubkey(cert, ja_key_evp(key));
    add_extension(cert, by, NID_subject_alt_name, what->san);
    add_extension(cert, by, NID_basic_constraints, what->basic);
    add_extension(cert, by, NID_key_usage, what->usage);
    add_extension(cert, by, NID_ext_key_usage, what->extended);
    add_extension(cert, by, NID_info_access, what->access);
    add_extension(cert, by, NID_tlsfeature, what->feature);
    if (what->twist) {
        what->twist(cert);
    }
    assert_true(X509_sign(cert, ja_key_evp(issuer_key), EVP_sha256()) > 0);
    return cert;
}

const char *pem_of(X509 *first, ...)
{
    BIO *bio = own_bio(BIO_new(BIO_s_mem()), pool);
    X509 *cert;
    va_list args;

    va_start(args, first);
    for (cert = first; cert; cert = va_arg(args, X509 *)) {
        assert_int_equal(PEM_write_bio_X509(bio, cert), 1);
    }
    va_end(args);
    return ja_ossl_bio_text(bio, APR_SIZE_MAX, pool);
}

ja_chain_t *chain_of(const char *pem)
{
    ja_chain_t *chain;

    works(ja_chain_parse(&chain, pem, strlen(pem), pool, pool));
    return chain;
}

#include "fixture.h"

#include <string.h>

#include <apr_strings.h>

#include <openssl/x509v3.h>

#include "pki/csr.h"
#include "pki/ossl.h"

JA_OSSL_OWN(own_req, X509_REQ, X509_REQ_free)
JA_OSSL_OWN(own_names, GENERAL_NAMES, GENERAL_NAMES_free)

static X509_REQ *request_of(const ja_key_t *key, const apr_array_header_t *names)
{
    const unsigned char *at;
    ja_bytes_t der;
    X509_REQ *req;

    works(ja_csr_make(&der, key, names, pool, pool));
    at = (const unsigned char *)der.bytes;
    req = own_req(d2i_X509_REQ(NULL, &at, (long)der.len), pool);
    assert_non_null(req);
    assert_ptr_equal(at, der.bytes + der.len);
    assert_int_equal(X509_REQ_verify(req, ja_key_evp(key)), 1);
    return req;
}

static const char *cn_of(X509_REQ *req)
{
    char text[256];

    return X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(req), NID_commonName, text,
                                     sizeof(text))
                   < 0
               ? NULL
               : apr_pstrdup(pool, text);
}

/* The dNSNames of the request, joined by commas. */
static const char *names_in(X509_REQ *req)
{
    STACK_OF(X509_EXTENSION) *extensions = X509_REQ_get_extensions(req);
    GENERAL_NAMES *san =
        own_names(X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL), pool);
    const char *text = "";
    int i;

    assert_int_equal(sk_X509_EXTENSION_num(extensions), 1);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    for (i = 0; i < sk_GENERAL_NAME_num(san); i++) {
        const ASN1_STRING *name = sk_GENERAL_NAME_value(san, i)->d.dNSName;

        assert_int_equal(sk_GENERAL_NAME_value(san, i)->type, GEN_DNS);
        text = apr_psprintf(pool, "%s%s%.*s", text, i ? "," : "", ASN1_STRING_length(name),
                            (const char *)ASN1_STRING_get0_data(name));
    }
    return text;
}

static void all_names_are_sans_and_the_first_is_the_cn(void **state)
{
    X509_REQ *req =
        request_of(p256_key(), names_of("www.example.jp", "example.jp", "*.example.jp", NULL));

    (void)state;
    assert_string_equal(cn_of(req), "www.example.jp");
    assert_string_equal(names_in(req), "www.example.jp,example.jp,*.example.jp");
    assert_int_equal(X509_REQ_get_version(req), X509_REQ_VERSION_1);
}

static void a_long_first_name_is_no_cn(void **state)
{
    const char *name = apr_psprintf(pool, "%060d.%060d.example.jp", 1, 2);
    X509_REQ *req = request_of(p256_key(), names_of(name, "short.jp", NULL));

    (void)state;
    assert_null(cn_of(req));
    assert_int_equal(X509_NAME_entry_count(X509_REQ_get_subject_name(req)), 0);
    assert_string_equal(names_in(req), apr_pstrcat(pool, name, ",short.jp", NULL));
}

static void a_name_of_64_octets_is_the_cn(void **state)
{
    const char *name = apr_psprintf(pool, "%050d.example.co.jp", 1);

    (void)state;
    assert_int_equal(strlen(name), 64);
    assert_string_equal(cn_of(request_of(p256_key(), names_of(name, NULL))), name);
}

static void the_hash_fits_the_key(void **state)
{
    ja_key_t *key;

    (void)state;
    assert_int_equal(X509_REQ_get_signature_nid(request_of(p256_key(), names_of("a.jp", NULL))),
                     NID_ecdsa_with_SHA256);
    works(ja_key_make(&key, JA_KEY_P384, NULL, pool, pool));
    assert_int_equal(X509_REQ_get_signature_nid(request_of(key, names_of("a.jp", NULL))),
                     NID_ecdsa_with_SHA384);
    works(ja_key_make(&key, JA_KEY_RSA2048, NULL, pool, pool));
    assert_int_equal(X509_REQ_get_signature_nid(request_of(key, names_of("a.jp", NULL))),
                     NID_sha256WithRSAEncryption);
}

static void from_1_to_100_names(void **state)
{
    apr_array_header_t *names = names_of(NULL);
    ja_key_t *key = p256_key();
    ja_bytes_t der;

    (void)state;
    fails(ja_csr_make(&der, key, names, pool, pool), JA_E_INTERNAL, "no names");
    while (names->nelts < JA_CSR_MAX_NAMES) {
        APR_ARRAY_PUSH(names, const char *) = apr_psprintf(pool, "n%d.jp", names->nelts);
    }
    request_of(key, names);
    APR_ARRAY_PUSH(names, const char *) = "straw.jp";
    fails(ja_csr_make(&der, key, names, pool, pool), JA_E_INTERNAL, "101 names");
    fails(ja_csr_make(&der, key, names_of("a.jp,DNS:b.jp c", NULL), pool, pool), JA_E_INTERNAL,
          "cannot be a name");
}

/* As OpenSSL writes the key, whatever kind it is. */
static void the_public_key_is_found(void **state)
{
    const apr_array_header_t *names = names_of("www.example.jp", NULL);
    ja_bytes_t der, spki;
    int spec;

    (void)state;
    for (spec = 0; spec < JA_KEY_SPEC_COUNT; spec++) {
        unsigned char *expected = NULL;
        ja_key_t *key;
        int len;

        if (spec == JA_KEY_RSA3072 || spec == JA_KEY_RSA4096) {
            continue; /* slow to make, and no other than RSA-2048 */
        }
        works(ja_key_make(&key, (ja_key_spec_t)spec, NULL, pool, pool));
        len = i2d_PUBKEY(ja_key_evp(key), &expected);
        works(ja_csr_make(&der, key, names, pool, pool));
        assert_true(ja_csr_public_key(&spki, &der));
        assert_int_equal(spki.len, len);
        assert_memory_equal(spki.bytes, expected, spki.len);
        OPENSSL_free(expected);
    }
    for (; der.len > 0; der.len--) { /* cut off anywhere, in a block that ends there */
        ja_bytes_t part = { apr_pmemdup(pool, der.bytes, der.len - 1), der.len - 1 };

        assert_false(ja_csr_public_key(&spki, &part));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_names_are_sans_and_the_first_is_the_cn),
        TEST(a_long_first_name_is_no_cn),
        TEST(a_name_of_64_octets_is_the_cn),
        TEST(the_hash_fits_the_key),
        TEST(from_1_to_100_names),
        TEST(the_public_key_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

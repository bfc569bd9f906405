#include "fixture.h"

#include <string.h>

#include <apr_strings.h>

#include <openssl/x509v3.h>

#include "pki/ossl.h"
#include "pki/san.h"

/* A certificate with exactly these bytes as its one dNSName. */
static const char *raw_name;
static int raw_len;

static void add_raw_name(X509 *cert)
{
    GENERAL_NAMES *san = GENERAL_NAMES_new();
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *string = ASN1_IA5STRING_new();

    ASN1_STRING_set(string, raw_name, raw_len);
    GENERAL_NAME_set0_value(name, GEN_DNS, string);
    sk_GENERAL_NAME_push(san, name);
    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, X509V3_ADD_APPEND), 1);
    GENERAL_NAMES_free(san);
}

static X509 *cert_with(const char *san, void (*twist)(X509 *cert))
{
    const mint_t what = { .cn = "x", .san = san, .to_s = DAY, .twist = twist };
    ja_key_t *key = p256_key();

    return mint(&what, key, NULL, key);
}

static void dns_names_are_read_in_lower_case(void **state)
{
    apr_array_header_t *names;

    (void)state;
    works(ja_san_read(
        &names, cert_with("DNS:WWW.Example.JP,IP:192.0.2.1,email:a@example.jp,DNS:*.b.jp", NULL),
        pool, pool));
    assert_int_equal(names->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "www.example.jp");
    assert_string_equal(APR_ARRAY_IDX(names, 1, const char *), "*.b.jp");
}

static void none_is_no_error(void **state)
{
    apr_array_header_t *names;

    (void)state;
    works(ja_san_read(&names, cert_with(NULL, NULL), pool, pool));
    assert_int_equal(names->nelts, 0);
    works(ja_san_read(&names, cert_with("IP:192.0.2.1", NULL), pool, pool));
    assert_int_equal(names->nelts, 0);
}

/* An extension with no name in it at all: SEQUENCE of nothing. */
static void add_empty_san(X509 *cert)
{
    GENERAL_NAMES *san = GENERAL_NAMES_new();

    assert_int_equal(X509_add1_ext_i2d(cert, NID_subject_alt_name, san, 0, X509V3_ADD_APPEND), 1);
    GENERAL_NAMES_free(san);
}

static void an_empty_extension_has_no_names(void **state)
{
    apr_array_header_t *names;

    (void)state;
    works(ja_san_read(&names, cert_with(NULL, add_empty_san), pool, pool));
    assert_int_equal(names->nelts, 0);
}

static void what_is_no_name_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        int len;
    } BAD[] = {
        { "www.example.jp\0.evil.jp", 23 }, { "www.example.jp\0", 15 }, { "", 0 },
        { "www example.jp", 14 },           { "www.example.jp\n", 15 }, { "\xe6\x97\xa5.jp", 6 },
    };
    apr_array_header_t *names;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        raw_name = BAD[i].bytes;
        raw_len = BAD[i].len;
        fails(ja_san_read(&names, cert_with(NULL, add_raw_name), pool, pool), JA_E_CERT_BAD,
              "dNSName 1 of the certificate is not a name");
    }
}

static void names_have_253_octets_at_most(void **state)
{
    apr_array_header_t *names;

    (void)state;
    raw_name = apr_psprintf(pool, "%0254d", 1);
    raw_len = 253;
    works(ja_san_read(&names, cert_with(NULL, add_raw_name), pool, pool));
    raw_len = 254;
    fails(ja_san_read(&names, cert_with(NULL, add_raw_name), pool, pool), JA_E_CERT_BAD,
          "not a name");
}

static void too_many_names_are_refused(void **state)
{
    const char *san = "DNS:n0.jp";
    apr_array_header_t *names;
    int i;

    (void)state;
    for (i = 1; i < JA_CERT_MAX_NAMES; i++) {
        san = apr_psprintf(pool, "%s,DNS:n%d.jp", san, i);
    }
    works(ja_san_read(&names, cert_with(san, NULL), pool, pool));
    assert_int_equal(names->nelts, JA_CERT_MAX_NAMES);
    san = apr_pstrcat(pool, san, ",DNS:straw.jp", NULL);
    fails(ja_san_read(&names, cert_with(san, NULL), pool, pool), JA_E_CERT_BAD,
          "more than 200 names");
}

static void two_extensions_are_refused(void **state)
{
    apr_array_header_t *names;

    (void)state;
    raw_name = "b.jp";
    raw_len = 4;
    fails(ja_san_read(&names, cert_with("DNS:a.jp", add_raw_name), pool, pool), JA_E_CERT_BAD,
          "more than one");
}

static void add_garbage(X509 *cert)
{
    ASN1_OCTET_STRING *garbage = ASN1_OCTET_STRING_new();
    X509_EXTENSION *extension;

    ASN1_OCTET_STRING_set(garbage, (const unsigned char *)"\x30\x82\xff\xff\x82", 5);
    extension = X509_EXTENSION_create_by_NID(NULL, NID_subject_alt_name, 0, garbage);
    X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(garbage);
}

static void garbage_is_refused(void **state)
{
    apr_array_header_t *names;

    (void)state;
    fails(ja_san_read(&names, cert_with(NULL, add_garbage), pool, pool), JA_E_CERT_BAD,
          "cannot be read");
}

static void names_are_made_in_order(void **state)
{
    const GENERAL_NAME *second;
    GENERAL_NAMES *san;

    (void)state;
    works(ja_san_make(&san, names_of("a.jp", "*.b.jp", NULL), pool, pool));
    assert_int_equal(sk_GENERAL_NAME_num(san), 2);
    second = sk_GENERAL_NAME_value(san, 1);
    assert_int_equal(second->type, GEN_DNS);
    assert_memory_equal(ASN1_STRING_get0_data(second->d.dNSName), "*.b.jp", 6);
}

static void only_names_are_made(void **state)
{
    GENERAL_NAMES *san;

    (void)state;
    fails(ja_san_make(&san, names_of(NULL), pool, pool), JA_E_INTERNAL, "no names");
    fails(ja_san_make(&san, names_of("a.jp", "", NULL), pool, pool), JA_E_INTERNAL,
          "\"\" cannot be");
    fails(ja_san_make(&san, names_of("a.jp\nb.jp", NULL), pool, pool), JA_E_INTERNAL,
          "cannot be a name");
}

static void the_common_name_has_64_octets_at_most(void **state)
{
    const char *longest = apr_psprintf(pool, "%061d.jp", 1);
    const char *too_long = apr_psprintf(pool, "%062d.jp", 1);

    (void)state;
    assert_string_equal(ja_san_common_name(names_of(longest, "b.jp", NULL)), longest);
    assert_null(ja_san_common_name(names_of(too_long, "b.jp", NULL)));
    assert_null(ja_san_common_name(names_of(NULL)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(dns_names_are_read_in_lower_case),
        TEST(none_is_no_error),
        TEST(an_empty_extension_has_no_names),
        TEST(what_is_no_name_is_refused),
        TEST(names_have_253_octets_at_most),
        TEST(too_many_names_are_refused),
        TEST(two_extensions_are_refused),
        TEST(garbage_is_refused),
        TEST(names_are_made_in_order),
        TEST(only_names_are_made),
        TEST(the_common_name_has_64_octets_at_most),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

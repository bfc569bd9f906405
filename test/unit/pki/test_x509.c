#include "fixture.h"

#include <string.h>

#include <apr_strings.h>

#include "pki/x509.h"

static apr_time_t time_of(const char *text)
{
    ASN1_TIME *time = ASN1_TIME_new();
    apr_time_t at;

    assert_int_equal(ASN1_TIME_set_string(time, text), 1);
    works(ja_x509_time(&at, time, pool));
    ASN1_TIME_free(time);
    return at;
}

static void times_are_utc(void **state)
{
    (void)state;
    assert_true(time_of("300101000000Z") == NOW);   /* UTCTime, years 1950 to 2049 */
    assert_true(time_of("20300101000000Z") == NOW); /* GeneralizedTime */
    assert_true(time_of("700101000000Z") == 0);
    assert_true(time_of("20000229235959Z") == apr_time_from_sec(951868799));
    assert_true(time_of("99991231235959Z") == apr_time_from_sec(APR_INT64_C(253402300799)));
}

static void other_times_are_refused(void **state)
{
    ASN1_TIME *time = ASN1_TIME_new();
    apr_time_t at;

    (void)state;
    fails(ja_x509_time(&at, NULL, pool), JA_E_CERT_BAD, "cannot be read");
    ASN1_STRING_set(time, "soon", 4);
    fails(ja_x509_time(&at, time, pool), JA_E_CERT_BAD, "cannot be read");
    ASN1_TIME_set_string(time, "19691231235959Z");
    fails(ja_x509_time(&at, time, pool), JA_E_CERT_BAD, "1969");
    ASN1_TIME_set_string(time, "00000101000000Z");
    fails(ja_x509_time(&at, time, pool), JA_E_CERT_BAD, "year 0");
    ASN1_TIME_free(time);
}

static X509_NAME *name_of(int nid, int type, const char *bytes, int len)
{
    X509_NAME *name = X509_NAME_new();

    X509_NAME_add_entry_by_NID(name, nid, type, (const unsigned char *)bytes, len, -1, 0);
    return name;
}

static void expect_name(X509_NAME *name, const char *text)
{
    assert_string_equal(ja_x509_name(name, pool, pool), text);
    X509_NAME_free(name);
}

static void a_name_is_its_cn_or_one_line(void **state)
{
    X509_NAME *both = name_of(NID_organizationName, MBSTRING_UTF8, "Example", -1);

    (void)state;
    X509_NAME_add_entry_by_NID(both, NID_commonName, MBSTRING_UTF8, (const unsigned char *)"CA 1",
                               -1, -1, 0);
    expect_name(both, "CA 1");
    expect_name(name_of(NID_organizationName, MBSTRING_UTF8, "\xe6\x97\xa5\xe6\x9c\xac", -1),
                "O = \\E6\\97\\A5\\E6\\9C\\AC");
    expect_name(X509_NAME_new(), "");
    expect_name(name_of(NID_commonName, V_ASN1_BMPSTRING, "\x65\xe5\x67\x2c", 4),
                "\xe6\x97\xa5\xe6\x9c\xac");
}

static void damaged_names_do_no_harm(void **state)
{
    X509_NAME *half = name_of(NID_commonName, V_ASN1_BMPSTRING, "\x65\xe5", 2);

    (void)state;
    ASN1_STRING_set(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(half, 0)), "\x65", 1);
    expect_name(half, "?");
    expect_name(name_of(NID_commonName, V_ASN1_UTF8STRING, "\xff\xfe", 2), "CN = \\FF\\FE");
    expect_name(name_of(NID_commonName, V_ASN1_UTF8STRING, "a\0b", 3), "a");
}

static void long_names_are_cut(void **state)
{
    X509_NAME *name =
        name_of(NID_commonName, V_ASN1_UTF8STRING, apr_psprintf(pool, "%01000d", 1), 1000);

    (void)state;
    assert_int_equal(strlen(ja_x509_name(name, pool, pool)), JA_X509_TEXT_MAX);
    X509_NAME_free(name);
}

static void serials_are_hex(void **state)
{
    X509 *cert = X509_new();
    ASN1_INTEGER *serial = X509_get_serialNumber(cert);
    char many[300];

    (void)state;
    ASN1_INTEGER_set(serial, 0xABC);
    assert_string_equal(ja_x509_serial(cert, pool, pool), "0abc");
    ASN1_INTEGER_set(serial, 0);
    assert_string_equal(ja_x509_serial(cert, pool, pool), "0");
    memset(many, 0x7f, sizeof(many));
    ASN1_STRING_set(serial, many, sizeof(many));
    assert_int_equal(strlen(ja_x509_serial(cert, pool, pool)), JA_X509_TEXT_MAX);
    X509_free(cert);
}

static X509 *minted(const char *access, const char *feature)
{
    mint_t what = GOOD_LEAF;
    ja_key_t *key = p256_key();

    what.access = access;
    what.feature = feature;
    return mint(&what, key, NULL, key);
}

static void expect_url(const char *access, const char *url)
{
    const char *found = ja_x509_ocsp_url(minted(access, NULL), pool);

    if (!url) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found, url);
}

static void the_first_responder_with_http_counts(void **state)
{
    (void)state;
    expect_url(NULL, NULL);
    expect_url("OCSP;URI:http://ocsp.example/", "http://ocsp.example/");
    expect_url("OCSP;URI:HTTPS://ocsp.example", "HTTPS://ocsp.example");
    expect_url("caIssuers;URI:http://ca.example/ca.der", NULL);
    expect_url("OCSP;URI:ldap://ldap.example/", NULL);
    expect_url("OCSP;email:ocsp@example.jp", NULL);
    expect_url("caIssuers;URI:http://ca.example/,OCSP;URI:ldap://a.example/,"
               "OCSP;URI:http://b.example/,OCSP;URI:http://c.example/",
               "http://b.example/");
}

static void odd_responders_are_passed_over(void **state)
{
    const char *longest = apr_psprintf(pool, "http://a.example/%0*d", JA_X509_URL_MAX - 17, 1);

    (void)state;
    assert_int_equal(strlen(longest), JA_X509_URL_MAX);
    expect_url(apr_pstrcat(pool, "OCSP;URI:", longest, NULL), longest);
    expect_url(apr_pstrcat(pool, "OCSP;URI:", longest, "1", NULL), NULL);
    expect_url("OCSP;URI:http://a.example/a b", NULL);
    expect_url("OCSP;URI:http://\xe6\x97\xa5.example/", NULL);
}

static void stapling_may_be_demanded(void **state)
{
    (void)state;
    assert_false(ja_x509_must_staple(minted(NULL, NULL)));
    assert_true(ja_x509_must_staple(minted(NULL, "status_request")));
    assert_true(ja_x509_must_staple(minted(NULL, "status_request_v2,status_request")));
    assert_false(ja_x509_must_staple(minted(NULL, "status_request_v2"))); /* RFC 6961 */
}

/* Both extensions with bytes that are no ASN.1. */
static void add_rubbish(X509 *cert)
{
    static const int NIDS[] = { NID_info_access, NID_tlsfeature };
    ASN1_OCTET_STRING *rubbish = ASN1_OCTET_STRING_new();
    unsigned i;

    ASN1_OCTET_STRING_set(rubbish, (const unsigned char *)"rubbish", 7);
    for (i = 0; i < 2; i++) {
        X509_EXTENSION *extension = X509_EXTENSION_create_by_NID(NULL, NIDS[i], 0, rubbish);

        X509_add_ext(cert, extension, -1);
        X509_EXTENSION_free(extension);
    }
    ASN1_OCTET_STRING_free(rubbish);
}

static void damaged_extensions_say_nothing(void **state)
{
    mint_t what = GOOD_LEAF;
    ja_key_t *key = p256_key();
    X509 *cert;

    (void)state;
    what.twist = add_rubbish;
    cert = mint(&what, key, NULL, key);
    assert_null(ja_x509_ocsp_url(cert, pool));
    assert_false(ja_x509_must_staple(cert));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(times_are_utc),
        TEST(other_times_are_refused),
        TEST(a_name_is_its_cn_or_one_line),
        TEST(damaged_names_do_no_harm),
        TEST(long_names_are_cut),
        TEST(serials_are_hex),
        TEST(the_first_responder_with_http_counts),
        TEST(odd_responders_are_passed_over),
        TEST(stapling_may_be_demanded),
        TEST(damaged_extensions_say_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

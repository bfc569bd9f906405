#include "responder.h"

#include <string.h>

#include <apr_strings.h>

#define URL "http://ocsp.example"

static issued_t issued;

static int issue(void **state)
{
    int rv = test_begins(state);

    issued = issue_leaf("OCSP;URI:" URL "/");
    return rv;
}
#define OCSP_TEST(FN) cmocka_unit_test_setup_teardown(FN, issue, test_ends)

static ja_err_t *read_bytes(ja_ocsp_facts_t *facts, const ja_bytes_t *der)
{
    return ja_ocsp_read(facts, issued.chain, der->bytes, der->len, NOW, pool);
}

static ja_ocsp_facts_t facts_of(const response_t *what)
{
    ja_bytes_t der = respond(what, &issued);
    ja_ocsp_facts_t facts;

    works(read_bytes(&facts, &der));
    return facts;
}

static void is_refused(const response_t *what, ja_code_t code, const char *part)
{
    ja_bytes_t der = respond(what, &issued);
    ja_ocsp_facts_t facts = { .status = 77 };

    fails(read_bytes(&facts, &der), code, part);
    assert_int_equal(facts.status, 77);
}

/* ---- the question ---------------------------------------------------------------------------- */

static void a_request_asks_about_the_leaf(void **state)
{
    OCSP_CERTID *ours = OCSP_cert_to_id(EVP_sha1(), issued.leaf, issued.issuer);
    const unsigned char *at;
    OCSP_REQUEST *request;
    ja_bytes_t der;

    (void)state;
    works(ja_ocsp_request(&der, issued.chain, pool, pool));
    at = (const unsigned char *)der.bytes;
    request = d2i_OCSP_REQUEST(NULL, &at, (long)der.len);
    assert_non_null(request);
    assert_ptr_equal(at, der.bytes + der.len);
    assert_int_equal(OCSP_request_onereq_count(request), 1);
    assert_int_equal(OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(request, 0)), ours),
                     0);
    assert_int_equal(OCSP_REQUEST_get_ext_count(request), 0); /* no nonce: caches may answer */
    OCSP_REQUEST_free(request);
    OCSP_CERTID_free(ours);
}

static void without_its_issuer_nothing_can_be_asked(void **state)
{
    ja_key_t *key = p256_key();
    X509 *other = mint(&GOOD_ROOT, key, NULL, key);
    ja_bytes_t der, response = respond(&GOOD_RESPONSE, &issued);
    ja_ocsp_facts_t facts;

    (void)state;
    issued.chain = chain_of(pem_of(issued.leaf, NULL));
    fails(ja_ocsp_request(&der, issued.chain, pool, pool), JA_E_CERT_BAD, "Test Intermediate");
    fails(read_bytes(&facts, &response), JA_E_CERT_BAD, "Test Intermediate");
    issued.chain = chain_of(pem_of(issued.leaf, other, NULL));
    fails(ja_ocsp_request(&der, issued.chain, pool, pool), JA_E_CERT_BAD, "Test Root");
    fails(read_bytes(&facts, &response), JA_E_CERT_BAD, "Test Root");
}

static void get_has_the_request_in_its_url(void **state)
{
    const ja_bytes_t request = { "\xfb\xff\xfe\x01", 4 }; /* base64: +//+AQ== */

    (void)state;
    assert_string_equal(ja_ocsp_get_url(URL, &request, pool), URL "/%2B%2F%2F%2BAQ%3D%3D");
    assert_string_equal(ja_ocsp_get_url(URL "/", &request, pool), URL "/%2B%2F%2F%2BAQ%3D%3D");
    assert_string_equal(ja_ocsp_get_url(URL "/a", &request, pool), URL "/a/%2B%2F%2F%2BAQ%3D%3D");
    assert_null(ja_ocsp_get_url(URL "/?q", &request, pool));
}

static void get_has_a_limit(void **state)
{
    char bytes[1000] = { 0 };
    ja_bytes_t request = { bytes, 189 }; /* 252 characters */
    ja_bytes_t real;

    (void)state;
    assert_int_equal(strlen(ja_ocsp_get_url(URL, &request, pool)), strlen(URL) + 1 + 252);
    request.len = 190;
    assert_null(ja_ocsp_get_url(URL, &request, pool));
    request.len = sizeof(bytes);
    assert_null(ja_ocsp_get_url(URL, &request, pool));
    memset(bytes, 0xff, sizeof(bytes)); /* each character three */
    request.len = 66;
    assert_null(ja_ocsp_get_url(URL, &request, pool));
    works(ja_ocsp_request(&real, issued.chain, pool, pool));
    assert_non_null(ja_ocsp_get_url(URL, &real, pool));
}

/* ---- answers --------------------------------------------------------------------------------- */

static void good_is_read(void **state)
{
    ja_ocsp_facts_t facts = facts_of(&GOOD_RESPONSE);

    (void)state;
    assert_int_equal(facts.status, JA_OCSP_GOOD);
    assert_true(facts.produced_at == NOW - apr_time_from_sec(HOUR));
    assert_true(facts.this_update == NOW - apr_time_from_sec(HOUR));
    assert_true(facts.next_update == NOW + apr_time_from_sec(7L * DAY));
    assert_true(ja_ocsp_until(&facts) == facts.next_update);
    assert_true(facts.revoked_at == 0);
    assert_int_equal(facts.reason, -1);
}

static void revoked_is_read(void **state)
{
    response_t what = GOOD_RESPONSE;
    ja_ocsp_facts_t facts;

    (void)state;
    what.status = V_OCSP_CERTSTATUS_REVOKED;
    what.revoked_s = -2L * HOUR;
    what.reason = OCSP_REVOKED_STATUS_KEYCOMPROMISE;
    facts = facts_of(&what);
    assert_int_equal(facts.status, JA_OCSP_REVOKED);
    assert_true(facts.revoked_at == NOW - apr_time_from_sec(2L * HOUR));
    assert_int_equal(facts.reason, 1);
    what.reason = OCSP_REVOKED_STATUS_NOSTATUS;
    assert_int_equal(facts_of(&what).reason, -1);
}

static void unknown_is_an_answer(void **state)
{
    response_t what = GOOD_RESPONSE;

    (void)state;
    what.status = V_OCSP_CERTSTATUS_UNKNOWN;
    assert_int_equal(facts_of(&what).status, JA_OCSP_UNKNOWN);
    assert_string_equal(ja_enumstr_print(&ja_ocsp_status_names, JA_OCSP_UNKNOWN), "unknown");
}

static void an_end_may_be_left_out(void **state)
{
    response_t what = GOOD_RESPONSE;
    ja_ocsp_facts_t facts;

    (void)state;
    what.next_s = 0;
    facts = facts_of(&what);
    assert_true(facts.next_update == 0);
    assert_true(ja_ocsp_until(&facts) == facts.this_update + JA_OCSP_AGE_MAX);
    what.this_s = -7L * DAY;
    is_refused(&what, JA_E_OCSP_BAD, "out of date");
}

static void times_have_to_fit(void **state)
{
    response_t what = GOOD_RESPONSE;

    (void)state;
    what.this_s = 300;
    facts_of(&what);
    what.this_s = 301;
    is_refused(&what, JA_E_OCSP_BAD, "301 s ahead");
    what.this_s = -HOUR;
    what.next_s = 1;
    facts_of(&what);
    what.next_s = -1;
    is_refused(&what, JA_E_OCSP_BAD, "out of date");
    what.next_s = -HOUR;
    is_refused(&what, JA_E_OCSP_BAD, "before it begins");
}

static void a_refusal_is_named(void **state)
{
    response_t what = GOOD_RESPONSE;

    (void)state;
    what.refusal = OCSP_RESPONSE_STATUS_TRYLATER;
    is_refused(&what, JA_E_OCSP_REFUSED, "tryLater (3)");
    what.refusal = OCSP_RESPONSE_STATUS_UNAUTHORIZED;
    is_refused(&what, JA_E_OCSP_REFUSED, "unauthorized (6)");
    what.refusal = OCSP_RESPONSE_STATUS_INTERNALERROR;
    is_refused(&what, JA_E_OCSP_REFUSED, "internalError (2)");
    what.refusal = OCSP_RESPONSE_STATUS_MALFORMEDREQUEST;
    is_refused(&what, JA_E_OCSP_REFUSED, "malformedRequest (1)");
    what.refusal = OCSP_RESPONSE_STATUS_SIGREQUIRED;
    is_refused(&what, JA_E_OCSP_REFUSED, "sigRequired (5)");
    what.refusal = 4;
    is_refused(&what, JA_E_OCSP_REFUSED, "unknown (4)");
    what.refusal = 77;
    is_refused(&what, JA_E_OCSP_REFUSED, "unknown (77)");
}

static void the_id_may_be_by_sha256(void **state)
{
    response_t what = GOOD_RESPONSE;

    (void)state;
    what.has_sha256_id = 1;
    assert_int_equal(facts_of(&what).status, JA_OCSP_GOOD);
}

static void the_leaf_is_found_among_others(void **state)
{
    response_t what = GOOD_RESPONSE;
    ja_key_t *key = p256_key();

    (void)state;
    what.also_about = mint(&GOOD_LEAF, key, issued.issuer, issued.issuer_key);
    assert_int_equal(facts_of(&what).status, JA_OCSP_GOOD);
}

/* ---- whom to believe ------------------------------------------------------------------------- */

static void another_certificates_answer_is_refused(void **state)
{
    issued_t other = issued;
    ja_key_t *key = p256_key();
    ja_ocsp_facts_t facts;
    ja_bytes_t der;

    (void)state;
    other.leaf = mint(&GOOD_LEAF, key, issued.issuer, issued.issuer_key);
    der = respond(&GOOD_RESPONSE, &other);
    fails(read_bytes(&facts, &der), JA_E_OCSP_BAD, "another certificate");

    /* Same names, same number, another CA. */
    other = issue_leaf(NULL);
    X509_set_serialNumber(other.leaf, X509_get_serialNumber(issued.leaf));
    der = respond(&GOOD_RESPONSE, &other);
    fails(read_bytes(&facts, &der), JA_E_OCSP_BAD, "another certificate");
}

static void a_foreign_signature_is_refused(void **state)
{
    response_t what = GOOD_RESPONSE;
    ja_key_t *key = p256_key();

    (void)state;
    what.signer = mint(&GOOD_INTERMEDIATE, key, NULL, key); /* of the issuer's name */
    what.signer_key = key;
    is_refused(&what, JA_E_OCSP_BAD, "signature");
    what.enclosed = what.signer;
    is_refused(&what, JA_E_OCSP_BAD, "signature");
    what.has_key_id = 1;
    is_refused(&what, JA_E_OCSP_BAD, "not by the issuer");
    what.enclosed = NULL;
    is_refused(&what, JA_E_OCSP_BAD, "certificate is not in it");
}

static void a_changed_byte_is_refused(void **state)
{
    ja_bytes_t der = respond(&GOOD_RESPONSE, &issued);
    char *bytes = (char *)der.bytes;
    ja_ocsp_facts_t facts;
    apr_size_t i;

    (void)state;
    for (i = 0; i < der.len; i++) {
        apr_pool_t *each;

        apr_pool_create(&each, pool);
        bytes[i] ^= 1;
        assert_non_null(ja_ocsp_read(&facts, issued.chain, bytes, der.len, NOW, each));
        bytes[i] ^= 1;
        apr_pool_destroy(each);
    }
    works(read_bytes(&facts, &der));
}

static response_t delegated_as(const mint_t *responder)
{
    response_t what = GOOD_RESPONSE;
    ja_key_t *key = p256_key();

    what.signer = mint(responder, key, issued.issuer, issued.issuer_key);
    what.signer_key = key;
    what.enclosed = what.signer;
    return what;
}

static void a_delegate_is_believed(void **state)
{
    response_t what = delegated_as(&GOOD_RESPONDER);

    (void)state;
    assert_int_equal(facts_of(&what).status, JA_OCSP_GOOD);
    what.has_key_id = 1;
    assert_int_equal(facts_of(&what).status, JA_OCSP_GOOD);
    what.enclosed = NULL;
    is_refused(&what, JA_E_OCSP_BAD, "certificate is not in it");
}

static void a_delegate_needs_the_right(void **state)
{
    mint_t responder = GOOD_RESPONDER;
    response_t what;

    (void)state;
    responder.extended = "serverAuth";
    what = delegated_as(&responder);
    is_refused(&what, JA_E_OCSP_BAD, "may not");
    responder.extended = NULL; /* not limited is not enough: RFC 6960 4.2.2.2 */
    what = delegated_as(&responder);
    is_refused(&what, JA_E_OCSP_BAD, "may not");
    responder.extended = "OCSPSigning";
    responder.usage = "critical,keyAgreement";
    what = delegated_as(&responder);
    is_refused(&what, JA_E_OCSP_BAD, "may not");
    responder.usage = NULL;
    what = delegated_as(&responder);
    facts_of(&what);
}

static void a_delegate_has_to_be_valid(void **state)
{
    mint_t responder = GOOD_RESPONDER;
    response_t what;

    (void)state;
    responder.to_s = -1;
    what = delegated_as(&responder);
    is_refused(&what, JA_E_OCSP_BAD, "not valid now");
    responder.to_s = 30L * DAY;
    responder.from_s = DAY;
    what = delegated_as(&responder);
    is_refused(&what, JA_E_OCSP_BAD, "not valid now");
}

static void a_delegate_of_somebody_else_is_refused(void **state)
{
    response_t what = GOOD_RESPONSE;
    issued_t other = issue_leaf(NULL); /* its issuer has the same name */
    ja_key_t *key = p256_key();

    (void)state;
    what.signer = mint(&GOOD_RESPONDER, key, other.issuer, other.issuer_key);
    what.signer_key = key;
    what.enclosed = what.signer;
    is_refused(&what, JA_E_OCSP_BAD, "not by the issuer");

    /* The leaf itself, which the issuer has signed as well. */
    what.signer = mint(&GOOD_LEAF, key, issued.issuer, issued.issuer_key);
    what.enclosed = what.signer;
    is_refused(&what, JA_E_OCSP_BAD, "may not");
}

/* ---- bytes ----------------------------------------------------------------------------------- */

static void other_bytes_are_refused(void **state)
{
    ja_bytes_t der = respond(&GOOD_RESPONSE, &issued);
    char *large = apr_pcalloc(pool, JA_OCSP_MAX_BYTES + 1);
    ja_ocsp_facts_t facts;
    ja_bytes_t bytes = { "<html>", 6 };

    (void)state;
    fails(read_bytes(&facts, &bytes), JA_E_OCSP_BAD, "6 bytes are no OCSP response");
    bytes.len = 0;
    fails(read_bytes(&facts, &bytes), JA_E_OCSP_BAD, "0 bytes");
    bytes.bytes = memcpy(large, der.bytes, der.len);
    bytes.len = der.len + 1;
    fails(read_bytes(&facts, &bytes), JA_E_OCSP_BAD, "behind its end");
    bytes.len = JA_OCSP_MAX_BYTES + 1;
    fails(read_bytes(&facts, &bytes), JA_E_TOO_LARGE, "65537");
    fails(ja_ocsp_peek(&facts, bytes.bytes, bytes.len, pool), JA_E_TOO_LARGE, "65537");
}

static void every_cut_is_refused(void **state)
{
    ja_bytes_t der = respond(&GOOD_RESPONSE, &issued);
    ja_ocsp_facts_t facts;

    (void)state;
    while (der.len-- > 0) {
        fails(read_bytes(&facts, &der), JA_E_OCSP_BAD, "no OCSP response");
    }
}

static void a_glance_verifies_nothing(void **state)
{
    issued_t other = issue_leaf(NULL);
    response_t what = GOOD_RESPONSE;
    ja_ocsp_facts_t facts;
    ja_bytes_t der;

    (void)state;
    what.next_s = -HOUR / 2;
    der = respond(&what, &other);
    works(ja_ocsp_peek(&facts, der.bytes, der.len, pool));
    assert_int_equal(facts.status, JA_OCSP_GOOD);
    assert_true(facts.next_update == NOW - apr_time_from_sec(HOUR / 2));
    what.also_about = issued.leaf;
    der = respond(&what, &other);
    fails(ja_ocsp_peek(&facts, der.bytes, der.len, pool), JA_E_OCSP_BAD, "2 certificates");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        OCSP_TEST(a_request_asks_about_the_leaf),
        OCSP_TEST(without_its_issuer_nothing_can_be_asked),
        OCSP_TEST(get_has_the_request_in_its_url),
        OCSP_TEST(get_has_a_limit),
        OCSP_TEST(good_is_read),
        OCSP_TEST(revoked_is_read),
        OCSP_TEST(unknown_is_an_answer),
        OCSP_TEST(an_end_may_be_left_out),
        OCSP_TEST(times_have_to_fit),
        OCSP_TEST(a_refusal_is_named),
        OCSP_TEST(the_id_may_be_by_sha256),
        OCSP_TEST(the_leaf_is_found_among_others),
        OCSP_TEST(another_certificates_answer_is_refused),
        OCSP_TEST(a_foreign_signature_is_refused),
        OCSP_TEST(a_changed_byte_is_refused),
        OCSP_TEST(a_delegate_is_believed),
        OCSP_TEST(a_delegate_needs_the_right),
        OCSP_TEST(a_delegate_has_to_be_valid),
        OCSP_TEST(a_delegate_of_somebody_else_is_refused),
        OCSP_TEST(other_bytes_are_refused),
        OCSP_TEST(every_cut_is_refused),
        OCSP_TEST(a_glance_verifies_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scene.h"

#include <string.h>

#include <apr_strings.h>

static int has_cert(void)
{
    ja_set_cert_t cert;

    return ja_set_has_cert(&cert, scene.store, scene.domain.name, JA_KEY_P256, scene.domain.names,
                           scene.now, pool, pool);
}

static void look_for_the_key(const char *path)
{
    int has_key = ja_set_has_key(scene.store, scene.domain.name, JA_KEY_P256, pool);

    assert_int_equal(has_key, strcmp(path, "new-order") != 0);
}

static void the_key_is_kept_before_the_ca_hears_of_it(void **state)
{
    (void)state;
    scene.on_request = look_for_the_key;
    expect_new_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
}

static void every_order_has_a_new_key(void **state)
{
    const char *path;
    const char *first;

    (void)state;
    path = tree_path(pool, "%s/store/staging/.a.jp/privkey-p256.pem", scene.dir);
    expect_new_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    first = tree_text(path, pool);
    expect_new_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    assert_string_not_equal(tree_text(path, pool), first);
}

static void finalize_may_be_answered_with_the_certificate(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_finalize("valid");
    expect_cert();
    scene_order();
    scene_succeeded();
}

/* The reply of finalize has no Location, and need not have one: the order is still where it was. */
static void the_order_stays_where_it_was(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_finalize("valid");
    script_expect(scene.script,
                  &(script_row_t){ .url = "/cert/1/", .fails = 1, .code = JA_E_TIMEOUT });
    scene_order();
    scene_failed(JA_E_TIMEOUT, "", "downloading the certificate");
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
    assert_string_equal(scene_saved().order_url, SCENE_ORDER);
}

static void finalize_has_to_get_on(void **state)
{
    static const char *const STATUS[] = { "pending", "ready" };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_new_order("ready");
        expect_finalize(STATUS[i]);
        scene_order();
        scene_failed(JA_E_ORDER_STATE, STATUS[i], "sending the CSR");
        assert_null(scene.job.order_url);
    }
}

static void finalize_may_make_the_order_invalid(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_finalize("invalid");
    expect_authz(1, "valid");
    scene_order();
    scene_failed(JA_E_ORDER_INVALID, SCENE_ORDER, "asking why validation failed");
    assert_null(scene.job.order_url);
}

static void a_refused_csr_waits_for_people(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_problem("/finalize/1/", 400, "badCSR");
    scene_order();
    scene_failed(JA_E_BAD_CSR, "scripted", "sending the CSR");
    assert_null(scene.job.order_url);
}

static void an_order_that_is_not_ready_is_looked_at_again(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_problem("/finalize/1/", 403, "orderNotReady");
    scene_order();
    scene_failed(JA_E_ORDER_NOT_READY, "", "sending the CSR");
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
}

static void issuing_is_waited_for(void **state)
{
    int i;

    (void)state;
    expect_new_order("ready");
    expect_finalize("processing");
    for (i = 0; i < 30; i++) {
        expect_order("processing");
    }
    expect_order("valid");
    expect_cert();
    scene_order();
    scene_succeeded();
}

static void but_not_for_ever(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_finalize("processing");
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/",
                                                 .times = SCRIPT_ANY_NUMBER,
                                                 .json = order_json("processing") });
    scene_order();
    scene_failed(JA_E_POLL_SPENT, SCENE_ORDER, "waiting for the certificate");
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
}

static void a_long_retry_after_is_for_later(void **state)
{
    (void)state;
    expect_new_order("ready");
    script_expect(scene.script, &(script_row_t){ .url = "/finalize/1/",
                                                 .json = order_json("processing"),
                                                 .retry_after = "43200" });
    scene_order();
    scene_failed(JA_E_POLL_SPENT, SCENE_ORDER, "sending the CSR");
    assert_int_equal(scene.err->retry_at, NOW + apr_time_from_sec(43200));
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
}

static void an_order_never_goes_back(void **state)
{
    static const char *const STATUS[] = { "pending", "ready" };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_new_order("ready");
        expect_finalize("processing");
        expect_order(STATUS[i]);
        scene_order();
        scene_failed(JA_E_ORDER_STATE, STATUS[i], "waiting for the certificate");
    }
}

static void issuing_may_fail(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_finalize("processing");
    expect_order("invalid");
    expect_authz(1, "valid");
    scene_order();
    scene_failed(JA_E_ORDER_INVALID, SCENE_ORDER, "asking why validation failed");
}

static void expect_body(const char *body, const char *type)
{
    expect_new_order("ready");
    expect_finalize("valid");
    script_expect(scene.script, &(script_row_t){ .url = "/cert/1/", .body = body, .type = type });
}

static void the_certificate_is_of_its_type(void **state)
{
    (void)state;
    expect_body(scene.chain, "text/html");
    scene_order();
    scene_failed(JA_E_PROTOCOL, "cert/1/", "downloading the certificate");
}

/* What is not what was asked for is never kept; what was issued cannot be had again, so a new
 * order is placed. */
static void nothing_else_is_kept(void **state)
{
    static const char TYPE[] = "application/pem-certificate-chain";
    char *large = apr_palloc(pool, JA_CHAIN_MAX_BYTES + 1);
    ja_key_t *key = p256_key();
    mint_t leaf = GOOD_LEAF;

    (void)state;
    leaf.san = "DNS:a.jp";
    expect_body(pem_of(mint(&leaf, key, NULL, key), NULL), TYPE);
    scene_order();
    scene_failed(JA_E_CERT_BAD, "key", "checking the certificate");
    expect_body("", TYPE);
    scene_order();
    scene_failed(JA_E_CERT_BAD, "", "checking the certificate");
    memset(large, '\n', JA_CHAIN_MAX_BYTES);
    large[JA_CHAIN_MAX_BYTES] = '\0';
    expect_body(large, TYPE);
    scene_order();
    scene_failed(JA_E_CERT_BAD, "", "checking the certificate");
    assert_false(has_cert());
    assert_null(scene.job.order_url);
}

static void a_chain_above_the_limit_is_not_read(void **state)
{
    char *large = apr_palloc(pool, JA_ORDER_MAX_BYTES + 2);

    (void)state;
    memset(large, 'x', JA_ORDER_MAX_BYTES + 1);
    large[JA_ORDER_MAX_BYTES + 1] = '\0';
    expect_body(large, "application/pem-certificate-chain");
    scene_order();
    scene_failed(JA_E_TOO_LARGE, "cert/1/", "downloading the certificate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(the_key_is_kept_before_the_ca_hears_of_it),
        SCENE_TEST(every_order_has_a_new_key),
        SCENE_TEST(finalize_may_be_answered_with_the_certificate),
        SCENE_TEST(the_order_stays_where_it_was),
        SCENE_TEST(finalize_has_to_get_on),
        SCENE_TEST(finalize_may_make_the_order_invalid),
        SCENE_TEST(a_refused_csr_waits_for_people),
        SCENE_TEST(an_order_that_is_not_ready_is_looked_at_again),
        SCENE_TEST(issuing_is_waited_for),
        SCENE_TEST(but_not_for_ever),
        SCENE_TEST(a_long_retry_after_is_for_later),
        SCENE_TEST(an_order_never_goes_back),
        SCENE_TEST(issuing_may_fail),
        SCENE_TEST(the_certificate_is_of_its_type),
        SCENE_TEST(nothing_else_is_kept),
        SCENE_TEST(a_chain_above_the_limit_is_not_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scene.h"

#include <string.h>

#include <apr_strings.h>

/* ---- RESUME ---------------------------------------------------------------------------------- */

static void make_key(void)
{
    ja_bytes_t csr;

    works(ja_set_make_key(&csr, scene.store, scene.domain.name, JA_KEY_P256, scene.domain.names,
                          NULL, pool, pool));
}

static void resumed_pending_it_goes_on_with_the_authorizations(void **state)
{
    (void)state;
    scene_names(2);
    expect_order("pending");
    expect_authz(1, "valid");
    expect_json("/authz/2/", authz_json(2, "pending", "processing"));
    expect_order("ready");
    expect_issuance();
    scene_resume();
    scene_succeeded();
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_NEW_ORDER), 0);
}

static void resumed_ready_it_is_finalized(void **state)
{
    (void)state;
    expect_order("ready");
    expect_issuance();
    scene_resume();
    scene_succeeded();
}

/* The CA has the CSR of the key that is in the store: as after a kill between finalize and its
 * reply. */
static void finalize_and_lose_the_reply(void)
{
    expect_new_order("ready");
    expect_finalize("processing");
    script_expect(scene.script,
                  &(script_row_t){ .url = "/order/1/", .fails = 1, .code = JA_E_CONNECT });
    scene_order();
    scene_failed(JA_E_CONNECT, "", "waiting for the certificate");
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
}

static void resumed_processing_it_is_waited_for(void **state)
{
    (void)state;
    finalize_and_lose_the_reply();
    expect_order("processing");
    expect_order("processing");
    expect_order("valid");
    expect_cert();
    scene_resume();
    scene_succeeded();
}

static void resumed_valid_it_is_downloaded(void **state)
{
    (void)state;
    finalize_and_lose_the_reply();
    expect_order("valid");
    expect_cert();
    scene_resume();
    scene_succeeded();
}

static void without_its_key_it_is_of_no_use(void **state)
{
    static const char *const STATUS[] = { "valid", "processing" };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_order(STATUS[i]);
        scene_resume();
        scene_failed(JA_E_ORDER_STATE, "key", "looking at the order again");
        assert_null(scene.job.order_url);
    }
}

/* A key is there, but it is not the one that was sent. */
static void with_another_key_the_certificate_is_refused(void **state)
{
    (void)state;
    finalize_and_lose_the_reply();
    make_key();
    expect_order("valid");
    expect_cert();
    scene_resume();
    scene_failed(JA_E_CERT_BAD, "key", "checking the certificate");
    assert_null(scene.job.order_url);
}

static void resumed_invalid_it_says_why(void **state)
{
    (void)state;
    expect_order("invalid");
    expect_authz(1, "invalid");
    scene_resume();
    scene_failed(JA_E_VALIDATION_WRONG, "wrong answer", "asking why validation failed");
}

static void an_order_may_be_gone(void **state)
{
    (void)state;
    expect_problem("/order/1/", 404, "malformed");
    scene_resume();
    scene_failed(JA_E_ORDER_GONE, "", "looking at the order again");
    assert_null(scene.job.order_url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(resumed_pending_it_goes_on_with_the_authorizations),
        SCENE_TEST(resumed_ready_it_is_finalized),
        SCENE_TEST(resumed_processing_it_is_waited_for),
        SCENE_TEST(resumed_valid_it_is_downloaded),
        SCENE_TEST(without_its_key_it_is_of_no_use),
        SCENE_TEST(with_another_key_the_certificate_is_refused),
        SCENE_TEST(resumed_invalid_it_says_why),
        SCENE_TEST(an_order_may_be_gone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

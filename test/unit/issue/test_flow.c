#include "scene.h"

#include <string.h>

#include <apr_strings.h>

/* ---- the table ------------------------------------------------------------------------------- */

static const ja_flow_row_t *row(int state)
{
    return ja_flow_row((ja_state_t)state);
}

/* The states are numbered along the way: so no sequence of replies, however hostile, makes it
 * turn in circles. */
static void all_edges_go_forward(void **state)
{
    int from, to;

    (void)state;
    for (from = 0; from < JA_ST_COUNT; from++) {
        for (to = 0; to <= from; to++) {
            assert_false(row(from)->may_enter & (1u << to));
        }
        assert_int_equal(row(from)->may_enter >> JA_ST_COUNT, 0);
    }
}

static void every_state_is_complete(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < JA_ST_COUNT; i++) {
        int is_end = i == JA_ST_IDLE || i == JA_ST_DONE;

        assert_int_equal(row(i)->ask == NULL, is_end);
        assert_int_equal(row(i)->hear == NULL, is_end);
        assert_int_equal(row(i)->activity == NULL, is_end);
        assert_int_equal(row(i)->may_enter == 0, is_end || i == JA_ST_WHY);
    }
}

/* From both beginnings, and nothing is there that is never come to. */
static void every_state_can_be_reached(void **state)
{
    apr_uint32_t seen = 1u << JA_ST_ORDER | 1u << JA_ST_RESUME;
    int i;

    (void)state;
    for (i = 0; i < JA_ST_COUNT; i++) {
        if (seen & (1u << i)) {
            seen |= row(i)->may_enter;
        }
    }
    assert_int_equal(seen, ((1u << JA_ST_COUNT) - 1) & ~(1u << JA_ST_IDLE));
}

/* ---- ORDER ----------------------------------------------------------------------------------- */

static void an_order_goes_all_the_way(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
}

static void an_order_may_be_born_ready(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    assert_string_equal(scene.trace,
                        "new-order:order finalize/1/:finalize order/1/:issue cert/1/:download");
}

static void an_order_born_invalid_says_why(void **state)
{
    (void)state;
    expect_new_order("invalid");
    expect_authz(1, "invalid");
    scene_order();
    scene_failed(JA_E_VALIDATION_WRONG, "wrong answer", "asking why validation failed");
}

/* Of a CSR that was never sent. */
static void an_order_cannot_be_born_valid(void **state)
{
    static const char *const STATUS[] = { "valid", "processing" };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_new_order(STATUS[i]);
        scene_order();
        scene_failed(JA_E_ORDER_STATE, STATUS[i], "placing the order");
    }
}

static const char *without_authorizations(const char *status)
{
    return apr_psprintf(pool,
                        "{\"status\":\"%s\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}]"
                        ",\"authorizations\":[],"
                        "\"finalize\":\"" SCENE_URL "finalize/1/\"}",
                        status);
}

static void expect_new(const char *json)
{
    script_expect(scene.script,
                  &(script_row_t){
                      .url = "/new-order", .status = 201, .json = json, .location = SCENE_ORDER });
}

static void a_pending_order_has_authorizations(void **state)
{
    (void)state;
    expect_new(without_authorizations("pending"));
    scene_order();
    scene_failed(JA_E_PROTOCOL, "without authorizations", "placing the order");
    expect_json("/order/1/", without_authorizations("pending"));
    scene_resume();
    scene_failed(JA_E_PROTOCOL, "without authorizations", "looking at the order again");
    assert_null(scene.job.order_url);
}

static void a_ready_order_may_be_without(void **state)
{
    (void)state;
    expect_new(without_authorizations("ready"));
    expect_issuance();
    scene_order();
    scene_succeeded();
}

static void the_order_has_to_be_for_our_names(void **state)
{
    const char *ours = order_json("pending");

    (void)state;
    scene_names(2);
    expect_new(ours);
    scene_order();
    scene_failed(JA_E_PROTOCOL, "n1.jp", "placing the order");
}

static void the_order_has_to_have_a_url(void **state)
{
    (void)state;
    expect_json("/new-order", order_json("pending"));
    scene_order();
    scene_failed(JA_E_PROTOCOL, "Location", "placing the order");
}

static void a_url_of_somebody_else_is_not_asked(void **state)
{
    (void)state;
    script_expect(
        scene.script,
        &(script_row_t){
            .url = "/new-order",
            .status = 201,
            .location = SCENE_ORDER,
            .json =
                "{\"status\":\"pending\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}],"
                "\"authorizations\":[\"https://169.254.169.254/latest\"],"
                "\"finalize\":\"" SCENE_URL "finalize/1/\"}" });
    scene_order();
    scene_failed(JA_E_URL, "169.254.169.254", "reading authorizations");
}

/* ---- AUTHZ ----------------------------------------------------------------------------------- */

static void what_is_valid_already_is_not_answered_again(void **state)
{
    (void)state;
    scene_names(3);
    expect_new_order("pending");
    expect_authz(1, "valid");
    expect_authz(2, "pending");
    expect_authz(3, "valid");
    expect_answer(2, "pending");
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
}

/* All valid, and still pending: the CA is about to notice. */
static void if_all_is_valid_the_order_is_asked_at_once(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_authz(1, "valid");
    expect_order("pending");
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    assert_int_equal(scene.now - NOW, apr_time_from_msec(500 + 250));
}

static void an_authorization_that_is_not_pending_ends_the_order(void **state)
{
    static const struct {
        const char *status;
        ja_code_t code;
        const char *part;
    } CASES[] = {
        { "invalid", JA_E_VALIDATION_WRONG, "wrong answer" },
        { "deactivated", JA_E_AUTHZ_INVALID, "a.jp is deactivated" },
        { "expired", JA_E_AUTHZ_EXPIRED, "a.jp has expired" },
        { "revoked", JA_E_AUTHZ_INVALID, "a.jp is revoked" },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        expect_new_order("pending");
        expect_json("/authz/1/", authz_json(1, CASES[i].status, i == 0 ? "invalid" : "pending"));
        scene_order();
        scene_failed(CASES[i].code, CASES[i].part, "reading authorizations");
        assert_null(scene.job.order_url);
    }
}

static void a_challenge_that_is_invalid_ends_the_order(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_json("/authz/1/", authz_json(1, "pending", "invalid"));
    scene_order();
    scene_failed(JA_E_VALIDATION_WRONG, "wrong answer", "reading authorizations");
}

static void a_challenge_that_is_being_looked_at_is_not_answered_again(void **state)
{
    (void)state;
    scene_names(2);
    expect_new_order("pending");
    expect_json("/authz/1/", authz_json(1, "pending", "processing"));
    expect_json("/authz/2/", authz_json(2, "pending", "valid"));
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
}

static void a_configured_challenge_has_to_be_offered(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_json("/authz/1/", "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":"
                             "\"a.jp\"},\"challenges\":["
                             "{\"type\":\"dns-01\",\"url\":\"" SCENE_URL
                             "dns/\",\"token\":\"t\",\"status\":\"pending\"}]}");
    scene_order();
    scene_failed(JA_E_NO_CHALLENGE, "a.jp", "reading authorizations");
    assert_null(scene.job.order_url);
}

static void an_authorization_has_to_be_for_one_of_our_names(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_json("/authz/1/", "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":"
                             "\"b.jp\"},\"challenges\":["
                             "{\"type\":\"http-01\",\"url\":\"" SCENE_URL
                             "c/\",\"token\":\"t\",\"status\":\"pending\"}]}");
    scene_order();
    scene_failed(JA_E_PROTOCOL, "b.jp", "reading authorizations");
    assert_null(scene.job.order_url);
}

static void hostile_tokens_get_nowhere(void **state)
{
    static const char *const TOKENS[] = { "",          "..",      "a/b", "a.b",  "a b",
                                          "a\\u0000b", "\\u3042", "%2e", "a\\nb" };
    unsigned i;

    (void)state;
    for (i = 0; i <= sizeof(TOKENS) / sizeof(TOKENS[0]); i++) {
        const char *token = i == 0 ? apr_psprintf(pool, "%0129d", 0) : TOKENS[i - 1];

        expect_new_order("pending");
        expect_json("/authz/1/", apr_psprintf(pool,
                                              "{\"status\":\"pending\",\"identifier\":{\"type\":"
                                              "\"dns\",\"value\":\"a.jp\"},\"challenges\":["
                                              "{\"type\":\"http-01\",\"url\":\"" SCENE_URL
                                              "c/\",\"token\":\"%s\",\"status\":\"pending\"}]}",
                                              token));
        scene_order();
        scene_failed(JA_E_PROTOCOL, "", "reading authorizations");
    }
}

static void twenty_names_are_asked_side_by_side(void **state)
{
    int i;

    (void)state;
    scene_names(20);
    expect_new_order("pending");
    for (i = 1; i <= 20; i++) {
        expect_authz(i, "pending");
        expect_answer(i, "pending");
    }
    expect_order("ready");
    expect_issuance();
    ja_ca_expect(scene.ca, 32);
    scene_order();
    scene_succeeded();
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_AUTHZ), 20);
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_CHALLENGE), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_edges_go_forward),
        TEST(every_state_is_complete),
        TEST(every_state_can_be_reached),
        SCENE_TEST(an_order_goes_all_the_way),
        SCENE_TEST(an_order_may_be_born_ready),
        SCENE_TEST(an_order_born_invalid_says_why),
        SCENE_TEST(an_order_cannot_be_born_valid),
        SCENE_TEST(a_pending_order_has_authorizations),
        SCENE_TEST(a_ready_order_may_be_without),
        SCENE_TEST(the_order_has_to_be_for_our_names),
        SCENE_TEST(the_order_has_to_have_a_url),
        SCENE_TEST(a_url_of_somebody_else_is_not_asked),
        SCENE_TEST(what_is_valid_already_is_not_answered_again),
        SCENE_TEST(if_all_is_valid_the_order_is_asked_at_once),
        SCENE_TEST(an_authorization_that_is_not_pending_ends_the_order),
        SCENE_TEST(a_challenge_that_is_invalid_ends_the_order),
        SCENE_TEST(a_challenge_that_is_being_looked_at_is_not_answered_again),
        SCENE_TEST(a_configured_challenge_has_to_be_offered),
        SCENE_TEST(an_authorization_has_to_be_for_one_of_our_names),
        SCENE_TEST(hostile_tokens_get_nowhere),
        SCENE_TEST(twenty_names_are_asked_side_by_side),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

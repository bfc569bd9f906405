#include "scene.h"

#include <string.h>

#include <apr_strings.h>

/* ---- PRESENT, ANSWER ------------------------------------------------------------------------- */

static void look_at_the_challenge(const char *path)
{
    int is_after = strncmp(path, "challenge", 9) == 0 || strcmp(path, "order/1/") == 0;
    int is_before = strncmp(path, "authz", 5) == 0 || strcmp(path, "new-order") == 0;

    assert_true(!is_after || scene_answers(1));
    assert_true(!is_before || !scene_answers(1));
}

static void the_challenge_is_set_up_before_it_is_answered(void **state)
{
    (void)state;
    scene.on_request = look_at_the_challenge;
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    assert_false(scene_answers(1));
}

static void a_full_table_is_told(void **state)
{
    ja_solve_t what = { "b.jp", NULL, "thumbprint", NOW + apr_time_from_sec(DAY) };
    ja_err_t *err = NULL;
    char answer[JA_HTTP01_MAX_ANSWER];
    int i;

    (void)state;
    for (i = 0; i < 20 * JA_HTTP01_MAX_PENDING; i++) {
        what.token = apr_itoa(pool, i);
        err = ja_http01_put(scene.table, &what, pool);
    }
    assert_non_null(err);
    assert_true(ja_http01_find(answer, scene.table, "0", 1, NOW));
    expect_new_order("pending");
    expect_authz(1, "pending");
    scene_order();
    scene_failed(JA_E_FULL, "a.jp", "setting up challenges");
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
}

static void a_challenge_invalid_in_the_answer_ends_the_order(void **state)
{
    (void)state;
    scene_names(2);
    expect_new_order("pending");
    expect_authz(1, "pending");
    expect_authz(2, "pending");
    expect_answer(1, "pending");
    expect_answer(2, "invalid");
    scene_order();
    scene_failed(JA_E_VALIDATION_WRONG, "wrong answer", "answering challenges");
    assert_null(scene.job.order_url);
    assert_false(scene_answers(1));
}

static void an_invalid_challenge_need_not_say_why(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_authz(1, "pending");
    expect_json("/challenge/1/", "{\"type\":\"http-01\",\"url\":\"" SCENE_URL
                                 "challenge/1/\",\"token\":\"token-1\",\"status\":\"invalid\"}");
    scene_order();
    scene_failed(JA_E_AUTHZ_INVALID, "challenge/1/", "answering challenges");
}

static void the_answer_may_be_processing_or_valid(void **state)
{
    (void)state;
    scene_names(2);
    expect_new_order("pending");
    expect_authz(1, "pending");
    expect_authz(2, "pending");
    expect_answer(1, "processing");
    expect_answer(2, "valid");
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
}

/* ---- VALIDATE -------------------------------------------------------------------------------- */

static apr_time_t asked_at[64];
static int asked;

static void note_time_of_polls(const char *path)
{
    if (strcmp(path, "order/1/") == 0 && asked < 64) {
        asked_at[asked++] = scene.now;
    }
}

static void polls_come_at_growing_intervals(void **state)
{
    static const int AFTER_MS[] = { 250, 500, 1000, 2000, 4000, 7000, 10000, 10000, 10000 };
    apr_time_t at = NOW;
    int i;

    (void)state;
    asked = 0;
    scene.on_request = note_time_of_polls;
    expect_new_order("pending");
    expect_validation();
    for (i = 0; i < 8; i++) {
        expect_order("pending");
    }
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    for (i = 0; i < 9; i++) {
        at += apr_time_from_msec(AFTER_MS[i]);
        assert_int_equal(asked_at[i], at);
    }
}

static void polls_wait_as_long_as_the_ca_says(void **state)
{
    (void)state;
    asked = 0;
    scene.on_request = note_time_of_polls;
    expect_new_order("pending");
    expect_authz(1, "pending");
    script_expect(scene.script, &(script_row_t){ .url = "/challenge/1/",
                                                 .json = challenge_json(1, "processing"),
                                                 .retry_after = "3" });
    script_expect(
        scene.script,
        &(script_row_t){ .url = "/order/1/", .json = order_json("pending"), .retry_after = "100" });
    script_expect(
        scene.script,
        &(script_row_t){ .url = "/order/1/", .json = order_json("pending"), .retry_after = "0" });
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/",
                                                 .json = order_json("pending"),
                                                 .retry_after = "soon" });
    expect_order("ready");
    expect_issuance();
    scene_order();
    scene_succeeded();
    assert_int_equal(asked_at[0] - NOW, apr_time_from_sec(3));
    assert_int_equal(asked_at[1] - asked_at[0], apr_time_from_sec(100));
    assert_int_equal(asked_at[2] - asked_at[1], apr_time_from_msec(1000));
    assert_int_equal(asked_at[3] - asked_at[2], apr_time_from_msec(2000));
}

static void polling_ends_and_the_order_is_kept(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/",
                                                 .times = SCRIPT_ANY_NUMBER,
                                                 .json = order_json("pending") });
    scene_order();
    scene_failed(JA_E_POLL_SPENT, SCENE_ORDER, "waiting for validation");
    assert_in_range(scene.now - NOW, apr_time_from_sec(580), apr_time_from_sec(600));
    assert_in_range(ja_ca_count(scene.ca, JA_KIND_ORDER), 60, 70);
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
    assert_true(scene_answers(1));
}

/* An hour's wait is not for an order to keep its place, and the CA may look at the challenge
 * meanwhile. */
static void a_long_retry_after_ends_the_attempt_and_keeps_the_order(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_authz(1, "pending");
    script_expect(scene.script, &(script_row_t){ .url = "/challenge/1/",
                                                 .json = challenge_json(1, "processing"),
                                                 .retry_after = "3600" });
    scene_order();
    scene_failed(JA_E_POLL_SPENT, SCENE_ORDER, "answering challenges");
    assert_int_equal(scene.err->retry_at, NOW + apr_time_from_sec(3600));
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
    assert_true(scene_answers(1));
}

static void an_order_cannot_be_issued_unasked(void **state)
{
    static const char *const STATUS[] = { "valid", "processing" };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_new_order("pending");
        expect_validation();
        expect_order(STATUS[i]);
        scene_order();
        scene_failed(JA_E_ORDER_STATE, STATUS[i], "waiting for validation");
        assert_null(scene.job.order_url);
    }
}

/* ---- WHY ------------------------------------------------------------------------------------- */

static void an_invalid_order_asks_its_authorizations_why(void **state)
{
    (void)state;
    scene_names(3);
    expect_new_order("pending");
    expect_validation();
    expect_order("invalid");
    expect_authz(1, "valid");
    expect_authz(2, "invalid");
    expect_authz(3, "pending");
    scene_order();
    scene_failed(JA_E_VALIDATION_WRONG, "challenge http-01 of n2.jp",
                 "asking why validation failed");
    assert_null(scene.job.order_url);
    assert_false(scene_answers(2));
}

static void expect_invalid(const char *member, const char *value)
{
    expect_json(
        "/order/1/",
        apr_psprintf(
            pool,
            "{\"status\":\"invalid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}],"
            "\"finalize\":\"" SCENE_URL "finalize/1/\"%s%s}",
            member, value));
}

static void otherwise_the_order_itself_may_say_why(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_invalid(",\"error\":", problem_json("caa", "CAA says no"));
    expect_authz(1, "valid");
    scene_order();
    scene_failed(JA_E_CAA, "CAA says no", "asking why validation failed");
    expect_new_order("pending");
    expect_validation();
    expect_invalid("", "");
    expect_authz(1, "valid");
    scene_order();
    scene_failed(JA_E_ORDER_INVALID, SCENE_ORDER, "asking why validation failed");
}

static void an_order_may_be_invalid_by_its_age_alone(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_invalid(",\"expires\":", "\"2030-01-01T00:00:00Z\"");
    expect_authz(1, "valid");
    scene_order();
    scene_failed(JA_E_ORDER_EXPIRED, SCENE_ORDER " has expired", "asking why validation failed");
}

static void the_reason_may_be_out_of_reach(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_order("invalid");
    expect_json("/authz/1/", "{}");
    scene_order();
    scene_failed(JA_E_PROTOCOL, "authz/1/", "asking why validation failed");
    assert_null(scene.job.order_url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(the_challenge_is_set_up_before_it_is_answered),
        SCENE_TEST(a_full_table_is_told),
        SCENE_TEST(a_challenge_invalid_in_the_answer_ends_the_order),
        SCENE_TEST(an_invalid_challenge_need_not_say_why),
        SCENE_TEST(the_answer_may_be_processing_or_valid),
        SCENE_TEST(polls_come_at_growing_intervals),
        SCENE_TEST(polls_wait_as_long_as_the_ca_says),
        SCENE_TEST(polling_ends_and_the_order_is_kept),
        SCENE_TEST(a_long_retry_after_ends_the_attempt_and_keeps_the_order),
        SCENE_TEST(an_order_cannot_be_issued_unasked),
        SCENE_TEST(an_invalid_order_asks_its_authorizations_why),
        SCENE_TEST(otherwise_the_order_itself_may_say_why),
        SCENE_TEST(an_order_may_be_invalid_by_its_age_alone),
        SCENE_TEST(the_reason_may_be_out_of_reach),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "scene.h"

#include <string.h>

#include <apr_strings.h>

/* --- the table --------------------------------------------------------------------------------------------------------------------------- */

static const ja_flow_row_t *row(int state)
{
    return ja_flow_row((ja_state_t)state);
}

/* The states are numbered along the way: so no sequence of replies, however hostile, makes it turn in circles. */
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

/* --- helpers ------------------------------------------------------------------------------------------------------------------------------ */

static void check_failed(ja_code_t code, const char *part, const char *activity)
{
    fails(scene.err, code, part);
    assert_string_equal(scene.activity, activity);
    script_end(scene.script);
}

static void check_done(void)
{
    works(scene.err);
    assert_true(ja_set_has_cert(scene.store, scene.domain.name, JA_KEY_P256, scene.domain.names, scene.now, pool));
    script_end(scene.script);
}

/* --- ORDER ------------------------------------------------------------------------------------------------------------------------------- */

static void an_order_goes_all_the_way(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    expect_issuance();
    scene_order();
    check_done();
}

static void an_order_may_be_born_ready(void **state)
{
    (void)state;
    expect_new_order("ready");
    expect_issuance();
    scene_order();
    check_done();
    assert_string_equal(scene.trace, "new-order:order finalize/1/:finalize order/1/:issue cert/1/:download");
}

static void an_order_born_invalid_says_why(void **state)
{
    (void)state;
    expect_new_order("invalid");
    expect_authz(1, "invalid");
    scene_order();
    check_failed(JA_E_VALIDATION_WRONG, "wrong answer", "asking why validation failed");
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
        check_failed(JA_E_ORDER_STATE, STATUS[i], "placing the order");
    }
}

static const char *without_authorizations(const char *status)
{
    return apr_psprintf(pool,
                        "{\"status\":\"%s\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}],\"authorizations\":[],"
                        "\"finalize\":\"" SCENE_URL "finalize/1/\"}",
                        status);
}

static void expect_new(const char *json)
{
    script_expect(scene.script, &(script_row_t){ .url = "/new-order", .status = 201, .json = json, .location = SCENE_ORDER });
}

static void a_pending_order_has_authorizations(void **state)
{
    (void)state;
    expect_new(without_authorizations("pending"));
    scene_order();
    check_failed(JA_E_PROTOCOL, "without authorizations", "placing the order");
    expect_json("/order/1/", without_authorizations("pending"));
    scene_resume();
    check_failed(JA_E_PROTOCOL, "without authorizations", "looking at the order again");
    assert_null(scene.job.order_url);
}

static void a_ready_order_may_be_without(void **state)
{
    (void)state;
    expect_new(without_authorizations("ready"));
    expect_issuance();
    scene_order();
    check_done();
}

static void the_order_has_to_be_for_our_names(void **state)
{
    const char *ours = order_json("pending");

    (void)state;
    scene_names(2);
    expect_new(ours);
    scene_order();
    check_failed(JA_E_PROTOCOL, "n1.jp", "placing the order");
}

static void the_order_has_to_have_a_url(void **state)
{
    (void)state;
    expect_json("/new-order", order_json("pending"));
    scene_order();
    check_failed(JA_E_PROTOCOL, "Location", "placing the order");
}

static void a_url_of_somebody_else_is_not_asked(void **state)
{
    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = "/new-order",
                                                 .status = 201,
                                                 .location = SCENE_ORDER,
                                                 .json = "{\"status\":\"pending\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}],"
                                                         "\"authorizations\":[\"https://169.254.169.254/latest\"],"
                                                         "\"finalize\":\"" SCENE_URL "finalize/1/\"}" });
    scene_order();
    check_failed(JA_E_URL, "169.254.169.254", "reading authorizations");
}

/* --- AUTHZ ------------------------------------------------------------------------------------------------------------------------------- */

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
    check_done();
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
    check_done();
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
        { "expired", JA_E_AUTHZ_INVALID, "a.jp is expired" },
        { "revoked", JA_E_AUTHZ_INVALID, "a.jp is revoked" },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        expect_new_order("pending");
        expect_json("/authz/1/", authz_json(1, CASES[i].status, i == 0 ? "invalid" : "pending"));
        scene_order();
        check_failed(CASES[i].code, CASES[i].part, "reading authorizations");
        assert_null(scene.job.order_url);
    }
}

static void a_challenge_that_is_invalid_ends_the_order(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_json("/authz/1/", authz_json(1, "pending", "invalid"));
    scene_order();
    check_failed(JA_E_VALIDATION_WRONG, "wrong answer", "reading authorizations");
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
    check_done();
}

static void a_configured_challenge_has_to_be_offered(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_json("/authz/1/", "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.jp\"},\"challenges\":["
                             "{\"type\":\"dns-01\",\"url\":\"" SCENE_URL "dns/\",\"token\":\"t\",\"status\":\"pending\"}]}");
    scene_order();
    check_failed(JA_E_NO_CHALLENGE, "a.jp", "reading authorizations");
    assert_null(scene.job.order_url);
}

static void an_authorization_has_to_be_for_one_of_our_names(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_json("/authz/1/", "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"b.jp\"},\"challenges\":["
                             "{\"type\":\"http-01\",\"url\":\"" SCENE_URL "c/\",\"token\":\"t\",\"status\":\"pending\"}]}");
    scene_order();
    check_failed(JA_E_PROTOCOL, "b.jp", "reading authorizations");
    assert_null(scene.job.order_url);
}

static void hostile_tokens_get_nowhere(void **state)
{
    static const char *const TOKENS[] = { "", "..", "a/b", "a.b", "a b", "a\\u0000b", "\\u3042", "%2e", "a\\nb" };
    unsigned i;

    (void)state;
    for (i = 0; i <= sizeof(TOKENS) / sizeof(TOKENS[0]); i++) {
        const char *token = i == 0 ? apr_psprintf(pool, "%0129d", 0) : TOKENS[i - 1];

        expect_new_order("pending");
        expect_json("/authz/1/",
                    apr_psprintf(pool,
                                 "{\"status\":\"pending\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.jp\"},\"challenges\":["
                                 "{\"type\":\"http-01\",\"url\":\"" SCENE_URL "c/\",\"token\":\"%s\",\"status\":\"pending\"}]}",
                                 token));
        scene_order();
        check_failed(JA_E_PROTOCOL, "", "reading authorizations");
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
    check_done();
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_AUTHZ), 20);
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_CHALLENGE), 20);
}

/* --- PRESENT, ANSWER --------------------------------------------------------------------------------------------------------------------- */

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
    check_done();
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
    check_failed(JA_E_FULL, "a.jp", "setting up challenges");
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
    check_failed(JA_E_VALIDATION_WRONG, "wrong answer", "answering challenges");
    assert_null(scene.job.order_url);
    assert_false(scene_answers(1));
}

static void an_invalid_challenge_need_not_say_why(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_authz(1, "pending");
    expect_json("/challenge/1/", "{\"type\":\"http-01\",\"url\":\"" SCENE_URL "challenge/1/\",\"token\":\"token-1\",\"status\":\"invalid\"}");
    scene_order();
    check_failed(JA_E_AUTHZ_INVALID, "challenge/1/", "answering challenges");
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
    check_done();
}

/* --- VALIDATE ---------------------------------------------------------------------------------------------------------------------------- */

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
    check_done();
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
    script_expect(scene.script, &(script_row_t){ .url = "/challenge/1/", .json = challenge_json(1, "processing"), .retry_after = "3" });
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/", .json = order_json("pending"), .retry_after = "100" });
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/", .json = order_json("pending"), .retry_after = "0" });
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/", .json = order_json("pending"), .retry_after = "soon" });
    expect_order("ready");
    expect_issuance();
    scene_order();
    check_done();
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
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/", .times = SCRIPT_ANY_NUMBER, .json = order_json("pending") });
    scene_order();
    check_failed(JA_E_POLL_SPENT, SCENE_ORDER, "waiting for validation");
    assert_in_range(scene.now - NOW, apr_time_from_sec(580), apr_time_from_sec(600));
    assert_in_range(ja_ca_count(scene.ca, JA_KIND_ORDER), 60, 70);
    assert_string_equal(scene.job.order_url, SCENE_ORDER);
    assert_true(scene_answers(1));
}

/* An hour's wait is not for an order to keep its place, and the CA may look at the challenge meanwhile. */
static void a_long_retry_after_ends_the_attempt_and_keeps_the_order(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_authz(1, "pending");
    script_expect(scene.script, &(script_row_t){ .url = "/challenge/1/", .json = challenge_json(1, "processing"), .retry_after = "3600" });
    scene_order();
    check_failed(JA_E_POLL_SPENT, SCENE_ORDER, "answering challenges");
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
        check_failed(JA_E_ORDER_STATE, STATUS[i], "waiting for validation");
        assert_null(scene.job.order_url);
    }
}

/* --- WHY --------------------------------------------------------------------------------------------------------------------------------- */

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
    check_failed(JA_E_VALIDATION_WRONG, "challenge http-01 of n2.jp", "asking why validation failed");
    assert_null(scene.job.order_url);
    assert_false(scene_answers(2));
}

static void expect_invalid(const char *error)
{
    expect_json("/order/1/", apr_psprintf(pool,
                                          "{\"status\":\"invalid\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}],"
                                          "\"finalize\":\"" SCENE_URL "finalize/1/\"%s%s}",
                                          error ? ",\"error\":" : "", error ? error : ""));
}

static void otherwise_the_order_itself_may_say_why(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_invalid(problem_json("caa", "CAA says no"));
    expect_authz(1, "valid");
    scene_order();
    check_failed(JA_E_CAA, "CAA says no", "asking why validation failed");
    expect_new_order("pending");
    expect_validation();
    expect_invalid(NULL);
    expect_authz(1, "valid");
    scene_order();
    check_failed(JA_E_ORDER_INVALID, SCENE_ORDER, "asking why validation failed");
}

static void the_reason_may_be_out_of_reach(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_order("invalid");
    expect_json("/authz/1/", "{}");
    scene_order();
    check_failed(JA_E_PROTOCOL, "authz/1/", "asking why validation failed");
    assert_null(scene.job.order_url);
}

/* --- RESUME ------------------------------------------------------------------------------------------------------------------------------ */

static void make_key(void)
{
    ja_bytes_t csr;

    works(ja_set_make_key(&csr, scene.store, scene.domain.name, JA_KEY_P256, scene.domain.names, NULL, pool, pool));
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
    check_done();
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_NEW_ORDER), 0);
}

static void resumed_ready_it_is_finalized(void **state)
{
    (void)state;
    expect_order("ready");
    expect_issuance();
    scene_resume();
    check_done();
}

/* The CA has the CSR of the key that is in the store: as after a kill between finalize and its reply. */
static void finalize_and_lose_the_reply(void)
{
    expect_new_order("ready");
    expect_finalize("processing");
    script_expect(scene.script, &(script_row_t){ .url = "/order/1/", .fails = 1, .code = JA_E_CONNECT });
    scene_order();
    check_failed(JA_E_CONNECT, "", "waiting for the certificate");
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
    check_done();
}

static void resumed_valid_it_is_downloaded(void **state)
{
    (void)state;
    finalize_and_lose_the_reply();
    expect_order("valid");
    expect_cert();
    scene_resume();
    check_done();
}

static void without_its_key_it_is_of_no_use(void **state)
{
    static const char *const STATUS[] = { "valid", "processing" };
    unsigned i;

    (void)state;
    for (i = 0; i < 2; i++) {
        expect_order(STATUS[i]);
        scene_resume();
        check_failed(JA_E_ORDER_STATE, "key", "looking at the order again");
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
    check_failed(JA_E_CERT_BAD, "key", "checking the certificate");
    assert_null(scene.job.order_url);
}

static void resumed_invalid_it_says_why(void **state)
{
    (void)state;
    expect_order("invalid");
    expect_authz(1, "invalid");
    scene_resume();
    check_failed(JA_E_VALIDATION_WRONG, "wrong answer", "asking why validation failed");
}

static void an_order_may_be_gone(void **state)
{
    (void)state;
    expect_problem("/order/1/", 404, "malformed");
    scene_resume();
    check_failed(JA_E_ORDER_GONE, "", "looking at the order again");
    assert_null(scene.job.order_url);
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
        SCENE_TEST(the_reason_may_be_out_of_reach),
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

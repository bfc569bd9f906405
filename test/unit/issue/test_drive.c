#include "scene.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "issue/drive.h"

#define TOTAL(kind) ((int)ja_ca_count(scene.ca, JA_KIND_##kind))

static void expect_happy(void)
{
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    expect_issuance();
}

static void check_failed(ja_code_t code, const char *part)
{
    fails(scene.err, code, part);
    script_end(scene.script);
}

/* ---- the position ---------------------------------------------------------------------------- */

static void the_position_is_saved_before_anything_is_sent(void **state)
{
    (void)state;
    expect_happy();
    scene_order();
    works(scene.err);
    assert_string_equal(
        scene.trace,
        "new-order:order authz/1/:authz challenge/1/:answer order/1/:validate finalize/1/:finalize "
        "order/1/:issue cert/1/:download");
}

static void look_at_the_job(const char *path)
{
    ja_job_t job = scene_saved();
    int is_new = strcmp(path, "new-order") == 0;
    int has_challenge = !is_new && strncmp(path, "authz", 5) != 0;

    assert_int_equal(job.spec, JA_KEY_P256);
    assert_string_equal(job.thumbprint, ja_jwk_thumbprint(scene.jwk));
    assert_int_equal(job.challenges->nelts, has_challenge);
    if (has_challenge) {
        const ja_job_challenge_t *challenge = &APR_ARRAY_IDX(job.challenges, 0, ja_job_challenge_t);

        assert_string_equal(challenge->type, "http-01");
        assert_string_equal(challenge->name, "a.jp");
        assert_string_equal(challenge->token, "token-1");
    }
    if (is_new) {
        assert_null(job.order_url);
    }
    else {
        assert_string_equal(job.order_url, SCENE_ORDER);
    }
}

static void it_has_all_that_going_on_needs(void **state)
{
    (void)state;
    scene.on_request = look_at_the_job;
    expect_happy();
    scene_order();
    works(scene.err);
}

static void afterwards_there_is_no_order_any_more(void **state)
{
    (void)state;
    expect_happy();
    scene_order();
    works(scene.err);
    assert_null(scene.job.order_url);
    assert_null(scene.job.thumbprint);
    assert_int_equal(scene.job.state, JA_ST_IDLE);
    assert_int_equal(scene.job.spec, -1);
    assert_int_equal(scene.job.challenges->nelts, 0);
}

/* Until the authorizations have been read again, a second kill must find the challenges of before
 * the first one. */
static void look_for_earlier_challenges(const char *path)
{
    (void)path;
    assert_int_equal(scene_saved().challenges->nelts, 1);
}

static void resuming_keeps_the_challenges_that_are_set_up(void **state)
{
    apr_array_header_t *challenges = apr_array_make(pool, 1, sizeof(ja_job_challenge_t));

    (void)state;
    APR_ARRAY_PUSH(challenges, ja_job_challenge_t) =
        (ja_job_challenge_t){ "http-01", "a.jp", "token-1" };
    scene.job.challenges = challenges;
    scene.on_request = look_for_earlier_challenges;
    expect_order("pending");
    script_expect(scene.script,
                  &(script_row_t){ .url = "/authz/1/", .fails = 1, .code = JA_E_TIMEOUT });
    scene_resume();
    check_failed(JA_E_TIMEOUT, "");
    assert_string_equal(scene.trace, "order/1/:resume authz/1/:authz");
}

/* A store that can't be written ends the attempt before the CA hears of it. */
static void without_a_position_nothing_is_sent(void **state)
{
    const char *file = tree_path(pool, "%s/store/jobs/a.jp.json/x", scene.dir);

    (void)state;
    /* A directory is where the file is to be. */
    assert_int_equal(apr_dir_make_recursive(file, APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    scene_order();
    check_failed(JA_E_UNTRUSTED, "a.jp.json");
    assert_int_equal(script_count(scene.script, NULL), 0);
}

/* ---- the requests ---------------------------------------------------------------------------- */

static int all_requests(void)
{
    return TOTAL(NEW_ORDER) + TOTAL(AUTHZ) + TOTAL(CHALLENGE) + TOTAL(ORDER) + TOTAL(FINALIZE)
           + TOTAL(CERT) + TOTAL(ACCOUNT) + TOTAL(NEW_ACCOUNT);
}

static void k_names_cost_2k_and_5_requests(void **state)
{
    static const int K[] = { 1, 2, 5, 20, 100 };
    unsigned i;
    int before = 0;

    (void)state;
    for (i = 0; i < sizeof(K) / sizeof(K[0]); i++) {
        scene_names(K[i]);
        expect_happy();
        scene_order();
        works(scene.err);
        script_end(scene.script);
        assert_int_equal(all_requests() - before, 2 * K[i] + 5);
        before = all_requests();
    }
    assert_int_equal(TOTAL(DIRECTORY), 1);
    assert_int_equal(TOTAL(NONCE), 1);
}

static void requests_are_signed_by_the_account(void **state)
{
    int i;

    (void)state;
    expect_happy();
    scene_order();
    works(scene.err);
    for (i = 0; i < script_count(scene.script, NULL); i++) {
        const script_sent_t *sent = script_sent(scene.script, i);

        if (sent->method == JA_HTTP_POST) {
            assert_string_equal(sent->kid, SCENE_ACCOUNT);
            assert_string_equal(sent->payload,
                                strstr(sent->url, "/new-order")
                                    ? "{\"identifiers\":[{\"type\":\"dns\",\"value\":\"a.jp\"}]}"
                                : strstr(sent->url, "/challenge") ? "{}"
                                : strstr(sent->url, "/finalize")  ? sent->payload
                                                                  : "");
        }
    }
}

/* Replies come in any order; each is read as what it is the reply of. */
static apr_array_header_t *answered;

static ja_err_t *reverse_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    (void)baton;
    (void)scratch;
    if (script_outstanding(scene.script) > 0) {
        script_reverse(scene.script, script_outstanding(scene.script));
        script_round(scene.script);
    }
    else {
        scene.now += (apr_time_t)(timeout_ms > 1000 ? 1000 : timeout_ms) * 1000;
    }
    return NULL;
}

static void no_wakeup(void *baton)
{
    (void)baton;
}

static void note_answers(const char *path)
{
    if (strncmp(path, "challenge/", 10) == 0) {
        APR_ARRAY_PUSH(answered, const char *) = path;
    }
}

static void replies_may_come_in_any_order(void **state)
{
    const ja_loop_io_t io = { .poll = reverse_poll, .wakeup = no_wakeup };
    int i;

    (void)state;
    answered = apr_array_make(pool, 20, sizeof(const char *));
    scene_names(20);
    scene.on_request = note_answers;
    expect_new_order("pending");
    for (i = 1; i <= 20; i++) {
        expect_authz(i, i % 2 ? "valid" : "pending");
    }
    for (i = 2; i <= 20; i += 2) {
        expect_answer(i, "pending");
    }
    expect_order("ready");
    script_expect(scene.script,
                  &(script_row_t){ .url = "/finalize/1/", .fails = 1, .code = JA_E_TIMEOUT });
    ja_ca_expect(scene.ca, 32);
    ja_loop_use(scene.loop, &io);
    scene_order();
    check_failed(JA_E_TIMEOUT, "");
    assert_int_equal(answered->nelts, 10);
}

/* ---- what goes wrong ------------------------------------------------------------------------- */

static const char *const PATHS[] = { "/new-order", "/authz/2/",    "/challenge/2/",
                                     "/order/1/",  "/finalize/1/", "/cert/1/" };
#define PLACES ((int)(sizeof(PATHS) / sizeof(PATHS[0])))

/* Everything goes well up to the `place`-th kind of request. */
static void expect_until(int place)
{
    scene_names(3);
    if (place > 0) {
        expect_new_order("pending");
        expect_authz(1, "pending");
        expect_authz(3, "pending");
    }
    if (place > 1) {
        expect_authz(2, "pending");
        expect_answer(1, "pending");
        expect_answer(3, "pending");
    }
    if (place > 2) {
        expect_answer(2, "pending");
    }
    if (place > 3) {
        expect_order("ready");
    }
    if (place > 4) {
        expect_finalize("valid");
    }
}

/* Nothing is set up and nothing kept for an order that nobody will look at again; else everything
 * stays as it is. */
static void check_left(int place, int is_kept)
{
    int is_resumable = is_kept && place > 0;

    assert_int_equal(scene.job.order_url != NULL, is_resumable);
    assert_int_equal(scene_answers(2), is_resumable && place > 1);
    assert_int_equal(scene.job.challenges->nelts, is_resumable && place > 1 ? 3 : 0);
    ja_http01_clear(scene.table);
    ja_drive_forget(&scene.job);
}

static void garbage_is_survived_everywhere(void **state)
{
    static const char *const GARBAGE[] = { "",
                                           "{",
                                           "[]",
                                           "null",
                                           "{}",
                                           "7",
                                           "\"order\"",
                                           "{\"status\":{}}",
                                           "<html></html>",
                                           "{\"status\":\"valid\"}",
                                           "{\"status\":\"\xff\"}",
                                           "[[[[[[[[[[[[[[[[[[[[[[[[[[" };
    unsigned i;
    int place;

    (void)state;
    for (place = 0; place < PLACES; place++) {
        for (i = 0; i < sizeof(GARBAGE) / sizeof(GARBAGE[0]); i++) {
            expect_until(place);
            script_expect(scene.script, &(script_row_t){ .url = PATHS[place],
                                                         .json = GARBAGE[i],
                                                         .location = SCENE_ORDER });
            scene_order();
            check_failed(JA_E_PROTOCOL, "");
            check_left(place, 1);
        }
    }
}

static void no_reply_is_survived_everywhere(void **state)
{
    static const ja_code_t CODES[] = { JA_E_CONNECT, JA_E_TLS, JA_E_TIMEOUT, JA_E_TOO_LARGE,
                                       JA_E_HTTP };
    unsigned i;
    int place;

    (void)state;
    for (place = 0; place < PLACES; place++) {
        for (i = 0; i < sizeof(CODES) / sizeof(CODES[0]); i++) {
            expect_until(place);
            script_expect(scene.script,
                          &(script_row_t){ .url = PATHS[place], .fails = 1, .code = CODES[i] });
            scene_order();
            check_failed(CODES[i], PATHS[place]);
            check_left(place, 1);
        }
    }
}

static void refusals_are_survived_everywhere(void **state)
{
    static const struct {
        int status;
        const char *type;
        ja_code_t code;   /* of newOrder */
        ja_code_t placed; /* of an order that is placed */
        int is_kept;
    } CASES[] = {
        { 500, "serverInternal", JA_E_CA_INTERNAL, JA_E_CA_INTERNAL, 1 },
        { 403, "unauthorized", JA_E_UNAUTHORIZED, JA_E_ORDER_UNAUTHORIZED, 0 },
        { 429, "rateLimited", JA_E_RATE_LIMITED, JA_E_RATE_LIMITED, 1 },
        { 403, "rejectedIdentifier", JA_E_REJECTED_NAME, JA_E_REJECTED_NAME, 0 },
        { 403, "userActionRequired", JA_E_ACTION_REQUIRED, JA_E_ACTION_REQUIRED, 0 },
        { 400, "accountDoesNotExist", JA_E_ACCOUNT_NOT_FOUND, JA_E_ACCOUNT_NOT_FOUND, 1 },
    };
    unsigned i;
    int place;

    (void)state;
    for (place = 0; place < PLACES; place++) {
        for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
            expect_until(place);
            expect_problem(PATHS[place], CASES[i].status, CASES[i].type);
            scene_order();
            check_failed(place == 0 ? CASES[i].code : CASES[i].placed, "scripted");
            check_left(place, CASES[i].is_kept);
        }
    }
}

static void a_page_of_a_proxy_is_survived_everywhere(void **state)
{
    static const int STATUS[] = { 200, 302, 403, 407, 502 };
    unsigned i;
    int place;

    (void)state;
    for (place = 0; place < PLACES; place++) {
        for (i = 0; i < sizeof(STATUS) / sizeof(STATUS[0]); i++) {
            expect_until(place);
            script_expect(scene.script, &(script_row_t){ .url = PATHS[place],
                                                         .status = STATUS[i],
                                                         .body = "<html>Please log in</html>",
                                                         .type = "text/html",
                                                         .location = SCENE_URL "login" });
            scene_order();
            assert_non_null(scene.err);
            script_end(scene.script);
            check_left(place, 1);
        }
    }
}

static void a_reply_at_the_limit_is_read(void **state)
{
    const char *json = order_json("pending");
    char *large = apr_palloc(pool, JA_ORDER_MAX_BYTES + 2);
    apr_size_t len = strlen(json);
    int above;

    (void)state;
    for (above = 0; above <= 1; above++) {
        memset(large, ' ', JA_ORDER_MAX_BYTES + 1);
        memcpy(large, json, len);
        large[JA_ORDER_MAX_BYTES + above] = '\0';
        script_expect(scene.script, &(script_row_t){ .url = "/new-order",
                                                     .status = 201,
                                                     .json = large,
                                                     .location = SCENE_ORDER });
        if (!above) {
            expect_authz(1, "invalid");
        }
        scene_order();
        check_failed(above ? JA_E_TOO_LARGE : JA_E_VALIDATION_WRONG, "");
    }
}

static void the_first_failure_of_many_is_told(void **state)
{
    (void)state;
    scene_names(3);
    expect_new_order("pending");
    expect_authz(1, "pending");
    expect_problem("/authz/2/", 500, "serverInternal");
    expect_problem("/authz/3/", 429, "rateLimited");
    scene_order();
    check_failed(JA_E_CA_INTERNAL, "");
}

static void retry_after_of_a_refusal_travels_on(void **state)
{
    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = "/new-order",
                                                 .status = 429,
                                                 .problem = problem_json("rateLimited", "slowly"),
                                                 .retry_after = "7200" });
    scene_order();
    check_failed(JA_E_RATE_LIMITED, "slowly");
    assert_int_equal(scene.err->retry_at, NOW + apr_time_from_sec(7200));
}

/* ---- the end in the middle ------------------------------------------------------------------- */

static ja_drive_t *drive;
static const char *stop_at;
static int was_critical;

static void note_where(const char *path)
{
    if (strcmp(path, stop_at) == 0) {
        ja_loop_stop(scene.loop);
    }
}

static void not_called(void *baton, ja_err_t *err, const char *activity)
{
    (void)baton;
    (void)err;
    (void)activity;
    fail();
}

static ja_err_t *stopping_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    (void)baton;
    (void)scratch;
    if (script_outstanding(scene.script) > 0) {
        script_round(scene.script);
    }
    else {
        scene.now += (apr_time_t)(timeout_ms > 1000 ? 1000 : timeout_ms) * 1000;
    }
    was_critical = ja_drive_is_critical(drive);
    return NULL;
}

/* Start an order and destroy its pool when `path` has been asked for. */
static void cut_off_at(const char *path)
{
    const ja_drive_conf_t conf = { scene.loop, scene.ca, scene.jwk, SCENE_ACCOUNT, &scene.job };
    const ja_loop_io_t io = { .poll = stopping_poll, .wakeup = no_wakeup };
    apr_pool_t *order_pool;

    stop_at = path;
    scene.on_request = note_where;
    ja_loop_use(scene.loop, &io);
    apr_pool_create(&order_pool, pool);
    drive = ja_drive_start(&conf,
                           ja_flow_make(&scene.domain, JA_KEY_P256, scene.store, scene.solvers,
                                        ja_jwk_thumbprint(scene.jwk), order_pool),
                           not_called, NULL, order_pool);
    works(ja_loop_run(scene.loop, NULL, NULL));
    apr_pool_destroy(order_pool);
    assert_int_equal(script_outstanding(scene.script), 0);
}

static void expect_from(int place)
{
    static const char *const STATUS[] = { "pending", "pending", "pending", "ready", "valid" };

    expect_order(STATUS[place]);
    if (place < 3) {
        expect_authz(1, place == 2 ? "valid" : "pending");
    }
    if (place < 2) {
        expect_answer(1, "pending");
    }
    if (place < 3) {
        expect_order("ready");
    }
    if (place < 4) {
        expect_finalize("valid");
    }
    expect_cert();
}

static void cut_off_anywhere_it_goes_on_afterwards(void **state)
{
    static const struct {
        const char *path;
        int state;
    } CASES[] = {
        { "authz/1/", JA_ST_AUTHZ },    { "challenge/1/", JA_ST_ANSWER },
        { "order/1/", JA_ST_VALIDATE }, { "finalize/1/", JA_ST_FINALIZE },
        { "cert/1/", JA_ST_DOWNLOAD },
    };
    int i;

    (void)state;
    for (i = 0; i < (int)(sizeof(CASES) / sizeof(CASES[0])); i++) {
        scene_restart();
        expect_happy();
        cut_off_at(CASES[i].path);
        assert_false(was_critical);
        assert_string_equal(scene_saved().order_url, SCENE_ORDER);
        assert_int_equal(scene_saved().state, CASES[i].state);

        scene.on_request = NULL;
        scene.script = script_make(pool);
        script_expect_ca(scene.script);
        scene_restart();
        expect_from(i);
        scene_resume();
        works(scene.err);
        script_end(scene.script);
        assert_int_equal(TOTAL(NEW_ORDER), 0);
    }
}

static void only_a_new_order_is_worth_waiting_for(void **state)
{
    (void)state;
    expect_new_order("pending");
    cut_off_at("new-order");
    assert_true(was_critical);
    assert_null(scene_saved().order_url);
    assert_int_equal(scene_saved().state, JA_ST_ORDER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE_TEST(the_position_is_saved_before_anything_is_sent),
        SCENE_TEST(it_has_all_that_going_on_needs),
        SCENE_TEST(afterwards_there_is_no_order_any_more),
        SCENE_TEST(resuming_keeps_the_challenges_that_are_set_up),
        SCENE_TEST(without_a_position_nothing_is_sent),
        SCENE_TEST(k_names_cost_2k_and_5_requests),
        SCENE_TEST(requests_are_signed_by_the_account),
        SCENE_TEST(replies_may_come_in_any_order),
        SCENE_TEST(garbage_is_survived_everywhere),
        SCENE_TEST(no_reply_is_survived_everywhere),
        SCENE_TEST(refusals_are_survived_everywhere),
        SCENE_TEST(a_page_of_a_proxy_is_survived_everywhere),
        SCENE_TEST(a_reply_at_the_limit_is_read),
        SCENE_TEST(the_first_failure_of_many_is_told),
        SCENE_TEST(retry_after_of_a_refusal_travels_on),
        SCENE_TEST(cut_off_anywhere_it_goes_on_afterwards),
        SCENE_TEST(only_a_new_order_is_worth_waiting_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

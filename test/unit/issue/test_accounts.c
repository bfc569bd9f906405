#include "scene.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "issue/accounts_file.h"

#define HMAC    "hmac-0123456789abcdef0123456789ab"
#define MINUTES apr_time_from_sec(60)
#define HOURS   apr_time_from_sec(HOUR)

static ja_account_keeper_t *keeper;
static apr_pool_t *keeper_pool;
static int readies;
static int frees; /* of them, those of an account that was held or asked for */
static ja_eab_t eab;

/* ---- helpers --------------------------------------------------------------------------------- */

static void use_eab(const char *kid, const char *hmac)
{
    eab.kid = kid;
    eab.hmac = ja_secret_make(hmac, strlen(hmac), pool);
    scene.plan_ca.eab = &eab;
}

static const char *file_of(const char *item)
{
    return tree_path(pool, "%s/store/accounts/%s/%s", scene.dir, scene.plan_ca.id, item);
}

static const char *text_of(const char *item)
{
    const char *text = tree_text(file_of(item), pool);

    return text ? text : "";
}

static int account_begins(void **state)
{
    readies = frees = 0;
    keeper_pool = NULL;
    if (scene_begins(state) != 0) {
        return -1;
    }
    use_eab("kid-1", HMAC);
    return 0;
}

#define ACCOUNT_TEST(FN) cmocka_unit_test_setup_teardown(FN, account_begins, scene_ends)

/* "The URL is durable before anything is done with it." */
static void on_ready(void *baton, int is_freed)
{
    (void)baton;
    readies++;
    frees += is_freed;
    assert_true(ja_account_is_ready(keeper));
    assert_non_null(ja_jwk_thumbprint(ja_account_jwk(keeper)));
    assert_non_null(strstr(text_of("account.json"), ja_account_url(keeper)));
}

/* As at each start of the server. */
static void start(void)
{
    ja_account_conf_t conf = {
        &scene.plan_ca, scene.store, NULL, NULL, &scene.log, on_ready, NULL
    };

    if (keeper_pool) {
        apr_pool_destroy(keeper_pool);
    }
    scene_restart();
    conf.ca = scene.ca;
    conf.loop = scene.loop;
    scene.trace = scene.lines = "";
    readies = frees = 0;
    apr_pool_create(&keeper_pool, pool);
    keeper = ja_account_keeper_start(&conf, keeper_pool);
}

static void on_end(void *baton)
{
    (void)baton;
    scene.is_done = 1;
}

static void run_for(apr_interval_time_t time)
{
    ja_timer_set(ja_timer_make(scene.loop, on_end, NULL, pool), scene.now + time);
    scene_run();
}

static void expect_account(const char *status)
{
    script_expect(scene.script,
                  &(script_row_t){ .url = "/new-account",
                                   .status = 201,
                                   .json = apr_psprintf(pool, "{\"status\":\"%s\"}", status),
                                   .location = SCENE_ACCOUNT });
}

static void expect_update(void)
{
    expect_json("/account/1", "{\"status\":\"valid\"}");
}

static void expect_failure(const char *url, ja_code_t code)
{
    script_expect(scene.script, &(script_row_t){ .url = url, .fails = 1, .code = code });
}

static void start_registered(void)
{
    expect_account("valid");
    start();
    run_for(MINUTES);
    assert_int_equal(readies, 1);
    script_end(scene.script);
}

static void check_ready(void)
{
    assert_int_equal(readies, 1);
    assert_true(ja_account_is_ready(keeper));
    assert_string_equal(ja_account_url(keeper), SCENE_ACCOUNT);
    script_end(scene.script);
}

static void check_not_ready(void)
{
    assert_int_equal(readies, 0);
    assert_false(ja_account_is_ready(keeper));
    script_end(scene.script);
}

static ja_account_file_t file(void)
{
    ja_account_file_t *file;

    works(ja_account_file_load(&file, scene.store, scene.plan_ca.id, pool, pool));
    assert_non_null(file);
    return *file;
}

static const char *payload(int index)
{
    return script_sent(scene.script, index)->payload;
}

/* ---- registering ----------------------------------------------------------------------------- */

static void look_for_the_key(const char *path)
{
    if (strcmp(path, "new-account") == 0) {
        assert_non_null(strstr(text_of("key.json"), "\"d\""));
        assert_int_equal(tree_mode(file_of("key.json")), 0600);
        assert_false(tree_has(file_of("account.json")));
    }
}

static void the_key_is_kept_before_the_ca_hears_of_it(void **state)
{
    (void)state;
    scene.on_request = look_for_the_key;
    start_registered();
    assert_string_equal(scene.trace, "new-account:idle");
    assert_int_equal(tree_mode(file_of("account.json")), 0600);
    assert_string_equal(file().url, SCENE_ACCOUNT);
    assert_string_equal(file().ca_url, SCRIPT_DIRECTORY);
    assert_string_equal(file().eab_kid, "kid-1");
    assert_string_equal(APR_ARRAY_IDX(file().contacts, 0, const char *), "admin@a.jp");
    assert_int_equal(file().registered_at, NOW);
    assert_non_null(strstr(scene.lines, "JA0001: registered: account " SCENE_ACCOUNT));
}

static void it_agrees_and_is_bound(void **state)
{
    (void)state;
    start_registered();
    assert_non_null(strstr(payload(-1), "\"termsOfServiceAgreed\":true"));
    assert_non_null(strstr(payload(-1), "\"contact\":[\"mailto:admin@a.jp\"]"));
    assert_non_null(strstr(payload(-1), "\"externalAccountBinding\":{"));
    assert_null(script_sent(scene.script, -1)->kid);
}

static void without_an_eab_it_is_not_bound(void **state)
{
    (void)state;
    scene.plan_ca.eab = NULL;
    start_registered();
    assert_null(strstr(payload(-1), "externalAccountBinding"));
    assert_null(file().eab_kid);
}

static void no_secret_gets_out(void **state)
{
    const char *key;

    (void)state;
    expect_problem("/new-account", 403, "unauthorized");
    expect_account("valid");
    expect_update();
    start();
    run_for(25 * HOURS);
    check_ready();
    key = strstr(text_of("key.json"), "\"d\"");
    assert_non_null(key);
    key = apr_pstrndup(pool, strchr(key + 3, '"') + 1, 43);
    assert_int_equal(strlen(key), 43);
    assert_null(strstr(scene.lines, HMAC));
    assert_null(strstr(scene.lines, "aG1hYy0wMTIz"));
    assert_null(strstr(scene.lines, key));
    assert_null(strstr(text_of("account.json"), HMAC));
    assert_null(strstr(text_of("account.json"), "aG1hYy0wMTIz"));
    assert_null(strstr(text_of("account.json"), key));
}

static void it_is_made_once(void **state)
{
    const char *key;

    (void)state;
    start_registered();
    key = text_of("key.json");
    scene.plan_ca.eab = NULL;
    start();
    run_for(48 * HOURS);
    check_ready();
    assert_string_equal(scene.trace, "");
    assert_string_equal(text_of("key.json"), key);
    assert_string_equal(file().eab_kid, "kid-1");
}

/* ---- what gets lost -------------------------------------------------------------------------- */

static void without_its_url_it_is_found_by_its_key(void **state)
{
    const char *key;

    (void)state;
    start_registered();
    key = text_of("key.json");
    assert_int_equal(unlink(file_of("account.json")), 0);
    scene.plan_ca.eab = NULL;
    expect_account("valid");
    expect_update();
    start();
    run_for(MINUTES);
    check_ready();
    assert_string_equal(payload(-2), "{\"onlyReturnExisting\":true}");
    assert_string_equal(text_of("key.json"), key);
    assert_string_equal(file().url, SCENE_ACCOUNT);
}

/* The CA has registered it, and nobody heard. */
static void a_lost_reply_is_no_second_account(void **state)
{
    const char *key;

    (void)state;
    expect_failure("/new-account", JA_E_TIMEOUT);
    start();
    run_for(apr_time_from_sec(20));
    check_not_ready();
    key = text_of("key.json");
    expect_account("valid");
    expect_update();
    run_for(apr_time_from_sec(20));
    check_ready();
    assert_string_equal(payload(-2), "{\"onlyReturnExisting\":true}");
    assert_string_equal(text_of("key.json"), key);
}

static void if_the_ca_does_not_know_it_it_is_registered(void **state)
{
    static const char *const TYPES[] = { "accountDoesNotExist", "externalAccountRequired",
                                         "malformed" };
    unsigned i;

    (void)state;
    start_registered();
    for (i = 0; i < sizeof(TYPES) / sizeof(TYPES[0]); i++) {
        assert_int_equal(unlink(file_of("account.json")), 0);
        expect_problem("/new-account", 400, TYPES[i]);
        expect_account("valid");
        start();
        run_for(MINUTES);
        check_ready();
        assert_non_null(strstr(payload(-1), "externalAccountBinding"));
    }
}

static void a_reply_without_a_url_is_none(void **state)
{
    (void)state;
    expect_json("/new-account", "{\"status\":\"valid\"}");
    start();
    run_for(apr_time_from_sec(20));
    check_not_ready();
    expect_account("valid");
    expect_update();
    run_for(apr_time_from_sec(20));
    check_ready();
}

#define FOREIGN "https://evil.example/account/1"

/* Something on the way has changed it. */
static void a_url_of_somebody_else_is_not_taken(void **state)
{
    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = "/new-account",
                                                 .status = 201,
                                                 .json = "{\"status\":\"valid\"}",
                                                 .location = FOREIGN });
    start();
    run_for(apr_time_from_sec(20));
    check_not_ready();
    assert_null(file().url);
    expect_account("valid");
    expect_update();
    run_for(apr_time_from_sec(20));
    check_ready();
    assert_string_equal(payload(-2), "{\"onlyReturnExisting\":true}");
}

static void one_that_was_taken_is_found_anew_when_somebody_asks(void **state)
{
    ja_account_file_t damaged;

    (void)state;
    start_registered();
    damaged = file();
    damaged.url = FOREIGN;
    works(ja_account_file_save(&damaged, scene.store, scene.plan_ca.id, pool));
    start();
    run_for(MINUTES);
    expect_account("valid");
    ja_account_request(keeper, scene.now);
    run_for(MINUTES);
    assert_string_equal(ja_account_url(keeper), SCENE_ACCOUNT);
    assert_string_equal(payload(-1), "{\"onlyReturnExisting\":true}");
    assert_string_equal(file().url, SCENE_ACCOUNT);
    script_end(scene.script);
}

static void a_url_that_cannot_be_kept_is_not_used(void **state)
{
    const char *blocker = tree_path(pool, "%s/x", file_of("account.json"));

    (void)state;
    expect_failure("/new-account", JA_E_CONNECT);
    start();
    run_for(apr_time_from_sec(20));
    check_not_ready();
    /* A directory is where the file is to be. */
    assert_int_equal(unlink(file_of("account.json")), 0);
    assert_int_equal(apr_dir_make_recursive(blocker, APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    expect_account("valid");
    run_for(apr_time_from_sec(20));
    check_not_ready();
    assert_int_equal(rmdir(blocker), 0);
    assert_int_equal(rmdir(file_of("account.json")), 0);
    expect_account("valid");
    expect_update();
    run_for(5 * MINUTES);
    check_ready();
    assert_string_equal(payload(-2), "{\"onlyReturnExisting\":true}");
    assert_string_equal(file().url, SCENE_ACCOUNT);
}

/* ---- damage ---------------------------------------------------------------------------------- */

static void a_damaged_key_is_never_replaced(void **state)
{
    static const char *const BAD[] = { "", "{", "{}", "{\"kty\":\"oct\",\"k\":\"AAAA\"}",
                                       "{\"kty\":\"EC\",\"crv\":\"P-256\"}" };
    const char *good;
    unsigned i;

    (void)state;
    start_registered();
    good = text_of("key.json");
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        tree_put(file_of("key.json"), BAD[i]);
        start();
        run_for(48 * HOURS);
        check_not_ready();
        assert_string_equal(scene.trace, "");
        assert_string_equal(text_of("key.json"), BAD[i]);
        assert_string_equal(file().url, SCENE_ACCOUNT);
        assert_non_null(strstr(scene.lines, "account key"));
    }
    tree_put(file_of("key.json"), good);
    run_for(48 * HOURS);
    check_ready();
}

static void an_account_without_its_key_is_not_replaced(void **state)
{
    (void)state;
    start_registered();
    assert_int_equal(unlink(file_of("key.json")), 0);
    start();
    run_for(48 * HOURS);
    check_not_ready();
    assert_string_equal(scene.trace, "");
    assert_false(tree_has(file_of("key.json")));
    assert_non_null(strstr(scene.lines, "restore it from a backup"));
    assert_string_equal(file().url, SCENE_ACCOUNT);
}

static void a_damaged_account_is_found_by_its_key(void **state)
{
    static const char *const BAD[] = { "", "{", "[]", "{\"url\":7}", "{\"contacts\":{}}" };
    const char *key;
    unsigned i;

    (void)state;
    start_registered();
    key = text_of("key.json");
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        tree_put(file_of("account.json"), BAD[i]);
        expect_account("valid");
        expect_update();
        start();
        run_for(MINUTES);
        check_ready();
        assert_string_equal(payload(-2), "{\"onlyReturnExisting\":true}");
        assert_string_equal(file().url, SCENE_ACCOUNT);
        assert_string_equal(text_of("key.json"), key);
        assert_non_null(strstr(scene.lines, file_of("account.json")));
    }
}

/* There was an account, and what is left of its file may still tell a person which. */
static void with_both_lost_nothing_is_overwritten(void **state)
{
    (void)state;
    start_registered();
    assert_int_equal(unlink(file_of("key.json")), 0);
    tree_put(file_of("account.json"), "{\"url\":\"https://ca.example/acc");
    start();
    run_for(48 * HOURS);
    check_not_ready();
    assert_string_equal(scene.trace, "");
    assert_false(tree_has(file_of("key.json")));
    assert_string_equal(text_of("account.json"), "{\"url\":\"https://ca.example/acc");
}

/* ---- refusals -------------------------------------------------------------------------------- */

static void refuse_eab(void)
{
    expect_problem("/new-account", 400, "accountDoesNotExist"); /* to onlyReturnExisting */
    script_expect(scene.script, &(script_row_t){ .url = "/new-account",
                                                 .status = 403,
                                                 .problem = problem_json(
                                                     "malformed", "Unable to create account") });
}

/* It might have been registered all the same: looking does no harm. */
static void a_refused_eab_is_not_tried_again(void **state)
{
    int i;

    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = "/new-account",
                                                 .status = 403,
                                                 .problem = problem_json(
                                                     "malformed", "Unable to create account") });
    start();
    run_for(5 * HOURS);
    check_not_ready();
    assert_string_equal(scene.trace, "new-account:idle");
    assert_non_null(strstr(scene.lines, ja_err_row(JA_E_EAB_REFUSED)->id));
    start();
    run_for(10 * HOURS);
    assert_string_equal(scene.trace, "");
    for (i = 0; i < 10; i++) {
        if (i % 2) { /* whatever keeps the CA from answering: the reason stays */
            expect_failure("/new-account", JA_E_CONNECT);
        }
        else {
            expect_problem("/new-account", 400, "accountDoesNotExist");
        }
        run_for(24 * HOURS);
        check_not_ready();
        assert_string_equal(payload(-1), "{\"onlyReturnExisting\":true}");
        assert_int_equal(file().attempts, 1);
        assert_int_equal(file().held, 1);
        assert_in_range(file().next_at - scene.now, 1, 24 * HOURS);
        assert_string_equal(file().error->id, ja_err_row(JA_E_EAB_REFUSED)->id);
    }
}

static void somebody_may_ask_for_it(void **state)
{
    (void)state;
    expect_problem("/new-account", 400, "externalAccountRequired");
    start();
    run_for(HOURS);
    check_not_ready();
    refuse_eab();
    ja_account_request(keeper, NOW + HOURS);
    assert_int_equal(file().requested_at, NOW + HOURS);
    assert_int_equal(file().answered_at, 0);
    run_for(HOURS);
    check_not_ready();
    assert_int_equal(file().answered_at, NOW + HOURS);
    ja_account_request(keeper, NOW + HOURS);
    run_for(HOURS);
    check_not_ready();
    expect_problem("/new-account", 400, "accountDoesNotExist");
    expect_account("valid");
    ja_account_request(keeper, NOW + 2 * HOURS);
    run_for(HOURS);
    check_ready();
    assert_int_equal(frees, 1);
    assert_int_equal(file().answered_at, NOW + 2 * HOURS);
    assert_int_equal(file().held, 0);
    assert_null(file().error);
    expect_update();
    ja_account_request(keeper, NOW + 3 * HOURS);
    assert_false(ja_account_is_ready(keeper));
    run_for(HOURS);
    assert_true(ja_account_is_ready(keeper));
    assert_int_equal(frees, 2);
    assert_int_equal(file().answered_at, NOW + 3 * HOURS);
    assert_string_equal(payload(-1), "");
    script_end(scene.script);
}

/* What the server was asked for before it was stopped. */
static void a_restart_does_not_swallow_what_somebody_asks_for(void **state)
{
    (void)state;
    expect_problem("/new-account", 400, "externalAccountRequired");
    start();
    run_for(HOURS);
    ja_account_request(keeper, NOW + HOURS);
    expect_problem("/new-account", 400, "accountDoesNotExist");
    expect_account("valid");
    start();
    run_for(apr_time_from_sec(1));
    check_ready();
    assert_int_equal(frees, 1);
    assert_int_equal(file().answered_at, NOW + HOURS);
    ja_account_request(keeper, NOW + 2 * HOURS);
    expect_json("/account/1", "{\"status\":\"valid\"}");
    start();
    run_for(apr_time_from_sec(1));
    check_ready();
    assert_int_equal(frees, 1);
    assert_int_equal(file().answered_at, NOW + 2 * HOURS);
    script_end(scene.script);
}

/* That is the answer; and it goes on, over restarts, until the CA has said yes or no. */
static void an_error_that_passes_does_not_end_what_somebody_asks_for(void **state)
{
    (void)state;
    expect_problem("/new-account", 400, "externalAccountRequired");
    start();
    run_for(HOURS);
    expect_failure("/new-account", JA_E_CONNECT);
    ja_account_request(keeper, NOW + HOURS);
    run_for(apr_time_from_sec(1));
    check_not_ready();
    assert_int_equal(file().answered_at, NOW + HOURS);
    assert_string_equal(file().error->id, ja_err_row(JA_E_CONNECT)->id);
    assert_int_equal(file().held, 1);
    refuse_eab();
    start();
    run_for(10 * MINUTES);
    check_not_ready();
    assert_string_equal(file().error->id, ja_err_row(JA_E_EAB_REFUSED)->id);
    expect_problem("/new-account", 400, "accountDoesNotExist"); /* no more than that */
    run_for(30 * HOURS);
    script_end(scene.script);
}

static void doubt(void)
{
    ja_account_doubt(keeper, ja_err_make(JA_E_UNAUTHORIZED, pool, "order"));
}

/* Nor does it stay a permission: the CA may lose the account much later. */
static void a_look_at_an_account_that_works_permits_nothing(void **state)
{
    (void)state;
    start_registered();
    run_for(HOURS);
    expect_failure("/account/1", JA_E_CONNECT);
    ja_account_request(keeper, NOW + HOURS);
    run_for(HOURS);
    assert_true(ja_account_is_ready(keeper));
    assert_int_equal(file().answered_at, NOW + HOURS);
    assert_string_equal(file().not_looked->id, ja_err_row(JA_E_CONNECT)->id);
    expect_problem("/account/1", 400, "accountDoesNotExist");
    doubt();
    run_for(HOURS);
    assert_false(ja_account_is_ready(keeper));
    assert_int_equal(file().held, 1);
    script_end(scene.script);
}

/* ---- doubts ---------------------------------------------------------------------------------- */

static const script_row_t REFUSALS[] = {
    { .url = "/account/1", .status = 401, .body = "<html>401</html>", .type = "text/html" },
    { .url = "/account/1",
      .status = 403,
      .problem = "{\"type\":\"urn:ietf:params:acme:error:unauthorized\"}" },
    { .url = "/account/1", .status = 404, .body = "gone", .type = "text/plain" },
    { .url = "/account/1",
      .status = 400,
      .problem = "{\"type\":\"urn:ietf:params:acme:error:accountDoesNotExist\"}" },
    { .url = "/account/1",
      .status = 500,
      .problem = "{\"type\":\"urn:ietf:params:acme:error:serverInternal\"}" },
    { .url = "/account/1",
      .body = "<html>Please log in</html>",
      .type = "text/html",
      .status = 302,
      .location = "/login" },
    { .url = "/account/1", .json = "{\"status\":\"deactivated\"}" },
    { .url = "/account/1", .json = "{" },
    { .url = "/account/1", .fails = 1, .code = JA_E_TIMEOUT },
};

static void a_doubt_is_settled_by_the_ca(void **state)
{
    (void)state;
    start_registered();
    run_for(HOURS);
    expect_json("/account/1", "{\"status\":\"valid\"}");
    doubt();
    assert_false(ja_account_is_ready(keeper));
    run_for(MINUTES);
    assert_true(ja_account_is_ready(keeper));
    assert_int_equal(readies, 2);
    assert_int_equal(frees, 1); /* when it was made */
    doubt();                    /* not again so soon */
    assert_true(ja_account_is_ready(keeper));
    run_for(HOURS);
    script_end(scene.script);
}

static void what_the_ca_confirms_holds_the_account(void **state)
{
    int i;

    (void)state;
    start_registered();
    run_for(HOURS);
    expect_problem("/account/1", 401, "unauthorized");
    doubt();
    run_for(HOURS);
    assert_false(ja_account_is_ready(keeper));
    assert_int_equal(file().held, 1);
    assert_string_equal(file().url, SCENE_ACCOUNT);
    for (i = 0; i < 5; i++) {
        expect_problem("/account/1", 400, i % 2 ? "unauthorized" : "accountDoesNotExist");
        start();
        run_for(24 * HOURS);
        check_not_ready();
        assert_string_equal(file().url, SCENE_ACCOUNT);
    }
    expect_json("/account/1", "{\"status\":\"valid\"}");
    run_for(24 * HOURS);
    check_ready();
    assert_int_equal(frees, 1);
    assert_int_equal(file().held, 0);
    assert_null(file().error);
}

static void without_an_answer_it_is_used_on(void **state)
{
    unsigned i;

    (void)state;
    start_registered();
    for (i = 2; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        if (REFUSALS[i].status == 400 || (REFUSALS[i].json && strstr(REFUSALS[i].json, "deact"))) {
            continue;
        }
        script_expect(scene.script, &REFUSALS[i]);
        run_for(HOURS);
        doubt();
        assert_false(ja_account_is_ready(keeper));
        run_for(MINUTES);
        assert_true(ja_account_is_ready(keeper));
        assert_int_equal(file().held, 0);
        script_end(scene.script);
    }
}

/* The CA has lost it, and the reseller has handed over another EAB. */
static void a_held_account_is_registered_with_a_new_eab(void **state)
{
    (void)state;
    start_registered();
    run_for(HOURS);
    expect_problem("/account/1", 400, "accountDoesNotExist");
    doubt();
    run_for(HOURS);
    use_eab("kid-2", HMAC);
    expect_problem("/account/1", 400, "accountDoesNotExist");
    expect_account("valid");
    start();
    run_for(HOURS);
    check_ready();
    assert_string_equal(file().eab_kid, "kid-2");
}

/* ---- the EAB's end --------------------------------------------------------------------------- */

static int count_lines(const char *part)
{
    const char *at = scene.lines;
    int count = 0;

    while ((at = strstr(at, part)) != NULL) {
        count++;
        at++;
    }
    return count;
}

static void the_end_of_the_eab_is_counted_down(void **state)
{
    (void)state;
    eab.issued_at = NOW - HOURS;
    script_expect(scene.script,
                  &(script_row_t){ .url = "/new-account",
                                   .times = SCRIPT_ANY_NUMBER,
                                   .status = 400,
                                   .problem = problem_json("externalAccountRequired", "needed") });
    start();
    run_for(6 * 24 * HOURS);
    assert_int_equal(count_lines("JA0011"), 0);
    run_for(24 * HOURS);
    assert_int_equal(count_lines("JA0011"), 1);
    assert_non_null(strstr(scene.lines, "within 7 days"));
    start();
    run_for(24 * HOURS);
    assert_int_equal(count_lines("JA0011"), 0);
    run_for(20 * 24 * HOURS);
    assert_int_equal(count_lines("JA0011"), 3);
    assert_non_null(strstr(scene.lines, "within 1 day"));
    assert_non_null(strstr(scene.lines, "older than 14 days"));
}

static void change_kid(void)
{
    use_eab("kid-2", HMAC);
}

static void change_hmac(void)
{
    use_eab("kid-1", "another-hmac-0123456789abcdef");
}

static void change_contacts(void)
{
    scene.plan_ca.contacts = names_of("other@a.jp", NULL);
}

static void remove_eab(void)
{
    scene.plan_ca.eab = NULL;
}

static void another_configuration_is_tried_at_once(void **state)
{
    void (*const CHANGES[])(void) = { change_kid, change_hmac, change_contacts, remove_eab };
    unsigned i;

    (void)state;
    start();
    for (i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
        if (i == 0) {
            script_expect(scene.script,
                          &(script_row_t){
                              .url = "/new-account",
                              .status = 403,
                              .problem = problem_json("malformed", "Unable to create account") });
        }
        run_for(MINUTES);
        check_not_ready();
        CHANGES[i]();
        refuse_eab();
        start();
    }
    run_for(MINUTES);
    check_not_ready();
    expect_account("valid");
    expect_update();
    run_for(24 * HOURS);
    check_ready();
}

static void a_clock_that_was_wrong_is_forgiven(void **state)
{
    (void)state;
    expect_failure("/new-account", JA_E_CONNECT);
    scene.now = NOW + apr_time_from_sec(300L * DAY);
    start();
    run_for(apr_time_from_sec(20));
    check_not_ready();
    scene.now = NOW;
    expect_account("valid");
    expect_update();
    start();
    run_for(MINUTES);
    check_ready();
}

static void a_deactivated_account_is_not_replaced(void **state)
{
    (void)state;
    start_registered();
    assert_int_equal(unlink(file_of("account.json")), 0);
    expect_account("deactivated");
    start();
    run_for(apr_time_from_sec(20));
    check_not_ready();
    assert_non_null(strstr(scene.lines, "deactivated"));
}

/* ---- contacts -------------------------------------------------------------------------------- */

static void new_contacts_are_told(void **state)
{
    (void)state;
    start_registered();
    change_contacts();
    expect_update();
    start();
    run_for(MINUTES);
    check_ready();
    assert_string_equal(scene.trace, "account/1:idle");
    assert_string_equal(payload(-1), "{\"contact\":[\"mailto:other@a.jp\"]}");
    assert_string_equal(script_sent(scene.script, -1)->kid, SCENE_ACCOUNT);
    assert_string_equal(APR_ARRAY_IDX(file().contacts, 0, const char *), "other@a.jp");
    start();
    run_for(48 * HOURS);
    check_ready();
    assert_string_equal(scene.trace, "");
}

static void the_order_of_contacts_is_no_change(void **state)
{
    (void)state;
    start_registered();
    scene.plan_ca.contacts = names_of("b@a.jp", "c@a.jp", NULL);
    expect_update();
    start();
    run_for(MINUTES);
    assert_string_equal(scene.trace, "account/1:idle");
    scene.plan_ca.contacts = names_of("c@a.jp", "b@a.jp", NULL);
    start();
    run_for(MINUTES);
    check_ready();
    assert_string_equal(scene.trace, "");
}

/* Whatever the CA says when it is told of new contacts: the account is used on, and told again. */
static void nothing_that_the_ca_says_loses_an_account(void **state)
{
    const char *key;
    unsigned i;

    (void)state;
    start_registered();
    key = text_of("key.json");
    for (i = 0; i < sizeof(REFUSALS) / sizeof(REFUSALS[0]); i++) {
        scene.plan_ca.contacts = names_of(apr_psprintf(pool, "n%u@a.jp", i), NULL);
        script_expect(scene.script, &REFUSALS[i]);
        start();
        run_for(apr_time_from_sec(20));
        check_ready();
        assert_string_equal(scene.trace, "account/1:idle");
        assert_string_equal(file().url, SCENE_ACCOUNT);
        assert_string_equal(text_of("key.json"), key);
        assert_int_equal(file().attempts, 1);
        expect_update();
        run_for(30 * HOURS);
        check_ready();
        assert_int_equal(file().attempts, 0);
        assert_null(file().error);
    }
}

/* ---- stopping -------------------------------------------------------------------------------- */

static int was_critical;

static void stop_here(const char *path)
{
    (void)path;
    ja_loop_stop(scene.loop);
}

static void ask_and_stop(void)
{
    start();
    scene.on_request = stop_here;
    works(ja_loop_run(scene.loop, NULL, NULL));
    scene.on_request = NULL;
    was_critical = ja_account_is_critical(keeper);
    apr_pool_destroy(keeper_pool);
    keeper_pool = NULL;
    assert_int_equal(script_outstanding(scene.script), 0);
}

static void only_a_new_account_is_worth_waiting_for(void **state)
{
    (void)state;
    expect_account("valid");
    ask_and_stop();
    assert_true(was_critical);
    expect_account("valid");
    ask_and_stop();
    assert_false(was_critical);
    expect_account("valid");
    expect_update();
    start();
    run_for(MINUTES);
    check_ready();
    change_contacts();
    expect_update();
    ask_and_stop();
    assert_false(was_critical);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ACCOUNT_TEST(the_key_is_kept_before_the_ca_hears_of_it),
        ACCOUNT_TEST(it_agrees_and_is_bound),
        ACCOUNT_TEST(without_an_eab_it_is_not_bound),
        ACCOUNT_TEST(no_secret_gets_out),
        ACCOUNT_TEST(it_is_made_once),
        ACCOUNT_TEST(without_its_url_it_is_found_by_its_key),
        ACCOUNT_TEST(a_lost_reply_is_no_second_account),
        ACCOUNT_TEST(if_the_ca_does_not_know_it_it_is_registered),
        ACCOUNT_TEST(a_reply_without_a_url_is_none),
        ACCOUNT_TEST(a_url_of_somebody_else_is_not_taken),
        ACCOUNT_TEST(one_that_was_taken_is_found_anew_when_somebody_asks),
        ACCOUNT_TEST(a_url_that_cannot_be_kept_is_not_used),
        ACCOUNT_TEST(a_damaged_key_is_never_replaced),
        ACCOUNT_TEST(an_account_without_its_key_is_not_replaced),
        ACCOUNT_TEST(a_damaged_account_is_found_by_its_key),
        ACCOUNT_TEST(with_both_lost_nothing_is_overwritten),
        ACCOUNT_TEST(a_refused_eab_is_not_tried_again),
        ACCOUNT_TEST(somebody_may_ask_for_it),
        ACCOUNT_TEST(a_restart_does_not_swallow_what_somebody_asks_for),
        ACCOUNT_TEST(an_error_that_passes_does_not_end_what_somebody_asks_for),
        ACCOUNT_TEST(a_look_at_an_account_that_works_permits_nothing),
        ACCOUNT_TEST(a_doubt_is_settled_by_the_ca),
        ACCOUNT_TEST(what_the_ca_confirms_holds_the_account),
        ACCOUNT_TEST(without_an_answer_it_is_used_on),
        ACCOUNT_TEST(a_held_account_is_registered_with_a_new_eab),
        ACCOUNT_TEST(the_end_of_the_eab_is_counted_down),
        ACCOUNT_TEST(another_configuration_is_tried_at_once),
        ACCOUNT_TEST(a_clock_that_was_wrong_is_forgiven),
        ACCOUNT_TEST(a_deactivated_account_is_not_replaced),
        ACCOUNT_TEST(new_contacts_are_told),
        ACCOUNT_TEST(the_order_of_contacts_is_no_change),
        ACCOUNT_TEST(nothing_that_the_ca_says_loses_an_account),
        ACCOUNT_TEST(only_a_new_account_is_worth_waiting_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

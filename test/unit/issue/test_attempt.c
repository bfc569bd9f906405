#include "scene.h"

#include <string.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "issue/accounts_file.h"
#include "issue/attempt.h"

static ja_account_keeper_t *keeper;
static apr_pool_t *attempt_pool;
static ja_attempt_t *attempt;

/* ---- helpers --------------------------------------------------------------------------------- */

static void on_account_ready(void *baton, int is_freed)
{
    (void)baton;
    (void)is_freed;
    scene.is_done = 1;
}

/* There is an account in the store; as after each start of the server it is there before any
 * domain is worked on. */
static void start_server(void)
{
    ja_account_conf_t conf = { &scene.plan_ca, scene.store,      NULL, NULL,
                               &scene.log,     on_account_ready, NULL };

    scene_restart();
    conf.ca = scene.ca;
    conf.loop = scene.loop;
    keeper = ja_account_keeper_start(&conf, pool);
    scene_run();
    scene.trace = scene.lines = "";
    scene.is_working = 1;
}

static int attempt_begins(void **state)
{
    ja_account_file_t account = { .url = SCENE_ACCOUNT };

    if (scene_begins(state) != 0) {
        return -1;
    }
    works(ja_account_key_make(&scene.jwk, scene.store, scene.plan_ca.id, pool, pool));
    account.contacts = scene.plan_ca.contacts;
    works(ja_account_file_save(&account, scene.store, scene.plan_ca.id, pool));
    start_server();
    return 0;
}

#define ATTEMPT_TEST(FN) cmocka_unit_test_setup_teardown(FN, attempt_begins, scene_ends)

static int placed, good; /* of what ended last */

static void on_done(void *baton, ja_err_t *err, const char *activity)
{
    (void)baton;
    ja_attempt_counts(attempt, &placed, &good);
    scene.err = ja_err_dup(err, pool);
    scene.activity = activity;
    ja_job_copy(&scene.job, &scene.job, pool);
    apr_pool_destroy(attempt_pool);
    scene.is_done = 1;
}

static ja_set_try_fn *try_out; /* NULL unless a test says something else */

static void start(void)
{
    const ja_attempt_conf_t conf = { &scene.domain, scene.store, scene.loop, scene.ca, keeper,
                                     scene.solvers, &scene.job,  &scene.log, try_out };

    apr_pool_create(&attempt_pool, pool);
    attempt = ja_attempt_start(&conf, on_done, NULL, attempt_pool);
}

static void run(void)
{
    start();
    scene_run();
}

static void add_key(ja_key_spec_t spec)
{
    APR_ARRAY_PUSH((apr_array_header_t *)scene.domain.keys, ja_key_spec_t) = spec;
}

static void expect_ready_order(void)
{
    expect_new_order("ready");
    expect_issuance();
}

static const ja_set_t *staged(void)
{
    const ja_set_t *set;

    works(ja_set_load(&set, scene.store, JA_GROUP_STAGING, "a.jp", pool, pool));
    return set;
}

static void check_staged(int certs)
{
    works(scene.err);
    script_end(scene.script);
    assert_non_null(staged());
    assert_int_equal(staged()->certs->nelts, certs);
    works(ja_set_check_staged(scene.store, &scene.domain, scene.now, pool));
    assert_false(tree_has(tree_path(pool, "%s/store/staging/.a.jp", scene.dir)));
}

static void check_failed(ja_code_t code, const char *activity)
{
    fails(scene.err, code, "");
    assert_string_equal(scene.activity, activity);
    script_end(scene.script);
    assert_null(staged());
}

static const char *key_aside(const char *spec)
{
    return tree_text(tree_path(pool, "%s/store/staging/.a.jp/privkey-%s.pem", scene.dir, spec),
                     pool);
}

static const char *key_staged(const char *spec)
{
    return tree_text(tree_path(pool, "%s/store/staging/a.jp/privkey-%s.pem", scene.dir, spec),
                     pool);
}

/* ---- one key type ---------------------------------------------------------------------------- */

static void one_order_makes_a_set(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    expect_issuance();
    run();
    check_staged(1);
    assert_string_equal(staged()->ca_url, SCRIPT_DIRECTORY);
    assert_true(staged()->created_at >= NOW);
    assert_null(scene.job.order_url);
    assert_int_equal(scene.job.started_at, NOW);
    assert_non_null(
        strstr(scene.lines, "a.jp: JA0005: issued: a certificate for a key of type p256"));
}

static void a_failed_one_tells_during_what(void **state)
{
    (void)state;
    expect_problem("/new-order", 403, "rejectedIdentifier");
    run();
    check_failed(JA_E_REJECTED_NAME, "placing the order");
    assert_int_equal(placed, 1);
    assert_int_equal(good, 0);
    assert_int_equal(scene.job.placed->nelts, 1);
}

/* It may have been one; what was not even sent is in test_runner and test_year. */
static void an_order_without_an_answer_counts_as_placed(void **state)
{
    (void)state;
    script_expect(scene.script,
                  &(script_row_t){ .url = "/new-order", .fails = 1, .code = JA_E_CONNECT });
    run();
    check_failed(JA_E_CONNECT, "placing the order");
    assert_int_equal(placed, 1);
    assert_int_equal(scene.job.placed->nelts, 1);
}

/* What an earlier renewal has left aside is of no use for this one. */
static void a_first_attempt_begins_with_nothing(void **state)
{
    const char *left;

    (void)state;
    expect_ready_order();
    scene_order();
    works(scene.err);
    left = key_aside("p256");
    assert_non_null(left);
    expect_ready_order();
    run();
    check_staged(1);
    assert_string_not_equal(key_staged("p256"), left);
}

static ja_err_t *refuse(const ja_plan_domain_t *domain, const ja_chain_t *chain,
                        apr_pool_t *scratch)
{
    return ja_err_make(JA_E_NOT_TAKEN, scratch, "%s, %d certificates", domain->name,
                       ja_chain_count(chain));
}

static ja_err_t *take(const ja_plan_domain_t *domain, const ja_chain_t *chain, apr_pool_t *scratch)
{
    (void)domain;
    (void)chain;
    (void)scratch;
    return NULL;
}

static void what_the_server_would_not_take_is_not_staged(void **state)
{
    (void)state;
    try_out = refuse;
    expect_ready_order();
    run();
    check_failed(JA_E_NOT_TAKEN, "staging the certificates");
    assert_non_null(strstr(scene.err->msg, "a.jp, 2 certificates"));
    run();
    check_failed(JA_E_NOT_TAKEN, "staging the certificates");
    try_out = take; /* somebody has changed the server: no other order is needed */
    run();
    check_staged(1);
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_NEW_ORDER), 1);
    try_out = NULL;
}

/* ---- several key types ----------------------------------------------------------------------- */

static void every_key_type_has_an_order(void **state)
{
    (void)state;
    add_key(JA_KEY_P384);
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    expect_issuance();
    expect_ready_order();
    run();
    check_staged(2);
    assert_int_equal(APR_ARRAY_IDX(staged()->certs, 0, ja_set_cert_t).spec, JA_KEY_P256);
    assert_int_equal(APR_ARRAY_IDX(staged()->certs, 1, ja_set_cert_t).spec, JA_KEY_P384);
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_NEW_ORDER), 2);
    assert_non_null(strstr(scene.lines, "p256"));
    assert_non_null(strstr(scene.lines, "p384"));
}

static void what_has_been_issued_is_not_ordered_again(void **state)
{
    const char *first;

    (void)state;
    add_key(JA_KEY_P384);
    expect_ready_order();
    script_expect(scene.script,
                  &(script_row_t){ .url = "/new-order", .fails = 1, .code = JA_E_CONNECT });
    run();
    check_failed(JA_E_CONNECT, "placing the order");
    first = key_aside("p256");
    assert_non_null(first);
    expect_ready_order();
    run();
    check_staged(2);
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_NEW_ORDER), 3);
    assert_string_equal(key_staged("p256"), first);
}

static void but_one_that_has_expired_meanwhile_is(void **state)
{
    (void)state;
    add_key(JA_KEY_P384);
    expect_ready_order();
    script_expect(scene.script,
                  &(script_row_t){ .url = "/new-order", .fails = 1, .code = JA_E_CONNECT });
    run();
    check_failed(JA_E_CONNECT, "placing the order");
    scene.now = NOW + apr_time_from_sec(91L * DAY);
    script_expect(scene.script,
                  &(script_row_t){ .url = "/new-order", .fails = 1, .code = JA_E_CONNECT });
    run();
    check_failed(JA_E_CONNECT, "placing the order");
    assert_int_equal(scene.job.spec, JA_KEY_P256);
}

/* ---- going on after a restart ---------------------------------------------------------------- */

static const char *stop_at;
static int orders;

/* At the second newOrder, or at the first of another path. */
static void stop_there(const char *path)
{
    if (strcmp(path, stop_at) == 0 && ++orders == (strcmp(path, "new-order") == 0 ? 2 : 1)) {
        ja_loop_stop(scene.loop);
    }
}

static void cut_off_at(const char *path)
{
    orders = 0;
    stop_at = path;
    scene.on_request = stop_there;
    start();
    works(ja_loop_run(scene.loop, NULL, NULL));
    scene.on_request = NULL;
    apr_pool_destroy(attempt_pool);
    scene.script = script_make(pool);
    script_expect_ca(scene.script);
}

static void cut_off_between_two_orders_it_places_the_second(void **state)
{
    (void)state;
    add_key(JA_KEY_P384);
    expect_ready_order();
    expect_ready_order();
    cut_off_at("new-order");
    start_server();
    assert_int_equal(scene.job.spec, JA_KEY_P384);
    expect_ready_order();
    run();
    check_staged(2);
    assert_string_equal(scene.trace,
                        "new-order:order finalize/1/:finalize order/1/:issue cert/1/:download");
}

static void cut_off_in_an_order_it_goes_on_with_that(void **state)
{
    (void)state;
    expect_new_order("pending");
    expect_validation();
    expect_order("ready");
    cut_off_at("order/1/");
    start_server();
    expect_order("ready");
    expect_issuance();
    run();
    check_staged(1);
    assert_int_equal(ja_ca_count(scene.ca, JA_KIND_NEW_ORDER), 0);
    assert_non_null(strstr(scene.lines, "a.jp: JA0004: resumed: order " SCENE_ORDER));
}

static void if_only_staging_failed_it_only_stages(void **state)
{
    const char *blocker = tree_path(pool, "%s/store/staging/.a.jp/set.json/x", scene.dir);

    (void)state;
    /* A directory is where set.json is to be, as soon as the key has been made. */
    expect_new_order("ready");
    expect_finalize("valid");
    script_expect(scene.script,
                  &(script_row_t){ .url = "/cert/1/", .fails = 1, .code = JA_E_TIMEOUT });
    run();
    check_failed(JA_E_TIMEOUT, "downloading the certificate");
    assert_int_equal(apr_dir_make_recursive(blocker, APR_FPROT_OS_DEFAULT, pool), APR_SUCCESS);
    expect_order("valid");
    expect_cert();
    run();
    assert_non_null(scene.err);
    assert_string_equal(scene.activity, "staging the certificates");
    assert_null(staged());
    assert_int_equal(rmdir(blocker), 0);
    assert_int_equal(rmdir(tree_path(pool, "%s/store/staging/.a.jp/set.json", scene.dir)), 0);
    start_server();
    scene.job.started_at = NOW;
    run();
    check_staged(1);
    assert_string_equal(scene.trace, "");
}

/* ---- orders that are of no use --------------------------------------------------------------- */

static void use_order(int spec, const char *thumbprint)
{
    scene.job.order_url = SCENE_URL "order/other/";
    scene.job.started_at = NOW;
    scene.job.spec = spec;
    scene.job.thumbprint = thumbprint;
    expect_ready_order();
    run();
    check_staged(1);
    assert_int_equal(script_count(scene.script, "other"), 0);
}

static void an_order_for_another_key_type_is_not_gone_on_with(void **state)
{
    (void)state;
    use_order(JA_KEY_P384, ja_jwk_thumbprint(scene.jwk));
}

static void an_order_of_another_account_is_not_gone_on_with(void **state)
{
    (void)state;
    use_order(JA_KEY_P256, "another");
    use_order(JA_KEY_P256, NULL);
}

/* ---- stopping -------------------------------------------------------------------------------- */

static int was_critical;

static void stop_loop(const char *path)
{
    if (strcmp(path, stop_at) == 0) {
        ja_loop_stop(scene.loop);
    }
}

static void look_at(const char *path)
{
    stop_at = path;
    scene.on_request = stop_loop;
    start();
    works(ja_loop_run(scene.loop, NULL, NULL));
    was_critical = ja_attempt_is_critical(attempt);
    apr_pool_destroy(attempt_pool);
    scene.on_request = NULL;
    start_server();
}

static void only_a_new_order_is_worth_waiting_for(void **state)
{
    (void)state;
    start();
    assert_false(ja_attempt_is_critical(attempt));
    apr_pool_destroy(attempt_pool);
    expect_new_order("pending");
    look_at("new-order");
    assert_true(was_critical);
    expect_new_order("pending");
    expect_authz(1, "pending");
    look_at("authz/1/");
    assert_false(was_critical);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ATTEMPT_TEST(one_order_makes_a_set),
        ATTEMPT_TEST(a_failed_one_tells_during_what),
        ATTEMPT_TEST(an_order_without_an_answer_counts_as_placed),
        ATTEMPT_TEST(a_first_attempt_begins_with_nothing),
        ATTEMPT_TEST(every_key_type_has_an_order),
        ATTEMPT_TEST(what_the_server_would_not_take_is_not_staged),
        ATTEMPT_TEST(what_has_been_issued_is_not_ordered_again),
        ATTEMPT_TEST(but_one_that_has_expired_meanwhile_is),
        ATTEMPT_TEST(cut_off_between_two_orders_it_places_the_second),
        ATTEMPT_TEST(cut_off_in_an_order_it_goes_on_with_that),
        ATTEMPT_TEST(if_only_staging_failed_it_only_stages),
        ATTEMPT_TEST(an_order_for_another_key_type_is_not_gone_on_with),
        ATTEMPT_TEST(an_order_of_another_account_is_not_gone_on_with),
        ATTEMPT_TEST(only_a_new_order_is_worth_waiting_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

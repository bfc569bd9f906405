#include "scene.h"

#include <apr_strings.h>

#include "issue/verify.h"

#define S(n) apr_time_from_sec(n)

static ja_verify_t *verify;
static ja_verify_conf_t conf;
static const char *served; /* digest of what handshakes see */
static int asked;
static ja_job_proof_t found; /* the last; copied */
static int n_found;

/* Runs on another thread; the loop waits for it. */
static ja_err_t *scripted(ja_handshake_t *seen, const ja_handshake_ask_t *ask,
                          const volatile int *cancelled, apr_pool_t *result, apr_pool_t *scratch)
{
    apr_array_header_t *sans = apr_array_make(result, 1, sizeof(const char *));

    (void)ask;
    (void)cancelled;
    (void)scratch;
    asked++;
    memset(seen, 0, sizeof(*seen));
    APR_ARRAY_PUSH(sans, const char *) = "a.jp";
    seen->facts = (ja_cert_facts_t){
        .sha256 = apr_pstrdup(result, served), .names = sans, .serial = "1", .issuer = "CA"
    };
    seen->fullchain_sha256 = apr_pstrcat(result, "chain of ", served, NULL);
    seen->subjects = "a.jp";
    return NULL;
}

static void on_found(void *baton, const ja_job_proof_t *proof)
{
    (void)baton;
    found = *ja_job_proof_copy(proof, pool);
    n_found++;
}

static int begins(void **state)
{
    int result = scene_begins(state);
    apr_array_header_t *targets = apr_array_make(pool, 1, sizeof(ja_proof_target_t));
    const ja_proof_conf_t proof = { .loop = scene.loop, .handshake = scripted };

    APR_ARRAY_PUSH(targets, ja_proof_target_t) =
        (ja_proof_target_t){ .at = { "127.0.0.1", 1 }, .name = "a.jp" };
    conf = (ja_verify_conf_t){ .plan = &scene.domain,
                               .loop = scene.loop,
                               .store = scene.store,
                               .log = &scene.log,
                               .proof = ja_proof_make(&proof, pool),
                               .targets = targets,
                               .found = on_found };
    verify = ja_verify_make(&conf, pool);
    served = "one";
    asked = n_found = 0;
    return result;
}

#define VERIFY_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, scene_ends)

static const ja_set_t *set_of(const char *sha256)
{
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    ja_set_t *set = apr_pcalloc(pool, sizeof(*set));

    APR_ARRAY_PUSH(certs, ja_set_cert_t) = (ja_set_cert_t){
        .spec = JA_KEY_P256,
        .facts = { .sha256 = sha256, .names = scene.domain.names, .serial = "1", .issuer = "CA" },
        .fullchain_sha256 = apr_pstrcat(pool, "chain of ", sha256, NULL),
        .privkey_file = "",
        .fullchain_file = "",
        .privkey_sha256 = ""
    };
    set->name = "a.jp";
    set->ca_url = "";
    set->certs = certs;
    return set;
}

static void is_over(void *baton)
{
    (void)baton;
    scene.is_done = 1;
}

/* Let so much time pass, and what was begun end. */
static void pass(apr_interval_time_t time)
{
    scene.is_done = 0;
    ja_timer_set(ja_timer_make(scene.loop, is_over, NULL, pool), scene.now + time);
    scene_run();
}

static void what_is_served_is_verified_once(void **state)
{
    (void)state;
    ja_verify_set(verify, set_of("one"), NULL);
    assert_int_equal(asked, 0);
    pass(S(5));
    assert_int_equal(asked, 1);
    assert_int_equal(n_found, 1);
    assert_string_equal(found.verdict, "verified");
    assert_string_equal(found.sha256, "one");
    assert_null(found.error_id);
    assert_non_null(strstr(scene.lines, "a.jp: JA0012: verified"));
    pass(S(30));
    ja_verify_set(verify, set_of("one"), &found);
    pass(S(5));
    assert_int_equal(asked, 1);
}

static void what_was_verified_before_a_restart_is_not_asked_again(void **state)
{
    ja_job_proof_t last = { "one", 0, "verified", NULL, "" };

    (void)state;
    ja_verify_set(verify, set_of("one"), &last);
    pass(S(5));
    assert_int_equal(asked, 0);
    ja_verify_set(verify, set_of("two"), &last);
    served = "two";
    pass(S(5));
    assert_int_equal(asked, 1);
}

/* Children adopt a set with their next handshake: that is no error. */
static void the_set_before_it_is_given_time(void **state)
{
    (void)state;
    ja_verify_set(verify, set_of("one"), &(ja_job_proof_t){ "one", 0, "verified", NULL, "" });
    ja_verify_set(verify, set_of("two"), NULL);
    pass(S(5));
    assert_int_equal(asked, 1);
    assert_int_equal(n_found, 0);
    assert_string_equal(scene.lines, "");
    served = "two";
    pass(S(70));
    assert_int_equal(n_found, 1);
    assert_string_equal(found.verdict, "verified");
}

static void a_new_set_goes_live(void *baton)
{
    (void)baton;
    assert_int_equal(n_found, 0);
    ja_verify_set(verify, set_of("two"), NULL);
}

/* That "one" is served, or no more, says nothing of "two". */
static void an_answer_about_the_set_before_it_does_not_count(void **state)
{
    (void)state;
    ja_verify_set(verify, set_of("one"), NULL);
    ja_timer_set(ja_timer_make(scene.loop, a_new_set_goes_live, NULL, pool), scene.now + S(1));
    pass(S(5));
    assert_int_equal(asked, 2);
    assert_int_equal(n_found, 0);
    assert_string_equal(scene.lines, "");
    served = "two";
    pass(S(70));
    assert_int_equal(n_found, 1);
    assert_string_equal(found.sha256, "two");
}

static void something_else_is_an_error_until_it_is_mended(void **state)
{
    (void)state;
    served = "stranger";
    ja_verify_set(verify, set_of("one"), NULL);
    pass(S(5));
    assert_string_equal(found.error_id, "JA0601");
    assert_non_null(strstr(scene.lines, "a.jp: JA0601: "));
    scene.lines = "";
    pass(S(7 * 3600));
    assert_int_equal(asked, 2);
    assert_string_equal(scene.lines, ""); /* told once */
    served = "one";
    pass(S(7 * 3600));
    assert_null(found.error_id);
    assert_non_null(strstr(scene.lines, "a.jp: JA0012: verified"));
}

static void served_nowhere_nothing_is_asked(void **state)
{
    (void)state;
    conf.targets = NULL;
    verify = ja_verify_make(&conf, pool);
    ja_verify_set(verify, set_of("one"), NULL);
    pass(S(3600));
    assert_int_equal(asked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        VERIFY_TEST(what_is_served_is_verified_once),
        VERIFY_TEST(what_was_verified_before_a_restart_is_not_asked_again),
        VERIFY_TEST(the_set_before_it_is_given_time),
        VERIFY_TEST(an_answer_about_the_set_before_it_does_not_count),
        VERIFY_TEST(something_else_is_an_error_until_it_is_mended),
        VERIFY_TEST(served_nowhere_nothing_is_asked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

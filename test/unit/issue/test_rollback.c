/* Sets of a.jp go live at NOW and some seconds; what is asked and done is asked and done there. */
#include "set_fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../pki/responder.h"
#include "issue/response.h"
#include "issue/rollback.h"

#define LATER(s) (NOW + apr_time_from_sec(s))

static const ja_plan_domain_t *domain(void)
{
    return domain_with(specs_of(JA_KEY_P256, JA_SET_NO_SPEC));
}

static void generations(int n)
{
    int i;

    for (i = 0; i < n; i++) {
        make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), i);
    }
}

static apr_time_t ask(long after_s)
{
    apr_time_t at;

    works(ja_rollback_ask(&at, store, NAME, LATER(after_s), pool));
    return at;
}

static int carry_out(long after_s)
{
    int done;

    works(ja_rollback_carry_out(&done, store, domain(), 0, LATER(after_s), pool));
    return done;
}

static void is_refused(long after_s)
{
    int done;

    fails(ja_rollback_carry_out(&done, store, domain(), 0, LATER(after_s), pool), JA_E_NO_EARLIER,
          "no earlier set of a.jp");
    assert_false(done);
}

static ja_rollback_t answer(void)
{
    ja_rollback_t answer;

    works(ja_rollback_load(&answer, store, NAME, pool, pool));
    return answer;
}

static int live(void)
{
    apr_array_header_t *kept;
    int live;

    works(ja_store_generations(&kept, &live, store, NAME, pool, pool));
    return live;
}

/* The responder says so of what is live. */
static void revoke_live(void)
{
    const issued_t issued = issue_leaf(NULL);
    response_t revoked = GOOD_RESPONSE;
    const ja_set_t *set;
    ja_bytes_t der;
    ja_item_t item = { .is_secret = 1 };

    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    revoked.revoked_s = -HOUR;
    der = respond(&revoked, &issued);
    works(ja_set_load(&set, store, JA_GROUP_LIVE, NAME, pool, pool));
    item.item = ja_response_item(APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts.sha256, pool);
    item.bytes = der.bytes;
    item.len = der.len;
    works(ja_store_save(store, JA_GROUP_OCSP, NULL, &item, JA_FS_LAZY, pool));
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void without_a_request_nothing_is_done(void **state)
{
    (void)state;
    generations(2);
    assert_false(carry_out(10));
    assert_int_equal(live(), 2);
    assert_int_equal(answer().asked_at, 0);
    assert_int_equal(ja_rollback_done_at(store, NAME, pool), 0);
}

static void each_request_is_another_one(void **state)
{
    apr_time_t first;

    (void)state;
    first = ask(0);
    assert_int_equal(first, NOW);
    assert_true(ask(0) > first);
    assert_true(ask(1) > NOW + apr_time_from_sec(1));
    tree_put(in_store("requests/rollback-a.jp.json"), "{");
    assert_int_equal(ask(0), NOW); /* a damaged one is replaced */
    tree_put(in_store("requests/rollback-a.jp.json"),
             "{\"name\":\"a.jp\",\"at\":\"2099-01-01T00:00:00Z\"}");
    assert_int_equal(ask(0), NOW); /* so is one from the future */
}

static void the_servers_user_reads_the_answer(void **state)
{
    (void)state;
    generations(2);
    ask(10);
    carry_out(11);
    assert_int_equal(tree_mode(in_store("requests")), 0755);
    assert_int_equal(tree_mode(in_store("requests/rolled-back-a.jp.json")), 0644);
}

static void names_that_are_none_are_refused(void **state)
{
    apr_time_t at;

    (void)state;
    fails(ja_rollback_ask(&at, store, "../x", NOW, pool), JA_E_SYNTAX, "../x");
}

/* Whatever is in the way, no rollback has been done as far as renewal goes. */
static void a_damaged_answer_is_none(void **state)
{
    int done;

    (void)state;
    generations(2);
    ask(10);
    tree_put(in_store("requests/rolled-back-a.jp.json"), "[]");
    assert_int_equal(ja_rollback_done_at(store, NAME, pool), 0);
    fails(ja_rollback_carry_out(&done, store, domain(), 0, LATER(11), pool), JA_E_SYNTAX,
          "rolled-back-a.jp.json");
    assert_int_equal(live(), 2);
}

static void domains_with_requests_are_listed(void **state)
{
    static const char *const NAMES[] = { "b.jp", "a.jp", "*.a.jp" };
    apr_array_header_t *domains = apr_array_make(pool, 3, sizeof(ja_plan_domain_t *));
    ja_plan_t plan = { .domains = domains };
    apr_array_header_t *found;
    apr_time_t at;
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        ja_plan_domain_t *made = apr_pcalloc(pool, sizeof(*made));

        made->name = NAMES[i];
        APR_ARRAY_PUSH(domains, ja_plan_domain_t *) = made;
    }
    works(ja_rollback_list(&found, store, &plan, pool, pool));
    assert_int_equal(found->nelts, 0);
    works(ja_rollback_ask(&at, store, "*.a.jp", NOW, pool));
    works(ja_rollback_ask(&at, store, "b.jp", NOW, pool));
    works(ja_rollback_ask(&at, store, "unknown.jp", NOW, pool));
    works(ja_rollback_list(&found, store, &plan, pool, pool));
    assert_int_equal(found->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(found, 0, const ja_plan_domain_t *)->name, "b.jp");
    assert_string_equal(APR_ARRAY_IDX(found, 1, const ja_plan_domain_t *)->name, "*.a.jp");
}

/* ---- carrying out ---------------------------------------------------------------------------- */

static void the_previous_set_is_live_again_once(void **state)
{
    const char *first;
    apr_time_t at;

    (void)state;
    generations(1);
    first = serial_in(JA_GROUP_LIVE, JA_KEY_P256);
    generations(2);
    works(ja_store_restore(store, NAME, 2, pool));
    at = ask(10);
    assert_true(carry_out(11));
    assert_string_equal(serial_in(JA_GROUP_LIVE, JA_KEY_P256), first);
    assert_int_equal(answer().asked_at, at);
    assert_int_equal(answer().answered_at, LATER(11));
    assert_int_equal(answer().generation, 1);
    assert_null(answer().error);
    assert_int_equal(ja_rollback_done_at(store, NAME, pool), LATER(11));
    assert_false(carry_out(12)); /* once */
    assert_int_equal(live(), 1);
}

/* Of three, the second; of the first it is heard later. */
static void a_revoked_one_is_passed_over(void **state)
{
    (void)state;
    generations(2);
    revoke_live();
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 2);
    ask(10);
    assert_true(carry_out(10));
    assert_int_equal(live(), 1);
    revoke_live();
    works(ja_store_restore(store, NAME, 3, pool));
    ask(20);
    is_refused(20);
    assert_int_equal(live(), 3);
    assert_non_null(strstr(answer().text, "not revoked"));
}

static void each_one_goes_further_back(void **state)
{
    (void)state;
    generations(3);
    ask(10);
    assert_true(carry_out(10));
    assert_int_equal(live(), 2);
    ask(20);
    assert_true(carry_out(20));
    assert_int_equal(live(), 1);
    ask(30);
    is_refused(30);
    assert_int_equal(live(), 1);
    assert_string_equal(answer().error, "JA0516");
    assert_int_equal(answer().answered_at, LATER(30));
    assert_false(carry_out(31));
    assert_int_equal(ja_rollback_done_at(store, NAME, pool), LATER(20)); /* that one counts */
}

static void what_is_not_good_is_left_out(void **state)
{
    (void)state;
    generations(4);
    tree_put(in_store("archive/a.jp/3/privkey.pem"), "garbage");
    ask(10);
    assert_true(carry_out(10));
    assert_int_equal(live(), 2);
}

static void what_has_expired_is_of_no_use(void **state)
{
    (void)state;
    generations(2);
    ask(1000 * 86400);
    is_refused(1000 * 86400);
    assert_int_equal(live(), 2);
}

/* Generations go on counting, and what somebody has got away from is not what he gets back to. */
static void after_a_renewal_it_goes_to_what_was_served_before(void **state)
{
    (void)state;
    generations(4);
    ask(10);
    carry_out(10);
    ask(20);
    carry_out(20);
    assert_int_equal(live(), 2); /* past 4 and 3 */
    generations(1);
    assert_int_equal(live(), 5);
    ask(30);
    assert_true(carry_out(30));
    assert_int_equal(live(), 2);
    generations(2);
    assert_int_equal(live(), 7);
    ask(40);
    assert_true(carry_out(40));
    assert_int_equal(live(), 6);
}

static void refused_ones_do_not_make_it_forget_that(void **state)
{
    (void)state;
    generations(2);
    ask(10);
    carry_out(10);
    ask(20);
    is_refused(20);
    generations(1);
    ask(30);
    assert_true(carry_out(30));
    assert_int_equal(live(), 1); /* not 2 */
}

/* ---- what is staged -------------------------------------------------------------------------- */

static void another_staged_set_stays(void **state)
{
    (void)state;
    generations(2);
    staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 5);
    ask(10);
    carry_out(10);
    assert_int_equal(live(), 1);
    assert_true(tree_has(in_store("staging/a.jp/set.json")));
}

/* A kill after it was written and before it was removed: it would be committed as a third one. */
static void what_is_left_behind_in_staging_does_not_come_back(void **state)
{
    ja_set_outcome_t outcome;

    (void)state;
    generations(1);
    staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 5);
    assert_int_equal(chmod(in_store("staging"), 0700), 0);
    assert_int_equal(
        system(apr_pstrcat(pool, "cp -a ", in_store("staging/a.jp"), " ", in_store("copy"), NULL)),
        0);
    works(ja_set_commit(&outcome, store, domain(), LATER(5), pool));
    assert_int_equal(outcome, JA_SET_COMMITTED);
    assert_int_equal(rename(in_store("copy"), in_store("staging/a.jp")), 0);
    ask(10);
    carry_out(10);
    assert_int_equal(live(), 1);
    assert_false(tree_has(in_store("staging/a.jp")));
    works(ja_set_commit(&outcome, store, domain(), LATER(11), pool));
    assert_int_equal(outcome, JA_SET_NOTHING);
}

/* ---- kills ----------------------------------------------------------------------------------- */

/* What the answer says while it goes on. */
static void put_begun(apr_time_t at, int generation)
{
    char date[64];
    apr_size_t len;
    apr_time_exp_t when;

    apr_time_exp_gmt(&when, at);
    apr_strftime(date, &len, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &when);
    tree_put(in_store("requests/rolled-back-a.jp.json"),
             apr_psprintf(pool,
                          "{\"name\":\"a.jp\",\"asked_at\":\"%s\",\"generation\":%d,"
                          "\"passed_to\":3}",
                          date, generation));
}

static void a_kill_before_the_switch_loses_nothing(void **state)
{
    (void)state;
    generations(3);
    put_begun(ask(10), 2);
    assert_true(carry_out(20));
    assert_int_equal(live(), 2);
    assert_int_equal(answer().done_at, LATER(20));
}

static void a_kill_after_the_switch_does_it_only_once(void **state)
{
    (void)state;
    generations(3);
    put_begun(ask(10), 2);
    works(ja_store_restore(store, NAME, 2, pool));
    assert_true(carry_out(20));
    assert_int_equal(live(), 2);
    assert_int_equal(answer().done_at, LATER(20));
    assert_int_equal(answer().passed_to, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(without_a_request_nothing_is_done),
        SET_TEST(each_request_is_another_one),
        SET_TEST(the_servers_user_reads_the_answer),
        SET_TEST(names_that_are_none_are_refused),
        SET_TEST(a_damaged_answer_is_none),
        SET_TEST(domains_with_requests_are_listed),
        SET_TEST(the_previous_set_is_live_again_once),
        SET_TEST(a_revoked_one_is_passed_over),
        SET_TEST(each_one_goes_further_back),
        SET_TEST(what_is_not_good_is_left_out),
        SET_TEST(what_has_expired_is_of_no_use),
        SET_TEST(after_a_renewal_it_goes_to_what_was_served_before),
        SET_TEST(refused_ones_do_not_make_it_forget_that),
        SET_TEST(another_staged_set_stays),
        SET_TEST(what_is_left_behind_in_staging_does_not_come_back),
        SET_TEST(a_kill_before_the_switch_loses_nothing),
        SET_TEST(a_kill_after_the_switch_does_it_only_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

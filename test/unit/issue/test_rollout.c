#include "scene.h"

#include <apr_strings.h>

#include "../pki/responder.h"
#include "issue/response.h"
#include "issue/rollout.h"

#define S(n)  apr_time_from_sec(n)
#define DAY_S 86400

static ja_handover_t *handover;
static ja_staple_table_t *staples;
static ja_rollout_t *rollout;
static const char *news; /* what was told, "taken revoked ..." */
static int is_busy;      /* whoever is told has no time        */

static int on_news(void *baton, ja_news_t told)
{
    static const char *const WORDS[] = { [JA_NEWS_TAKEN] = "taken ",
                                         [JA_NEWS_REVOKED] = "revoked ",
                                         [JA_NEWS_REFUSED] = "refused ",
                                         [JA_NEWS_RESPONSE] = "response " };

    (void)baton;
    news = apr_pstrcat(pool, news, WORDS[told], NULL);
    return !is_busy;
}

static int begins(void **state)
{
    int result = scene_begins(state);

    handover = ja_handover_make(apr_pcalloc(pool, ja_handover_bytes(1)), 1, pool);
    scene.domain.delay.kind = JA_DELAY_OFF;
    scene.domain.activation = JA_ACTIVATION_HOT;
    staples = NULL;
    news = "";
    is_busy = 0;
    return result;
}

#define ROLLOUT_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, scene_ends)

static void make(ja_handover_t *to)
{
    ja_rollout_conf_t conf = { .plan = &scene.domain,
                               .loop = scene.loop,
                               .http = &scene.http,
                               .store = scene.store,
                               .log = &scene.log,
                               .handover = to,
                               .staples = staples,
                               .news = on_news };

    rollout = ja_rollout_make(&conf, pool);
}

/* A set for a.jp that nobody has to ask an OCSP responder for. */
static ja_set_t *set_of(const char *sha256, apr_time_t created_at, apr_time_t not_after)
{
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    ja_set_t *set = apr_pcalloc(pool, sizeof(*set));
    ja_set_cert_t *cert = apr_array_push(certs);

    memset(cert, 0, sizeof(*cert));
    cert->spec = JA_KEY_P256;
    cert->facts.names = scene.domain.names;
    cert->facts.sha256 = cert->facts.serial = cert->facts.issuer = sha256;
    cert->facts.not_before = not_after - S(90 * DAY_S);
    cert->facts.not_after = not_after;
    cert->privkey_file = cert->fullchain_file = cert->privkey_sha256 = cert->fullchain_sha256 = "x";
    set->name = "a.jp";
    set->ca_url = SCENE_URL;
    set->created_at = created_at;
    set->certs = certs;
    return set;
}

static ja_set_t *new_set(const char *sha256)
{
    return set_of(sha256, scene.now, scene.now + S(90 * DAY_S));
}

static void is_over(void *baton)
{
    (void)baton;
    scene.is_done = 1;
}

/* Let so much time pass in the loop. */
static void pass(apr_interval_time_t time)
{
    scene.is_done = 0;
    ja_timer_set(ja_timer_make(scene.loop, is_over, NULL, pool), scene.now + time);
    scene_run();
}

static ja_handover_word_t word(void)
{
    return ja_handover_word(handover, 0);
}

static void a_ready_set_is_offered_and_taken(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    assert_int_equal(word(), JA_HANDOVER_NOTHING); /* never from within the call */
    pass(S(1));
    assert_true(ja_handover_has_rung(handover));
    assert_int_equal(word(), JA_HANDOVER_READY);
    pass(S(20));
    assert_string_equal(news, "");
    ja_handover_answer(handover, 0, JA_HANDOVER_TAKEN);
    pass(S(15));
    assert_string_equal(news, "taken ");
    assert_int_equal(word(), JA_HANDOVER_NOTHING);
}

static void the_gate_is_waited_for(void **state)
{
    (void)state;
    scene.domain.delay = (ja_delay_t){ JA_DELAY_TIME, S(300) };
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    pass(S(299));
    assert_false(ja_handover_has_rung(handover));
    assert_non_null(strstr(scene.lines, "the staged set waits until "));
    pass(S(2));
    assert_true(ja_handover_has_rung(handover));
}

/* One that has to be stapled waits for the responder alone, and that may last. */
static void whoever_waits_for_the_responder_alone_is_reminded(void **state)
{
    ja_set_t *set = new_set("one");
    ja_cert_facts_t *facts = &APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts;

    (void)state;
    facts->ocsp_url = "http://ocsp.example/";
    facts->must_staple = scene.domain.stapling = 1;
    make(handover);
    ja_rollout_sets(rollout, NULL, set);
    pass(S(10));
    assert_non_null(strstr(scene.lines, "JA0013: waiting: the staged set waits until the CA's"));
    assert_null(strstr(scene.lines, "JA0014"));
    pass(S(DAY_S));
    assert_non_null(strstr(scene.lines, "JA0014: overdue: the staged set waits until the CA's"));
    assert_false(ja_handover_has_rung(handover));
}

static void a_refusal_is_told(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    pass(S(1));
    ja_handover_answer(handover, 0, JA_HANDOVER_REFUSED);
    pass(S(15));
    assert_string_equal(news, "refused ");
}

static void keep_revoked(const char *sha256)
{
    const issued_t issued = issue_leaf(NULL);
    response_t revoked = GOOD_RESPONSE;
    ja_bytes_t der;
    ja_item_t item;

    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    der = respond(&revoked, &issued);
    item = (ja_item_t){ ja_response_item(sha256, pool), der.bytes, der.len, 1 };
    works(ja_store_save(scene.store, JA_GROUP_OCSP, NULL, &item, JA_FS_LAZY, pool));
}

/* Whoever is told removes it; if that fails, he is told again. */
static void a_revoked_set_is_told_as_long_as_it_is_there(void **state)
{
    ja_set_t *set = new_set("one");

    (void)state;
    APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts.ocsp_url = "http://ocsp.example/";
    keep_revoked("one");
    make(handover);
    ja_rollout_sets(rollout, NULL, set);
    pass(S(1));
    assert_string_equal(news, "revoked ");
    pass(S(60));
    assert_string_equal(news, "revoked revoked ");
    assert_false(ja_handover_has_rung(handover));
    ja_rollout_sets(rollout, NULL, NULL);
    pass(S(DAY_S));
    assert_string_equal(news, "revoked revoked ");
}

/* With a chain that has a responder, which is the next to be asked. */
static ja_set_t *live_set(const issued_t *issued)
{
    const ja_item_t chain = { "fullchain.pem", issued->pem, strlen(issued->pem), 0 };
    ja_set_t *set = new_set("old");
    ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t);
    int generation;

    works(ja_store_commit(&generation, scene.store, "a.jp", &chain, 1, 1, pool));
    works(ja_chain_facts(&cert->facts, issued->chain, pool, pool));
    cert->fullchain_file = "fullchain.pem";
    scene.domain.stapling = 1;
    return set;
}

static void expect_response(const response_t *what, const issued_t *issued)
{
    ja_bytes_t der = respond(what, issued);

    script_expect(scene.script, &(script_row_t){ .url = "http://ocsp.example/",
                                                 .method = SCRIPT_POST,
                                                 .body = der.bytes,
                                                 .body_len = der.len,
                                                 .type = "application/ocsp-response" });
}

/* What has been stored is looked at on another thread. */
static void pass_working(apr_interval_time_t time)
{
    scene.is_working = 1;
    pass(S(1));
    scene.is_working = 0;
    pass(time);
}

/* Whoever has no time is told again. */
static void what_is_heard_of_the_live_set_is_told(void **state)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    response_t revoked = GOOD_RESPONSE;

    (void)state;
    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    expect_response(&revoked, &issued);
    make(handover);
    ja_rollout_sets(rollout, live_set(&issued), NULL);
    pass_working(S(0));
    assert_string_equal(news, "response ");
    is_busy = 1;
    pass(S(300));
    assert_true(strlen(news) >= strlen("response response "));
    is_busy = 0;
    pass(S(60));
    news = "";
    pass(S(300));
    assert_string_equal(news, "");
    assert_int_equal(script_count(scene.script, NULL), 1);
}

static int times_told(const char *part)
{
    const char *line = scene.lines;
    int n = 0;

    while ((line = strstr(line, part)) != NULL) {
        line++;
        n++;
    }
    return n;
}

/* A response for four days, and then nobody answers any more. */
static void a_staple_that_is_demanded_and_runs_out_is_told(void **state)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    response_t four_days = GOOD_RESPONSE;
    ja_set_t *live = live_set(&issued);

    (void)state;
    APR_ARRAY_IDX(live->certs, 0, ja_set_cert_t).facts.must_staple = 1;
    four_days.this_s = 0;
    four_days.next_s = 4L * DAY_S;
    expect_response(&four_days, &issued);
    script_expect(scene.script, &(script_row_t){ .url = "http://ocsp.example/",
                                                 .method = SCRIPT_ANY_METHOD,
                                                 .times = SCRIPT_ANY_NUMBER,
                                                 .fails = 1,
                                                 .code = JA_E_CONNECT });
    make(handover);
    ja_rollout_sets(rollout, live, NULL);
    pass_working(S(3 * DAY_S - 600));
    assert_true(script_count(scene.script, NULL) > 10);
    assert_int_equal(times_told("JA0020"), 0);
    pass(S(DAY_S / 2));
    assert_int_equal(
        times_told("a.jp: JA0020: staple ends: the certificate in use demands a stapled "
                   "OCSP response, the one at hand ends on "),
        1);
    pass(S(DAY_S));
    assert_int_equal(times_told("the last one has ended on "), 1);
    ja_rollout_sets(rollout, new_set("other"), NULL);
    pass(S(3 * DAY_S));
    assert_int_equal(times_told("JA0020"), 2);
}

static void without_the_demand_it_is_not_told(void **state)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");

    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = "http://ocsp.example/",
                                                 .method = SCRIPT_ANY_METHOD,
                                                 .times = SCRIPT_ANY_NUMBER,
                                                 .fails = 1,
                                                 .code = JA_E_CONNECT });
    make(handover);
    ja_rollout_sets(rollout, live_set(&issued), NULL);
    pass_working(S(DAY_S));
    assert_int_equal(times_told("JA0020"), 0);
}

/* The parent was busy, but the set is still there: he may have had his reasons. */
static void what_is_still_staged_is_offered_again_later(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    pass(S(1));
    ja_handover_answer(handover, 0, JA_HANDOVER_TAKEN);
    pass(S(30));
    assert_string_equal(news, "taken ");
    assert_int_equal(word(), JA_HANDOVER_NOTHING);
    pass(S(60));
    assert_int_equal(word(), JA_HANDOVER_READY);
}

/* He has put an earlier set back. Nobody is told twice, and nobody who is busy misses it. */
static void what_the_parent_does_by_himself_is_noticed(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_look(rollout);
    assert_string_equal(news, "");
    ja_handover_answer(handover, 0, JA_HANDOVER_TAKEN);
    is_busy = 1;
    ja_rollout_look(rollout);
    is_busy = 0;
    ja_rollout_look(rollout);
    assert_string_equal(news, "taken taken ");
    assert_int_equal(word(), JA_HANDOVER_NOTHING);
    ja_rollout_look(rollout);
    assert_string_equal(news, "taken taken ");
}

static void what_was_offered_is_answered_once(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    pass(S(1));
    ja_rollout_look(rollout);
    ja_handover_answer(handover, 0, JA_HANDOVER_TAKEN);
    ja_rollout_look(rollout);
    pass(S(15));
    assert_string_equal(news, "taken ");
}

static void without_a_parent_there_is_nothing_to_look_at(void **state)
{
    (void)state;
    make(NULL);
    ja_rollout_look(rollout);
    assert_string_equal(news, "");
}

static void the_same_sets_again_change_nothing(void **state)
{
    ja_set_t *set = new_set("one");

    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, set);
    pass(S(1));
    assert_true(ja_handover_has_rung(handover));
    ja_rollout_sets(rollout, NULL, set);
    pass(S(30));
    assert_false(ja_handover_has_rung(handover));
    assert_int_equal(word(), JA_HANDOVER_READY);
}

static void another_set_is_offered_anew(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    pass(S(1));
    assert_true(ja_handover_has_rung(handover));
    ja_rollout_sets(rollout, NULL, new_set("two"));
    assert_int_equal(word(), JA_HANDOVER_NOTHING);
    pass(S(1));
    assert_true(ja_handover_has_rung(handover));
    ja_rollout_sets(rollout, new_set("two"), NULL);
    assert_int_equal(word(), JA_HANDOVER_NOTHING);
    pass(S(DAY_S));
    assert_string_equal(news, "");
}

static void a_set_for_another_configuration_waits(void **state)
{
    (void)state;
    make(handover);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    scene_names(2);
    pass(S(DAY_S));
    assert_false(ja_handover_has_rung(handover));
}

/* What is live keeps its response, even if those of earlier sets last longer. */
static void a_staged_set_takes_the_place_of_earlier_ones(void **state)
{
    static const char *const DIGESTS[] = {
        "1a00000000000000000000000000000000000000000000000000000000000000",
        "2a00000000000000000000000000000000000000000000000000000000000000",
        "3a00000000000000000000000000000000000000000000000000000000000000",
    };
    static const unsigned char EARLIER[JA_STAPLE_DIGEST] = { 0x1a },
                               LIVE[JA_STAPLE_DIGEST] = { 0x2a };
    char response[JA_STAPLE_MAX];
    ja_staple_table_t table;
    apr_size_t len;

    (void)state;
    ja_staple_table_init(&table, apr_pcalloc(pool, ja_staple_table_bytes(1, 2)), 1, 2);
    works(ja_staple_table_put(&table, 0, DIGESTS[0], "x", 1, scene.now + S(9), pool));
    works(ja_staple_table_put(&table, 0, DIGESTS[1], "y", 1, scene.now + S(8), pool));
    staples = &table;
    make(handover);
    ja_rollout_sets(rollout, new_set(DIGESTS[1]), NULL);
    assert_true(ja_staple_table_get(response, &len, &table, 0, EARLIER, scene.now));
    ja_rollout_sets(rollout, new_set(DIGESTS[1]), new_set(DIGESTS[2]));
    works(ja_staple_table_put(&table, 0, DIGESTS[2], "z", 1, scene.now + S(9), pool));
    assert_true(ja_staple_table_get(response, &len, &table, 0, LIVE, scene.now));
}

static void manual_means_to_remind(void **state)
{
    const ja_set_t *live = set_of("old", scene.now - S(60 * DAY_S), scene.now + S(11 * DAY_S));

    (void)state;
    scene.domain.activation = JA_ACTIVATION_MANUAL;
    make(handover);
    ja_rollout_sets(rollout, live, new_set("one"));
    pass(S(10));
    assert_false(ja_handover_has_rung(handover));
    assert_string_equal(scene.lines, ""); /* "staged" has just told it */
    pass(S(DAY_S));
    assert_non_null(strstr(scene.lines, "JA0013: waiting: a set is staged since "));
    assert_null(strstr(scene.lines, "JA0014"));
    pass(S(3 * DAY_S));
    assert_non_null(strstr(scene.lines, "JA0014: overdue"));
}

/* News of the live set's response are no reason to say it again. */
static void a_reminder_is_for_a_day(void **state)
{
    const ja_item_t nonsense = { "x", "x", 1, 0 };
    ja_set_t *live = new_set("old");
    const ja_set_t *staged = set_of("one", scene.now - S(2 * DAY_S), scene.now + S(9));
    int generation;

    (void)state;
    works(ja_store_commit(&generation, scene.store, "a.jp", &nonsense, 1, 1, pool));
    APR_ARRAY_IDX(live->certs, 0, ja_set_cert_t).facts.ocsp_url = "http://ocsp.example/";
    scene.domain.activation = JA_ACTIVATION_MANUAL;
    scene.domain.stapling = 1;
    make(handover);
    ja_rollout_sets(rollout, NULL, staged);
    pass(S(1));
    assert_non_null(strstr(scene.lines, "a set is staged since "));
    scene.lines = "";
    ja_rollout_sets(rollout, live, staged);
    pass(S(3600));
    assert_non_null(strstr(scene.lines, "no OCSP response can be had"));
    assert_null(strstr(scene.lines, "a set is staged since "));
}

static void without_a_parent_it_waits_for_a_restart(void **state)
{
    (void)state;
    make(NULL);
    ja_rollout_sets(rollout, NULL, new_set("one"));
    pass(S(10));
    assert_string_equal(scene.lines, "");
    pass(S(DAY_S));
    assert_string_equal(news, "");
    assert_non_null(strstr(scene.lines, "JA0014: overdue: a set is staged since "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        ROLLOUT_TEST(a_ready_set_is_offered_and_taken),
        ROLLOUT_TEST(the_gate_is_waited_for),
        ROLLOUT_TEST(whoever_waits_for_the_responder_alone_is_reminded),
        ROLLOUT_TEST(a_refusal_is_told),
        ROLLOUT_TEST(a_revoked_set_is_told_as_long_as_it_is_there),
        ROLLOUT_TEST(what_is_heard_of_the_live_set_is_told),
        ROLLOUT_TEST(a_staple_that_is_demanded_and_runs_out_is_told),
        ROLLOUT_TEST(without_the_demand_it_is_not_told),
        ROLLOUT_TEST(what_is_still_staged_is_offered_again_later),
        ROLLOUT_TEST(what_the_parent_does_by_himself_is_noticed),
        ROLLOUT_TEST(what_was_offered_is_answered_once),
        ROLLOUT_TEST(without_a_parent_there_is_nothing_to_look_at),
        ROLLOUT_TEST(the_same_sets_again_change_nothing),
        ROLLOUT_TEST(another_set_is_offered_anew),
        ROLLOUT_TEST(a_set_for_another_configuration_waits),
        ROLLOUT_TEST(a_staged_set_takes_the_place_of_earlier_ones),
        ROLLOUT_TEST(manual_means_to_remind),
        ROLLOUT_TEST(a_reminder_is_for_a_day),
        ROLLOUT_TEST(without_a_parent_it_waits_for_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

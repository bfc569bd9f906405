#include "scene.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "../pki/responder.h"
#include "issue/staple.h"

#define NAME    "a.jp"
#define URL     "http://ocsp.example/dv"
#define MINUTE  60
#define SECS(A) ((long)apr_time_sec(A))

static issued_t issued;
static ja_set_cert_t cert;
static ja_staple_table_t table;
static ja_staple_conf_t conf;
static ja_staple_t *staple;
static apr_pool_t *staple_pool;
static ja_level_t worst; /* of the lines so far */
static int changes, last_change;
static apr_time_t changed_at[200];

static void keep_level(void *baton, ja_level_t level, const char *line)
{
    (void)baton;
    worst = level < worst ? level : worst;
    scene.lines = apr_pstrcat(pool, scene.lines, line, "\n", NULL);
}

/* The chain of `issued` staged, as the first certificate of a.jp. */
static void stage(void)
{
    const ja_item_t chain = { "fullchain-p256.pem", issued.pem, strlen(issued.pem), 0 };

    works(ja_store_save(scene.store, JA_GROUP_ASIDE, NAME, &chain, JA_FS_LAZY, pool));
    works(ja_store_publish(scene.store, NAME, pool));
    works(ja_chain_facts(&cert.facts, issued.chain, pool, pool));
    cert.spec = JA_KEY_P256;
    cert.fullchain_file = chain.item;
}

static int staple_begins(void **state)
{
    int rv = scene_begins(state);

    scene.log.write = keep_level;
    worst = JA_LOG_DEBUG;
    changes = last_change = 0;
    issued = issue_leaf("OCSP;URI:" URL);
    stage();
    ja_staple_table_init(&table, apr_pcalloc(pool, ja_staple_table_bytes(2, 2)), 2, 2);
    conf = (ja_staple_conf_t){ .loop = scene.loop,
                               .http = script_http(scene.script),
                               .store = scene.store,
                               .log = &scene.log,
                               .table = &table,
                               .domain_index = 1,
                               .name = NAME };
    return rv;
}
#define STAPLE_TEST(FN) cmocka_unit_test_setup_teardown(FN, staple_begins, scene_ends)

static void on_changed(void *baton)
{
    assert_ptr_equal(baton, &changes);
    if (changes < (int)(sizeof(changed_at) / sizeof(changed_at[0]))) {
        changed_at[changes] = scene.now;
    }
    changes++;
    scene.is_done |= changes == last_change;
}

static void start_only(int is_awaited)
{
    apr_pool_create(&staple_pool, pool);
    staple = ja_staple_start(&conf, JA_GROUP_STAGING, &cert, is_awaited, on_changed, &changes,
                             staple_pool);
    assert_int_equal(changes, 0);
}

/* Until it has begun: no time passes, and nothing is sent yet. */
static void start(int is_awaited)
{
    start_only(is_awaited);
    last_change = 1;
    scene.is_working = 1;
    scene_run();
    scene.is_working = 0;
    assert_int_equal(changes, 1);
    changes = last_change = 0;
}

static void stop(void *baton)
{
    (void)baton;
    scene.is_done = 1;
}

static void run_for(long seconds)
{
    ja_timer_set(ja_timer_make(scene.loop, stop, NULL, pool),
                 scene.now + apr_time_from_sec(seconds));
    scene_run();
}

/* Until so many exchanges have ended. */
static void run_until(int count)
{
    last_change = count;
    scene_run();
    assert_int_equal(changes, count);
}

static void expect(int method, const response_t *what)
{
    ja_bytes_t der = respond(what, &issued);

    script_expect(scene.script, &(script_row_t){ .url = URL,
                                                 .method = method,
                                                 .body = der.bytes,
                                                 .body_len = der.len,
                                                 .type = "application/ocsp-response" });
}

static void expect_status(int status, long this_s)
{
    response_t what = GOOD_RESPONSE;

    what.status = status;
    what.this_s = this_s;
    what.revoked_s = -HOUR;
    expect(SCRIPT_POST, &what);
}

static void expect_refusal(int method, int refusal)
{
    response_t what = GOOD_RESPONSE;

    what.refusal = refusal;
    expect(method, &what);
}

static int status(void)
{
    return ja_staple_facts(staple) ? ja_staple_facts(staple)->status : -1;
}

/* Is it served? */
static int is_in_table(void)
{
    unsigned char digest[JA_STAPLE_DIGEST];
    char der[JA_STAPLE_MAX];
    ja_ocsp_facts_t facts;
    apr_size_t len;

    assert_int_equal(apr_unescape_hex(digest, cert.facts.sha256, APR_ESCAPE_STRING, 0, &len),
                     APR_SUCCESS);
    if (!ja_staple_table_get(der, &len, &table, 1, digest, scene.now)) {
        return 0;
    }
    works(ja_ocsp_peek(&facts, der, len, pool));
    assert_int_equal(facts.status, status());
    return 1;
}

static const char *stored(void)
{
    return tree_path(pool, "%s/store/ocsp/%s.der", scene.dir, cert.facts.sha256);
}

static void no_line_was_alarming(void)
{
    assert_true(worst >= JA_LOG_INFO);
}

/* ---- nothing to do --------------------------------------------------------------------------- */

static void is_left_alone(void)
{
    assert_true(ja_staple_next_at(staple) == 0);
    run_for(DAY);
    assert_int_equal(script_count(scene.script, NULL), 0);
    assert_int_equal(changes, 0);
    assert_null(ja_staple_facts(staple));
    no_line_was_alarming();
}

static void without_a_responder_nothing_is_asked(void **state)
{
    (void)state;
    issued = issue_leaf(NULL);
    stage();
    start_only(1);
    is_left_alone();
    assert_null(ja_staple_error(staple));
}

static void without_an_issuer_nothing_is_asked(void **state)
{
    (void)state;
    issued.pem = pem_of(issued.leaf, NULL);
    stage();
    start(1);
    is_left_alone();
    assert_string_equal(ja_err_row(ja_staple_error(staple)->code)->name, "CERT_BAD");
}

static void the_chain_has_to_be_that_of_the_certificate(void **state)
{
    (void)state;
    cert.facts.sha256 = apr_psprintf(pool, "%064d", 1);
    start(1);
    is_left_alone();
    assert_non_null(strstr(ja_staple_error(staple)->msg, "another certificate"));
}

static void a_missing_chain_is_no_disaster(void **state)
{
    (void)state;
    cert.fullchain_file = "fullchain-p384.pem";
    start_only(1);
    is_left_alone();
    assert_int_equal(ja_staple_error(staple)->code, JA_E_NOT_FOUND);
}

/* ---- waiting for a good one ------------------------------------------------------------------ */

static void the_first_good_one_is_kept(void **state)
{
    const script_sent_t *sent;
    ja_bytes_t request;

    (void)state;
    expect_status(V_OCSP_CERTSTATUS_GOOD, -HOUR);
    start(1);
    assert_true(ja_staple_next_at(staple) == NOW);
    run_for(1);
    assert_int_equal(changes, 1);
    assert_true(changed_at[0] == NOW);
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_null(ja_staple_error(staple));
    assert_true(is_in_table());
    assert_true(tree_has(stored()));
    assert_non_null(strstr(scene.lines, "a.jp: OCSP says that the certificate"));

    sent = script_sent(scene.script, 0);
    works(ja_ocsp_request(&request, issued.chain, pool, pool));
    assert_string_equal(sent->url, URL);
    assert_string_equal(sent->content_type, "application/ocsp-request");
    assert_int_equal(sent->body_len, request.len);
    assert_memory_equal(sent->body, request.bytes, request.len);
    assert_int_equal(sent->max_bytes, JA_OCSP_MAX_BYTES);
    script_end(scene.script);
}

static void not_yet_is_polled_until_it_is_good(void **state)
{
    int i;

    (void)state;
    expect_status(V_OCSP_CERTSTATUS_UNKNOWN, -HOUR);
    expect_refusal(SCRIPT_POST, OCSP_RESPONSE_STATUS_TRYLATER);
    expect_refusal(SCRIPT_POST, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
    script_expect(scene.script, &(script_row_t){ .url = URL, .status = 500 });
    script_expect(
        scene.script,
        &(script_row_t){ .url = URL, .method = SCRIPT_GET, .fails = 1, .code = JA_E_CONNECT });
    expect_status(V_OCSP_CERTSTATUS_UNKNOWN, -HOUR);
    expect_status(V_OCSP_CERTSTATUS_GOOD, -2 * HOUR); /* signed beforehand */
    start(1);
    run_for(6 * MINUTE);
    script_end(scene.script);
    assert_int_equal(changes, 7);
    for (i = 1; i < changes; i++) {
        assert_in_range(SECS(changed_at[i] - changed_at[i - 1]), 15, 60);
    }
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_null(ja_staple_error(staple));
    no_line_was_alarming();
}

static void unknown_is_told_but_neither_served_nor_stored(void **state)
{
    (void)state;
    expect_status(V_OCSP_CERTSTATUS_UNKNOWN, -HOUR);
    start(1);
    run_for(1);
    assert_int_equal(status(), JA_OCSP_UNKNOWN);
    assert_false(is_in_table());
    assert_false(tree_has(stored()));
    assert_null(ja_staple_error(staple));
}

static void revoked_ends_the_waiting(void **state)
{
    (void)state;
    expect_status(V_OCSP_CERTSTATUS_REVOKED, -HOUR);
    start(1);
    run_for(DAY);
    assert_int_equal(changes, 1);
    assert_int_equal(status(), JA_OCSP_REVOKED);
    assert_true(is_in_table());
    no_line_was_alarming();
}

static void nobody_elses_answer_is_believed(void **state)
{
    response_t what = GOOD_RESPONSE;
    issued_t other = issue_leaf(NULL);

    (void)state;
    what.signer = other.issuer;
    what.signer_key = other.issuer_key;
    expect(SCRIPT_POST, &what);
    start(1);
    run_for(1);
    assert_null(ja_staple_facts(staple));
    assert_int_equal(ja_staple_error(staple)->code, JA_E_OCSP_BAD);
    assert_false(is_in_table());
    no_line_was_alarming();
}

static void a_retry_after_is_waited_for(void **state)
{
    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = URL, .status = 503, .retry_after = "600" });
    start(1);
    run_for(1);
    assert_int_equal(ja_staple_error(staple)->http_status, 503);
    assert_int_equal(SECS(ja_staple_next_at(staple) - NOW), 600);
}

/* ---- methods --------------------------------------------------------------------------------- */

static void no_answer_means_the_other_method(void **state)
{
    ja_bytes_t request;

    (void)state;
    works(ja_ocsp_request(&request, issued.chain, pool, pool));
    script_expect(scene.script, &(script_row_t){ .url = URL, .status = 405 });
    script_expect(scene.script, &(script_row_t){ .url = URL, .method = SCRIPT_GET, .body = "<p>" });
    script_expect(scene.script, &(script_row_t){ .url = URL, .fails = 1, .code = JA_E_CUT });
    expect(SCRIPT_GET, &GOOD_RESPONSE);
    start(1);
    run_for(4 * MINUTE);
    script_end(scene.script);
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_string_equal(script_sent(scene.script, 1)->url, ja_ocsp_get_url(URL, &request, pool));
    assert_null(script_sent(scene.script, 1)->content_type);
    assert_null(script_sent(scene.script, 1)->body);
}

static void an_answer_that_settles_nothing_means_post(void **state)
{
    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = URL, .status = 405 });
    expect_refusal(SCRIPT_GET, OCSP_RESPONSE_STATUS_UNAUTHORIZED);
    expect_status(V_OCSP_CERTSTATUS_GOOD, -HOUR);
    start(1);
    run_for(3 * MINUTE);
    script_end(scene.script);
    assert_int_equal(status(), JA_OCSP_GOOD);
}

/* ---- keeping it ------------------------------------------------------------------------------ */

static void it_is_renewed_at_half_life(void **state)
{
    (void)state;
    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    expect_status(V_OCSP_CERTSTATUS_GOOD, 3 * DAY);
    start(0);
    run_until(1);
    assert_in_range(SECS(scene.now - NOW), 0, 5 * MINUTE);
    assert_in_range(SECS(ja_staple_next_at(staple) - NOW), 7 * DAY / 2, 7 * DAY / 2 * 11 / 10);
    run_until(2);
    script_end(scene.script);
    assert_in_range(SECS(changed_at[1] - NOW), 7 * DAY / 2, 7 * DAY / 2 * 11 / 10);
    assert_int_equal(SECS(ja_staple_facts(staple)->this_update - NOW), 3 * DAY);
    assert_true(is_in_table());
    no_line_was_alarming();
}

static void good_is_kept_when_nothing_better_comes(void **state)
{
    (void)state;
    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    expect_status(V_OCSP_CERTSTATUS_UNKNOWN, HOUR);
    expect_refusal(SCRIPT_POST, OCSP_RESPONSE_STATUS_TRYLATER);
    expect_status(V_OCSP_CERTSTATUS_GOOD, -HOUR);
    start(0);
    run_until(4);
    script_end(scene.script);
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_true(ja_staple_facts(staple)->this_update == NOW);
    assert_true(is_in_table());
    no_line_was_alarming();
}

static void good_gives_way_to_revoked(void **state)
{
    (void)state;
    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    expect_status(V_OCSP_CERTSTATUS_REVOKED, HOUR);
    start(0);
    run_until(2);
    script_end(scene.script);
    assert_int_equal(status(), JA_OCSP_REVOKED);
    assert_true(is_in_table());
}

static void failures_come_less_and_less_often(void **state)
{
    int i;

    (void)state;
    script_expect(scene.script, &(script_row_t){ .url = URL,
                                                 .method = SCRIPT_ANY_METHOD,
                                                 .times = SCRIPT_ANY_NUMBER,
                                                 .fails = 1,
                                                 .code = JA_E_TIMEOUT });
    start(0);
    run_for(DAY);
    assert_in_range(changes, 24, 32);
    for (i = 8; i < changes; i++) {
        assert_in_range(SECS(changed_at[i] - changed_at[i - 1]), HOUR, HOUR * 6 / 5);
    }
    assert_int_equal(ja_staple_error(staple)->code, JA_E_TIMEOUT);
    no_line_was_alarming();
}

/* ---- restarts -------------------------------------------------------------------------------- */

static void fetch_and_restart(void)
{
    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    start(1);
    run_for(1);
    assert_int_equal(status(), JA_OCSP_GOOD);
    apr_pool_destroy(staple_pool);
    memset(table.memory, 0, ja_staple_table_bytes(2, 2));
    changes = 0;
}

static void a_stored_one_is_at_hand_at_once(void **state)
{
    (void)state;
    fetch_and_restart();
    start(1);
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_true(is_in_table());
    assert_true(ja_staple_next_at(staple) >= NOW + apr_time_from_sec(7 * DAY / 2));
    run_for(DAY);
    assert_int_equal(changes, 0);
    script_end(scene.script);
}

static void a_stored_one_is_not_believed_unseen(void **state)
{
    (void)state;
    fetch_and_restart();
    tree_put(stored(), "rubbish");
    start(1);
    assert_null(ja_staple_facts(staple));
    assert_false(is_in_table());
    assert_true(ja_staple_next_at(staple) <= scene.now);
    expect_status(V_OCSP_CERTSTATUS_GOOD, 1);
    run_for(1);
    assert_int_equal(status(), JA_OCSP_GOOD);
    no_line_was_alarming();
}

static void one_that_has_ended_is_fetched_again(void **state)
{
    (void)state;
    fetch_and_restart();
    scene.now += apr_time_from_sec(8L * DAY);
    start(0);
    assert_null(ja_staple_facts(staple));
    assert_in_range(SECS(ja_staple_next_at(staple) - scene.now), 0, 5 * MINUTE);
}

/* ---- trouble --------------------------------------------------------------------------------- */

static void clear_pool(void *baton)
{
    (void)baton;
    apr_pool_destroy(staple_pool);
}

/* Before it has begun, before it has asked, and while the request is under way: the transport hands replies over on the
 * next round of the loop. */
static void clearing_the_pool_ends_it(void **state)
{
    (void)state;
    start_only(1);
    apr_pool_destroy(staple_pool);
    run_for(1);
    start(1);
    apr_pool_destroy(staple_pool);
    run_for(1);
    assert_int_equal(script_count(scene.script, NULL), 0);

    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    start(1);
    ja_timer_set(ja_timer_make(scene.loop, clear_pool, NULL, pool), scene.now);
    run_for(DAY);
    assert_int_equal(changes, 0);
    script_end(scene.script);
}

static void what_cant_be_stored_is_served(void **state)
{
    (void)state;
    assert_int_equal(mkdir(stored(), 0700), 0);
    tree_put(tree_path(pool, "%s/x", stored()), "");
    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    start(1);
    run_for(1);
    assert_true(is_in_table());
    assert_int_equal(worst, JA_LOG_ERROR);
    assert_non_null(strstr(scene.lines, "while storing an OCSP response"));
}

/* Larger than any place in the table: known, stored, not served. */
static void a_huge_one_is_not_served(void **state)
{
    response_t what = GOOD_RESPONSE;
    mint_t large = GOOD_LEAF;
    ja_key_t *key = p256_key();
    int i;

    (void)state;
    for (i = 0; i < 500; i++) {
        large.san = apr_psprintf(pool, "%s,DNS:name-%d.example.jp", large.san, i);
    }
    what.enclosed = mint(&large, key, issued.issuer, issued.issuer_key);
    expect(SCRIPT_POST, &what);
    start(1);
    run_for(1);
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_false(is_in_table());
    assert_true(tree_has(stored()));
    assert_non_null(strstr(scene.lines, "is not served"));
    no_line_was_alarming();
}

static void without_a_table_it_is_kept_all_the_same(void **state)
{
    (void)state;
    conf.table = NULL;
    expect_status(V_OCSP_CERTSTATUS_GOOD, 0);
    start(1);
    run_for(1);
    assert_int_equal(status(), JA_OCSP_GOOD);
    assert_true(tree_has(stored()));
}

static void clear_and_stop(void *baton)
{
    clear_pool(baton);
    changes++;
    stop(baton);
}

static void start_to_be_ended(void)
{
    apr_pool_create(&staple_pool, pool);
    staple = ja_staple_start(&conf, JA_GROUP_STAGING, &cert, 1, clear_and_stop, NULL, staple_pool);
    scene.is_working = 1;
    scene_run();
    scene.is_working = 0;
}

static void the_callback_may_end_it(void **state)
{
    (void)state;
    start_to_be_ended();
    assert_int_equal(changes, 1);
    run_for(DAY);
    assert_int_equal(changes, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STAPLE_TEST(without_a_responder_nothing_is_asked),
        STAPLE_TEST(without_an_issuer_nothing_is_asked),
        STAPLE_TEST(the_chain_has_to_be_that_of_the_certificate),
        STAPLE_TEST(a_missing_chain_is_no_disaster),
        STAPLE_TEST(the_first_good_one_is_kept),
        STAPLE_TEST(not_yet_is_polled_until_it_is_good),
        STAPLE_TEST(unknown_is_told_but_neither_served_nor_stored),
        STAPLE_TEST(revoked_ends_the_waiting),
        STAPLE_TEST(nobody_elses_answer_is_believed),
        STAPLE_TEST(a_retry_after_is_waited_for),
        STAPLE_TEST(no_answer_means_the_other_method),
        STAPLE_TEST(an_answer_that_settles_nothing_means_post),
        STAPLE_TEST(it_is_renewed_at_half_life),
        STAPLE_TEST(good_is_kept_when_nothing_better_comes),
        STAPLE_TEST(good_gives_way_to_revoked),
        STAPLE_TEST(failures_come_less_and_less_often),
        STAPLE_TEST(a_stored_one_is_at_hand_at_once),
        STAPLE_TEST(a_stored_one_is_not_believed_unseen),
        STAPLE_TEST(one_that_has_ended_is_fetched_again),
        STAPLE_TEST(clearing_the_pool_ends_it),
        STAPLE_TEST(what_cant_be_stored_is_served),
        STAPLE_TEST(a_huge_one_is_not_served),
        STAPLE_TEST(without_a_table_it_is_kept_all_the_same),
        STAPLE_TEST(the_callback_may_end_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

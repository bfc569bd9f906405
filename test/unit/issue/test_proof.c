#include "../pki/fixture.h"

#include <string.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "issue/proof.h"
#include "net/tls_server.h"

static ja_loop_t *loop;
static ja_proof_t *proof;
static apr_pool_t *proof_pool;
static ja_set_t live;
static ja_proof_job_t job;
static apr_array_header_t *targets;

/* What the scripted handshakes find: written before they begin, and read after they are over. */
static const char *served_rsa; /* leaf's digest; NULL: there is none of that kind */
static const char *served_ec;
static ja_code_t failing; /* JA_E_COUNT: none */
static const char *trace; /* "127.0.0.1:1 a.jp RSA, " for each handshake */

/* What came of it: all results, a line each. */
static const char *results;
static ja_proof_result_t last; /* without what it points to */
static int n_results;
static int n_wanted;

static ja_err_t *scripted(ja_handshake_t *seen, const ja_handshake_ask_t *ask,
                          const volatile int *cancelled, apr_pool_t *result, apr_pool_t *scratch)
{
    int is_rsa = ask->kind == JA_HANDSHAKE_RSA || (ask->kind == JA_HANDSHAKE_ANY && !served_ec);
    const char *served = is_rsa ? served_rsa : served_ec;
    apr_array_header_t *sans = apr_array_make(result, 1, sizeof(const char *));

    trace = apr_pstrcat(pool, trace, ja_endpoint_print(&ask->to, scratch), " ", ask->sni, " ",
                        ja_enumstr_print(&ja_handshake_kind_names, (int)ask->kind), ", ", NULL);
    memset(seen, 0, sizeof(*seen));
    if (*cancelled || ask->limit != JA_PROOF_HANDSHAKE_LIMIT) {
        return ja_err_make(JA_E_INTERNAL, result, "not asked as it should be");
    }
    if (failing != JA_E_COUNT) {
        return ja_err_make(failing, result, "scripted");
    }
    if (!served) {
        return ja_err_make(JA_E_TLS, result, "handshake failure");
    }
    APR_ARRAY_PUSH(sans, const char *) = "a.jp";
    seen->facts = (ja_cert_facts_t){
        .sha256 = apr_pstrdup(result, served), .names = sans, .serial = "1", .issuer = "CA"
    };
    seen->fullchain_sha256 = apr_pstrcat(result, "chain of ", served, NULL);
    seen->subjects = "a.jp";
    return NULL;
}

static void done(void *baton, const ja_proof_result_t *result)
{
    results = apr_pstrcat(pool, results, (const char *)baton, " ", result->name, ": ",
                          result->err ? ja_err_text(result->err, pool) : result->text, "\n", NULL);
    last = *result;
    if (++n_results == n_wanted) {
        ja_loop_stop(loop);
    }
}

static void add_live(int spec, const char *sha256)
{
    APR_ARRAY_PUSH((apr_array_header_t *)live.certs, ja_set_cert_t) =
        (ja_set_cert_t){ .spec = spec,
                         .facts = { .sha256 = sha256, .names = names_of("a.jp", NULL) },
                         .fullchain_sha256 = apr_pstrcat(pool, "chain of ", sha256, NULL) };
}

static void add_target(apr_port_t port, const char *name)
{
    APR_ARRAY_PUSH(targets, ja_proof_target_t) =
        (ja_proof_target_t){ .at = { "127.0.0.1", port }, .name = name };
}

static void make_proof(ja_proof_handshake_fn *handshake)
{
    const ja_proof_conf_t conf = { .loop = loop, .handshake = handshake };

    apr_pool_create(&proof_pool, pool);
    proof = ja_proof_make(&conf, proof_pool);
}

static int proof_begins(void **state)
{
    int begun = test_begins(state);

    works(ja_loop_make(&loop, 2, pool));
    make_proof(scripted);
    targets = apr_array_make(pool, 8, sizeof(ja_proof_target_t));
    live = (ja_set_t){ .name = "a.jp", .certs = apr_array_make(pool, 2, sizeof(ja_set_cert_t)) };
    job = (ja_proof_job_t){
        .name = "a.jp", .live = &live, .live_at = ja_clock_now(), .targets = targets
    };
    served_rsa = "rsa";
    served_ec = "ec";
    failing = JA_E_COUNT;
    trace = results = "";
    n_results = 0;
    return begun;
}

#define PROOF_TEST(FN) cmocka_unit_test_setup_teardown(FN, proof_begins, test_ends)

static void begin(const char *mark)
{
    ja_proof_begin(proof, &job, done, (void *)mark);
}

static void run(int wanted)
{
    n_wanted = wanted;
    works(ja_loop_run(loop, NULL, NULL));
    assert_int_equal(n_results, wanted);
}

static void expect(ja_proof_verdict_t verdict, int asked, int verified, int left_out)
{
    assert_int_equal(last.verdict, verdict);
    assert_int_equal(last.asked, asked);
    assert_int_equal(last.verified, verified);
    assert_int_equal(last.left_out, left_out);
}

static void has(const char *part)
{
    if (!strstr(results, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, results);
    }
}

static void both_kinds_are_asked_everywhere(void **state)
{
    (void)state;
    add_live(JA_KEY_RSA2048, "rsa");
    add_live(JA_KEY_P256, "ec");
    add_target(1, "a.jp");
    add_target(2, "a.jp");
    begin("1");
    assert_int_equal(n_results, 0);
    run(1);
    assert_string_equal(trace, "127.0.0.1:1 a.jp RSA, 127.0.0.1:1 a.jp ECDSA, "
                               "127.0.0.1:2 a.jp RSA, 127.0.0.1:2 a.jp ECDSA, ");
    assert_string_equal(results, "1 a.jp: the live certificate is served in 4 handshakes\n");
    expect(JA_PROOF_VERIFIED, 4, 4, 0);
    assert_null(last.err);
    assert_false(last.again);
}

static void a_single_kind_need_not_be_asked_for(void **state)
{
    (void)state;
    add_live(JA_KEY_P384, "ec");
    add_target(1, "a.jp");
    begin("1");
    run(1);
    assert_string_equal(trace, "127.0.0.1:1 a.jp any, ");
    expect(JA_PROOF_VERIFIED, 1, 1, 0);
}

static void a_kind_that_is_not_there_is_looked_into(void **state)
{
    (void)state;
    add_live(JA_KEY_RSA2048, "rsa");
    add_live(JA_KEY_P256, "ec");
    add_target(1, "a.jp");
    served_ec = NULL;
    job.live_at = 0;
    begin("1");
    run(1);
    assert_string_equal(trace, "127.0.0.1:1 a.jp RSA, 127.0.0.1:1 a.jp ECDSA, "
                               "127.0.0.1:1 a.jp any, ");
    has("1 of 2 handshakes are as they should be: asking 127.0.0.1:1 for a.jp (ECDSA): "
        "there is no such certificate");
    expect(JA_PROOF_OTHER, 2, 1, 0);
    assert_non_null(last.err);
}

static void what_may_change_soon_is_no_error(void **state)
{
    (void)state;
    add_live(JA_KEY_P256, "new");
    job.earlier = names_of("ec", NULL);
    add_target(1, "a.jp");
    begin("1");
    run(1);
    expect(JA_PROOF_OLD, 1, 0, 0);
    assert_null(last.err);
    assert_true(last.again);
    has("0 of 1 handshakes are as they should be; asking 127.0.0.1:1 for a.jp: what was served");
}

static void an_address_that_does_not_answer_is_asked_once(void **state)
{
    (void)state;
    add_live(JA_KEY_P256, "ec");
    add_target(1, "a.jp");
    add_target(1, "b.jp");
    add_target(2, "a.jp");
    failing = JA_E_CONNECT;
    begin("1");
    run(1);
    assert_string_equal(trace, "127.0.0.1:1 a.jp any, 127.0.0.1:2 a.jp any, ");
    expect(JA_PROOF_FAILED, 2, 0, 1);
    has("should be; left out: 1: asking 127.0.0.1:1 for a.jp: there is no TLS handshake");
}

static void an_address_of_another_machine_is_not_asked(void **state)
{
    (void)state;
    add_live(JA_KEY_P256, "ec");
    add_target(1, "a.jp");
    add_target(1, "b.jp");
    APR_ARRAY_IDX(targets, 0, ja_proof_target_t).at.address = "192.0.2.1";
    APR_ARRAY_IDX(targets, 1, ja_proof_target_t).at.address = "192.0.2.1";
    begin("1");
    add_target(1, "a.jp");
    begin("2");
    run(2);
    assert_string_equal(trace, "127.0.0.1:1 a.jp any, ");
    has("1 a.jp: no address of this server serves this domain with TLS\n");
    has("2 a.jp: the live certificate is served in 1 handshake; left out: 2\n");
}

static void many_targets_are_asked_in_part(void **state)
{
    int i;

    (void)state;
    add_live(JA_KEY_RSA2048, "rsa");
    add_live(JA_KEY_P256, "ec");
    for (i = 1; i <= 100; i++) {
        add_target((apr_port_t)i, "a.jp");
    }
    begin("1");
    run(1);
    expect(JA_PROOF_VERIFIED, JA_PROOF_MAX_HANDSHAKES, JA_PROOF_MAX_HANDSHAKES, 136);
    has("in 64 handshakes; left out: 136");
    assert_non_null(strstr(trace, "127.0.0.1:1 a.jp RSA, "));
    assert_non_null(strstr(trace, "127.0.0.1:99 a.jp ECDSA, "));
}

static void without_targets_nothing_is_proved(void **state)
{
    (void)state;
    add_live(JA_KEY_P256, "ec");
    begin("1");
    run(1);
    expect(JA_PROOF_UNASKED, 0, 0, 0);
    has("no address of this server");
}

static void they_are_made_in_order_from_copies(void **state)
{
    ja_set_t other = live;

    (void)state;
    other.certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    add_live(JA_KEY_P256, "ec");
    add_target(1, "a.jp");
    begin("1");
    job.name = "b.jp";
    begin("2");
    live = other;
    targets->nelts = 0;
    run(2);
    assert_string_equal(results, "1 a.jp: the live certificate is served in 1 handshake\n"
                                 "2 b.jp: the live certificate is served in 1 handshake\n");
}

static int is_working(void *baton)
{
    return ja_loop_is_working(baton);
}

static void it_goes_with_its_pool(void **state)
{
    tls_server_conf_t conf = { .manner = TLS_SERVER_SILENT };
    tls_server_t *server = tls_server_start(&conf, pool);
    apr_time_t before;

    (void)state;
    make_proof(NULL);
    add_live(JA_KEY_P256, "ec");
    add_target(tls_server_endpoint(server).port, "a.jp");
    begin("1");
    begin("2");
    works(ja_loop_run(loop, is_working, loop));
    before = ja_clock_monotonic();
    apr_pool_destroy(proof_pool);
    assert_true(ja_clock_monotonic() - before < JA_PROOF_HANDSHAKE_LIMIT / 2);
    assert_int_equal(n_results, 0);
}

/* The same against a server. */
static void what_a_server_serves_is_proved(void **state)
{
    ja_key_t *key = p256_key();
    X509 *root = mint(&GOOD_ROOT, key, NULL, key);
    const char *pem = pem_of(mint(&GOOD_LEAF, key, root, key), root, NULL);
    tls_server_conf_t conf = { .certs = { { pem, key } } };
    ja_set_cert_t *cert = apr_array_push((apr_array_header_t *)live.certs);

    (void)state;
    memset(cert, 0, sizeof(*cert));
    cert->spec = JA_KEY_P256;
    works(ja_chain_facts(&cert->facts, chain_of(pem), pool, pool));
    works(ja_digest_sha256(&cert->fullchain_sha256, pem, strlen(pem), pool, pool));
    add_target(tls_server_endpoint(tls_server_start(&conf, pool)).port, "www.example.jp");
    make_proof(NULL);
    begin("1");
    run(1);
    expect(JA_PROOF_VERIFIED, 1, 1, 0);
}

/* --- telling ---------------------------------------------------------------------------------- */

static const char *line;

static void keep(void *baton, ja_level_t level, const char *text)
{
    (void)baton;
    (void)level;
    line = apr_pstrdup(pool, text);
}

static void verified_and_errors_are_told(void **state)
{
    const ja_log_t log = { .write = keep, .level = JA_LOG_DEBUG };
    ja_proof_result_t result = { .name = "a.jp", .text = "all right", .asked = 1 };

    (void)state;
    line = "";
    ja_proof_tell(&log, &result, pool);
    assert_string_equal(line, "a.jp: JA0012: verified: all right");
    line = "";
    result.again = 1;
    ja_proof_tell(&log, &result, pool);
    assert_string_equal(line, "");
    result.again = result.asked = 0;
    ja_proof_tell(&log, &result, pool);
    assert_string_equal(line, "");
    result.err = ja_err_make(JA_E_SERVED_OLD, pool, "old");
    ja_proof_tell(&log, &result, pool);
    assert_non_null(strstr(line, "a.jp: JA0602: while checking what is served: old. "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        PROOF_TEST(both_kinds_are_asked_everywhere),
        PROOF_TEST(a_single_kind_need_not_be_asked_for),
        PROOF_TEST(a_kind_that_is_not_there_is_looked_into),
        PROOF_TEST(what_may_change_soon_is_no_error),
        PROOF_TEST(an_address_that_does_not_answer_is_asked_once),
        PROOF_TEST(an_address_of_another_machine_is_not_asked),
        PROOF_TEST(many_targets_are_asked_in_part),
        PROOF_TEST(without_targets_nothing_is_proved),
        PROOF_TEST(they_are_made_in_order_from_copies),
        PROOF_TEST(it_goes_with_its_pool),
        PROOF_TEST(what_a_server_serves_is_proved),
        PROOF_TEST(verified_and_errors_are_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

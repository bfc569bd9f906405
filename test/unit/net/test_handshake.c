#include "../pki/fixture.h"

#include <string.h>
#include <sys/resource.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <openssl/ssl.h>

#include "base/clock.h"
#include "net/handshake.h"
#include "net/tls_server.h"

#define SECOND apr_time_from_sec(1)

static tls_server_conf_t conf;
static tls_server_t *server;
static ja_handshake_ask_t ask;
static ja_handshake_t seen;

/* One for all tests: it takes a while to make. */
static const ja_key_t *rsa_key(void)
{
    static apr_pool_t *forever;
    static ja_key_t *key;

    if (!key) {
        apr_pool_create(&forever, NULL);
        works(ja_key_make(&key, JA_KEY_RSA2048, NULL, forever, forever));
    }
    return key;
}

/* An RSA and an EC certificate of one intermediate. */
static int handshake_begins(void **state)
{
    int begun = test_begins(state);
    ja_key_t *ca = p256_key();
    X509 *root = mint(&GOOD_ROOT, ca, NULL, ca);
    X509 *intermediate = mint(&GOOD_INTERMEDIATE, ca, root, ca);

    memset(&conf, 0, sizeof(conf));
    conf.certs[0].key = rsa_key();
    conf.certs[0].pem =
        pem_of(mint(&GOOD_LEAF, conf.certs[0].key, intermediate, ca), intermediate, NULL);
    conf.certs[1].key = p256_key();
    conf.certs[1].pem =
        pem_of(mint(&GOOD_LEAF, conf.certs[1].key, intermediate, ca), intermediate, NULL);
    memset(&ask, 0, sizeof(ask));
    ask.sni = "www.example.jp";
    ask.limit = 20 * SECOND;
    return begun;
}

#define HANDSHAKE_TEST(FN) cmocka_unit_test_setup_teardown(FN, handshake_begins, test_ends)

static ja_err_t *run(void)
{
    return ja_handshake_run(&seen, &ask, NULL, pool, pool);
}

static void start(void)
{
    server = tls_server_start(&conf, pool);
    ask.to = tls_server_endpoint(server);
}

/* The chain that was seen is the server's i-th one. */
static void expect_chain(int i)
{
    ja_cert_facts_t facts;
    const char *leaf;
    const char *rest;
    const char *all;
    const char *digest;
    ja_chain_t *chain = chain_of(conf.certs[i].pem);

    works(ja_chain_facts(&facts, chain, pool, pool));
    works(ja_chain_print(&leaf, &rest, &all, chain, pool, pool));
    works(ja_digest_sha256(&digest, all, strlen(all), pool, pool));
    assert_string_equal(seen.facts.sha256, facts.sha256);
    assert_string_equal(seen.fullchain_sha256, digest);
}

static void all_that_is_served_is_seen(void **state)
{
    (void)state;
    start();
    works(run());
    assert_string_equal(seen.protocol, "TLSv1.3");
    assert_string_equal(seen.subjects, "www.example.jp, Test Intermediate");
    assert_string_equal(seen.facts.issuer, "Test Intermediate");
    assert_int_equal(seen.facts.names->nelts, 2);
    assert_int_equal(seen.n_certs, 2);
    assert_int_equal(seen.staple.len, 0);
    assert_false(seen.is_temporary);
    assert_string_equal(tls_server_sni(server), "www.example.jp");
}

static void either_certificate_can_be_asked_for(void **state)
{
    static const int VERSIONS[] = { TLS1_2_VERSION, TLS1_3_VERSION };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(VERSIONS) / sizeof(VERSIONS[0]); i++) {
        conf.max_version = VERSIONS[i];
        start();
        ask.kind = JA_HANDSHAKE_RSA;
        works(run());
        expect_chain(0);
        assert_string_equal(seen.protocol, i == 0 ? "TLSv1.2" : "TLSv1.3");
        ask.kind = JA_HANDSHAKE_EC;
        works(run());
        expect_chain(1);
    }
}

static void a_kind_that_the_server_lacks_is_no_handshake(void **state)
{
    (void)state;
    conf.certs[1].pem = NULL;
    start();
    ask.kind = JA_HANDSHAKE_EC;
    fails(run(), JA_E_TLS, "the TLS handshake with 127.0.0.1:");
    conf.max_version = TLS1_2_VERSION;
    start();
    fails(run(), JA_E_TLS, "the TLS handshake with 127.0.0.1:");
    ask.kind = JA_HANDSHAKE_ANY;
    works(run());
    expect_chain(0);
}

static void what_a_server_serves_is_seen_without_a_certificate_of_ours(void **state)
{
    (void)state;
    conf.demands_cert = 1;
    conf.staple = "a response";
    conf.staple_len = strlen(conf.staple);
    ask.ask_staple = 1;
    for (conf.max_version = TLS1_2_VERSION; conf.max_version <= TLS1_3_VERSION;
         conf.max_version++) {
        start();
        ask.kind = JA_HANDSHAKE_EC;
        works(run());
        expect_chain(1);
        assert_int_equal(seen.staple.len, conf.staple_len);
    }
    conf.certs[1].pem = NULL;
    start();
    fails(run(), JA_E_TLS, "the TLS handshake with 127.0.0.1:");
}

static void a_staple_is_had_if_asked_for(void **state)
{
    (void)state;
    conf.staple = "0\003\n\001\000"; /* RFC 6960 4.2.1, without a response in it */
    conf.staple_len = 5;
    start();
    works(run());
    assert_int_equal(seen.staple.len, 0);
    ask.ask_staple = 1;
    works(run());
    assert_int_equal(seen.staple.len, 5);
    assert_memory_equal(seen.staple.bytes, conf.staple, 5);
}

static void large_staples_are_no_harm(void **state)
{
    (void)state;
    conf.staple_len = 60000;
    conf.staple = apr_pcalloc(pool, conf.staple_len);
    ask.ask_staple = 1;
    start();
    works(run());
    assert_int_equal(seen.staple.len, 60000);
    conf.max_version = TLS1_2_VERSION;
    start();
    fails(run(), JA_E_TLS, "the TLS handshake with 127.0.0.1:");
}

static void a_temporary_certificate_is_told_apart(void **state)
{
    (void)state;
    works(ja_cert_self_signed(&conf.certs[0].pem, conf.certs[0].key,
                              names_of("www.example.jp", NULL), 7, NOW, pool, pool));
    conf.certs[1].pem = NULL;
    start();
    works(run());
    assert_true(seen.is_temporary);
    assert_int_equal(seen.n_certs, 1);
}

static void nobody_is_there(void **state)
{
    (void)state;
    ask.to = tls_server_nobody();
    fails(run(), JA_E_CONNECT, "connecting to 127.0.0.1:");
}

/* It says nothing of the server. */
static void without_a_descriptor_left_nobody_is_asked(void **state)
{
    struct rlimit limit, none;
    ja_err_t *err;

    (void)state;
    ask.to = tls_server_nobody();
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    err = run();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    fails(err, JA_E_INTERNAL, "a socket for 127.0.0.1:");
}

static void names_are_no_addresses(void **state)
{
    (void)state;
    ask.to.address = "localhost";
    fails(run(), JA_E_SYNTAX, "localhost:0 is not an address");
}

static void a_server_without_tls(void **state)
{
    (void)state;
    conf.manner = TLS_SERVER_PLAIN;
    start();
    fails(run(), JA_E_TLS, "the TLS handshake with 127.0.0.1:");
}

static void a_silent_server_takes_no_longer_than_the_limit(void **state)
{
    (void)state;
    conf.manner = TLS_SERVER_SILENT;
    start();
    ask.limit = apr_time_from_msec(20);
    fails(run(), JA_E_TIMEOUT, "no answer within 20 ms");
}

static void it_can_be_cancelled_before(void **state)
{
    const volatile int cancelled = 1;

    (void)state;
    conf.manner = TLS_SERVER_SILENT;
    start();
    fails(ja_handshake_run(&seen, &ask, &cancelled, pool, pool), JA_E_STOPPED, "127.0.0.1:");
}

static void *APR_THREAD_FUNC cancel(apr_thread_t *thread, void *baton)
{
    (void)thread;
    *(volatile int *)baton = 1;
    return NULL;
}

static void it_can_be_cancelled_meanwhile(void **state)
{
    volatile int cancelled = 0;
    apr_time_t before = ja_clock_monotonic();
    apr_thread_t *thread;
    apr_status_t returned;

    (void)state;
    conf.manner = TLS_SERVER_SILENT;
    start();
    apr_thread_create(&thread, NULL, cancel, (void *)&cancelled, pool);
    fails(ja_handshake_run(&seen, &ask, &cancelled, pool, pool), JA_E_STOPPED, "127.0.0.1:");
    apr_thread_join(&returned, thread);
    assert_true(ja_clock_monotonic() - before < ask.limit / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HANDSHAKE_TEST(all_that_is_served_is_seen),
        HANDSHAKE_TEST(either_certificate_can_be_asked_for),
        HANDSHAKE_TEST(a_kind_that_the_server_lacks_is_no_handshake),
        HANDSHAKE_TEST(what_a_server_serves_is_seen_without_a_certificate_of_ours),
        HANDSHAKE_TEST(a_staple_is_had_if_asked_for),
        HANDSHAKE_TEST(large_staples_are_no_harm),
        HANDSHAKE_TEST(a_temporary_certificate_is_told_apart),
        HANDSHAKE_TEST(nobody_is_there),
        HANDSHAKE_TEST(without_a_descriptor_left_nobody_is_asked),
        HANDSHAKE_TEST(names_are_no_addresses),
        HANDSHAKE_TEST(a_server_without_tls),
        HANDSHAKE_TEST(a_silent_server_takes_no_longer_than_the_limit),
        HANDSHAKE_TEST(it_can_be_cancelled_before),
        HANDSHAKE_TEST(it_can_be_cancelled_meanwhile),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

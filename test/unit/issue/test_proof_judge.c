#include "../pki/fixture.h"

#include <string.h>

#include <apr_strings.h>

#include "issue/proof.h"

#define LIVE_AT (NOW - apr_time_from_sec(60))
#define LATE    (LIVE_AT + JA_PROOF_ADOPT_LIMIT)

static ja_set_t live;
static ja_proof_job_t job;
static ja_handshake_ask_t asked;
static ja_handshake_t seen;

static ja_set_cert_t live_cert(int spec, const char *sha256)
{
    return (ja_set_cert_t){ .spec = spec,
                            .facts = { .sha256 = sha256 },
                            .fullchain_sha256 = apr_pstrcat(pool, "chain of ", sha256, NULL) };
}

/* An RSA and an EC certificate are live; the server serves the EC one for www.a.jp. */
static int judge_begins(void **state)
{
    int begun = test_begins(state);
    apr_array_header_t *certs = apr_array_make(pool, 2, sizeof(ja_set_cert_t));

    APR_ARRAY_PUSH(certs, ja_set_cert_t) = live_cert(JA_KEY_RSA2048, "rsa");
    APR_ARRAY_PUSH(certs, ja_set_cert_t) = live_cert(JA_KEY_P256, "ec");
    live = (ja_set_t){ .name = "a.jp", .certs = certs };
    job = (ja_proof_job_t){
        .name = "a.jp", .live = &live, .live_at = LIVE_AT, .earlier = names_of("old", NULL)
    };
    asked = (ja_handshake_ask_t){ .to = { "127.0.0.1", 443 },
                                  .sni = "www.a.jp",
                                  .kind = JA_HANDSHAKE_EC };
    seen = (ja_handshake_t){
        .facts = { .not_after = NOW + apr_time_from_sec(DAY),
                   .names = names_of("a.jp", "www.a.jp", NULL),
                   .serial = "0a1b",
                   .issuer = "Test CA",
                   .sha256 = "ec" },
        .subjects = "a.jp, Test CA",
        .n_certs = 2,
        .fullchain_sha256 = "chain of ec",
        .staple = { "", 0 },
    };
    return begun;
}

#define JUDGE_TEST(FN) cmocka_unit_test_setup_teardown(FN, judge_begins, test_ends)

static void expect(const ja_proof_finding_t *finding, ja_proof_verdict_t verdict, const char *code,
                   const char *part)
{
    assert_string_equal(ja_enumstr_print(&ja_proof_verdict_names, (int)finding->verdict),
                        ja_enumstr_print(&ja_proof_verdict_names, (int)verdict));
    assert_string_equal(finding->err ? ja_err_row(finding->err->code)->name : "none", code);
    assert_false(finding->err && finding->again);
    if (!strstr(finding->text, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, finding->text);
    }
}

/* What is served, by leaf, chain and kind, and what that means soon after the activation, and
 * late. */
static const struct {
    ja_handshake_kind_t kind;
    const char *sha256;
    const char *fullchain_sha256;
    ja_proof_verdict_t verdict;
    const char *soon; /* error; "again": none yet */
    const char *late;
    const char *part;
} SERVED[] = {
    { JA_HANDSHAKE_EC, "ec", "chain of ec", JA_PROOF_VERIFIED, "none", "none",
      "asking 127.0.0.1:443 for www.a.jp (ECDSA): the live certificate is served" },
    { JA_HANDSHAKE_RSA, "rsa", "chain of rsa", JA_PROOF_VERIFIED, "none", "none",
      "www.a.jp (RSA)" },
    { JA_HANDSHAKE_ANY, "rsa", "chain of rsa", JA_PROOF_VERIFIED, "none", "none", "www.a.jp: the" },
    { JA_HANDSHAKE_ANY, "ec", "chain of ec", JA_PROOF_VERIFIED, "none", "none", "www.a.jp: the" },
    { JA_HANDSHAKE_EC, "ec", "chain of rsa", JA_PROOF_CHAIN, "SERVED_CHAIN", "SERVED_CHAIN",
      "in another chain: 2 certificates (a.jp, Test CA)" },
    { JA_HANDSHAKE_EC, "rsa", "chain of rsa", JA_PROOF_OTHER, "again", "SERVED_KIND",
      "(ECDSA): there is no such certificate; served is a certificate (a.jp, Test CA)" },
    { JA_HANDSHAKE_RSA, "ec", "chain of ec", JA_PROOF_OTHER, "again", "SERVED_KIND", "(RSA)" },
    { JA_HANDSHAKE_EC, "old", "chain of old", JA_PROOF_OLD, "again", "SERVED_OLD",
      "what was served before is still served" },
    { JA_HANDSHAKE_EC, "else", "chain of else", JA_PROOF_OTHER, "SERVED_OTHER_CERT",
      "SERVED_OTHER_CERT", "issued by Test CA, serial 0a1b, valid until Wed, 02 Jan 2030" },
};

static void what_is_served_is_told(void **state)
{
    ja_proof_finding_t finding;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(SERVED) / sizeof(SERVED[0]); i++) {
        asked.kind = SERVED[i].kind;
        seen.facts.sha256 = SERVED[i].sha256;
        seen.fullchain_sha256 = SERVED[i].fullchain_sha256;
        ja_proof_judge(&finding, &job, &asked, &seen, NULL, LATE - 1, pool);
        assert_int_equal(finding.again, strcmp(SERVED[i].soon, "again") == 0);
        expect(&finding, SERVED[i].verdict, finding.again ? "none" : SERVED[i].soon,
               SERVED[i].part);
        ja_proof_judge(&finding, &job, &asked, &seen, NULL, LATE, pool);
        assert_int_equal(finding.again, 0);
        expect(&finding, SERVED[i].verdict, SERVED[i].late, SERVED[i].part);
    }
}

static void a_set_may_have_no_past(void **state)
{
    ja_proof_finding_t finding;

    (void)state;
    job.earlier = NULL;
    seen.facts.sha256 = "old";
    ja_proof_judge(&finding, &job, &asked, &seen, NULL, NOW, pool);
    expect(&finding, JA_PROOF_OTHER, "SERVED_OTHER_CERT", "not the live one");
}

static void other_names_are_another_virtual_host(void **state)
{
    ja_proof_finding_t finding;

    (void)state;
    seen.facts.sha256 = "else";
    seen.facts.names = names_of("b.jp", "*.b.jp", "c.jp", "d.jp", "e.jp", NULL);
    ja_proof_judge(&finding, &job, &asked, &seen, NULL, NOW, pool);
    expect(&finding, JA_PROOF_OTHER, "SERVED_OTHER_HOST",
           "this one: b.jp, *.b.jp, c.jp and 2 more");
    seen.facts.names = names_of("*.jp", NULL);
    ja_proof_judge(&finding, &job, &asked, &seen, NULL, NOW, pool);
    expect(&finding, JA_PROOF_OTHER, "SERVED_OTHER_HOST", "this one: *.jp");
}

static void the_temporary_certificate_is_what_was_before(void **state)
{
    ja_proof_finding_t finding;

    (void)state;
    seen.facts.sha256 = "temporary";
    seen.is_temporary = 1;
    ja_proof_judge(&finding, &job, &asked, &seen, NULL, NOW, pool);
    assert_int_equal(finding.again, 1);
    expect(&finding, JA_PROOF_OLD, "none", "a temporary certificate (a.jp, Test CA)");
    seen.facts.names = names_of("b.jp", NULL);
    ja_proof_judge(&finding, &job, &asked, &seen, NULL, NOW, pool);
    expect(&finding, JA_PROOF_OTHER, "SERVED_OTHER_HOST", "a temporary certificate");
}

static const struct {
    ja_proof_staple_t wanted;
    int is_there;
    ja_proof_verdict_t verdict;
    const char *code;
} STAPLES[] = {
    { JA_STAPLE_UNASKED, 0, JA_PROOF_VERIFIED, "none" },
    { JA_STAPLE_WANTED, 0, JA_PROOF_UNSTAPLED, "none" },
    { JA_STAPLE_REQUIRED, 0, JA_PROOF_UNSTAPLED, "SERVED_UNSTAPLED" },
    { JA_STAPLE_UNASKED, 1, JA_PROOF_VERIFIED, "none" },
    { JA_STAPLE_WANTED, 1, JA_PROOF_VERIFIED, "none" },
    { JA_STAPLE_REQUIRED, 1, JA_PROOF_VERIFIED, "none" },
};

static void a_missing_staple_is_an_error_if_it_is_a_must(void **state)
{
    ja_proof_finding_t finding;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(STAPLES) / sizeof(STAPLES[0]); i++) {
        job.staple = STAPLES[i].wanted;
        seen.staple = (ja_bytes_t){ "response", STAPLES[i].is_there ? 8 : 0 };
        ja_proof_judge(&finding, &job, &asked, &seen, NULL, NOW, pool);
        expect(&finding, STAPLES[i].verdict, STAPLES[i].code, "the live certificate is served");
        assert_int_equal(finding.again, 0);
    }
}

static void a_failed_handshake_is_told_with_its_reason(void **state)
{
    ja_err_t *refused = ja_err_make(JA_E_CONNECT, pool, "connecting to 127.0.0.1:443");
    ja_proof_finding_t finding;

    (void)state;
    ja_proof_judge(&finding, &job, &asked, NULL, refused, NOW, pool);
    expect(&finding, JA_PROOF_FAILED, "SERVED_NOT", "handshake: connecting to 127.0.0.1:443");
    assert_non_null(strstr(ja_err_text(finding.err, pool), "handshake: connecting to 127.0.0.1"));
}

static void a_busy_server_gets_another_chance(void **state)
{
    ja_err_t *late = ja_err_make(JA_E_TIMEOUT, pool, "no answer");
    ja_proof_finding_t finding;

    (void)state;
    ja_proof_judge(&finding, &job, &asked, NULL, late, NOW, pool);
    assert_int_equal(finding.again, 1);
    expect(&finding, JA_PROOF_FAILED, "none", "www.a.jp (ECDSA): no answer");
    ja_proof_judge(&finding, &job, &asked, NULL, late, LATE, pool);
    expect(&finding, JA_PROOF_FAILED, "SERVED_NOT", "no answer");
}

static void what_was_not_asked_is_no_verdict_on_the_server(void **state)
{
    ja_err_t *own = ja_err_make(JA_E_INTERNAL, pool, "no descriptor left");
    ja_proof_finding_t finding;

    (void)state;
    ja_proof_judge(&finding, &job, &asked, NULL, own, LATE, pool);
    assert_int_equal(finding.again, 1);
    expect(&finding, JA_PROOF_FAILED, "none", "no descriptor left");
}

static void a_wildcard_is_asked_for_by_a_name_below_it(void **state)
{
    const char *long_name = apr_psprintf(pool, "*.%060d.%060d.%060d.%058d.jp", 1, 2, 3, 4);

    (void)state;
    assert_string_equal(ja_proof_sni("www.a.jp", pool), "www.a.jp");
    assert_string_equal(ja_proof_sni("*.a.jp", pool), "jprs-acme-check.a.jp");
    assert_true(strlen(ja_proof_sni(long_name, pool)) <= 253);
    assert_memory_equal(ja_proof_sni(long_name, pool), "x.0000", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JUDGE_TEST(what_is_served_is_told),
        JUDGE_TEST(a_set_may_have_no_past),
        JUDGE_TEST(other_names_are_another_virtual_host),
        JUDGE_TEST(the_temporary_certificate_is_what_was_before),
        JUDGE_TEST(a_missing_staple_is_an_error_if_it_is_a_must),
        JUDGE_TEST(a_failed_handshake_is_told_with_its_reason),
        JUDGE_TEST(a_busy_server_gets_another_chance),
        JUDGE_TEST(what_was_not_asked_is_no_verdict_on_the_server),
        JUDGE_TEST(a_wildcard_is_asked_for_by_a_name_below_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

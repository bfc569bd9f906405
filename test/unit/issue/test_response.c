#include "set_fixture.h"

#include "../pki/responder.h"
#include "issue/response.h"

static void put(const char *item)
{
    const ja_item_t what = { item, "x", 1, 1 };

    works(ja_store_save(store, JA_GROUP_OCSP, NULL, &what, JA_FS_LAZY, pool));
}

static void keep(const char *sha256, const response_t *what, const issued_t *about)
{
    const ja_bytes_t der = respond(what, about);
    const ja_item_t item = { ja_response_item(sha256, pool), der.bytes, der.len, 1 };

    works(ja_store_save(store, JA_GROUP_OCSP, NULL, &item, JA_FS_LAZY, pool));
}

static int finds(const char *sha256, ja_ocsp_facts_t *facts, long after_s)
{
    int has;

    works(ja_response_find(&has, facts, NULL, store, sha256, NOW + apr_time_from_sec(after_s), pool,
                           pool));
    return has;
}

static void what_is_kept_is_found_until_it_ends(void **state)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    ja_ocsp_facts_t facts;

    (void)state;
    assert_false(finds("aa", &facts, 0));
    keep("aa", &GOOD_RESPONSE, &issued);
    assert_true(finds("aa", &facts, 0));
    assert_int_equal(facts.status, JA_OCSP_GOOD);
    assert_false(finds("bb", &facts, 0));
    assert_false(finds("aa", &facts, 365L * DAY));
    put(ja_response_item("aa", pool));
    assert_false(finds("aa", &facts, 0)); /* damage */
}

static int is_given_out(const ja_staple_table_t *table)
{
    static const unsigned char DIGEST[JA_STAPLE_DIGEST] = { 0xab };
    char response[JA_STAPLE_MAX];
    apr_size_t len;

    return ja_staple_table_get(response, &len, table, 0, DIGEST, NOW);
}

/* At a start: only what says good. */
static void good_ones_are_put_where_handshakes_look(void **state)
{
    static const char SHA256[] = "ab00000000000000000000000000000000000000000000000000000000000000";
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    response_t unknown = GOOD_RESPONSE;
    ja_staple_table_t table;

    (void)state;
    ja_staple_table_init(&table, apr_pcalloc(pool, ja_staple_table_bytes(1, 1)), 1, 1);
    works(ja_response_restore(&table, 0, store, SHA256, NOW, pool));
    unknown.status = V_OCSP_CERTSTATUS_UNKNOWN;
    keep(SHA256, &unknown, &issued);
    works(ja_response_restore(&table, 0, store, SHA256, NOW, pool));
    assert_false(is_given_out(&table));
    keep(SHA256, &GOOD_RESPONSE, &issued);
    works(ja_response_restore(&table, 0, store, SHA256, NOW, pool));
    assert_true(is_given_out(&table));
}

static int is_revoked(const char *sha256)
{
    int is;

    works(ja_response_is_revoked(&is, store, sha256, pool));
    return is;
}

static response_t revoked_since(long this_s)
{
    response_t revoked = GOOD_RESPONSE;

    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    revoked.revoked_s = revoked.this_s = this_s;
    return revoked;
}

/* Only a newer response takes it back, not the time. */
static void a_revocation_does_not_end(void **state)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    response_t revoked = revoked_since(-30L * DAY);
    ja_ocsp_facts_t facts;

    (void)state;
    assert_false(is_revoked("aa"));
    revoked.next_s = -20L * DAY;
    keep("aa", &revoked, &issued);
    assert_true(is_revoked("aa"));
    assert_false(finds("aa", &facts, 0));
    keep("aa", &GOOD_RESPONSE, &issued);
    assert_false(is_revoked("aa"));
    put(ja_response_item("aa", pool));
    assert_false(is_revoked("aa")); /* damage */
}

/* ---- what the gate makes of it ---------------------------------------------------------------- */

static ja_gate_state_t gate_after(const response_t *what, long after_s)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    ja_plan_domain_t domain = *domain_with(specs_of(JA_KEY_P256, JA_SET_NO_SPEC));
    ja_set_t set = *staged(domain.keys, 0);
    ja_gate_t gate;

    APR_ARRAY_IDX(set.certs, 0, ja_set_cert_t).facts.ocsp_url = "http://ocsp.example/";
    domain.delay = (ja_delay_t){ JA_DELAY_OCSP, JA_GATE_OCSP_MAX };
    if (what) {
        keep(APR_ARRAY_IDX(set.certs, 0, ja_set_cert_t).facts.sha256, what, &issued);
    }
    works(ja_set_gate(&gate, store, &domain, &set, NOW + apr_time_from_sec(after_s), pool));
    return gate.state;
}

static void the_gate_opens_by_what_is_kept(void **state)
{
    response_t revoked = GOOD_RESPONSE;

    (void)state;
    revoked.status = V_OCSP_CERTSTATUS_REVOKED;
    revoked.revoked_s = -HOUR;
    assert_int_equal(gate_after(NULL, 0), JA_GATE_WAITS);
    assert_int_equal(gate_after(&GOOD_RESPONSE, 0), JA_GATE_OPEN);
    assert_int_equal(gate_after(&revoked, 0), JA_GATE_SHUT);
    assert_int_equal(gate_after(NULL, 600), JA_GATE_OPEN);
}

/* ---- tidying up ------------------------------------------------------------------------------ */

static void nothing_to_sweep_is_no_error(void **state)
{
    (void)state;
    works(ja_response_sweep(store, names_of(NULL), NOW, pool));
    works(ja_response_sweep(store, names_of("aa", NULL), NOW, pool));
}

static void only_known_certificates_keep_theirs(void **state)
{
    (void)state;
    put(ja_response_item("aa", pool));
    put(ja_response_item("bb", pool));
    put("aa.txt");
    works(ja_response_sweep(store, names_of("aa", "cc", NULL), NOW, pool));
    assert_true(tree_has(in_store("ocsp/aa.der")));
    assert_int_equal(tree_count(in_store("ocsp")), 1);
    works(ja_response_sweep(store, names_of(NULL), NOW, pool));
    assert_int_equal(tree_count(in_store("ocsp")), 0);
}

/* Somebody might want to go back to one. */
static void what_is_revoked_stays_known(void **state)
{
    const issued_t issued = issue_leaf("OCSP;URI:http://ocsp.example/");
    response_t revoked = revoked_since(-300L * DAY);
    response_t forgotten = revoked_since(-401L * DAY);

    (void)state;
    keep("aa", &revoked, &issued);
    keep("bb", &forgotten, &issued);
    keep("cc", &GOOD_RESPONSE, &issued);
    works(ja_response_sweep(store, names_of(NULL), NOW, pool));
    assert_true(is_revoked("aa"));
    assert_int_equal(tree_count(in_store("ocsp")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(what_is_kept_is_found_until_it_ends),
        SET_TEST(a_revocation_does_not_end),
        SET_TEST(what_is_revoked_stays_known),
        SET_TEST(good_ones_are_put_where_handshakes_look),
        SET_TEST(the_gate_opens_by_what_is_kept),
        SET_TEST(nothing_to_sweep_is_no_error),
        SET_TEST(only_known_certificates_keep_theirs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "set_fixture.h"

#include <string.h>

#include <apr_strings.h>

static void staged_facts_are_loaded(void **state)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC);
    const ja_set_t *made = staged(specs, 0);
    const ja_set_t *set;
    const ja_set_cert_t *cert;

    (void)state;
    works(ja_set_load(&set, store, JA_GROUP_STAGING, NAME, pool, pool));
    assert_string_equal(set->name, NAME);
    assert_string_equal(set->ca_url, CA_URL);
    assert_true(set->created_at == NOW);
    assert_true(set->committed_at == 0);
    assert_int_equal(set->certs->nelts, 2);
    cert = &APR_ARRAY_IDX(set->certs, 1, const ja_set_cert_t);
    assert_int_equal(cert->spec, JA_KEY_P384);
    assert_int_equal(cert->facts.key_spec, JA_KEY_P384);
    assert_string_equal(cert->privkey_file, "privkey-p384.pem");
    assert_string_equal(cert->fullchain_file, "fullchain-p384.pem");
    assert_string_equal(cert->facts.issuer, "Test Intermediate");
    assert_true(cert->facts.not_after == NOW + apr_time_from_sec(90L * DAY));
    assert_int_equal(cert->facts.names->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(cert->facts.names, 1, const char *), "www.a.jp");
    assert_int_equal(strlen(cert->facts.sha256), 64);
    assert_string_equal(ja_set_print(set, pool), ja_set_print(made, pool));
}

static void no_set_is_no_error(void **state)
{
    const ja_set_t *set;

    (void)state;
    works(ja_set_load(&set, store, JA_GROUP_STAGING, NAME, pool, pool));
    assert_null(set);
    works(ja_set_load(&set, store, JA_GROUP_LIVE, NAME, pool, pool));
    assert_null(set);
}

/* set.json of a good set with one piece of text replaced. */
static ja_err_t *parse_with(const char *from, const char *to)
{
    const char *good = ja_set_print(staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0), pool);
    const char *at = strstr(good, from);
    const ja_set_t *set;
    ja_bytes_t json;

    assert_non_null(at);
    json.bytes = apr_psprintf(pool, "%.*s%s%s", (int)(at - good), good, to, at + strlen(from));
    json.len = strlen(json.bytes);
    return ja_set_parse(&set, &json, NAME, pool, pool);
}

static void damaged_descriptions_are_refused(void **state)
{
    (void)state;
    works(parse_with("a.jp", "a.jp"));
    fails(parse_with("\"name\": \"a.jp\"", "\"name\": \"b.jp\""), JA_E_SYNTAX, "another name");
    fails(parse_with("\"name\"", "\"nam\""), JA_E_SYNTAX, "name");
    fails(parse_with("\"p256\"", "\"p257\""), JA_E_SYNTAX, "key_type");
    fails(parse_with("\"serial\"", "\"x\""), JA_E_SYNTAX, "serial");
    fails(parse_with("{", "["), JA_E_SYNTAX, "");
    fails(parse_with("{", ""), JA_E_SYNTAX, "");
    fails(parse_with("\"certificates\": [", "\"certificates\": [], \"x\": ["), JA_E_SYNTAX,
          "no certificate");
}

static void a_key_type_has_one_certificate(void **state)
{
    const apr_array_header_t *specs = specs_of(JA_KEY_P256, JA_KEY_P384, JA_SET_NO_SPEC);
    const ja_set_t *set = staged(specs, 0);
    ja_bytes_t json;

    (void)state;
    APR_ARRAY_IDX(set->certs, 1, ja_set_cert_t).spec = JA_KEY_P256;
    json.bytes = ja_set_print(set, pool);
    json.len = strlen(json.bytes);
    fails(ja_set_parse(&set, &json, NAME, pool, pool), JA_E_SYNTAX, "two certificates for p256");
}

static void a_damaged_file_is_named(void **state)
{
    const ja_set_t *set;

    (void)state;
    staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    tree_put(in_store("staging/a.jp/set.json"), "{\"name\": ");
    fails(ja_set_load(&set, store, JA_GROUP_STAGING, NAME, pool, pool), JA_E_SYNTAX,
          "staging/a.jp/set.json");
}

static void the_earliest_end_counts(void **state)
{
    ja_set_cert_t certs[] = { { .facts.not_after = 30 },
                              { .facts.not_after = 20 },
                              { .facts.not_after = 40 } };
    apr_array_header_t *array = apr_array_make(pool, 3, sizeof(ja_set_cert_t));
    ja_set_t set = { .certs = array };
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        APR_ARRAY_PUSH(array, ja_set_cert_t) = certs[i];
        assert_true(ja_set_first_to_expire(&set)->not_after == (i == 0 ? 30 : 20));
    }
}

/* Printed, read and copied: nothing of how the status is told gets lost. */
static void how_the_status_is_told_is_kept(void **state)
{
    const ja_set_t *set = staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t);
    ja_set_cert_t copy;
    ja_bytes_t json;

    (void)state;
    assert_null(strstr(ja_set_print(set, pool), "ocsp_url"));
    cert->facts.ocsp_url = "http://ocsp.example/";
    cert->facts.must_staple = 1;
    json.bytes = ja_set_print(set, pool);
    json.len = strlen(json.bytes);
    works(ja_set_parse(&set, &json, NAME, pool, pool));
    ja_set_cert_copy(&copy, &APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t), pool);
    assert_string_equal(copy.facts.ocsp_url, "http://ocsp.example/");
    assert_true(copy.facts.must_staple);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(staged_facts_are_loaded),          SET_TEST(no_set_is_no_error),
        SET_TEST(damaged_descriptions_are_refused), SET_TEST(a_key_type_has_one_certificate),
        SET_TEST(a_damaged_file_is_named),          SET_TEST(the_earliest_end_counts),
        SET_TEST(how_the_status_is_told_is_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

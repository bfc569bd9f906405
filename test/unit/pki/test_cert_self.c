#include "fixture.h"

#include <string.h>

#include <apr_strings.h>

#include <openssl/x509v3.h>

static ja_chain_t *self_signed(const ja_key_t *key, const apr_array_header_t *names)
{
    const char *pem;

    works(ja_cert_self_signed(&pem, key, names, 7, NOW, pool, pool));
    return chain_of(pem);
}

static void it_is_what_our_own_check_accepts(void **state)
{
    const apr_array_header_t *names = names_of("www.example.jp", "*.example.jp", NULL);
    ja_key_t *key = p256_key();
    ja_chain_t *chain = self_signed(key, names);
    ja_cert_facts_t facts;

    (void)state;
    assert_int_equal(ja_chain_count(chain), 1);
    works(ja_chain_check(chain, key, names, NOW, pool));
    works(ja_chain_facts(&facts, chain, pool, pool));
    assert_true(facts.not_before == NOW - apr_time_from_sec(DAY));
    assert_true(facts.not_after == NOW + apr_time_from_sec(7 * DAY));
    assert_int_equal(facts.names->nelts, 2);
    assert_int_equal(strlen(facts.serial), 32);
    assert_true(ja_cert_is_temporary(chain));
    assert_int_equal(X509_verify(ja_chain_cert(chain, 0), ja_key_evp(key)), 1);
}

static void every_kind_of_key_will_do(void **state)
{
    static const ja_key_spec_t SPECS[] = { JA_KEY_RSA2048, JA_KEY_P256, JA_KEY_P384 };
    const apr_array_header_t *names = names_of("www.example.jp", NULL);
    ja_key_t *key;
    X509 *cert;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(SPECS) / sizeof(SPECS[0]); i++) {
        works(ja_key_make(&key, SPECS[i], NULL, pool, pool));
        cert = ja_chain_cert(self_signed(key, names), 0);
        assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
        assert_int_equal(X509_check_issued(cert, cert), X509_V_OK); /* mod_ssl finds its issuer */
    }
}

static void a_long_name_leaves_the_organization(void **state)
{
    const char *name = apr_psprintf(pool, "%060d.%060d.example.jp", 1, 2);
    ja_cert_facts_t facts;

    (void)state;
    works(ja_chain_facts(&facts, self_signed(p256_key(), names_of(name, NULL)), pool, pool));
    assert_string_equal(facts.issuer, "O = temporary certificate of mod_jprs_acme");
}

static void no_two_are_alike(void **state)
{
    const apr_array_header_t *names = names_of("www.example.jp", NULL);
    ja_key_t *key = p256_key();
    ja_cert_facts_t one;
    ja_cert_facts_t other;

    (void)state;
    works(ja_chain_facts(&one, self_signed(key, names), pool, pool));
    works(ja_chain_facts(&other, self_signed(key, names), pool, pool));
    assert_string_not_equal(one.serial, other.serial);
}

static void names_are_needed(void **state)
{
    const char *pem;

    (void)state;
    fails(ja_cert_self_signed(&pem, p256_key(), names_of(NULL), 7, NOW, pool, pool), JA_E_INTERNAL,
          "no names");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_is_what_our_own_check_accepts),
        TEST(every_kind_of_key_will_do),
        TEST(a_long_name_leaves_the_organization),
        TEST(no_two_are_alike),
        TEST(names_are_needed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

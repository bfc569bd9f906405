#include "../base/check.h"

#include "issue/fingerprint.h"

static const ja_plan_ca_t CA = { .id = "ca", .url = "https://ca.example/directory" };
static const ja_plan_ca_t OTHER_CA = { .id = "other", .url = "https://ca.example/other" };

static apr_array_header_t *list_of(const char *a, const char *b)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    if (a) {
        APR_ARRAY_PUSH(list, const char *) = a;
    }
    if (b) {
        APR_ARRAY_PUSH(list, const char *) = b;
    }
    return list;
}

static apr_array_header_t *keys_of(ja_key_spec_t spec)
{
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(ja_key_spec_t));

    APR_ARRAY_PUSH(keys, ja_key_spec_t) = spec;
    return keys;
}

static ja_plan_domain_t domain(void)
{
    ja_plan_domain_t made = { .name = "a.jp", .ca = &CA };

    made.names = list_of("a.jp", "b.jp");
    made.keys = keys_of(JA_KEY_P256);
    made.challenges = list_of("http-01", NULL);
    return made;
}

static const char *print_of(const ja_plan_domain_t *of)
{
    const char *print = ja_fingerprint_domain(of, pool);

    assert_int_equal(strlen(print), 32);
    assert_int_equal(strspn(print, "0123456789abcdef"), 32);
    return print;
}

static void text_and_list_both_count(void **state)
{
    (void)state;
    assert_string_equal(ja_fingerprint("a", list_of("b", NULL), pool),
                        ja_fingerprint("a", list_of("b", NULL), pool));
    assert_string_not_equal(ja_fingerprint("a", list_of("b", NULL), pool),
                            ja_fingerprint("b", list_of("a", NULL), pool));
    assert_string_not_equal(ja_fingerprint("a", list_of("b", "c"), pool),
                            ja_fingerprint("a", list_of("c", "b"), pool));
    assert_string_not_equal(ja_fingerprint("a", list_of("bc", NULL), pool),
                            ja_fingerprint("a", list_of("b", "c"), pool));
    assert_int_equal(strlen(ja_fingerprint("", list_of(NULL, NULL), pool)), 32);
}

static void changes_with_what_an_order_depends_on(void **state)
{
    ja_plan_domain_t base = domain();
    ja_plan_domain_t other;
    const char *print = print_of(&base);

    (void)state;
    other = domain();
    other.ca = &OTHER_CA;
    assert_string_not_equal(print_of(&other), print);
    other = domain();
    other.names = list_of("a.jp", "c.jp");
    assert_string_not_equal(print_of(&other), print);
    other = domain();
    other.keys = keys_of(JA_KEY_P384);
    assert_string_not_equal(print_of(&other), print);
    other = domain();
    other.challenges = list_of("dns-01", NULL);
    assert_string_not_equal(print_of(&other), print);
}

static void stays_with_what_it_does_not(void **state)
{
    ja_plan_domain_t base = domain();
    ja_plan_domain_t other = domain();

    (void)state;
    other.renew_before.percent = 50;
    other.renew = JA_RENEW_ALWAYS;
    other.is_used = 1;
    other.activation = JA_ACTIVATION_MANUAL;
    assert_string_equal(print_of(&other), print_of(&base));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(text_and_list_both_count),
        TEST(changes_with_what_an_order_depends_on),
        TEST(stays_with_what_it_does_not),
    };

    return RUN_TESTS(tests);
}

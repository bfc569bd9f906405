#include "../base/check.h"

#include "base/rand.h"
#include "issue/due.h"

#define NOW      apr_time_from_sec(1893456000)
#define DAYS(n)  apr_time_from_sec((n)*86400LL)
#define HOURS(n) apr_time_from_sec((n)*3600LL)

static apr_array_header_t *list_of(const char *const *names)
{
    apr_array_header_t *list = apr_array_make(pool, 2, sizeof(const char *));

    for (; *names; names++) {
        APR_ARRAY_PUSH(list, const char *) = *names;
    }
    return list;
}

#define NAMES(...) list_of((const char *const[]){ __VA_ARGS__, NULL })

static ja_plan_domain_t *domain_of(const apr_array_header_t *names)
{
    ja_plan_domain_t *domain = apr_pcalloc(pool, sizeof(*domain));
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(ja_key_spec_t));

    APR_ARRAY_PUSH(keys, ja_key_spec_t) = JA_KEY_P256;
    domain->name = APR_ARRAY_IDX(names, 0, const char *);
    domain->names = names;
    domain->keys = keys;
    domain->renew_before.percent = 33;
    domain->is_used = 1;
    return domain;
}

static void add_key(const ja_plan_domain_t *domain, ja_key_spec_t spec)
{
    APR_ARRAY_PUSH((apr_array_header_t *)domain->keys, ja_key_spec_t) = spec;
}

static ja_set_t *set_of(const apr_array_header_t *names, apr_time_t from, apr_time_t to)
{
    ja_set_t *set = apr_pcalloc(pool, sizeof(*set));
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    ja_set_cert_t *cert = apr_array_push(certs);

    memset(cert, 0, sizeof(*cert));
    cert->spec = JA_KEY_P256;
    cert->facts.names = names;
    cert->facts.not_before = from;
    cert->facts.not_after = to;
    set->certs = certs;
    return set;
}

static void add_cert(const ja_set_t *set, ja_key_spec_t spec, apr_time_t to)
{
    ja_set_cert_t cert = APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t);

    cert.spec = (int)spec;
    cert.facts.not_after = to;
    APR_ARRAY_PUSH((apr_array_header_t *)set->certs, ja_set_cert_t) = cert;
}

static void check(const ja_plan_domain_t *domain, const ja_set_t *live, const ja_set_t *staged,
                  ja_due_why_t why, apr_time_t at)
{
    ja_due_t due = ja_due(domain, live, staged, 0, 0, NOW);

    assert_int_equal(due.why, why);
    assert_int_equal(due.at, at);
}

static void without_a_set_at_once(void **state)
{
    (void)state;
    check(domain_of(NAMES("a.jp")), NULL, NULL, JA_DUE_FIRST, NOW);
}

static void only_if_it_is_wanted(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));

    (void)state;
    domain->is_used = 0;
    check(domain, NULL, NULL, JA_DUE_NEVER, 0);
    domain->renew = JA_RENEW_ALWAYS;
    check(domain, NULL, NULL, JA_DUE_FIRST, NOW);
    domain->is_used = 1;
    domain->renew = JA_RENEW_MANUAL;
    check(domain, NULL, NULL, JA_DUE_NEVER, 0);
    check(domain, set_of(NAMES("a.jp"), NOW - DAYS(90), NOW), NULL, JA_DUE_NEVER, 0);
}

static void a_third_of_the_lifetime_before_its_end(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));
    const ja_set_t *set = set_of(NAMES("a.jp"), NOW - DAYS(10), NOW + DAYS(90));

    (void)state;
    check(domain, set, NULL, JA_DUE_AGE, NOW + DAYS(57));
    domain->renew_before = (ja_span_t){ .duration = DAYS(30) };
    check(domain, set, NULL, JA_DUE_AGE, NOW + DAYS(60));
    check(domain, set_of(NAMES("a.jp"), NOW - DAYS(100), NOW - DAYS(10)), NULL, JA_DUE_AGE,
          NOW - DAYS(40));
}

/* So that it never orders one after the other, whatever the configuration says. */
static void never_in_the_first_hundredth(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));

    (void)state;
    domain->renew_before = (ja_span_t){ .duration = DAYS(365) };
    check(domain, set_of(NAMES("a.jp"), NOW, NOW + DAYS(100)), NULL, JA_DUE_AGE, NOW + DAYS(1));
}

static void the_first_to_expire_counts(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));
    ja_set_t *set = set_of(NAMES("a.jp"), NOW, NOW + DAYS(100));

    (void)state;
    add_key(domain, JA_KEY_RSA2048);
    add_cert(set, JA_KEY_RSA2048, NOW + DAYS(10));
    domain->renew_before = (ja_span_t){ .duration = DAYS(4) };
    check(domain, set, NULL, JA_DUE_AGE, NOW + DAYS(6));
}

static void new_names_at_once(void **state)
{
    ja_set_t *set = set_of(NAMES("a.jp", "*.b.jp"), NOW, NOW + DAYS(100));

    (void)state;
    check(domain_of(NAMES("a.jp", "www.a.jp")), set, NULL, JA_DUE_NAMES, NOW);
    check(domain_of(NAMES("b.jp")), set, NULL, JA_DUE_NAMES, NOW);
    check(domain_of(NAMES("*.a.jp")), set, NULL, JA_DUE_NAMES, NOW);
    check(domain_of(NAMES("a.jp", "www.b.jp")), set, NULL, JA_DUE_AGE, NOW + DAYS(67));
    check(domain_of(NAMES("A.jp", "*.b.jp")), set, NULL, JA_DUE_AGE, NOW + DAYS(67));
}

static void names_and_keys_that_are_not_wanted_any_more_do_not_matter(void **state)
{
    ja_set_t *set = set_of(NAMES("a.jp", "b.jp", "c.jp"), NOW, NOW + DAYS(100));

    (void)state;
    add_cert(set, JA_KEY_RSA4096, NOW + DAYS(100));
    check(domain_of(NAMES("c.jp", "a.jp")), set, NULL, JA_DUE_AGE, NOW + DAYS(67));
}

static void a_new_key_type_at_once(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));

    (void)state;
    add_key(domain, JA_KEY_RSA2048);
    check(domain, set_of(NAMES("a.jp"), NOW, NOW + DAYS(100)), NULL, JA_DUE_KEYS, NOW);
}

static void what_is_staged_counts_if_it_fits(void **state)
{
    const ja_plan_domain_t *domain = domain_of(NAMES("a.jp", "b.jp"));
    const ja_set_t *old = set_of(NAMES("a.jp", "b.jp"), NOW - DAYS(90), NOW + DAYS(10));
    const ja_set_t *renewed = set_of(NAMES("a.jp", "b.jp"), NOW, NOW + DAYS(100));
    const ja_set_t *misfit = set_of(NAMES("a.jp"), NOW, NOW + DAYS(100));

    (void)state;
    check(domain, old, NULL, JA_DUE_AGE, NOW - DAYS(23));
    check(domain, old, renewed, JA_DUE_AGE, NOW + DAYS(67));
    check(domain, NULL, renewed, JA_DUE_AGE, NOW + DAYS(67));
    check(domain, misfit, renewed, JA_DUE_AGE, NOW + DAYS(67));
    check(domain, old, misfit, JA_DUE_AGE, NOW - DAYS(23));
    check(domain, NULL, misfit, JA_DUE_FIRST, NOW);
    check(domain, misfit, misfit, JA_DUE_NAMES, NOW);
}

static void says_why_a_set_does_not_fit(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));
    ja_due_why_t why = JA_DUE_NEVER;

    (void)state;
    assert_true(ja_due_fits(&why, domain, set_of(NAMES("a.jp"), NOW, NOW)));
    assert_false(ja_due_fits(&why, domain, set_of(NAMES("b.jp"), NOW, NOW)));
    assert_int_equal(why, JA_DUE_NAMES);
    add_key(domain, JA_KEY_P384);
    assert_false(ja_due_fits(&why, domain, set_of(NAMES("a.jp"), NOW, NOW)));
    assert_int_equal(why, JA_DUE_KEYS);
}

static apr_time_t any_time(void)
{
    return NOW + (apr_interval_time_t)((ja_rand_unit() - 0.5) * (double)DAYS(20000));
}

/* Whatever the dates are, also those that no certificate has. */
static void never_later_than_expiry(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));
    ja_set_t *set = set_of(NAMES("a.jp"), 0, 0);
    ja_cert_facts_t *facts = &APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts;
    int i;

    (void)state;
    for (i = 0; i < 100000; i++) {
        ja_due_t due;

        domain->renew_before.percent = i % 2 ? 1 + (int)(ja_rand_unit() * 99) % 99 : 0;
        domain->renew_before.duration = (apr_interval_time_t)(ja_rand_unit() * (double)DAYS(36500));
        facts->not_before = any_time();
        facts->not_after = any_time();
        due = ja_due(domain, set, NULL, 0, 0, NOW);
        assert_int_equal(due.why, JA_DUE_AGE);
        assert_true(due.at <= facts->not_after);
        if (facts->not_after > facts->not_before) {
            assert_true(due.at >= facts->not_before + (facts->not_after - facts->not_before) / 100);
        }
    }
}

/* A set from `from` to `to` days after NOW, committed at `committed_h` hours after NOW; put back at
 * `restored_h`. What is expected is due `at_h` hours after NOW. */
static void a_set_that_was_put_back_is_left_alone(void **state)
{
    enum {
        FITS,
        OTHER_NAME,
        OTHER_KEY
    };
    static const struct {
        int from_h, to_h, committed_h, restored_h, fits;
        ja_due_why_t why;
        int at_h;
    } ROWS[] = {
        /* 90 days, of which less than a third is left: a day after it was put back */
        { -1680, 480, -1680, 0, FITS, JA_DUE_HELD, 24 },
        { -1680, 480, -1680, -23, FITS, JA_DUE_HELD, 1 },
        { -1680, 480, -1680, -24, FITS, JA_DUE_AGE, -240 },
        { -1680, 480, -1680, -100, FITS, JA_DUE_AGE, -240 },
        /* other reasons wait as well */
        { -1680, 480, -1680, 0, OTHER_NAME, JA_DUE_HELD, 24 },
        { -1680, 480, -1680, 0, OTHER_KEY, JA_DUE_HELD, 24 },
        { -1680, 480, -1680, -24, OTHER_NAME, JA_DUE_NAMES, 0 },
        { -1680, 480, -1680, -24, OTHER_KEY, JA_DUE_KEYS, 0 },
        /* it is due later anyway */
        { -240, 1920, -240, 0, FITS, JA_DUE_AGE, 1200 },
        /* a day before it expires, at the latest; 8 hours, of a certificate for a day */
        { -2120, 40, -2120, 0, FITS, JA_DUE_HELD, 16 },
        { -2140, 20, -2140, 0, FITS, JA_DUE_AGE, -700 },
        { -10, 14, -10, 0, OTHER_KEY, JA_DUE_HELD, 6 },
        { -2180, -20, -2180, 0, FITS, JA_DUE_AGE, -740 },
        /* what is live is newer than that */
        { -1680, 480, -1, -2, FITS, JA_DUE_AGE, -240 },
        { -1680, 480, -2, -2, FITS, JA_DUE_HELD, 22 },
        /* the clock was wrong */
        { -1680, 480, -1680, 1, FITS, JA_DUE_AGE, -240 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        ja_plan_domain_t *domain =
            domain_of(ROWS[i].fits == OTHER_NAME ? NAMES("a.jp", "b.jp") : NAMES("a.jp"));
        ja_set_t *set =
            set_of(NAMES("a.jp"), NOW + HOURS(ROWS[i].from_h), NOW + HOURS(ROWS[i].to_h));
        ja_due_t due;

        domain->renew_before = (ja_span_t){ .duration = HOURS(ROWS[i].to_h - ROWS[i].from_h) / 3 };
        if (ROWS[i].fits == OTHER_KEY) {
            add_key(domain, JA_KEY_RSA2048);
        }
        set->committed_at = NOW + HOURS(ROWS[i].committed_h);
        due = ja_due(domain, set, NULL, 0, NOW + HOURS(ROWS[i].restored_h), NOW);
        assert_int_equal(due.why, ROWS[i].why);
        assert_int_equal((due.at - NOW) / HOURS(1), ROWS[i].at_h);
    }
}

static void only_what_is_live_is_held(void **state)
{
    const ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));
    const ja_set_t *old = set_of(NAMES("a.jp"), NOW - DAYS(90), NOW + DAYS(10));
    const ja_set_t *renewed = set_of(NAMES("a.jp"), NOW, NOW + DAYS(100));
    ja_due_t due = ja_due(domain, old, renewed, 0, NOW, NOW);

    (void)state;
    assert_int_equal(due.why, JA_DUE_AGE);
    assert_int_equal(due.at, NOW + DAYS(67));
    due = ja_due(domain, NULL, NULL, 0, NOW, NOW);
    assert_int_equal(due.why, JA_DUE_FIRST);
    assert_int_equal(due.at, NOW);
}

/* It is no use to wait: neither for its age, nor for whoever has put it back. */
static void what_is_revoked_is_replaced_at_once(void **state)
{
    ja_plan_domain_t *domain = domain_of(NAMES("a.jp"));
    const ja_set_t *live = set_of(NAMES("a.jp"), NOW - DAYS(1), NOW + DAYS(99));
    const ja_set_t *misfit = set_of(NAMES("b.jp"), NOW, NOW + DAYS(100));
    const ja_set_t *renewed = set_of(NAMES("a.jp"), NOW, NOW + DAYS(100));

    (void)state;
    assert_int_equal(ja_due(domain, live, NULL, 1, 0, NOW).why, JA_DUE_REVOKED);
    assert_int_equal(ja_due(domain, live, NULL, 1, NOW, NOW).why, JA_DUE_REVOKED);
    assert_int_equal(ja_due(domain, live, NULL, 1, NOW, NOW).at, NOW);
    assert_int_equal(ja_due(domain, live, misfit, 1, 0, NOW).why, JA_DUE_REVOKED);
    assert_int_equal(ja_due(domain, live, renewed, 1, 0, NOW).why, JA_DUE_AGE);
    domain->renew = JA_RENEW_MANUAL;
    assert_int_equal(ja_due(domain, live, NULL, 1, 0, NOW).why, JA_DUE_NEVER);
}

static void every_reason_has_a_name_and_a_text(void **state)
{
    int why;

    (void)state;
    for (why = 0; why < JA_DUE_COUNT; why++) {
        assert_int_equal(ja_enumstr_parse(&ja_due_names, ja_enumstr_print(&ja_due_names, why)),
                         why);
        assert_true(strlen(ja_due_text((ja_due_why_t)why)) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_a_set_at_once),
        TEST(only_if_it_is_wanted),
        TEST(a_third_of_the_lifetime_before_its_end),
        TEST(never_in_the_first_hundredth),
        TEST(the_first_to_expire_counts),
        TEST(new_names_at_once),
        TEST(names_and_keys_that_are_not_wanted_any_more_do_not_matter),
        TEST(a_new_key_type_at_once),
        TEST(what_is_staged_counts_if_it_fits),
        TEST(says_why_a_set_does_not_fit),
        TEST(never_later_than_expiry),
        TEST(a_set_that_was_put_back_is_left_alone),
        TEST(only_what_is_live_is_held),
        TEST(what_is_revoked_is_replaced_at_once),
        TEST(every_reason_has_a_name_and_a_text),
    };

    return RUN_TESTS(tests);
}

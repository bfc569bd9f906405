#include "../base/check.h"
#include "../store/tree.h"
#include "settings_fixture.h"

#include <unistd.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "issue/plan.h"

#define HMAC "c2VjcmV0LXNlY3JldC1zZWNyZXQ_"

/* A configuration, and what became of it. */
static ja_settings_t server;
static apr_array_header_t *declared;
static ja_plan_t *plan;
static apr_array_header_t *complaints;

static int conf_begins(void **state)
{
    if (pool_begins(state) != 0) {
        return -1;
    }
    memset(&server, 0, sizeof(server));
    declared = apr_array_make(pool, 4, sizeof(ja_declared_t));
    give(&server, "Contact", "admin@example.jp", pool);
    give(&server, "Agreement", "accepted", pool);
    return 0;
}

/* A ManagedDomain line (or section, with `settings`); its line number is its position. */
static ja_settings_t *domain(const char *names, int is_section)
{
    ja_declared_t *entry = apr_array_push(declared);

    entry->words = words_of(names, pool);
    entry->settings = is_section ? apr_pcalloc(pool, sizeof(ja_settings_t)) : NULL;
    entry->place.file = "x.conf";
    entry->place.line = declared->nelts;
    return (ja_settings_t *)entry->settings;
}

static void make(void)
{
    WORKS(ja_plan_make(&plan, &complaints, declared, &server, pool, pool));
}

/* There is exactly this complaint. */
static void complains(ja_complaint_kind_t kind, int line, const char *part)
{
    const ja_complaint_t *complaint;

    make();
    assert_int_equal(complaints->nelts, 1);
    complaint = &APR_ARRAY_IDX(complaints, 0, ja_complaint_t);
    assert_int_equal(complaint->kind, kind);
    assert_int_equal(complaint->place.line, line);
    assert_int_equal(ja_complaint_level(complaint), JA_LOG_ERROR);
    if (!strstr(complaint->text, part) || !strstr(complaint->text, "allowed: ")) {
        fail_msg("\"%s\" is not in \"%s\"", part, complaint->text);
    }
}

static const ja_plan_domain_t *nth(int i)
{
    return APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);
}

static void names_are_split_and_checked(void **state)
{
    apr_array_header_t *names;

    (void)state;
    assert_null(ja_plan_names(
        &names, words_of("WWW.example.jp, a.example.jp,b.example.jp ,, 日本語.jp", pool), pool));
    assert_int_equal(names->nelts, 4);
    assert_string_equal(APR_ARRAY_IDX(names, 0, const char *), "www.example.jp");
    assert_string_equal(APR_ARRAY_IDX(names, 3, const char *), "xn--wgv71a119e.jp");
    assert_non_null(strstr(ja_plan_names(&names, words_of("", pool), pool), "no name"));
    assert_non_null(strstr(ja_plan_names(&names, words_of(",", pool), pool), "no name"));
    assert_non_null(strstr(ja_plan_names(&names, words_of("a.jp A.jp", pool), pool),
                           "ManagedDomain a.jp: the name is there twice"));
    assert_non_null(strstr(ja_plan_names(&names, words_of("a.jp x_y.jp", pool), pool),
                           "ManagedDomain x_y.jp: not a DNS name"));
}

static void a_hundred_names_are_the_most(void **state)
{
    apr_array_header_t *names;
    char *text = "";
    int i;

    (void)state;
    for (i = 0; i < JA_PLAN_MAX_NAMES; i++) {
        text = apr_psprintf(pool, "%s n%d.example.jp", text, i);
    }
    assert_null(ja_plan_names(&names, words_of(text, pool), pool));
    text = apr_pstrcat(pool, text, " one.more.jp", NULL);
    assert_non_null(strstr(ja_plan_names(&names, words_of(text, pool), pool), "1 to 100 names"));
}

static void a_plan_has_all_that_was_declared(void **state)
{
    ja_settings_t *own;

    (void)state;
    give(&server, "ExternalAccount", "kid " HMAC, pool);
    domain("www.example.jp,example.jp", 0);
    own = domain("other.example.jp", 1);
    give(own, "CA", "https://[::1]:14000/dir", pool);
    give(own, "Keys", "p256 p384", pool);
    make();
    assert_int_equal(complaints->nelts, 0);
    assert_int_equal(plan->domains->nelts, 2);
    assert_int_equal(plan->cas->nelts, 2);
    assert_int_equal(plan->concurrency, 50);
    assert_string_equal(nth(0)->name, "www.example.jp");
    assert_int_equal(nth(0)->names->nelts, 2);
    assert_string_equal(nth(0)->ca->url, JA_CA_JPRS_URL);
    assert_int_equal(strncmp(nth(0)->ca->id, "acme.amecert.jprs.jp-", 21), 0);
    assert_int_equal(strlen(nth(0)->ca->id), 29);
    assert_string_equal(nth(0)->ca->eab->kid, "kid");
    assert_int_equal(nth(0)->ca->n_domains, 1);
    assert_int_equal(strncmp(nth(1)->ca->id, "--1-", 4), 0);
    assert_int_equal(nth(1)->keys->nelts, 2);
    assert_int_equal(nth(1)->place.line, 2);
    assert_false(nth(1)->is_used);
}

static void no_domain_is_no_violation(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    make();
    assert_int_equal(complaints->nelts, 0);
    assert_int_equal(plan->domains->nelts, 0);
}

static void domains_are_found_by_name_and_by_wildcard(void **state)
{
    (void)state;
    domain("*.example.jp example.jp", 0);
    domain("www.example.org", 0);
    make();
    assert_ptr_equal(ja_plan_find(plan, "a.example.jp", pool), nth(0));
    assert_ptr_equal(ja_plan_find(plan, "example.jp", pool), nth(0));
    assert_ptr_equal(ja_plan_find(plan, "*.example.jp", pool), nth(0));
    assert_ptr_equal(ja_plan_find(plan, "www.example.org", pool), nth(1));
    assert_null(ja_plan_find(plan, "a.b.example.jp", pool));
    assert_null(ja_plan_find(plan, "*.example.org", pool));
    assert_null(ja_plan_find(plan, "jp", pool));
}

static void a_name_is_in_one_domain_only(void **state)
{
    (void)state;
    domain("www.example.jp a.example.jp", 0);
    domain("b.example.jp A.EXAMPLE.jp", 0);
    complains(JA_COMPLAINT_TWICE, 2,
              "ManagedDomain a.example.jp: the managed domain of line 1 of x.conf");
}

static void the_same_line_twice_is_refused(void **state)
{
    (void)state;
    domain("www.example.jp", 0);
    domain("www.example.jp", 0);
    complains(JA_COMPLAINT_TWICE, 2, "www.example.jp");
}

static void a_wildcard_covers_no_other_domains_name(void **state)
{
    (void)state;
    domain("*.example.jp", 0);
    domain("www.example.jp", 0);
    domain("a.b.example.jp", 0);
    make();
    assert_int_equal(complaints->nelts, 2);
    assert_int_equal(APR_ARRAY_IDX(complaints, 0, ja_complaint_t).kind, JA_COMPLAINT_WILDCARD);
    assert_int_equal(APR_ARRAY_IDX(complaints, 1, ja_complaint_t).kind, JA_COMPLAINT_COVERED);
    assert_int_equal(APR_ARRAY_IDX(complaints, 1, ja_complaint_t).place.line, 2);
}

static void wildcards_need_dns_01(void **state)
{
    (void)state;
    domain("*.example.jp", 0);
    complains(JA_COMPLAINT_WILDCARD, 1, "dns-01");
}

/* Told once for the CA, not for each domain. */
static void contacts_and_agreement_are_required(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    give(&server, "Agreement", "accepted", pool);
    domain("a.example.jp", 0);
    domain("b.example.jp", 0);
    complains(JA_COMPLAINT_CONTACT, 1, "ManagedDomainContact is missing");
    memset(&server, 0, sizeof(server));
    give(&server, "Contact", "a@example.jp", pool);
    complains(JA_COMPLAINT_AGREEMENT, 1, "ManagedDomainAgreement is missing");
    memset(&server, 0, sizeof(server));
    make();
    assert_int_equal(complaints->nelts, 2);
}

static void domains_of_one_ca_share_the_account(void **state)
{
    static const char *const LINES[][2] = {
        { "Contact", "other@example.jp" },
        { "Contact", "admin@example.jp other@example.jp" },
        { "ExternalAccount", "kid " HMAC },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(LINES) / sizeof(LINES[0]); i++) {
        apr_array_clear(declared);
        domain("a.example.jp", 0);
        assert_null(give(domain("b.example.jp", 1), LINES[i][0], LINES[i][1], pool));
        complains(JA_COMPLAINT_DISAGREE, 2,
                  apr_pstrcat(pool, "ManagedDomain", LINES[i][0], " is not that of", NULL));
    }
}

static void the_same_account_may_be_written_in_several_sections(void **state)
{
    int i;

    (void)state;
    memset(&server, 0, sizeof(server));
    for (i = 0; i < 2; i++) {
        ja_settings_t *own = domain(i ? "a.example.jp" : "b.example.jp", 1);

        give(own, "Contact", i ? "a@x.jp b@x.jp" : "b@x.jp a@x.jp", pool);
        give(own, "Agreement", "accepted", pool);
        give(own, "ExternalAccount", i ? "kid " HMAC : "kid " HMAC " issued=2026-11-22", pool);
    }
    make();
    assert_int_equal(complaints->nelts, 0);
    assert_int_equal(plan->cas->nelts, 1);
}

static void another_ca_is_another_account(void **state)
{
    ja_settings_t *own;

    (void)state;
    domain("a.example.jp", 0);
    own = domain("b.example.jp", 1);
    give(own, "CA", "https://ca.example.jp/dir", pool);
    give(own, "Contact", "other@example.jp", pool);
    make();
    assert_int_equal(complaints->nelts, 0);
}

static void all_violations_are_told(void **state)
{
    (void)state;
    memset(&server, 0, sizeof(server));
    domain("a.example.jp", 0);
    domain("a.example.jp *.example.org", 0);
    make();
    assert_int_equal(complaints->nelts, 4);
    assert_string_equal(ja_complaint_line(&APR_ARRAY_IDX(complaints, 0, ja_complaint_t), pool),
                        apr_pstrcat(pool, "a.example.jp: JA0103: line 1 of x.conf: ",
                                    APR_ARRAY_IDX(complaints, 0, ja_complaint_t).text, NULL));
}

static void words_that_are_no_names_are_an_error(void **state)
{
    (void)state;
    domain("x_y.jp", 0);
    FAILS(ja_plan_make(&plan, &complaints, declared, &server, pool, pool), JA_E_CONFIG, "x_y.jp");
}

/* --- config.json ----------------------------------------------------------------------------- */

static ja_store_t *store_in(const char **file)
{
    const char *dir = tree_dir(pool);
    const char *path = apr_pstrcat(pool, dir, "/store", NULL);

    *file = apr_pstrcat(pool, path, "/config.json", NULL);
    return tree_store(dir, geteuid(), pool);
}

static void what_is_published_is_loaded_again_without_the_secret(void **state)
{
    ja_settings_t *own;
    const char *file;
    const char *text;
    ja_store_t *store = store_in(&file);
    ja_bytes_t bytes;

    (void)state;
    give(&server, "ExternalAccount", "kid-7 " HMAC " issued=2026-11-22", pool);
    server.store = "/var/lib/some where";
    server.set |= 1u << JA_SETTING_STORE;
    give(&server, "Concurrency", "7", pool);
    domain("www.example.jp example.jp", 0);
    own = domain("b.example.jp", 1);
    give(own, "Keys", "p256 rsa2048", pool);
    give(own, "RenewBefore", "14d", pool);
    give(own, "Renew", "always", pool);
    own->set |= 1u << JA_SETTING_CA_CERTIFICATE_FILE;
    own->trust_file = "/gone/since.pem";
    give(own, "CA", "https://ca.example.jp/dir", pool);
    make();
    assert_int_equal(complaints->nelts, 0);
    APR_ARRAY_IDX(plan->domains, 1, ja_plan_domain_t *)->is_used = 1;
    WORKS(ja_plan_publish(plan, store, pool));

    WORKS(ja_store_load(&bytes, store, JA_GROUP_TOP, NULL, "config.json", 65536, pool, pool));
    text = bytes.bytes;
    assert_null(strstr(text, HMAC));
    assert_null(strstr(text, "kid-7"));
    assert_non_null(strstr(text, "2026-11-22"));

    WORKS(ja_plan_load(&plan, store, pool, pool));
    assert_string_equal(plan->store_path, "/var/lib/some where");
    assert_int_equal(plan->concurrency, 7);
    assert_int_equal(plan->domains->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(nth(0)->names, 1, const char *), "example.jp");
    assert_false(nth(0)->is_used);
    assert_string_equal(nth(0)->ca->url, JA_CA_JPRS_URL);
    assert_null(nth(0)->ca->eab);
    assert_int_equal(nth(0)->renew_before.percent, 33);
    assert_true(nth(1)->is_used);
    assert_int_equal(nth(1)->keys->nelts, 2);
    assert_int_equal(nth(1)->renew, JA_RENEW_ALWAYS);
    assert_int_equal(nth(1)->renew_before.duration, apr_time_from_sec(14 * 86400));
    assert_string_equal(nth(1)->ca->trust_file, "/gone/since.pem");
    assert_string_equal(nth(1)->place.file, "x.conf");
    assert_int_equal(nth(1)->place.line, 2);
    assert_string_equal(APR_ARRAY_IDX(nth(1)->ca->contacts, 0, const char *), "admin@example.jp");
}

/* An operator's watch on the file, or a backup, need not wake up at each restart. */
static void the_same_plan_is_not_written_again(void **state)
{
    const char *file;
    ja_store_t *store = store_in(&file);
    apr_finfo_t before, after;

    (void)state;
    domain("www.example.jp", 0);
    make();
    WORKS(ja_plan_publish(plan, store, pool));
    assert_int_equal(apr_stat(&before, file, APR_FINFO_INODE, pool), APR_SUCCESS);
    WORKS(ja_plan_publish(plan, store, pool));
    assert_int_equal(apr_stat(&after, file, APR_FINFO_INODE, pool), APR_SUCCESS);
    assert_int_equal(before.inode, after.inode);
    domain("b.example.jp", 0);
    make();
    WORKS(ja_plan_publish(plan, store, pool));
    WORKS(ja_plan_load(&plan, store, pool, pool));
    assert_int_equal(plan->domains->nelts, 2);
}

static void damaged_files_are_errors(void **state)
{
    static const struct {
        const char *text;
        const char *part;
    } CASES[] = {
        { "", "config.json" },
        { "[]", "another version" },
        { "{\"version\": 2}", "another version" },
        { "{\"version\": 1, \"settings\": {\"ManagedDomainKeys\": [\"rsa1024\"]}}", "rsa1024" },
        { "{\"version\": 1, \"domains\": [{}]}", "no name" },
        { "{\"version\": 1, \"domains\": [{\"names\": [\"a.jp\"]}]}", "ManagedDomainContact" },
    };
    const char *file;
    ja_store_t *store = store_in(&file);
    size_t i;

    (void)state;
    FAILS(ja_plan_load(&plan, store, pool, pool), JA_E_NOT_FOUND, "config.json");
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        ja_item_t item = { "config.json", CASES[i].text, strlen(CASES[i].text), 0 };
        ja_err_t *err;

        WORKS(ja_store_save(store, JA_GROUP_TOP, NULL, &item, JA_FS_LAZY, pool));
        err = ja_plan_load(&plan, store, pool, pool);
        assert_non_null(err);
        if (!strstr(ja_err_text(err, pool), CASES[i].part)) {
            fail_msg("\"%s\" is not in \"%s\"", CASES[i].part, ja_err_text(err, pool));
        }
    }
}

#define CONF_TEST(FN) cmocka_unit_test_setup_teardown(FN, conf_begins, pool_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CONF_TEST(names_are_split_and_checked),
        CONF_TEST(a_hundred_names_are_the_most),
        CONF_TEST(a_plan_has_all_that_was_declared),
        CONF_TEST(no_domain_is_no_violation),
        CONF_TEST(domains_are_found_by_name_and_by_wildcard),
        CONF_TEST(a_name_is_in_one_domain_only),
        CONF_TEST(the_same_line_twice_is_refused),
        CONF_TEST(a_wildcard_covers_no_other_domains_name),
        CONF_TEST(wildcards_need_dns_01),
        CONF_TEST(contacts_and_agreement_are_required),
        CONF_TEST(domains_of_one_ca_share_the_account),
        CONF_TEST(the_same_account_may_be_written_in_several_sections),
        CONF_TEST(another_ca_is_another_account),
        CONF_TEST(all_violations_are_told),
        CONF_TEST(words_that_are_no_names_are_an_error),
        CONF_TEST(what_is_published_is_loaded_again_without_the_secret),
        CONF_TEST(the_same_plan_is_not_written_again),
        CONF_TEST(damaged_files_are_errors),
    };

    return RUN_TESTS(tests);
}

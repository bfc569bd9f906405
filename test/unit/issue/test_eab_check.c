#include "../base/check.h"
#include "../store/tree.h"
#include "settings_fixture.h"

#include <unistd.h>

#include <apr_strings.h>

#include "issue/accounts_file.h"
#include "issue/eab_check.h"

#define NOW apr_time_from_sec(1893456000) /* 2030-01-01T00:00:00Z */

/* One domain, with an EAB file that is not there, and a store. */
static const char *dir;
static ja_store_t *store;
static ja_plan_t *plan;
static apr_array_header_t *complaints;

static int plan_begins(void **state)
{
    ja_settings_t *server;
    apr_array_header_t *declared;
    ja_declared_t *entry;

    if (pool_begins(state) != 0) {
        return -1;
    }
    dir = tree_dir(pool);
    store = tree_store(dir, geteuid(), pool);
    server = apr_pcalloc(pool, sizeof(*server));
    declared = apr_array_make(pool, 1, sizeof(ja_declared_t));
    give(server, "Contact", "admin@example.jp", pool);
    give(server, "Agreement", "accepted", pool);
    give(server, "Store", ja_store_path(store, JA_GROUP_TOP, NULL, NULL, pool), pool);
    server->here.file = "x.conf";
    server->here.line = 4;
    give(server, "ExternalAccount", "file:/nonexistent/eab", pool);
    entry = apr_array_push(declared);
    memset(entry, 0, sizeof(*entry));
    entry->words = words_of("www.example.jp", pool);
    WORKS(ja_plan_make(&plan, &complaints, declared, server, pool, pool));
    return 0;
}

static const ja_plan_ca_t *ca(void)
{
    return APR_ARRAY_IDX(plan->cas, 0, const ja_plan_ca_t *);
}

/* Exactly one complaint comes of it, and then the CA is one without EAB. */
static void complains(ja_level_t level, const char *part)
{
    const ja_complaint_t *complaint;

    assert_int_equal(complaints->nelts, 0);
    ja_eab_check(complaints, plan, NOW, pool);
    assert_int_equal(complaints->nelts, 1);
    complaint = &APR_ARRAY_IDX(complaints, 0, ja_complaint_t);
    assert_int_equal(ja_complaint_level(complaint), level);
    assert_string_equal(complaint->name, "www.example.jp");
    assert_string_equal(complaint->place.file, "x.conf");
    assert_int_equal(complaint->place.line, 4);
    if (!strstr(complaint->text, part) || !strstr(complaint->text, "/nonexistent/eab")) {
        fail_msg("\"%s\" is not in \"%s\"", part, complaint->text);
    }
    assert_null(ca()->eab);
}

static void save_account(const char *url)
{
    ja_account_file_t file = { 0 };

    file.url = url;
    file.ca_url = ca()->url;
    WORKS(ja_account_file_save(&file, store, ca()->id, pool));
}

static void without_an_account_the_file_is_needed(void **state)
{
    (void)state;
    complains(JA_LOG_ERROR, "allowed: ");
}

static void without_a_store_the_file_is_needed(void **state)
{
    (void)state;
    plan->store_path = "/nonexistent/store";
    complains(JA_LOG_ERROR, "no account");
}

static void an_account_without_url_needs_the_file(void **state)
{
    (void)state;
    save_account(NULL);
    complains(JA_LOG_ERROR, "no account");
}

static void with_an_account_the_directive_is_to_be_removed(void **state)
{
    (void)state;
    save_account("https://ca.example/acct/1");
    complains(JA_LOG_WARNING, "remove the directive");
}

static void a_damaged_store_keeps_nobody_from_starting(void **state)
{
    const char *path = ja_store_path(store, JA_GROUP_ACCOUNTS, ca()->id, "account.json", pool);

    (void)state;
    save_account("https://ca.example/acct/1");
    tree_put(path, "{");
    complains(JA_LOG_WARNING, "can't be read");
}

static void an_eab_that_is_there_is_left_alone(void **state)
{
    ja_eab_t eab = { .kid = "kid", .issued_at = NOW + apr_time_from_sec(86400) };

    (void)state;
    APR_ARRAY_IDX(plan->cas, 0, ja_plan_ca_t *)->eab = &eab;
    ja_eab_check(complaints, plan, NOW, pool);
    assert_int_equal(complaints->nelts, 0);
    assert_ptr_equal(ca()->eab, &eab);
}

static void a_date_that_is_still_to_come_is_told_until_the_eab_is_used(void **state)
{
    ja_eab_t eab = { .kid = "kid", .issued_at = NOW + apr_time_from_sec(86401) };
    const ja_complaint_t *complaint;

    (void)state;
    APR_ARRAY_IDX(plan->cas, 0, ja_plan_ca_t *)->eab = &eab;
    ja_eab_check(complaints, plan, NOW, pool);
    assert_int_equal(complaints->nelts, 1);
    complaint = &APR_ARRAY_IDX(complaints, 0, ja_complaint_t);
    assert_int_equal(ja_complaint_level(complaint), JA_LOG_WARNING);
    assert_non_null(strstr(complaint->text, "issued on 2030-01-02, which is still to come"));
    assert_ptr_equal(ca()->eab, &eab);
    save_account("https://ca.example/account/1");
    ja_eab_check(complaints, plan, NOW, pool);
    assert_int_equal(complaints->nelts, 1);
}

#define CHECK(FN) cmocka_unit_test_setup_teardown(FN, plan_begins, pool_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHECK(without_an_account_the_file_is_needed),
        CHECK(without_a_store_the_file_is_needed),
        CHECK(an_account_without_url_needs_the_file),
        CHECK(with_an_account_the_directive_is_to_be_removed),
        CHECK(a_damaged_store_keeps_nobody_from_starting),
        CHECK(an_eab_that_is_there_is_left_alone),
        CHECK(a_date_that_is_still_to_come_is_told_until_the_eab_is_used),
    };

    return RUN_TESTS(tests);
}

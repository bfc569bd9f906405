#include "../issue/set_fixture.h"
#include "../pki/responder.h"
#include "sample.h"

#include <string.h>

#include "issue/accounts_file.h"
#include "issue/governor_file.h"

/* The domain of set_fixture, whose sets are in the store. */
static ja_plan_domain_t *stored_domain(void)
{
    ja_plan_domain_t *domain = sample_domain();

    domain->name = NAME;
    domain->names = names;
    return domain;
}

static ja_report_t *report_of(const ja_plan_t *plan, const char *only)
{
    ja_report_t *report;

    works(ja_report_make(&report, plan, store, only, NOW, pool, pool));
    return report;
}

static const ja_report_domain_t *domain_at(const ja_report_t *report, int i)
{
    return &APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t);
}

static const ja_report_account_t *account_at(const ja_report_t *report, int i)
{
    return &APR_ARRAY_IDX(report->accounts, i, const ja_report_account_t);
}

static void an_empty_store_is_reported(void **state)
{
    ja_report_t *report = report_of(sample_plan(stored_domain(), NULL), NULL);

    (void)state;
    assert_int_equal(report->now, NOW);
    assert_int_equal(report->domains->nelts, 1);
    assert_int_equal(domain_at(report, 0)->state, JA_REPORT_ISSUING);
    assert_null(domain_at(report, 0)->live);
    assert_null(domain_at(report, 0)->damage);
    assert_int_equal(report->accounts->nelts, 1);
    assert_null(account_at(report, 0)->account_url);
    assert_false(ja_report_account_is_bad(account_at(report, 0)));
    assert_true(ja_report_is_bad(report));
}

static void files_are_read(void **state)
{
    const ja_report_domain_t *domain;
    ja_report_t *report;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    staged(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    works(ja_job_save(sample_failed("no", 60, 300), store, NAME, JA_FS_LAZY, pool));
    works(ja_account_file_save(sample_account(), store, "ca.example-00000000", pool));
    report = report_of(sample_plan(stored_domain(), NULL), NULL);
    domain = domain_at(report, 0);
    assert_non_null(domain->live);
    assert_non_null(domain->staged);
    assert_int_equal(domain->state, JA_REPORT_STAGED);
    assert_int_equal(domain->history->nelts, 1);
    assert_string_equal(account_at(report, 0)->account_url, "https://ca.example/account/1");
    assert_false(ja_report_is_bad(report));
}

static void what_the_governor_holds_back_says_so(void **state)
{
    const ja_report_domain_t *domain;
    ja_governor_t governor = { 0 };

    (void)state;
    ja_governor_heard(&governor, 429, NOW + apr_time_from_sec(600), NOW);
    works(ja_governor_save(&governor, store, "ca.example-00000000", pool));
    works(ja_account_file_save(sample_account(), store, "ca.example-00000000", pool));
    domain = domain_at(report_of(sample_plan(stored_domain(), NULL), NULL), 0);
    assert_int_equal(domain->next_action, JA_REPORT_WAIT);
    assert_int_equal(domain->waits_for, JA_GOVERNOR_HELD);
    assert_int_equal(domain->next_at, NOW + apr_time_from_sec(600));
}

/* Five failed orders within an hour: the runner places no other one before the first is that old. */
static void what_one_name_may_not_fail_in_says_so(void **state)
{
    const ja_report_domain_t *domain;
    ja_job_t *job = sample_failed("no", 60, -1);
    int i;

    (void)state;
    for (i = 0; i < JA_JOB_PLACED_MAX; i++) {
        ja_job_place(job, NOW - apr_time_from_sec(1800 - i), pool);
    }
    job->started_at = NOW - apr_time_from_sec(1800);
    works(ja_job_save(job, store, NAME, JA_FS_LAZY, pool));
    works(ja_account_file_save(sample_account(), store, "ca.example-00000000", pool));
    domain = domain_at(report_of(sample_plan(stored_domain(), NULL), NULL), 0);
    assert_int_equal(domain->next_action, JA_REPORT_WAIT);
    assert_int_equal(domain->waits_for, JA_GOVERNOR_FAILING);
    assert_int_equal(domain->next_at, NOW + apr_time_from_sec(1800));
    assert_null(domain->activity);
}

static void an_account_whose_last_try_failed_is_bad(void **state)
{
    ja_account_file_t *account = sample_account();
    ja_job_error_t error = { "JA0203", "key.json belongs to user 0", "looking for it", NOW, NULL,
                             NULL };
    ja_report_t *report;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    account->error = &error;
    works(ja_account_file_save(account, store, "ca.example-00000000", pool));
    report = report_of(sample_plan(stored_domain(), NULL), NULL);
    assert_true(ja_report_account_is_bad(account_at(report, 0)));
    assert_true(ja_report_is_bad(report));
}

static void damage_is_told_and_no_error(void **state)
{
    const ja_report_domain_t *domain;
    ja_report_t *report;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    tree_put(in_store("jobs/a.jp.json"), "{\"state\":");
    tree_put(in_store("archive/a.jp/1/set.json"), "garbage");
    works(ja_account_file_save(sample_account(), store, "ca.example-00000000", pool));
    tree_put(in_store("accounts/ca.example-00000000/account.json"), "[]");
    report = report_of(sample_plan(stored_domain(), NULL), NULL);
    domain = domain_at(report, 0);
    assert_non_null(domain->damage);
    assert_non_null(strstr(domain->damage, "; "));
    assert_true(ja_report_domain_is_bad(domain));
    assert_non_null(account_at(report, 0)->damage);
    assert_true(ja_report_account_is_bad(account_at(report, 0)));
}

static void one_domain_is_found_by_any_of_its_names(void **state)
{
    ja_plan_t *plan = sample_plan(sample_domain(), stored_domain(), NULL);
    ja_report_t *report;

    (void)state;
    assert_string_equal(domain_at(report_of(plan, "a.jp"), 0)->name, "a.jp");
    assert_string_equal(domain_at(report_of(plan, "www.a.jp"), 0)->name, "a.jp");
    assert_int_equal(report_of(plan, "www.a.jp")->domains->nelts, 1);
    assert_int_equal(report_of(plan, NULL)->domains->nelts, 2);
    fails(ja_report_make(&report, plan, store, "b.jp", NOW, pool, pool), JA_E_NOT_FOUND, "b.jp");
}

static void states_are_counted(void **state)
{
    ja_derive_t good = sample_good();
    ja_derive_t none = good;
    int counts[JA_REPORT_STATE_COUNT];

    (void)state;
    none.live = NULL;
    ja_report_count(counts, sample_report(&good, &none, &good, NULL));
    assert_int_equal(counts[JA_REPORT_VALID], 2);
    assert_int_equal(counts[JA_REPORT_ISSUING], 1);
    assert_int_equal(counts[JA_REPORT_ERROR], 0);
}

static void what_needs_attention_comes_first(void **state)
{
    ja_derive_t good = sample_good();
    ja_derive_t sooner = good;
    ja_derive_t failed = good;
    ja_derive_t expired = good;
    ja_derive_t revoked = good;
    apr_array_header_t *sorted;
    ja_report_t *report;
    static const int ORDER[] = { 3, 5, 2, 4, 0, 1 };
    int i;

    (void)state;
    sooner.live = sample_set(-DAY, 80L * DAY);
    failed.live = NULL;
    failed.job = sample_failed("no", 1, 1);
    expired.live = sample_set(-91L * DAY, -DAY);
    revoked.is_revoked = 1;
    report = sample_report(&good, &good, &failed, &expired, &sooner, &revoked, NULL);
    sorted = ja_report_by_attention(report, pool);
    for (i = 0; i < 6; i++) {
        assert_ptr_equal(APR_ARRAY_IDX(sorted, i, const ja_report_domain_t *),
                         domain_at(report, ORDER[i]));
    }
}

/* A live set of one certificate, which demands a staple. */
static void make_demanding_live(const apr_array_header_t *specs)
{
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    mint_t leaf = GOOD_LEAF;
    ja_set_outcome_t outcome;
    const ja_set_t *set;
    ja_bytes_t csr, pem;

    leaf.san = "DNS:a.jp,DNS:www.a.jp";
    leaf.access = "OCSP;URI:http://ocsp.example/";
    leaf.feature = "status_request";
    works(ja_set_make_key(&csr, store, NAME, JA_KEY_P256, names, NULL, pool, pool));
    pem = issued_as(JA_KEY_P256, &leaf);
    works(ja_set_keep_chain(apr_array_push(certs), store, NAME, JA_KEY_P256, &pem, &csr, names, NOW,
                            pool, pool));
    works(ja_set_stage(&set, store, NAME, certs, CA_URL, NOW, pool, pool));
    works(ja_set_commit(&outcome, store, domain_with(specs), NOW, pool));
    assert_int_equal(outcome, JA_SET_COMMITTED);
}

static void keep_response(const char *sha256, const response_t *what)
{
    const issued_t about = issue_leaf(NULL);
    const ja_bytes_t der = respond(what, &about);
    const ja_item_t item = { ja_response_item(sha256, pool), der.bytes, der.len, 1 };

    works(ja_store_save(store, JA_GROUP_OCSP, NULL, &item, JA_FS_LAZY, pool));
}

static void what_demands_a_staple_and_has_none_is_bad(void **state)
{
    ja_plan_domain_t *domain = stored_domain();
    response_t what = GOOD_RESPONSE;
    const ja_report_domain_t *found;
    const char *sha256;

    (void)state;
    make_demanding_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC));
    works(ja_account_file_save(sample_account(), store, "ca.example-00000000", pool));
    found = domain_at(report_of(sample_plan(domain, NULL), NULL), 0);
    assert_false(ja_report_domain_is_bad(found)); /* without stapling it can't be told */
    domain->stapling = 1;
    found = domain_at(report_of(sample_plan(domain, NULL), NULL), 0);
    assert_int_equal(found->state, JA_REPORT_VALID);
    assert_true(found->lacks_staple && ja_report_domain_is_bad(found));
    sha256 = APR_ARRAY_IDX(found->live->certs, 0, ja_set_cert_t).facts.sha256;
    keep_response(sha256, &what);
    assert_false(ja_report_is_bad(report_of(sample_plan(domain, NULL), NULL)));
    what.next_s = -1;
    keep_response(sha256, &what);
    assert_true(ja_report_is_bad(report_of(sample_plan(domain, NULL), NULL)));
}

static void a_revoked_live_set_is_seen_in_its_response(void **state)
{
    response_t what = GOOD_RESPONSE;
    const ja_report_domain_t *found;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    found = domain_at(report_of(sample_plan(stored_domain(), NULL), NULL), 0);
    assert_int_equal(found->state, JA_REPORT_VALID);
    what.status = V_OCSP_CERTSTATUS_REVOKED;
    what.revoked_s = -HOUR;
    keep_response(APR_ARRAY_IDX(found->live->certs, 0, ja_set_cert_t).facts.sha256, &what);
    found = domain_at(report_of(sample_plan(stored_domain(), NULL), NULL), 0);
    assert_int_equal(found->state, JA_REPORT_REVOKED);
    assert_true(ja_report_domain_is_bad(found));
}

static void a_refused_restart_is_bad(void **state)
{
    ja_report_t *report;

    (void)state;
    make_live(specs_of(JA_KEY_P256, JA_SET_NO_SPEC), 0);
    works(ja_account_file_save(sample_account(), store, "ca.example-00000000", pool));
    report = report_of(sample_plan(stored_domain(), NULL), NULL);
    assert_null(report->restart);
    assert_false(ja_report_has_restart(report));
    works(ja_restart_save(sample_refused("no way", 300, 180), store, pool));
    report = report_of(sample_plan(stored_domain(), NULL), NULL);
    assert_string_equal(report->restart->reason, "no way");
    assert_true(ja_report_has_restart(report));
    assert_true(ja_report_is_bad(report));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SET_TEST(an_empty_store_is_reported),
        SET_TEST(files_are_read),
        SET_TEST(what_the_governor_holds_back_says_so),
        SET_TEST(what_one_name_may_not_fail_in_says_so),
        SET_TEST(an_account_whose_last_try_failed_is_bad),
        SET_TEST(damage_is_told_and_no_error),
        SET_TEST(one_domain_is_found_by_any_of_its_names),
        TEST(states_are_counted),
        TEST(what_needs_attention_comes_first),
        SET_TEST(what_demands_a_staple_and_has_none_is_bad),
        SET_TEST(a_revoked_live_set_is_seen_in_its_response),
        SET_TEST(a_refused_restart_is_bad),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

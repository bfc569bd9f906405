#include "sample.h"

#include <string.h>

#include "report/json.h"

/* Printed and read again: what a program gets. */
static const ja_json_t *read_back(const ja_report_t *report)
{
    const char *text = ja_json_print(ja_report_json(report, pool), pool);
    ja_json_t *json;

    works(ja_json_parse(&json, text, strlen(text), 1 << 20, pool, pool));
    return json;
}

static const ja_json_t *first_domain(const ja_json_t *json)
{
    return ja_json_at(ja_json_get(json, "domains"), 0);
}

static void a_valid_domain_has_its_certificate(void **state)
{
    ja_derive_t good = sample_good();
    const ja_json_t *json = read_back(sample_report(&good, NULL));
    const ja_json_t *domain = first_domain(json);
    const ja_json_t *cert = ja_json_at(ja_json_get(domain, "certificates"), 0);
    const ja_json_t *next = ja_json_get(domain, "next");

    (void)state;
    assert_string_equal(ja_json_get_str(json, "now", ""), "2030-01-01T00:00:00Z");
    assert_string_equal(ja_json_get_str(domain, "name", ""), SAMPLE_NAME);
    assert_int_equal(ja_json_count(ja_json_get(domain, "names")), 2);
    assert_string_equal(ja_json_get_str(domain, "state", ""), "valid");
    assert_false(ja_json_get_bool(domain, "bad", 1));
    assert_string_equal(ja_json_get_str(domain, "notAfter", ""), "2030-03-31T00:00:00Z");
    assert_string_equal(ja_json_get_str(next, "action", ""), "renew");
    assert_string_equal(ja_json_get_str(next, "at", ""), "2030-03-01T00:00:00Z");
    assert_string_equal(ja_json_get_str(cert, "key", ""), "p256");
    assert_string_equal(ja_json_get_str(cert, "serial", ""), "0123abcd");
    assert_string_equal(ja_json_get_str(cert, "sha256", ""), "feed");
    assert_null(ja_json_get(domain, "error"));
    assert_null(ja_json_get(domain, "staged"));
    assert_null(ja_json_get(domain, "activity"));
    assert_int_equal(ja_json_count(ja_json_get(domain, "history")), 0);
}

static void a_failed_one_has_its_error(void **state)
{
    ja_derive_t failed = sample_bare();
    const ja_json_t *domain, *error, *subs;

    (void)state;
    failed.job = sample_failed("\x1b<b>\xff", 60, 300);
    domain = first_domain(read_back(sample_report(&failed, NULL)));
    error = ja_json_get(domain, "error");
    subs = ja_json_get(error, "subproblems");
    assert_true(ja_json_get_bool(domain, "bad", 0));
    assert_string_equal(ja_json_get_str(error, "id", ""), "JA0414");
    assert_string_equal(ja_json_get_str(error, "text", ""), "\x1b<b>?");
    assert_string_equal(ja_json_get_str(error, "activity", ""), "placing the order");
    assert_string_equal(ja_json_get_str(error, "value", ""), "\x1b<b>?");
    assert_int_equal(ja_json_count(subs), 2);
    assert_string_equal(ja_json_get_str(ja_json_at(subs, 0), "name", ""), SAMPLE_NAME);
    assert_string_equal(ja_json_get_str(ja_json_at(subs, 0), "type", ""), "caa");
    assert_string_equal(ja_json_get_str(ja_json_at(subs, 0), "detail", ""), "\x1b<b>?");
    assert_null(ja_json_get(ja_json_at(subs, 0), "value"));
    assert_null(ja_json_get(ja_json_at(subs, 1), "name"));
    assert_string_equal(ja_json_get_str(ja_json_at(subs, 1), "value", ""), "\x1b<b>?");
    assert_string_equal(ja_json_get_str(ja_json_get(error, "advice"), "en", ""),
                        ja_err_row(JA_E_REJECTED_NAME)->en);
    assert_string_equal(ja_json_get_str(ja_json_get(error, "advice"), "ja", ""),
                        ja_err_row(JA_E_REJECTED_NAME)->ja);
    assert_int_equal(ja_json_get_int(domain, "attempts", 0), 3);
    assert_null(ja_json_get(domain, "notAfter"));
    assert_true(ja_json_is_array(ja_json_get(domain, "certificates")));
    assert_string_equal(ja_json_get_str(ja_json_at(ja_json_get(domain, "history"), 0), "event", ""),
                        "errored");
}

static void a_staged_set_and_the_account_are_there(void **state)
{
    ja_derive_t staged = sample_bare();
    const ja_json_t *json, *set, *account;

    (void)state;
    staged.staged = sample_set(-DAY, 89L * DAY);
    json = read_back(sample_report(&staged, NULL));
    set = ja_json_get(first_domain(json), "staged");
    account = ja_json_at(ja_json_get(json, "accounts"), 0);
    assert_int_equal(ja_json_count(ja_json_get(set, "certificates")), 1);
    assert_string_equal(ja_json_get_str(account, "url", ""), "https://ca.example/account/1");
    assert_null(ja_json_get(ja_json_get(first_domain(json), "next"), "at"));
}

static void what_is_waited_for_is_there(void **state)
{
    ja_derive_t held = sample_bare();
    const ja_json_t *next;

    (void)state;
    held.waits_until = NOW + apr_time_from_sec(60);
    held.waits_for = JA_GOVERNOR_ORDERS;
    next = ja_json_get(first_domain(read_back(sample_report(&held, NULL))), "next");
    assert_string_equal(ja_json_get_str(next, "action", ""), "wait");
    assert_string_equal(ja_json_get_str(next, "for", ""), "rate-limit");
    assert_string_equal(ja_json_get_str(next, "at", ""), "2030-01-01T00:01:00Z");
}

static void a_restart_is_there_if_there_is_one(void **state)
{
    ja_report_t *report = sample_report(NULL);
    const ja_json_t *restart;

    (void)state;
    assert_null(ja_json_get(read_back(report), "restart"));
    report->restart = sample_refused("no way", 300, 180);
    restart = ja_json_get(read_back(report), "restart");
    assert_string_equal(ja_json_get_str(restart, "state", ""), "refused");
    assert_string_equal(ja_json_get_str(restart, "reason", ""), "no way");
    assert_string_equal(ja_json_get_str(restart, "since", ""), "2029-12-31T23:55:00Z");
    assert_string_equal(ja_json_get_str(restart, "next", ""), "2030-01-01T00:03:00Z");
    assert_true(ja_json_get_bool(restart, "bad", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_valid_domain_has_its_certificate),     TEST(a_failed_one_has_its_error),
        TEST(a_staged_set_and_the_account_are_there), TEST(what_is_waited_for_is_there),
        TEST(a_restart_is_there_if_there_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

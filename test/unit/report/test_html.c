#include "sample.h"

#include <string.h>

#include "report/html.h"

static ja_report_t *failed_with(const char *text)
{
    ja_derive_t failed = sample_bare();

    failed.job = sample_failed(text, 60, 300);
    return sample_report(&failed, NULL);
}

static const char *page_of(const ja_report_t *report, int max_rows)
{
    return ja_report_html(report, max_rows, 1, pool);
}

static int count(const char *text, const char *part)
{
    int found = 0;

    while ((text = strstr(text, part))) {
        found++;
        text += strlen(part);
    }
    return found;
}

static void a_row_has_everything(void **state)
{
    static const char *const PARTS[] = { "www.example.jp",
                                         "mail.example.jp",
                                         "error",
                                         "no certificate",
                                         "try again",
                                         "in 5 minutes",
                                         "JA0414",
                                         "placing the order",
                                         "60 seconds ago",
                                         "says no",
                                         "<br />About: says no<br />www.example.jp: caa: says no"
                                         "<br />says no<br /><em>",
                                         "does not issue for this name" };
    const char *page = page_of(failed_with("says no"), 100);
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(PARTS) / sizeof(PARTS[0]); i++) {
        if (!strstr(page, PARTS[i])) {
            fail_msg("%s is not in %s", PARTS[i], page);
        }
    }
    assert_int_equal(count(page, "<tr valign"), 1);
}

static void text_from_outside_is_inert(void **state)
{
    ja_report_t *report = failed_with("<script>alert(1)</script>\x1b\xff 日本");
    ja_report_domain_t *domain = &APR_ARRAY_IDX(report->domains, 0, ja_report_domain_t);
    const char *page;

    (void)state;
    domain->damage = "\"><img src=x>";
    page = page_of(report, 100);
    assert_null(strstr(page, "<script"));
    assert_null(strstr(page, "<img"));
    assert_non_null(strstr(page, "&lt;script&gt;"));
    assert_non_null(strstr(page, "&#26085;&#26412;"));
    for (; *page; page++) {
        assert_true(*page == '\n' || (*page >= 0x20 && *page < 0x7f));
    }
}

static void long_text_is_cut(void **state)
{
    char *big = apr_palloc(pool, 10 * 1024 + 1);

    (void)state;
    memset(big, '<', 10 * 1024);
    big[10 * 1024] = '\0';
    assert_true(strlen(page_of(failed_with(big), 100)) < 5 * 1024);
}

static void many_domains_leave_the_page_usable(void **state)
{
    ja_derive_t good = sample_good();
    ja_derive_t failed = good;
    const char *page;

    (void)state;
    failed.live = NULL;
    failed.job = sample_failed("no", 1, 1);
    page = page_of(sample_report(&good, &good, &good, &failed, NULL), 2);
    assert_int_equal(count(page, "<tr valign"), 2);
    assert_non_null(strstr(page, "4 domains: 3 valid, 1 error"));
    assert_non_null(strstr(page, "2 more"));
    assert_true(strstr(page, ">error<") < strstr(page, "<td>valid<"));
}

static void without_tables_it_is_a_list(void **state)
{
    const char *page = ja_report_html(failed_with("no"), 100, 0, pool);

    (void)state;
    assert_null(strstr(page, "<t"));
    assert_int_equal(count(page, "<dt>"), 1);
    assert_int_equal(count(page, "<dd>"), count(page, "</dd>"));
}

static void a_restart_that_is_refused_is_shown(void **state)
{
    ja_report_t *report = failed_with("no");
    const char *page;

    (void)state;
    report->restart = sample_refused("<no> way", 300, 180);
    page = page_of(report, 100);
    assert_non_null(strstr(page, "<p>Automatic restart: refused since "));
    assert_non_null(strstr(page, ": &lt;no&gt; way</p>"));
}

static void an_account_that_failed_is_shown(void **state)
{
    ja_report_t *report = failed_with("no");
    ja_report_account_t *account = &APR_ARRAY_IDX(report->accounts, 0, ja_report_account_t);

    (void)state;
    assert_null(strstr(page_of(report, 100), "Account at"));
    account->account_url = NULL;
    account->error = sample_failed("EAB <refused>", 1, 1)->error;
    assert_non_null(strstr(page_of(report, 100), "Account at https://ca.example/directory: not"));
    assert_non_null(strstr(page_of(report, 100), "EAB &lt;refused&gt;"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_has_everything),
        TEST(text_from_outside_is_inert),
        TEST(long_text_is_cut),
        TEST(many_domains_leave_the_page_usable),
        TEST(without_tables_it_is_a_list),
        TEST(a_restart_that_is_refused_is_shown),
        TEST(an_account_that_failed_is_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

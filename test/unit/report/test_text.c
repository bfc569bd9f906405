#include "sample.h"

#include <string.h>

#include <apr_strings.h>

#include "report/text.h"

#define HAS(text, part)                                    \
    do {                                                   \
        if (!strstr(text, part)) {                         \
            fail_msg("\"%s\" is not in:\n%s", part, text); \
        }                                                  \
    } while (0)

static ja_report_t *good_and_failed(const char *error)
{
    ja_derive_t good = sample_good();
    ja_derive_t failed = good;

    failed.live = NULL;
    failed.job = sample_failed(error, 60, 300);
    return sample_report(&good, &failed, NULL);
}

static void the_overview_has_a_row_for_each_domain(void **state)
{
    const char *text = ja_report_text(good_and_failed("the CA says no"), JA_LANG_EN, pool);

    (void)state;
    HAS(text, "Domain          State  Valid until              Next\n");
    HAS(text, "www.example.jp  valid  2030-03-31 (in 89 days)  renew, in 59 days\n"
              "    + mail.example.jp\n");
    HAS(text, "www.example.jp  error  no certificate           try again, in 5 minutes\n");
    HAS(text, "    JA0414 (placing the order): the CA says no\n    -> The CA does not issue");
    assert_null(strstr(text, "Account"));
}

static void what_is_waited_for_is_told(void **state)
{
    ja_derive_t held = sample_bare();
    const ja_report_t *report;

    (void)state;
    held.waits_until = NOW + apr_time_from_sec(600);
    held.waits_for = JA_GOVERNOR_HELD;
    report = sample_report(&held, NULL);
    HAS(ja_report_text(report, JA_LANG_EN, pool),
        "place the order when the CA's waiting time (Retry-After) is over, in 10 minutes\n");
    HAS(ja_report_text_details(report, JA_LANG_EN, pool), "(Retry-After) is over, in 10 minutes\n");
    HAS(ja_report_text(report, JA_LANG_JA, pool),
        "(Retry-After) の経過後にオーダーを作成, 10 分後\n");
}

static void the_overview_speaks_japanese(void **state)
{
    const char *text = ja_report_text(good_and_failed("no"), JA_LANG_JA, pool);

    (void)state;
    HAS(text, "ドメイン        状態    有効期限              次の動作\n");
    HAS(text, "www.example.jp  有効    2030-03-31 (89 日後)  証明書を更新, 59 日後\n");
    HAS(text, "JA0414 (オーダーの作成): no\n    -> このドメイン名には");
}

static void details_have_all_there_is(void **state)
{
    const char *text = ja_report_text_details(good_and_failed("no"), JA_LANG_EN, pool);

    (void)state;
    HAS(text, "Names              www.example.jp, mail.example.jp\n");
    HAS(text, "2029-12-31T00:00:00Z - 2030-03-31T00:00:00Z (in 89 days)\n");
    HAS(text, "serial 0123abcd\n");
    HAS(text, "About              no\n");
    HAS(text, "For each name      www.example.jp: caa: no\n                   no\nAdvice");
    HAS(text, "Failures in a row  3\n");
    HAS(text, "History            2029-12-31T23:59:00Z errored: no\n");
    HAS(text, "https://ca.example/account/1\n");
}

/* What the CA says, and what stands in files that others may have written. */
static void what_lacks_its_staple_says_so(void **state)
{
    ja_report_t *report = good_and_failed("no");

    (void)state;
    assert_null(strstr(ja_report_text(report, JA_LANG_EN, pool), "demands a stapled"));
    APR_ARRAY_IDX(report->domains, 0, ja_report_domain_t).lacks_staple = 1;
    HAS(ja_report_text(report, JA_LANG_EN, pool), "    -> The certificate demands a stapled");
    HAS(ja_report_text_details(report, JA_LANG_EN, pool),
        "Advice       The certificate demands a stapled");
    HAS(ja_report_text(report, JA_LANG_JA, pool), "    -> OCSP ステープリングが必須の証明書");
}

static void text_from_outside_does_nothing_to_the_terminal(void **state)
{
    ja_report_t *report = good_and_failed("\x1b]0;x\x07\r\n\xc2\x9b\xff");
    ja_report_domain_t *domain = &APR_ARRAY_IDX(report->domains, 1, ja_report_domain_t);
    const char *both;

    (void)state;
    domain->damage = "\x1b[2J";
    both = apr_pstrcat(pool, ja_report_text(report, JA_LANG_EN, pool),
                       ja_report_text_details(report, JA_LANG_EN, pool), NULL);
    assert_null(strpbrk(both, "\x1b\x07\r\xff"));
    assert_null(strstr(both, "\xc2\x9b"));
}

static void long_text_is_cut(void **state)
{
    char *big = apr_palloc(pool, 10 * 1024 + 1);

    (void)state;
    memset(big, 'x', 10 * 1024);
    big[10 * 1024] = '\0';
    assert_true(strlen(ja_report_text(good_and_failed(big), JA_LANG_EN, pool)) < 2048);
}

static void an_account_is_shown_if_there_is_something_to_say(void **state)
{
    ja_report_t *report = good_and_failed("no");
    ja_report_account_t *account = &APR_ARRAY_IDX(report->accounts, 0, ja_report_account_t);

    (void)state;
    account->account_url = NULL;
    account->error = sample_failed("EAB refused", 1, 1)->error;
    account->next_at = NOW + apr_time_from_sec(600);
    HAS(ja_report_text(report, JA_LANG_EN, pool),
        "https://ca.example/directory  not registered    try again, in 10 minutes\n"
        "    JA0414 (placing the order): EAB refused\n");
}

static void a_restart_that_is_refused_is_shown(void **state)
{
    static const char ROW[] =
        "\nAutomatic restart  refused  2029-12-31 (5 minutes ago)  try again, in "
        "3 minutes\n    no way\n    -> The server was not restarted";
    ja_report_t *report = good_and_failed("no");

    (void)state;
    report->restart = sample_refused("no\x1bway", 300, 180);
    HAS(ja_report_text(report, JA_LANG_EN, pool), ROW);
    HAS(ja_report_text_details(report, JA_LANG_EN, pool), ROW);
    HAS(ja_report_text(report, JA_LANG_JA, pool), "\n自動再起動  見合わせ  2029-12-31 (5 分前)");
}

static void a_restart_that_waits_has_no_next_try(void **state)
{
    ja_report_t *report = good_and_failed("no");
    ja_restart_status_t waiting = { JA_RESTART_WAITING, NOW, NOW + 5000000, NULL };

    (void)state;
    report->restart = &waiting;
    HAS(ja_report_text(report, JA_LANG_EN, pool), "Automatic restart  waiting  2030-01-01 (now)\n");
}

static void a_restart_that_was_done_is_not(void **state)
{
    ja_report_t *report = good_and_failed("no");
    ja_restart_status_t done = { JA_RESTART_DONE, NOW, 0, NULL };

    (void)state;
    report->restart = &done;
    assert_null(strstr(ja_report_text(report, JA_LANG_EN, pool), "Automatic restart"));
}

static void without_domains_it_says_so(void **state)
{
    (void)state;
    assert_string_equal(ja_report_text(sample_report(NULL), JA_LANG_EN, pool),
                        "No domain is managed.\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_overview_has_a_row_for_each_domain),
        TEST(what_is_waited_for_is_told),
        TEST(the_overview_speaks_japanese),
        TEST(details_have_all_there_is),
        TEST(what_lacks_its_staple_says_so),
        TEST(text_from_outside_does_nothing_to_the_terminal),
        TEST(long_text_is_cut),
        TEST(an_account_is_shown_if_there_is_something_to_say),
        TEST(a_restart_that_is_refused_is_shown),
        TEST(a_restart_that_waits_has_no_next_try),
        TEST(a_restart_that_was_done_is_not),
        TEST(without_domains_it_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

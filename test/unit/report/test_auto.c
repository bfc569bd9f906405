#include "sample.h"

#include <string.h>

#include "report/auto.h"

static void keys_are_as_documented(void **state)
{
    ja_derive_t good = sample_good();
    ja_derive_t failed = good;

    (void)state;
    failed.live = NULL;
    failed.job = sample_failed("<no>", 60, 300);
    assert_string_equal(ja_report_auto(sample_report(&good, &failed, NULL), pool),
                        "JprsAcmeDomains: 2\n"
                        "JprsAcmeBad: 1\n"
                        "JprsAcmeValid: 1\n"
                        "JprsAcmeRenewing: 0\n"
                        "JprsAcmeIssuing: 0\n"
                        "JprsAcmeStaged: 0\n"
                        "JprsAcmeError: 1\n"
                        "JprsAcmeExpired: 0\n"
                        "JprsAcmeRevoked: 0\n"
                        "JprsAcmeIdle: 0\n"
                        "JprsAcmeFirstExpiry: 2030-03-31T00:00:00Z\n"
                        "JprsAcmeAccounts: 1\n"
                        "JprsAcmeAccountsRegistered: 1\n"
                        "JprsAcmeDomain[www.example.jp]State: valid\n"
                        "JprsAcmeDomain[www.example.jp]NotAfter: 2030-03-31T00:00:00Z\n"
                        "JprsAcmeDomain[www.example.jp]Next: renew\n"
                        "JprsAcmeDomain[www.example.jp]NextAt: 2030-03-01T00:00:00Z\n"
                        "JprsAcmeDomain[www.example.jp]State: error\n"
                        "JprsAcmeDomain[www.example.jp]Next: retry\n"
                        "JprsAcmeDomain[www.example.jp]NextAt: 2030-01-01T00:05:00Z\n"
                        "JprsAcmeDomain[www.example.jp]Error: JA0414\n"
                        "JprsAcmeDomain[www.example.jp]Failures: 3\n");
}

static void a_restart_has_a_key_if_there_is_one(void **state)
{
    ja_report_t *report = sample_report(NULL);

    (void)state;
    report->restart = sample_refused("no way", 300, 180);
    assert_non_null(strstr(ja_report_auto(report, pool), "\nJprsAcmeRestart: refused\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keys_are_as_documented),
        TEST(a_restart_has_a_key_if_there_is_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

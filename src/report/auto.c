#include "report/auto.h"

#include "json/json.h"
#include "report/escape.h"
#include "report/out.h"

#define NAME_CHARS 253

/* clang-format off */
static const char *const STATE_KEYS[] = {
    [JA_REPORT_VALID]    = "Valid",
    [JA_REPORT_RENEWING] = "Renewing",
    [JA_REPORT_ISSUING]  = "Issuing",
    [JA_REPORT_STAGED]   = "Staged",
    [JA_REPORT_ERROR]    = "Error",
    [JA_REPORT_EXPIRED]  = "Expired",
    [JA_REPORT_REVOKED]  = "Revoked",
    [JA_REPORT_IDLE]     = "Idle",
};
/* clang-format on */
_Static_assert(sizeof(STATE_KEYS) / sizeof(STATE_KEYS[0]) == JA_REPORT_STATE_COUNT,
               "a key for each state");

static void put_number(ja_out_t *out, const char *key, int value)
{
    ja_out_printf(out, "JprsAcme%s: %d\n", key, value);
}

static void put_totals(ja_out_t *out, const ja_report_t *report)
{
    int counts[JA_REPORT_STATE_COUNT];
    apr_time_t first = 0;
    int bad = 0;
    int i;

    for (i = 0; i < report->domains->nelts; i++) {
        const ja_report_domain_t *domain =
            &APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t);

        bad += ja_report_domain_is_bad(domain);
        if (domain->not_after != 0 && (first == 0 || domain->not_after < first)) {
            first = domain->not_after;
        }
    }
    ja_report_count(counts, report);
    put_number(out, "Domains", report->domains->nelts);
    put_number(out, "Bad", bad);
    for (i = 0; i < JA_REPORT_STATE_COUNT; i++) {
        put_number(out, STATE_KEYS[i], counts[i]);
    }
    if (first != 0) {
        ja_out_printf(out, "JprsAcmeFirstExpiry: %s\n", ja_json_time_print(first, out->pool));
    }
}

static void put_accounts(ja_out_t *out, const ja_report_t *report)
{
    int registered = 0;
    int i;

    for (i = 0; i < report->accounts->nelts; i++) {
        registered +=
            APR_ARRAY_IDX(report->accounts, i, const ja_report_account_t).account_url != NULL;
    }
    put_number(out, "Accounts", report->accounts->nelts);
    put_number(out, "AccountsRegistered", registered);
}

static void put_restart(ja_out_t *out, const ja_report_t *report)
{
    if (report->restart) {
        ja_out_printf(out, "JprsAcmeRestart: %s\n",
                      ja_enumstr_print(&ja_restart_state_names, report->restart->state));
    }
}

/* A line, unless there is no value. */
static void put_of(ja_out_t *out, const char *name, const char *key, const char *value)
{
    if (value) {
        ja_out_printf(out, "JprsAcmeDomain[%s]%s: %s\n", name, key, value);
    }
}

static const char *time_or_null(apr_time_t at, apr_pool_t *pool)
{
    return at != 0 ? ja_json_time_print(at, pool) : NULL;
}

static void put_domain(ja_out_t *out, const ja_report_domain_t *domain)
{
    const char *name = ja_escape_ascii(domain->name, NAME_CHARS, out->pool);

    put_of(out, name, "State", ja_enumstr_print(&ja_report_state_names, (int)domain->state));
    put_of(out, name, "NotAfter", time_or_null(domain->not_after, out->pool));
    put_of(out, name, "Next", ja_enumstr_print(&ja_report_next_names, (int)domain->next_action));
    put_of(out, name, "NextAt", time_or_null(domain->next_at, out->pool));
    if (domain->error) {
        put_of(out, name, "Error", ja_escape_ascii(domain->error->id, 16, out->pool));
        ja_out_printf(out, "JprsAcmeDomain[%s]Failures: %" APR_INT64_T_FMT "\n", name,
                      domain->attempts);
    }
}

const char *ja_report_auto(const ja_report_t *report, apr_pool_t *pool)
{
    ja_out_t out = ja_out_make(pool);
    int i;

    put_totals(&out, report);
    put_accounts(&out, report);
    put_restart(&out, report);
    for (i = 0; i < report->domains->nelts; i++) {
        put_domain(&out, &APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t));
    }
    return ja_out_text(&out);
}

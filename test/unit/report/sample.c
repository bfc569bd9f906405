#include "sample.h"

#include <string.h>

#define AFTER(s) (NOW + apr_time_from_sec(s))

static ja_plan_ca_t *ca(void)
{
    static ja_plan_ca_t one;

    one.id = "ca.example-00000000";
    one.url = "https://ca.example/directory";
    return &one;
}

ja_plan_domain_t *sample_domain(void)
{
    ja_plan_domain_t *domain = apr_pcalloc(pool, sizeof(*domain));
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(ja_key_spec_t));

    APR_ARRAY_PUSH(keys, ja_key_spec_t) = JA_KEY_P256;
    domain->name = SAMPLE_NAME;
    domain->names = names_of(SAMPLE_NAME, "mail.example.jp", NULL);
    domain->ca = ca();
    domain->keys = keys;
    domain->challenges = names_of("http-01", NULL);
    domain->renew_before.duration = apr_time_from_sec(30L * DAY);
    domain->renew = JA_RENEW_ALWAYS;
    domain->activation = JA_ACTIVATION_MANUAL;
    domain->is_used = 1;
    return domain;
}

static void name_all(apr_hash_t *by_name, ja_plan_domain_t *domain)
{
    int i;

    for (i = 0; i < domain->names->nelts; i++) {
        apr_hash_set(by_name, APR_ARRAY_IDX(domain->names, i, const char *), APR_HASH_KEY_STRING,
                     domain);
    }
}

ja_plan_t *sample_plan(ja_plan_domain_t *first, ...)
{
    ja_plan_t *plan = apr_pcalloc(pool, sizeof(*plan));
    apr_array_header_t *cas = apr_array_make(pool, 1, sizeof(ja_plan_ca_t *));
    apr_array_header_t *domains = apr_array_make(pool, 2, sizeof(ja_plan_domain_t *));
    ja_plan_domain_t *domain;
    va_list args;

    plan->by_name = apr_hash_make(pool);
    va_start(args, first);
    for (domain = first; domain; domain = va_arg(args, ja_plan_domain_t *)) {
        APR_ARRAY_PUSH(domains, ja_plan_domain_t *) = domain;
        name_all(plan->by_name, domain);
    }
    va_end(args);
    APR_ARRAY_PUSH(cas, ja_plan_ca_t *) = ca();
    plan->cas = cas;
    plan->domains = domains;
    return plan;
}

ja_set_t *sample_set(long from_s, long to_s)
{
    ja_set_t *set = apr_pcalloc(pool, sizeof(*set));
    apr_array_header_t *certs = apr_array_make(pool, 1, sizeof(ja_set_cert_t));
    ja_set_cert_t *cert = apr_array_push(certs);

    memset(cert, 0, sizeof(*cert));
    cert->spec = JA_KEY_P256;
    cert->facts.not_before = AFTER(from_s);
    cert->facts.not_after = AFTER(to_s);
    cert->facts.names = names_of(SAMPLE_NAME, "mail.example.jp", NULL);
    cert->facts.serial = "0123abcd";
    cert->facts.issuer = "Sample CA";
    cert->facts.sha256 = "feed";
    set->name = SAMPLE_NAME;
    set->created_at = AFTER(from_s);
    set->ca_url = ca()->url;
    set->certs = certs;
    return set;
}

ja_job_t *sample_job(void)
{
    ja_job_t *job = apr_pcalloc(pool, sizeof(*job));

    job->spec = -1;
    job->why = -1;
    job->challenges = apr_array_make(pool, 0, sizeof(ja_job_challenge_t));
    job->placed = apr_array_make(pool, 0, sizeof(ja_job_placed_t));
    job->history = apr_array_make(pool, 0, sizeof(ja_job_event_t));
    return job;
}

ja_job_t *sample_failed(const char *text, long ago_s, long in_s)
{
    ja_job_t *job = sample_job();
    ja_job_error_t *error = apr_pcalloc(pool, sizeof(*error));

    error->id = "JA0414";
    error->text = text;
    error->activity = "placing the order";
    error->at = AFTER(-ago_s);
    error->value = text;
    error->subs = apr_array_make(pool, 2, sizeof(ja_job_sub_t));
    APR_ARRAY_PUSH((apr_array_header_t *)error->subs, ja_job_sub_t) =
        (ja_job_sub_t){ SAMPLE_NAME, "caa", text, NULL };
    APR_ARRAY_PUSH((apr_array_header_t *)error->subs, ja_job_sub_t) =
        (ja_job_sub_t){ NULL, text, "", text };
    job->error = error;
    job->attempts = 3;
    job->started_at = AFTER(-ago_s - 10);
    job->next_at = AFTER(in_s);
    ja_job_note(job, "errored", text, error->at, pool);
    return job;
}

ja_account_file_t *sample_account(void)
{
    ja_account_file_t *account = apr_pcalloc(pool, sizeof(*account));

    account->url = "https://ca.example/account/1";
    account->registered_at = AFTER(-DAY);
    return account;
}

/* None of the live certificates has a response. */
static const apr_array_header_t *no_ocsp(const ja_set_t *live)
{
    int n = live ? live->certs->nelts : 0;
    apr_array_header_t *none = apr_array_make(pool, n, sizeof(ja_report_ocsp_t));

    while (none->nelts < n) {
        ((ja_report_ocsp_t *)apr_array_push(none))->has = 0;
    }
    return none;
}

ja_derive_t sample_bare(void)
{
    return (ja_derive_t){
        .plan = sample_domain(), .job = sample_job(), .account = sample_account(), .now = NOW
    };
}

ja_derive_t sample_good(void)
{
    ja_derive_t good = sample_bare();

    good.live = sample_set(-DAY, 89L * DAY);
    return good;
}

ja_restart_status_t *sample_refused(const char *reason, long ago_s, long in_s)
{
    ja_restart_status_t *restart = apr_pcalloc(pool, sizeof(*restart));

    restart->state = JA_RESTART_REFUSED;
    restart->since = AFTER(-ago_s);
    restart->next_at = AFTER(in_s);
    restart->reason = reason;
    return restart;
}

ja_report_t *sample_report(const ja_derive_t *first, ...)
{
    ja_report_t *report = apr_pcalloc(pool, sizeof(*report));
    apr_array_header_t *domains = apr_array_make(pool, 2, sizeof(ja_report_domain_t));
    apr_array_header_t *accounts = apr_array_make(pool, 1, sizeof(ja_report_account_t));
    ja_report_account_t account = {
        .ca_id = ca()->id,
        .ca_url = ca()->url,
        .account_url = sample_account()->url,
        .registered_at = AFTER(-DAY),
    };
    const ja_derive_t *from;
    ja_report_domain_t domain;
    va_list args;

    va_start(args, first);
    for (from = first; from; from = va_arg(args, const ja_derive_t *)) {
        domain = ja_derive_domain(from);
        domain.ocsp = no_ocsp(from->live);
        APR_ARRAY_PUSH(domains, ja_report_domain_t) = domain;
    }
    va_end(args);
    APR_ARRAY_PUSH(accounts, ja_report_account_t) = account;
    report->now = NOW;
    report->domains = domains;
    report->accounts = accounts;
    return report;
}

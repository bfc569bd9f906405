#include "report/report.h"

#include <stdlib.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "issue/countdown.h"
#include "issue/governor_file.h"
#include "issue/rollback.h"
#include "report/derive.h"

static const char *const STATES[] = {
    [JA_REPORT_VALID] = "valid",     [JA_REPORT_RENEWING] = "renewing",
    [JA_REPORT_ISSUING] = "issuing", [JA_REPORT_STAGED] = "staged",
    [JA_REPORT_ERROR] = "error",     [JA_REPORT_EXPIRED] = "expired",
    [JA_REPORT_REVOKED] = "revoked", [JA_REPORT_IDLE] = "idle",
};
_Static_assert(sizeof(STATES) / sizeof(STATES[0]) == JA_REPORT_STATE_COUNT,
               "a name for each state");
const ja_enumstr_t ja_report_state_names = { STATES, JA_REPORT_STATE_COUNT };

static const char *const NEXT[] = {
    [JA_REPORT_NOTHING] = "none",      [JA_REPORT_OBTAIN] = "obtain",
    [JA_REPORT_RENEW] = "renew",       [JA_REPORT_RETRY] = "retry",
    [JA_REPORT_CONTINUE] = "continue", [JA_REPORT_OCSP] = "ocsp",
    [JA_REPORT_DELAY] = "delay",       [JA_REPORT_GO_LIVE] = "go-live",
    [JA_REPORT_RESTART] = "restart",   [JA_REPORT_REGISTER] = "register",
    [JA_REPORT_HELD] = "held",         [JA_REPORT_ACCOUNT] = "account",
    [JA_REPORT_WAIT] = "wait",
};
_Static_assert(sizeof(NEXT) / sizeof(NEXT[0]) == JA_REPORT_NEXT_COUNT, "a name for each action");
const ja_enumstr_t ja_report_next_names = { NEXT, JA_REPORT_NEXT_COUNT };

/* What its domains depend on. */
typedef struct {
    const ja_account_file_t *account; /* NULL: there is none yet */
    ja_governor_t governor;
    ja_limits_t limits;
} ca_t;

/* What the functions that gather share. */
typedef struct {
    ja_store_t *store;
    apr_time_t now;
    apr_hash_t *cas; /* CA id -> ca_t * */
    apr_pool_t *result;
    apr_pool_t *scratch;
} gather_t;

/* "a; b": what is wrong with a domain's files. */
static void add_damage(const char **damage, const ja_err_t *err, const gather_t *g)
{
    const char *text;

    if (err) {
        text = ja_err_text(err, g->scratch);
        *damage = *damage ? apr_pstrcat(g->result, *damage, "; ", text, NULL)
                          : apr_pstrdup(g->result, text);
    }
}

static const ja_set_t *load_set(const char **damage, const gather_t *g, ja_group_t group,
                                const char *name)
{
    const ja_set_t *set = NULL;
    ja_err_t *err = ja_set_load(&set, g->store, group, name, g->result, g->scratch);

    add_damage(damage, err, g);
    return err ? NULL : set;
}

/* The gate of what is staged; open, if it can't be told. */
static ja_gate_t gate_of(const ja_derive_t *from, const char **damage, const gather_t *g)
{
    ja_gate_t gate = { JA_GATE_OPEN, 0, 0 };

    if (from->staged) {
        add_damage(damage,
                   ja_set_gate(&gate, g->store, from->plan, from->staged, g->now, g->scratch), g);
    }
    return gate;
}

static const apr_array_header_t *gather_ocsp(const ja_set_t *live, const char **damage,
                                             const gather_t *g)
{
    int n = live ? live->certs->nelts : 0;
    apr_array_header_t *all = apr_array_make(g->result, n, sizeof(ja_report_ocsp_t));
    int i;

    for (i = 0; i < n; i++) {
        const ja_cert_facts_t *cert = &APR_ARRAY_IDX(live->certs, i, const ja_set_cert_t).facts;
        ja_report_ocsp_t *ocsp = apr_array_push(all);

        ocsp->has = 0;
        if (cert->ocsp_url) {
            add_damage(damage,
                       ja_response_find(&ocsp->has, &ocsp->facts, NULL, g->store, cert->sha256,
                                        g->now, g->scratch, g->scratch),
                       g);
        }
    }
    return all;
}

/* Clients refuse it then. Where the module does not staple, it can't tell. */
static int lacks_staple(const ja_plan_domain_t *plan, const ja_set_t *live,
                        const apr_array_header_t *ocsp)
{
    int i;

    for (i = 0; plan->stapling && i < ocsp->nelts; i++) {
        const ja_cert_facts_t *cert = &APR_ARRAY_IDX(live->certs, i, const ja_set_cert_t).facts;

        if (cert->must_staple && cert->ocsp_url
            && !APR_ARRAY_IDX(ocsp, i, const ja_report_ocsp_t).has) {
            return 1;
        }
    }
    return 0;
}

/* What an order that is due has to wait for. */
static void add_waits(ja_derive_t *from, const ca_t *ca)
{
    apr_time_t place_at = ja_job_place_at(from->job, from->now);

    from->waits_until = ja_governor_order_at(&ca->governor, &ca->limits, from->plan->keys->nelts, 0,
                                             from->now, &from->waits_for);
    if (!from->job->order_url && place_at > from->waits_until) {
        from->waits_until = place_at;
        from->waits_for = JA_GOVERNOR_FAILING;
    }
}

static void gather_domain(apr_array_header_t *domains, const gather_t *g,
                          const ja_plan_domain_t *plan)
{
    const ca_t *ca = apr_hash_get(g->cas, plan->ca->id, APR_HASH_KEY_STRING);
    ja_derive_t from = { .plan = plan, .now = g->now };
    ja_report_domain_t domain;
    const char *damage = NULL;
    ja_err_t *job_damage;
    ja_job_t *job = apr_palloc(g->result, sizeof(*job));

    from.live = load_set(&damage, g, JA_GROUP_LIVE, plan->name);
    from.staged = load_set(&damage, g, JA_GROUP_STAGING, plan->name);
    from.account = ca->account;
    ja_job_load(job, &job_damage, g->store, plan->name, g->result, g->scratch);
    add_damage(&damage, job_damage, g);
    from.job = job;
    add_waits(&from, ca);
    from.restored_at = ja_rollback_done_at(g->store, plan->name, g->scratch);
    add_damage(&damage, ja_set_is_revoked(&from.is_revoked, g->store, from.live, g->scratch), g);
    from.gate = gate_of(&from, &damage, g);
    domain = ja_derive_domain(&from);
    domain.ocsp = gather_ocsp(from.live, &damage, g);
    domain.lacks_staple = lacks_staple(plan, from.live, domain.ocsp);
    domain.damage = damage;
    APR_ARRAY_PUSH(domains, ja_report_domain_t) = domain;
}

/* The governor's damage is told by the runner, which begins anew: nothing is to be done. */
static void gather_ca(apr_array_header_t *accounts, const gather_t *g, const ja_plan_t *plan,
                      const ja_plan_ca_t *ca)
{
    ja_report_account_t account = { .ca_id = ca->id, .ca_url = ca->url };
    ca_t *of = apr_pcalloc(g->result, sizeof(*of));
    ja_account_file_t *file = NULL;
    ja_err_t *damage;
    ja_err_t *err = ja_account_file_load(&file, g->store, ca->id, g->result, g->scratch);

    add_damage(&account.damage, err, g);
    if (!err && file) {
        account.account_url = file->url;
        account.registered_at = file->registered_at;
        account.error = file->error;
        account.next_at = file->error ? file->next_at : 0;
        account.held = file->held;
        of->account = file;
    }
    ja_governor_load(&of->governor, &damage, g->store, ca->id, g->scratch);
    of->limits = ja_governor_limits(plan, ca);
    apr_hash_set(g->cas, ca->id, APR_HASH_KEY_STRING, of);
    if (!account.account_url) {
        account.eab_ends_at = ja_countdown_end(ca->eab ? ca->eab->issued_at : ca->eab_issued_at);
    }
    APR_ARRAY_PUSH(accounts, ja_report_account_t) = account;
}

static void gather_restart(ja_report_t *report, const gather_t *g)
{
    ja_err_t *err = ja_restart_load(&report->restart, g->store, g->result, g->scratch);

    add_damage(&report->restart_damage, err, g);
}

/* Scratch memory is given back after each domain: there may be thousands. */
static void gather_all(ja_report_t *report, const ja_plan_t *plan, const ja_plan_domain_t *only,
                       gather_t *g)
{
    apr_array_header_t *accounts = apr_array_make(g->result, 1, sizeof(ja_report_account_t));
    apr_array_header_t *domains =
        apr_array_make(g->result, only ? 1 : plan->domains->nelts, sizeof(ja_report_domain_t));
    int i;

    for (i = 0; i < plan->cas->nelts; i++) {
        const ja_plan_ca_t *ca = APR_ARRAY_IDX(plan->cas, i, const ja_plan_ca_t *);

        if (!only || ca == only->ca) {
            gather_ca(accounts, g, plan, ca);
        }
    }
    for (i = 0; i < plan->domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);

        if (!only || domain == only) {
            gather_domain(domains, g, domain);
            apr_pool_clear(g->scratch);
        }
    }
    report->accounts = accounts;
    report->domains = domains;
}

ja_err_t *ja_report_make(ja_report_t **report, const ja_plan_t *plan, ja_store_t *store,
                         const char *only, apr_time_t now, apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_plan_domain_t *domain = only ? ja_plan_find(plan, only, scratch) : NULL;
    gather_t g = { store, now, apr_hash_make(result), result, NULL };

    if (only && !domain) {
        return ja_err_make(JA_E_NOT_FOUND, scratch, "no managed domain has the name %s", only);
    }
    apr_pool_create(&g.scratch, scratch);
    *report = apr_pcalloc(result, sizeof(**report));
    (*report)->now = now;
    gather_all(*report, plan, domain, &g);
    gather_restart(*report, &g);
    apr_pool_destroy(g.scratch);
    return NULL;
}

void ja_report_count(int counts[JA_REPORT_STATE_COUNT], const ja_report_t *report)
{
    int i;

    for (i = 0; i < JA_REPORT_STATE_COUNT; i++) {
        counts[i] = 0;
    }
    for (i = 0; i < report->domains->nelts; i++) {
        counts[APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t).state]++;
    }
}

int ja_report_domain_is_bad(const ja_report_domain_t *domain)
{
    switch (domain->state) {
    case JA_REPORT_ERROR:
    case JA_REPORT_EXPIRED:
    case JA_REPORT_REVOKED:
        return 1;
    case JA_REPORT_VALID:
    case JA_REPORT_RENEWING:
    case JA_REPORT_ISSUING:
    case JA_REPORT_STAGED:
        return domain->damage || !domain->live || domain->lacks_staple
               || (domain->proof && domain->proof->error_id);
    case JA_REPORT_IDLE:
    case JA_REPORT_STATE_COUNT:
        break;
    }
    return domain->damage != NULL;
}

int ja_report_account_is_bad(const ja_report_account_t *account)
{
    return account->damage || account->error;
}

int ja_report_has_restart(const ja_report_t *report)
{
    return report->restart_damage || (report->restart && report->restart->state != JA_RESTART_DONE);
}

int ja_report_restart_is_bad(const ja_report_t *report)
{
    return report->restart_damage
           || (report->restart && report->restart->state == JA_RESTART_REFUSED);
}

int ja_report_is_bad(const ja_report_t *report)
{
    int i;

    if (ja_report_restart_is_bad(report)) {
        return 1;
    }
    for (i = 0; i < report->accounts->nelts; i++) {
        if (ja_report_account_is_bad(
                &APR_ARRAY_IDX(report->accounts, i, const ja_report_account_t))) {
            return 1;
        }
    }
    for (i = 0; i < report->domains->nelts; i++) {
        if (ja_report_domain_is_bad(&APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t))) {
            return 1;
        }
    }
    return 0;
}

const char *ja_report_sub_text(const ja_job_sub_t *sub, apr_pool_t *pool)
{
    return apr_pstrcat(pool, sub->name ? sub->name : "", sub->name ? ": " : "", sub->type,
                       *sub->detail ? ": " : "", sub->detail, NULL);
}

/* The smaller, the more urgent. */
static int rank_of(const ja_report_domain_t *domain)
{
    static const int RANKS[JA_REPORT_STATE_COUNT] = {
        [JA_REPORT_EXPIRED] = 0, [JA_REPORT_REVOKED] = 1, [JA_REPORT_ERROR] = 2,
        [JA_REPORT_ISSUING] = 4, [JA_REPORT_STAGED] = 5,  [JA_REPORT_RENEWING] = 6,
        [JA_REPORT_VALID] = 7,   [JA_REPORT_IDLE] = 8,
    };

    return domain->damage && RANKS[domain->state] > 3 ? 3 : RANKS[domain->state];
}

/* Both point into one array, so the address is the place in the configuration. */
static int compare(const void *a, const void *b)
{
    const ja_report_domain_t *x = *(const ja_report_domain_t *const *)a;
    const ja_report_domain_t *y = *(const ja_report_domain_t *const *)b;
    int order = rank_of(x) - rank_of(y);

    if (order == 0 && x->not_after != y->not_after) {
        order = x->not_after < y->not_after ? -1 : 1;
    }
    return order != 0 ? order : (x > y) - (x < y);
}

apr_array_header_t *ja_report_by_attention(const ja_report_t *report, apr_pool_t *pool)
{
    apr_array_header_t *sorted =
        apr_array_make(pool, report->domains->nelts, sizeof(const ja_report_domain_t *));
    int i;

    for (i = 0; i < report->domains->nelts; i++) {
        APR_ARRAY_PUSH(sorted, const ja_report_domain_t *) =
            &APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t);
    }
    if (sorted->nelts > 0) {
        qsort(sorted->elts, (size_t)sorted->nelts, sizeof(const ja_report_domain_t *), compare);
    }
    return sorted;
}

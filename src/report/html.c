#include "report/html.h"

#include "json/json.h"
#include "report/escape.h"
#include "report/out.h"
#include "report/words.h"

#define NAME_CHARS  253
#define ERROR_CHARS 300
#define PART_CHARS  160

/* What surrounds the parts of a row, as a table and as a list. */
typedef struct {
    const char *begin;
    const char *row, *after_name, *between, *end_row;
    const char *end;
} form_t;

static const form_t TABLE = {
    "<table border=\"0\" cellpadding=\"4\"><tr><th>Domain</th><th>State</th><th>Valid until</th>"
    "<th>Next</th><th>Last error</th></tr>\n",
    "<tr valign=\"top\"><td>",
    "</td><td>",
    "</td><td>",
    "</td></tr>\n",
    "</table>\n",
};
static const form_t LIST = {
    "<dl>\n", "<dt>", "</dt><dd>", "<br />", "</dd>\n", "</dl>\n",
};

static void put(ja_out_t *out, const char *text, int max)
{
    ja_out_put(out, ja_escape_html(text, max, out->pool));
}

/* "2026-11-22T10:00:00Z (in 59 days)" */
static void put_time(ja_out_t *out, apr_time_t at, apr_time_t now)
{
    ja_out_printf(out, "<span style=\"white-space: nowrap\">%s</span> (%s)",
                  ja_json_time_print(at, out->pool), ja_words_when(JA_LANG_EN, at, now, out->pool));
}

static void put_names(ja_out_t *out, const ja_report_domain_t *domain)
{
    int i;

    put(out, domain->name, NAME_CHARS);
    for (i = 1; i < domain->names->nelts; i++) {
        ja_out_put(out, i == 1 ? " <small>" : ", ");
        put(out, APR_ARRAY_IDX(domain->names, i, const char *), NAME_CHARS);
    }
    ja_out_put(out, i > 1 ? "</small>" : "");
}

static void put_state(ja_out_t *out, const ja_report_domain_t *domain)
{
    const char *state = ja_words_state(JA_LANG_EN, domain->state);
    int is_bad = ja_report_domain_is_bad(domain);

    ja_out_printf(out, "%s%s%s", is_bad ? "<strong>" : "", state, is_bad ? "</strong>" : "");
    if (domain->activity) {
        ja_out_put(out, ", ");
        put(out, domain->activity, NAME_CHARS);
    }
}

static void put_validity(ja_out_t *out, const ja_report_domain_t *domain, apr_time_t now)
{
    if (domain->live) {
        put_time(out, domain->not_after, now);
    }
    else {
        ja_out_put(out, "no certificate");
    }
}

static void put_next(ja_out_t *out, const ja_report_domain_t *domain, apr_time_t now)
{
    ja_out_put(out, ja_words_domain_next(JA_LANG_EN, domain));
    if (domain->next_at != 0) {
        ja_out_put(out, domain->next_action == JA_REPORT_OCSP ? " " : ", ");
        put_time(out, domain->next_at, now);
    }
}

/* What the long text may have been cut before. */
static void put_parts(ja_out_t *out, const ja_job_error_t *error)
{
    int i;

    if (error->value) {
        ja_out_put(out, "<br />About: ");
        put(out, error->value, NAME_CHARS);
    }
    for (i = 0; error->subs && i < error->subs->nelts; i++) {
        ja_out_put(out, "<br />");
        put(out, ja_report_sub_text(&APR_ARRAY_IDX(error->subs, i, const ja_job_sub_t), out->pool),
            PART_CHARS);
    }
}

/* "JA0414 while placing the order, 5 minutes ago: text. Advice." */
static void put_error(ja_out_t *out, const ja_job_error_t *error, const char *damage,
                      apr_time_t now)
{
    if (error) {
        put(out, error->id, 16);
        ja_out_put(out, error->activity ? " while " : "");
        put(out, error->activity, 128);
        ja_out_printf(out, ", %s: ", ja_words_when(JA_LANG_EN, error->at, now, out->pool));
        put(out, error->text, ERROR_CHARS);
        put_parts(out, error);
        ja_out_put(out, "<br /><em>");
        put(out, ja_words_advice(JA_LANG_EN, error->id), ERROR_CHARS);
        ja_out_put(out, "</em>");
    }
    if (damage) {
        ja_out_put(out, error ? "<br />damaged: " : "damaged: ");
        put(out, damage, ERROR_CHARS);
    }
}

/* Something else is served than what is live. */
static void put_proof(ja_out_t *out, const ja_job_proof_t *proof)
{
    if (proof && proof->error_id) {
        ja_out_put(out, "<br />");
        put(out, proof->error_id, 16);
        ja_out_put(out, ": ");
        put(out, proof->text, ERROR_CHARS);
        ja_out_put(out, "<br /><em>");
        put(out, ja_words_advice(JA_LANG_EN, proof->error_id), ERROR_CHARS);
        ja_out_put(out, "</em>");
    }
}

static void put_staple(ja_out_t *out, const ja_report_domain_t *domain)
{
    if (domain->lacks_staple) {
        ja_out_put(out, "<br /><em>");
        put(out, ja_words_advice(JA_LANG_EN, ja_err_row(JA_E_SERVED_UNSTAPLED)->id), ERROR_CHARS);
        ja_out_put(out, "</em>");
    }
}

static void put_domain(ja_out_t *out, const form_t *form, const ja_report_domain_t *domain,
                       apr_time_t now)
{
    ja_out_put(out, form->row);
    put_names(out, domain);
    ja_out_put(out, form->after_name);
    put_state(out, domain);
    ja_out_put(out, form->between);
    put_validity(out, domain, now);
    ja_out_put(out, form->between);
    put_next(out, domain, now);
    ja_out_put(out, form->between);
    put_error(out, domain->error, domain->damage, now);
    put_proof(out, domain->proof);
    put_staple(out, domain);
    ja_out_put(out, form->end_row);
}

/* "3 domains: 2 valid, 1 error" */
static void put_totals(ja_out_t *out, const ja_report_t *report)
{
    int counts[JA_REPORT_STATE_COUNT];
    const char *between = ": ";
    int state;

    ja_report_count(counts, report);
    ja_out_printf(out, "<p>%d domain%s", report->domains->nelts,
                  report->domains->nelts == 1 ? "" : "s");
    for (state = 0; state < JA_REPORT_STATE_COUNT; state++) {
        if (counts[state] > 0) {
            ja_out_printf(out, "%s%d %s", between, counts[state],
                          ja_words_state(JA_LANG_EN, (ja_report_state_t)state));
            between = ", ";
        }
    }
    ja_out_put(out, "</p>\n");
}

/* Those that there is something to say of. */
static void put_accounts(ja_out_t *out, const ja_report_t *report)
{
    int i;

    for (i = 0; i < report->accounts->nelts; i++) {
        const ja_report_account_t *account =
            &APR_ARRAY_IDX(report->accounts, i, const ja_report_account_t);

        if (account->error || account->damage || account->eab_ends_at) {
            ja_out_put(out, "<p>Account at ");
            put(out, account->ca_url, ERROR_CHARS);
            ja_out_put(out, account->account_url ? ": " : ": not registered. ");
            if (account->eab_ends_at) {
                ja_out_put(out, "The EAB has to be used until ");
                put_time(out, account->eab_ends_at, report->now);
                ja_out_put(out, ". ");
            }
            put_error(out, account->error, account->damage, report->now);
            ja_out_put(out, "</p>\n");
        }
    }
}

/* "Automatic restart: refused, 5 minutes ago: text. Advice." */
static void put_restart(ja_out_t *out, const ja_report_t *report)
{
    const ja_restart_status_t *restart = report->restart;

    if (!ja_report_has_restart(report)) {
        return;
    }
    ja_out_put(out, "<p>Automatic restart: ");
    if (restart) {
        ja_out_printf(out, "%s since ",
                      ja_words_restart(JA_LANG_EN, (ja_restart_state_t)restart->state));
        put_time(out, restart->since, report->now);
        if (restart->next_at != 0) {
            ja_out_put(out, ", to be tried ");
            put_time(out, restart->next_at, report->now);
        }
        ja_out_put(out, restart->reason ? ": " : "");
        put(out, restart->reason, ERROR_CHARS);
    }
    put_error(out, NULL, report->restart_damage, report->now);
    ja_out_put(out, "</p>\n");
}

const char *ja_report_html(const ja_report_t *report, int max_rows, int use_table, apr_pool_t *pool)
{
    const apr_array_header_t *domains = ja_report_by_attention(report, pool);
    int rows = domains->nelts < max_rows ? domains->nelts : max_rows;
    const form_t *form = use_table ? &TABLE : &LIST;
    ja_out_t out = ja_out_make(pool);
    int i;

    ja_out_put(&out, "<hr />\n<h2>Managed Domains</h2>\n");
    put_totals(&out, report);
    put_accounts(&out, report);
    put_restart(&out, report);
    ja_out_put(&out, rows > 0 ? form->begin : "");
    for (i = 0; i < rows; i++) {
        put_domain(&out, form, APR_ARRAY_IDX(domains, i, const ja_report_domain_t *), report->now);
    }
    ja_out_put(&out, rows > 0 ? form->end : "");
    if (rows < domains->nelts) {
        ja_out_printf(&out,
                      "<p>%d more, less urgent ones, are shown by <code>jprs-acme status"
                      "</code>.</p>\n",
                      domains->nelts - rows);
    }
    return ja_out_text(&out);
}

#include "report/text.h"

#include <string.h>

#include <apr_strings.h>

#include "json/json.h"
#include "report/escape.h"
#include "report/out.h"
#include "report/table.h"

#define NAME_CHARS   253
#define ERROR_CHARS  300 /* in the overview */
#define DETAIL_CHARS 2048

typedef struct {
    const ja_report_t *report;
    ja_lang_t lang;
    apr_pool_t *pool;
} text_t;

static const char *clean(const text_t *t, const char *text, int max)
{
    return ja_escape_line(text, max, t->pool);
}

static const char *when(const text_t *t, apr_time_t at)
{
    return ja_words_when(t->lang, at, t->report->now, t->pool);
}

/* "2026-11-22T10:00:00Z (in 59 days)", or "" */
static const char *full_time(const text_t *t, apr_time_t at)
{
    if (at == 0) {
        return "";
    }
    return apr_psprintf(t->pool, "%s (%s)", ja_json_time_print(at, t->pool), when(t, at));
}

/* "2026-11-22 (in 59 days)" */
static const char *short_time(const text_t *t, apr_time_t at)
{
    return apr_psprintf(t->pool, "%.10s (%s)", ja_json_time_print(at, t->pool), when(t, at));
}

/* "try again, in 5 minutes"; "wait for ... at the latest in 5 minutes" */
static const char *next_text(const text_t *t, const ja_report_domain_t *domain)
{
    const char *action = ja_words_domain_next(t->lang, domain);

    return domain->next_at == 0
               ? action
               : apr_pstrcat(t->pool, action, domain->next_action == JA_REPORT_OCSP ? " " : ", ",
                             when(t, domain->next_at), NULL);
}

/* "a, b, c" from the `first` one on */
static const char *list(const text_t *t, const apr_array_header_t *names, int first)
{
    const char *text = "";
    int i;

    for (i = first; i < names->nelts; i++) {
        text = apr_pstrcat(t->pool, text, i > first ? ", " : "",
                           clean(t, APR_ARRAY_IDX(names, i, const char *), NAME_CHARS), NULL);
    }
    return text;
}

/* "JA0414 (placing the order): text" */
static const char *error_text(const text_t *t, const ja_job_error_t *error, int max)
{
    const char *activity = ja_words_activity(t->lang, error->activity);

    return apr_pstrcat(t->pool, clean(t, error->id, 16), activity ? " (" : "",
                       activity ? clean(t, activity, 128) : "", activity ? ")" : "", ": ",
                       clean(t, error->text, max), NULL);
}

/* ---- overview -------------------------------------------------------------------------------- */

static void note_error(ja_table_t *table, const text_t *t, const ja_job_error_t *error)
{
    const char *advice;

    if (!error) {
        return;
    }
    advice = ja_words_advice(t->lang, error->id);
    ja_table_note(table, error_text(t, error, ERROR_CHARS));
    if (advice) {
        ja_table_note(table, apr_pstrcat(t->pool, "-> ", advice, NULL));
    }
}

/* What is served is worth a note only if it is not what should be. */
static void note_proof(ja_table_t *table, const text_t *t, const ja_job_proof_t *proof)
{
    if (proof && proof->error_id) {
        ja_table_note(table, apr_pstrcat(t->pool, clean(t, proof->error_id, 16), ": ",
                                         clean(t, proof->text, ERROR_CHARS), NULL));
        ja_table_note(table,
                      apr_pstrcat(t->pool, "-> ", ja_words_advice(t->lang, proof->error_id), NULL));
    }
}

static const char *unstapled(const text_t *t)
{
    return ja_words_advice(t->lang, ja_err_row(JA_E_SERVED_UNSTAPLED)->id);
}

static void note_damage(ja_table_t *table, const text_t *t, const char *damage)
{
    if (damage) {
        ja_table_note(table, apr_pstrcat(t->pool, ja_words_get(t->lang, JA_WORD_DAMAGE), ": ",
                                         clean(t, damage, ERROR_CHARS), NULL));
    }
}

static void add_domain(ja_table_t *table, const text_t *t, const ja_report_domain_t *domain)
{
    const char *cells[] = {
        clean(t, domain->name, NAME_CHARS),
        ja_words_state(t->lang, domain->state),
        domain->live ? short_time(t, domain->not_after)
                     : ja_words_get(t->lang, JA_WORD_NO_CERTIFICATE),
        next_text(t, domain),
    };

    ja_table_row(table, cells);
    if (domain->names->nelts > 1) {
        ja_table_note(table, apr_pstrcat(t->pool, "+ ", list(t, domain->names, 1), NULL));
    }
    if (domain->activity) {
        ja_table_note(table, apr_pstrcat(t->pool, ja_words_get(t->lang, JA_WORD_NOW), ": ",
                                         ja_words_activity(t->lang, domain->activity), NULL));
    }
    note_error(table, t, domain->error);
    note_proof(table, t, domain->proof);
    if (domain->lacks_staple) {
        ja_table_note(table, apr_pstrcat(t->pool, "-> ", unstapled(t), NULL));
    }
    note_damage(table, t, domain->damage);
}

static void add_account(ja_table_t *table, const text_t *t, const ja_report_account_t *account)
{
    const ja_report_next_t next = account->held ? JA_REPORT_ACCOUNT : JA_REPORT_RETRY;
    const char *cells[] = {
        clean(t, account->ca_url, DETAIL_CHARS),
        account->account_url ? "" : ja_words_get(t->lang, JA_WORD_NOT_REGISTERED),
        "",
        account->next_at ? apr_pstrcat(t->pool, ja_words_next(t->lang, next), ", ",
                                       when(t, account->next_at), NULL)
                         : "",
    };

    ja_table_row(table, cells);
    if (account->eab_ends_at) {
        ja_table_note(table, apr_pstrcat(t->pool, ja_words_get(t->lang, JA_WORD_EAB_ENDS), ": ",
                                         short_time(t, account->eab_ends_at), NULL));
    }
    note_error(table, t, account->error);
    note_damage(table, t, account->damage);
}

static const char *domains_text(const text_t *t)
{
    const apr_array_header_t *domains = t->report->domains;
    const char *heads[] = {
        ja_words_get(t->lang, JA_WORD_DOMAIN),
        ja_words_get(t->lang, JA_WORD_STATE),
        ja_words_get(t->lang, JA_WORD_VALID_UNTIL),
        ja_words_get(t->lang, JA_WORD_NEXT),
    };
    ja_table_t *table = ja_table_make(4, t->pool);
    int i;

    ja_table_row(table, heads);
    for (i = 0; i < domains->nelts; i++) {
        add_domain(table, t, &APR_ARRAY_IDX(domains, i, const ja_report_domain_t));
    }
    return ja_table_text(table, t->pool);
}

/* Those that there is something to say of, under a heading of their own; "" if there are none. */
static const char *accounts_text(const text_t *t)
{
    const char *heads[] = { ja_words_get(t->lang, JA_WORD_ACCOUNT), "", "", "" };
    ja_table_t *table = ja_table_make(4, t->pool);
    int found = 0;
    int i;

    ja_table_row(table, heads);
    for (i = 0; i < t->report->accounts->nelts; i++) {
        const ja_report_account_t *account =
            &APR_ARRAY_IDX(t->report->accounts, i, const ja_report_account_t);

        if (account->error || account->damage || account->eab_ends_at) {
            add_account(table, t, account);
            found = 1;
        }
    }
    return found ? apr_pstrcat(t->pool, "\n", ja_table_text(table, t->pool), NULL) : "";
}

/* "" if there is nothing to say. */
static const char *restart_text(const text_t *t)
{
    const ja_restart_status_t *restart = t->report->restart;
    ja_table_t *table = ja_table_make(4, t->pool);
    const char *cells[] = { ja_words_get(t->lang, JA_WORD_AUTO_RESTART), "", "", "" };

    if (!ja_report_has_restart(t->report)) {
        return "";
    }
    if (restart) {
        cells[1] = ja_words_restart(t->lang, (ja_restart_state_t)restart->state);
        cells[2] = short_time(t, restart->since);
        if (restart->state == JA_RESTART_REFUSED) {
            cells[3] = apr_pstrcat(t->pool, ja_words_next(t->lang, JA_REPORT_RETRY), ", ",
                                   when(t, restart->next_at), NULL);
        }
    }
    ja_table_row(table, cells);
    if (restart && restart->reason) {
        ja_table_note(table, clean(t, restart->reason, ERROR_CHARS));
        ja_table_note(table,
                      apr_pstrcat(t->pool, "-> ",
                                  ja_words_advice(t->lang, ja_err_row(JA_E_NO_RESTART)->id), NULL));
    }
    note_damage(table, t, t->report->restart_damage);
    return apr_pstrcat(t->pool, "\n", ja_table_text(table, t->pool), NULL);
}

const char *ja_report_text(const ja_report_t *report, ja_lang_t lang, apr_pool_t *pool)
{
    text_t t = { report, lang, pool };

    if (report->domains->nelts == 0) {
        return apr_pstrcat(pool, ja_words_get(lang, JA_WORD_NO_DOMAINS), "\n", NULL);
    }
    return apr_pstrcat(pool, domains_text(&t), accounts_text(&t), restart_text(&t), NULL);
}

/* ---- details --------------------------------------------------------------------------------- */

/* A row, unless there is nothing to say. */
static void say(ja_table_t *table, const char *label, const char *text)
{
    const char *cells[] = { label, text };

    if (text && *text) {
        ja_table_row(table, cells);
    }
}

static void say_word(ja_table_t *table, const text_t *t, ja_word_t word, const char *text)
{
    say(table, ja_words_get(t->lang, word), text);
}

static void say_certs(ja_table_t *table, const text_t *t, ja_word_t word, const ja_set_t *set)
{
    int i;

    for (i = 0; set && i < set->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t);
        const ja_cert_facts_t *facts = &cert->facts;

        say_word(table, t, word, ja_enumstr_print(&ja_key_spec_names, cert->spec));
        say(table, "",
            apr_psprintf(t->pool, "%s - %s", ja_json_time_print(facts->not_before, t->pool),
                         full_time(t, facts->not_after)));
        say(table, "", clean(t, facts->issuer, DETAIL_CHARS));
        say(table, "", apr_pstrcat(t->pool, "serial ", clean(t, facts->serial, 128), NULL));
        say(table, "", apr_pstrcat(t->pool, "SHA-256 ", clean(t, facts->sha256, 128), NULL));
    }
}

/* "good, until 2026-11-26T10:00:00Z (in 3 days)" for each live certificate that names a responder.
 */
static void say_ocsp(ja_table_t *table, const text_t *t, const ja_report_domain_t *domain)
{
    int i;

    for (i = 0; domain->live && i < domain->ocsp->nelts; i++) {
        const ja_report_ocsp_t *ocsp = &APR_ARRAY_IDX(domain->ocsp, i, const ja_report_ocsp_t);

        if (APR_ARRAY_IDX(domain->live->certs, i, const ja_set_cert_t).facts.ocsp_url) {
            say_word(table, t, JA_WORD_OCSP,
                     ocsp->has ? apr_pstrcat(
                         t->pool, ja_enumstr_print(&ja_ocsp_status_names, ocsp->facts.status), ", ",
                         full_time(t, ja_ocsp_until(&ocsp->facts)), NULL)
                               : ja_words_get(t->lang, JA_WORD_NO_RESPONSE));
        }
    }
    if (domain->lacks_staple) {
        say_word(table, t, JA_WORD_ADVICE, unstapled(t));
    }
}

static void say_parts(ja_table_t *table, const text_t *t, const ja_job_error_t *error)
{
    int i;

    say_word(table, t, JA_WORD_ABOUT, clean(t, error->value, NAME_CHARS));
    for (i = 0; error->subs && i < error->subs->nelts; i++) {
        const ja_job_sub_t *sub = &APR_ARRAY_IDX(error->subs, i, const ja_job_sub_t);

        say(table, i == 0 ? ja_words_get(t->lang, JA_WORD_EACH) : "",
            clean(t, ja_report_sub_text(sub, t->pool), ERROR_CHARS));
    }
}

/* Whether it is what visitors get. */
static void say_proof(ja_table_t *table, const text_t *t, const ja_job_proof_t *proof)
{
    if (proof) {
        say_word(table, t, JA_WORD_SERVED,
                 apr_pstrcat(t->pool, clean(t, proof->verdict, 32), ", ", full_time(t, proof->at),
                             NULL));
        say(table, "", clean(t, proof->text, DETAIL_CHARS));
        if (proof->error_id) {
            say_word(table, t, JA_WORD_ADVICE, ja_words_advice(t->lang, proof->error_id));
        }
    }
}

static void say_error(ja_table_t *table, const text_t *t, const ja_report_domain_t *domain)
{
    const ja_job_error_t *error = domain->error;

    if (!error) {
        return;
    }
    say_word(table, t, JA_WORD_ERROR, error_text(t, error, DETAIL_CHARS));
    say(table, "", full_time(t, error->at));
    say_parts(table, t, error);
    say_word(table, t, JA_WORD_ADVICE, ja_words_advice(t->lang, error->id));
    say_word(table, t, JA_WORD_ACTOR, ja_words_who(t->lang, error->id));
    say_word(table, t, JA_WORD_ATTEMPTS,
             apr_psprintf(t->pool, "%" APR_INT64_T_FMT, domain->attempts));
}

static void say_history(ja_table_t *table, const text_t *t, const apr_array_header_t *history)
{
    int i;

    for (i = 0; i < history->nelts; i++) {
        const ja_job_event_t *event = &APR_ARRAY_IDX(history, i, const ja_job_event_t);

        say(table, i == 0 ? ja_words_get(t->lang, JA_WORD_HISTORY) : "",
            apr_pstrcat(t->pool, ja_json_time_print(event->at, t->pool), " ",
                        clean(t, event->event, 32), ": ", clean(t, event->text, ERROR_CHARS),
                        NULL));
    }
}

static void say_account(ja_table_t *table, const text_t *t, const char *ca_url)
{
    int i;

    for (i = 0; i < t->report->accounts->nelts; i++) {
        const ja_report_account_t *account =
            &APR_ARRAY_IDX(t->report->accounts, i, const ja_report_account_t);

        if (strcmp(account->ca_url, ca_url) == 0) {
            say_word(table, t, JA_WORD_ACCOUNT,
                     account->account_url ? clean(t, account->account_url, DETAIL_CHARS)
                                          : ja_words_get(t->lang, JA_WORD_NOT_REGISTERED));
            say_word(table, t, JA_WORD_REGISTERED, full_time(t, account->registered_at));
            say_word(table, t, JA_WORD_EAB_ENDS, full_time(t, account->eab_ends_at));
            say_word(table, t, JA_WORD_DAMAGE, clean(t, account->damage, DETAIL_CHARS));
        }
    }
}

static const char *domain_text(const text_t *t, const ja_report_domain_t *domain)
{
    ja_table_t *table = ja_table_make(2, t->pool);

    say_word(table, t, JA_WORD_NAMES, list(t, domain->names, 0));
    say_word(table, t, JA_WORD_STATE, ja_words_state(t->lang, domain->state));
    say_word(table, t, JA_WORD_VALID_UNTIL,
             domain->live ? full_time(t, domain->not_after)
                          : ja_words_get(t->lang, JA_WORD_NO_CERTIFICATE));
    say_word(table, t, JA_WORD_NOW, ja_words_activity(t->lang, domain->activity));
    say_word(table, t, JA_WORD_NEXT, next_text(t, domain));
    say_error(table, t, domain);
    say_word(table, t, JA_WORD_DAMAGE, clean(t, domain->damage, DETAIL_CHARS));
    say_certs(table, t, JA_WORD_CERTIFICATE, domain->live);
    say_ocsp(table, t, domain);
    say_proof(table, t, domain->proof);
    say_certs(table, t, JA_WORD_STAGED, domain->staged);
    say_word(table, t, JA_WORD_CA, clean(t, domain->ca_url, DETAIL_CHARS));
    say_account(table, t, domain->ca_url);
    say_history(table, t, domain->history);
    return ja_table_text(table, t->pool);
}

const char *ja_report_text_details(const ja_report_t *report, ja_lang_t lang, apr_pool_t *pool)
{
    text_t t = { report, lang, pool };
    ja_out_t out = ja_out_make(pool);
    int i;

    for (i = 0; i < report->domains->nelts; i++) {
        ja_out_put(&out, i > 0 ? "\n" : "");
        ja_out_put(&out,
                   domain_text(&t, &APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t)));
    }
    ja_out_put(&out, restart_text(&t));
    return ja_out_text(&out);
}

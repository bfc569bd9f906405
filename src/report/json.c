#include "report/json.h"

#include "report/words.h"

static ja_json_t *advice_json(const char *id, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);
    int lang;

    for (lang = 0; lang < JA_LANG_COUNT; lang++) {
        ja_json_set_str(json, ja_enumstr_print(&ja_lang_names, lang),
                        ja_words_advice((ja_lang_t)lang, id));
    }
    return json;
}

/* "actor", "retry": what the catalogue says, for programs; nothing for an id that it does not have.
 */
static void set_class(ja_json_t *object, const char *id)
{
    ja_code_t code = ja_err_code_find(id);

    if (code != JA_E_COUNT) {
        ja_json_set_str(object, "actor",
                        ja_enumstr_print(&ja_actor_names, (int)ja_err_row(code)->actor));
        ja_json_set_str(object, "retry",
                        ja_enumstr_print(&ja_retry_names, (int)ja_err_row(code)->retry));
    }
}

static ja_json_t *subs_json(const apr_array_header_t *subs, apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    int i;

    for (i = 0; subs && i < subs->nelts; i++) {
        const ja_job_sub_t *sub = &APR_ARRAY_IDX(subs, i, ja_job_sub_t);
        ja_json_t *json = ja_json_object(pool);

        ja_json_set_str(json, "name", sub->name);
        ja_json_set_str(json, "type", sub->type);
        ja_json_set_str(json, "detail", sub->detail);
        ja_json_set_str(json, "value", sub->value);
        ja_json_append(array, json);
    }
    return array;
}

static void set_error(ja_json_t *object, const ja_job_error_t *error, apr_pool_t *pool)
{
    ja_json_t *json;

    if (!error) {
        return;
    }
    json = ja_json_object(pool);
    ja_json_set_str(json, "id", error->id);
    ja_json_set_str(json, "text", error->text);
    ja_json_set_str(json, "activity", error->activity);
    ja_json_set_time(json, "at", error->at);
    ja_json_set_str(json, "value", error->value);
    ja_json_set(json, "subproblems", subs_json(error->subs, pool));
    set_class(json, error->id);
    ja_json_set(json, "advice", advice_json(error->id, pool));
    ja_json_set(object, "error", json);
}

/* "ocsp" of a certificate that names a responder. */
static void set_ocsp(ja_json_t *object, const ja_report_ocsp_t *ocsp, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    if (ocsp->has) {
        ja_json_set_str(json, "status",
                        ja_enumstr_print(&ja_ocsp_status_names, ocsp->facts.status));
        ja_json_set_time(json, "thisUpdate", ocsp->facts.this_update);
        ja_json_set_time(json, "nextUpdate", ocsp->facts.next_update);
    }
    ja_json_set(object, "ocsp", json);
}

static ja_json_t *cert_json(const ja_set_cert_t *cert, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "key", ja_enumstr_print(&ja_key_spec_names, cert->spec));
    ja_json_set_str(json, "serial", cert->facts.serial);
    ja_json_set_str(json, "issuer", cert->facts.issuer);
    ja_json_set_time(json, "notBefore", cert->facts.not_before);
    ja_json_set_time(json, "notAfter", cert->facts.not_after);
    ja_json_set_str(json, "sha256", cert->facts.sha256);
    ja_json_set_strs(json, "names", cert->facts.names);
    return json;
}

/* NULL: no certificates; `ocsp` is NULL or has what is kept for each. */
static void set_certificates(ja_json_t *object, const ja_set_t *set, const apr_array_header_t *ocsp,
                             apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    int i;

    for (i = 0; set && i < set->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(set->certs, i, const ja_set_cert_t);
        ja_json_t *json = cert_json(cert, pool);

        if (ocsp && cert->facts.ocsp_url) {
            set_ocsp(json, &APR_ARRAY_IDX(ocsp, i, const ja_report_ocsp_t), pool);
        }
        ja_json_append(array, json);
    }
    ja_json_set(object, "certificates", array);
}

static void set_staged(ja_json_t *object, const ja_set_t *staged, apr_pool_t *pool)
{
    ja_json_t *json;

    if (!staged) {
        return;
    }
    json = ja_json_object(pool);
    ja_json_set_time(json, "at", staged->created_at);
    set_certificates(json, staged, NULL, pool);
    ja_json_set(object, "staged", json);
}

static void set_proof(ja_json_t *object, const ja_job_proof_t *proof, apr_pool_t *pool)
{
    ja_json_t *json;

    if (!proof) {
        return;
    }
    json = ja_json_object(pool);
    ja_json_set_str(json, "verdict", proof->verdict);
    ja_json_set_time(json, "at", proof->at);
    ja_json_set_str(json, "id", proof->error_id);
    ja_json_set_str(json, "text", proof->text);
    if (proof->error_id) {
        ja_json_set(json, "advice", advice_json(proof->error_id, pool));
    }
    ja_json_set(object, "served", json);
}

static void set_next(ja_json_t *object, const ja_report_domain_t *domain, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "action",
                    ja_enumstr_print(&ja_report_next_names, (int)domain->next_action));
    ja_json_set_time(json, "at", domain->next_at);
    if (domain->next_action == JA_REPORT_WAIT) {
        ja_json_set_str(json, "for",
                        ja_enumstr_print(&ja_governor_why_names, (int)domain->waits_for));
    }
    ja_json_set(object, "next", json);
}

static void set_history(ja_json_t *object, const apr_array_header_t *history, apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    int i;

    for (i = 0; i < history->nelts; i++) {
        const ja_job_event_t *event = &APR_ARRAY_IDX(history, i, const ja_job_event_t);
        ja_json_t *json = ja_json_object(pool);

        ja_json_set_time(json, "at", event->at);
        ja_json_set_str(json, "event", event->event);
        ja_json_set_str(json, "text", event->text);
        ja_json_append(array, json);
    }
    ja_json_set(object, "history", array);
}

static ja_json_t *domain_json(const ja_report_domain_t *domain, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "name", domain->name);
    ja_json_set_strs(json, "names", domain->names);
    ja_json_set_str(json, "ca", domain->ca_url);
    ja_json_set_str(json, "state", ja_enumstr_print(&ja_report_state_names, (int)domain->state));
    ja_json_set_bool(json, "bad", ja_report_domain_is_bad(domain));
    ja_json_set_time(json, "notBefore", domain->not_before);
    ja_json_set_time(json, "notAfter", domain->not_after);
    ja_json_set_str(json, "activity", domain->activity);
    set_next(json, domain, pool);
    set_error(json, domain->error, pool);
    ja_json_set_int(json, "attempts", domain->attempts);
    ja_json_set_str(json, "damage", domain->damage);
    set_certificates(json, domain->live, domain->ocsp, pool);
    set_proof(json, domain->proof, pool);
    set_staged(json, domain->staged, pool);
    set_history(json, domain->history, pool);
    return json;
}

static ja_json_t *account_json(const ja_report_account_t *account, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "id", account->ca_id);
    ja_json_set_str(json, "ca", account->ca_url);
    ja_json_set_str(json, "url", account->account_url);
    ja_json_set_time(json, "registered", account->registered_at);
    set_error(json, account->error, pool);
    ja_json_set_time(json, "next", account->next_at);
    ja_json_set_bool(json, "held", account->held);
    ja_json_set_time(json, "eabEnds", account->eab_ends_at);
    ja_json_set_str(json, "damage", account->damage);
    ja_json_set_bool(json, "bad", ja_report_account_is_bad(account));
    return json;
}

static void set_restart(ja_json_t *object, const ja_report_t *report, apr_pool_t *pool)
{
    const ja_restart_status_t *restart = report->restart;
    ja_json_t *json = ja_json_object(pool);

    if (restart) {
        ja_json_set_str(json, "state", ja_enumstr_print(&ja_restart_state_names, restart->state));
        ja_json_set_time(json, "since", restart->since);
        ja_json_set_time(json, "next", restart->next_at);
        ja_json_set_str(json, "reason", restart->reason);
    }
    if (restart || report->restart_damage) {
        ja_json_set_str(json, "damage", report->restart_damage);
        ja_json_set_bool(json, "bad", ja_report_restart_is_bad(report));
        ja_json_set(object, "restart", json);
    }
}

ja_json_t *ja_report_json(const ja_report_t *report, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);
    ja_json_t *domains = ja_json_array(pool);
    ja_json_t *accounts = ja_json_array(pool);
    int i;

    for (i = 0; i < report->domains->nelts; i++) {
        ja_json_append(
            domains,
            domain_json(&APR_ARRAY_IDX(report->domains, i, const ja_report_domain_t), pool));
    }
    for (i = 0; i < report->accounts->nelts; i++) {
        ja_json_append(
            accounts,
            account_json(&APR_ARRAY_IDX(report->accounts, i, const ja_report_account_t), pool));
    }
    ja_json_set_time(json, "now", report->now);
    ja_json_set(json, "domains", domains);
    ja_json_set(json, "accounts", accounts);
    set_restart(json, report, pool);
    return json;
}

/* The plan as config.json, and back. The directive table is the schema: values are stored as the
 * words of their directives, so a new directive needs nothing here. A domain has only what differs
 * from the server's values.
 *
 *   {"version": 1,
 *    "settings": {"ManagedDomainStore": ["/var/lib/jprs-acme"], "ManagedDomainKeys": ["p256"]},
 *    "accounts": [{"id": "...", "url": "...", "eab_issued": "2026-11-01T00:00:00Z"}],
 *    "domains": [{"names": ["www.example.jp"], "used": true, "file": "...", "line": 7,
 *                 "settings": {"ManagedDomainKeys": ["rsa2048"]}}]}
 */
#include "issue/plan.h"

#include <string.h>

#include <apr_strings.h>

#include "json/json.h"

#define ITEM      "config.json"
#define VERSION   1
#define MAX_BYTES (16 * 1024 * 1024)

/* ---- writing --------------------------------------------------------------------------------- */

static int is_same_field(const ja_settings_t *a, const ja_settings_t *b, const ja_setting_t *row)
{
    return memcmp((const char *)a + row->offset, (const char *)b + row->offset, row->size) == 0;
}

/* The values that differ from those of `base` (NULL: all). */
static ja_json_t *settings_to_json(const ja_settings_t *settings, const ja_settings_t *base,
                                   apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);
    const ja_setting_t *row;
    apr_array_header_t *words;

    for (row = ja_settings_table(); row->name; row++) {
        if (base && is_same_field(settings, base, row)) {
            continue;
        }
        words = apr_array_make(pool, 2, sizeof(const char *));
        row->print(words, settings, pool);
        if (words->nelts > 0) {
            ja_json_set_strs(json, row->name, words);
        }
    }
    return json;
}

static ja_json_t *domain_to_json(const ja_plan_domain_t *domain, const ja_settings_t *server,
                                 apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_strs(json, "names", domain->names);
    ja_json_set_bool(json, "used", domain->is_used);
    ja_json_set_str(json, "file", domain->place.file);
    ja_json_set_int(json, "line", domain->place.line);
    if (domain->settings != server) {
        ja_json_set(json, "settings", settings_to_json(domain->settings, server, pool));
    }
    return json;
}

static ja_json_t *ca_to_json(const ja_plan_ca_t *ca, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "id", ca->id);
    ja_json_set_str(json, "url", ca->url);
    ja_json_set_time(json, "eab_issued", ca->eab ? ca->eab->issued_at : 0);
    return json;
}

static const char *plan_to_text(const ja_plan_t *plan, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);
    ja_json_t *accounts = ja_json_array(pool);
    ja_json_t *domains = ja_json_array(pool);
    int i;

    for (i = 0; i < plan->cas->nelts; i++) {
        ja_json_append(accounts, ca_to_json(APR_ARRAY_IDX(plan->cas, i, ja_plan_ca_t *), pool));
    }
    for (i = 0; i < plan->domains->nelts; i++) {
        ja_json_append(domains, domain_to_json(APR_ARRAY_IDX(plan->domains, i, ja_plan_domain_t *),
                                               plan->settings, pool));
    }
    ja_json_set_int(json, "version", VERSION);
    ja_json_set(json, "settings", settings_to_json(plan->settings, NULL, pool));
    ja_json_set(json, "accounts", accounts);
    ja_json_set(json, "domains", domains);
    return ja_json_print(json, pool);
}

ja_err_t *ja_plan_publish(const ja_plan_t *plan, ja_store_t *store, apr_pool_t *scratch)
{
    const char *text = plan_to_text(plan, scratch);
    ja_item_t item = { ITEM, text, strlen(text), 0 };
    ja_bytes_t old;

    /* What can't be read is replaced like what differs. */
    if (ja_store_load(&old, store, JA_GROUP_TOP, NULL, ITEM, MAX_BYTES, scratch, scratch) == NULL
        && old.len == item.len && memcmp(old.bytes, text, old.len) == 0) {
        return NULL;
    }
    return ja_store_save(store, JA_GROUP_TOP, NULL, &item, JA_FS_LAZY, scratch);
}

/* ---- reading --------------------------------------------------------------------------------- */

static apr_array_header_t *strs_of_json(const ja_json_t *array, apr_pool_t *pool)
{
    apr_array_header_t *strs = apr_array_make(pool, ja_json_count(array), sizeof(const char *));
    const char *str;
    int i;

    for (i = 0; i < ja_json_count(array); i++) {
        str = ja_json_str(ja_json_at(array, i));
        if (str) {
            APR_ARRAY_PUSH(strs, const char *) = apr_pstrdup(pool, str);
        }
    }
    return strs;
}

/* What is absent is inherited. Without a root no file is looked at: it may have gone since. */
static ja_err_t *settings_of_json(ja_settings_t *settings, const ja_json_t *json,
                                  apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_setting_t *row;
    const ja_json_t *words;
    const char *fault;

    memset(settings, 0, sizeof(*settings));
    for (row = ja_settings_table(); row->name; row++) {
        words = ja_json_get(json, row->name);
        if (!words) {
            continue;
        }
        fault = ja_settings_give(settings, row, strs_of_json(words, result), NULL, result);
        if (fault) {
            return ja_err_make(JA_E_SYNTAX, scratch, "%s: %s", ITEM, fault);
        }
    }
    return NULL;
}

static ja_err_t *declared_of_json(ja_declared_t *declared, const ja_json_t *json,
                                  apr_pool_t *result, apr_pool_t *scratch)
{
    const ja_json_t *own = ja_json_get(json, "settings");
    ja_settings_t *settings = apr_palloc(result, sizeof(*settings));

    JA_TRY(settings_of_json(settings, own, result, scratch));
    declared->words = strs_of_json(ja_json_get(json, "names"), result);
    declared->settings = own ? settings : NULL;
    declared->place.file = apr_pstrdup(result, ja_json_get_str(json, "file", ""));
    declared->place.line = (int)ja_json_get_int(json, "line", 0);
    return NULL;
}

/* What JSON says of each domain, as httpd.conf would have said it. */
static ja_err_t *plan_of_json(ja_plan_t **plan, const ja_json_t *json, apr_pool_t *result,
                              apr_pool_t *scratch)
{
    const ja_json_t *domains = ja_json_get(json, "domains");
    int count = ja_json_count(domains);
    apr_array_header_t *declared = apr_array_make(result, count, sizeof(ja_declared_t));
    ja_settings_t *server = apr_palloc(result, sizeof(*server));
    apr_array_header_t *complaints;
    int i;

    if (ja_json_get_int(json, "version", 0) != VERSION) {
        return ja_err_make(JA_E_SYNTAX, scratch, "%s is of another version of this program", ITEM);
    }
    JA_TRY(settings_of_json(server, ja_json_get(json, "settings"), result, scratch));
    for (i = 0; i < count; i++) {
        JA_TRY(declared_of_json(apr_array_push(declared), ja_json_at(domains, i), result, scratch));
    }
    JA_TRY(ja_plan_make(plan, &complaints, declared, server, result, scratch));
    if (complaints->nelts > 0) {
        return ja_err_make(JA_E_SYNTAX, scratch, "%s: %s", ITEM,
                           APR_ARRAY_IDX(complaints, 0, ja_complaint_t).text);
    }
    for (i = 0; i < count; i++) {
        APR_ARRAY_IDX((*plan)->domains, i, ja_plan_domain_t *)->is_used =
            ja_json_get_bool(ja_json_at(domains, i), "used", 0);
    }
    return NULL;
}

/* The one thing of an EAB that is not secret. */
static void read_accounts(ja_plan_t *plan, const ja_json_t *accounts)
{
    int i, j;

    for (i = 0; i < plan->cas->nelts; i++) {
        ja_plan_ca_t *ca = APR_ARRAY_IDX(plan->cas, i, ja_plan_ca_t *);

        for (j = 0; j < ja_json_count(accounts); j++) {
            const ja_json_t *account = ja_json_at(accounts, j);

            if (strcmp(ja_json_get_str(account, "id", ""), ca->id) == 0) {
                ca->eab_issued_at = ja_json_time_parse(ja_json_get_str(account, "eab_issued", ""));
            }
        }
    }
}

ja_err_t *ja_plan_load(ja_plan_t **plan, ja_store_t *store, apr_pool_t *result, apr_pool_t *scratch)
{
    ja_bytes_t bytes;
    ja_json_t *json;

    JA_TRY(ja_store_load(&bytes, store, JA_GROUP_TOP, NULL, ITEM, MAX_BYTES, scratch, scratch));
    JA_TRY_W(ja_json_parse(&json, bytes.bytes, bytes.len, MAX_BYTES, scratch, scratch), scratch,
             "%s", ITEM);
    JA_TRY(plan_of_json(plan, json, result, scratch));
    read_accounts(*plan, ja_json_get(json, "accounts"));
    return NULL;
}

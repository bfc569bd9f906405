#include "issue/rollback.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "issue/set.h"
#include "json/bind.h"
#include "store/names.h"

#define REQUEST "rollback-"    /* NAME.json, written by the command */
#define ANSWER  "rolled-back-" /* NAME.json, written by the parent  */

#define FILE_MAX_BYTES 4096
#define ITEMS_MAX      100000
#define NAME_MAX       255
#define ID_MAX         16
#define TEXT_MAX       512

typedef struct {
    const char *name;
    apr_time_t at;
} request_t;

/* clang-format off */
#define OF(field) offsetof(request_t, field)
static const ja_field_t REQUEST_FIELDS[] = {
    { "name", JA_FIELD_STR,  OF(name), .required = 1, .max = NAME_MAX },
    { "at",   JA_FIELD_TIME, OF(at),   .required = 1 },
    { NULL }
};
#undef OF
static const ja_bind_t REQUEST_BIND = { "request", sizeof(request_t), REQUEST_FIELDS };

#define OF(field) offsetof(ja_rollback_t, field)
static const ja_field_t ANSWER_FIELDS[] = {
    { "name",          JA_FIELD_STR,  OF(name),          .required = 1, .max = NAME_MAX },
    { "asked_at",      JA_FIELD_TIME, OF(asked_at),      .required = 1 },
    { "answered_at",   JA_FIELD_TIME, OF(answered_at),   .required = 0 },
    { "error",         JA_FIELD_STR,  OF(error),         .max = ID_MAX },
    { "text",          JA_FIELD_STR,  OF(text),          .max = TEXT_MAX },
    { "generation",    JA_FIELD_INT,  OF(generation),    .max = APR_INT32_MAX },
    { "passed_to",     JA_FIELD_INT,  OF(passed_to),     .max = APR_INT32_MAX },
    { "done_at",       JA_FIELD_TIME, OF(done_at),       .required = 0 },
    { "needs_restart", JA_FIELD_BOOL, OF(needs_restart), .required = 0 },
    { NULL }
};
#undef OF
static const ja_bind_t ANSWER_BIND = { "answer", sizeof(ja_rollback_t), ANSWER_FIELDS };
/* clang-format on */

/* ---- items ----------------------------------------------------------------------------------- */

static ja_err_t *item_of(const char **item, const char *kind, const char *name, apr_pool_t *scratch)
{
    const char *dir = ja_names_dir(name, scratch);

    if (!dir) {
        return ja_err_make(JA_E_SYNTAX, scratch, "\"%s\" can't be the name of a managed domain",
                           name);
    }
    *item = apr_pstrcat(scratch, kind, dir, ".json", NULL);
    return NULL;
}

/* `out` is all zero if there is no such item. */
static ja_err_t *load(void *out, const ja_bind_t *bind, const char *kind, ja_store_t *store,
                      const char *name, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *item = NULL;
    ja_bytes_t bytes;
    ja_json_t *json;
    ja_err_t *err;

    memset(out, 0, bind->size);
    JA_TRY(item_of(&item, kind, name, scratch));
    err = ja_store_load(&bytes, store, JA_GROUP_REQUESTS, NULL, item, FILE_MAX_BYTES, scratch,
                        scratch);
    if (err && err->code == JA_E_NOT_FOUND) {
        return NULL;
    }
    JA_TRY(err);
    JA_TRY_W(ja_json_parse(&json, bytes.bytes, bytes.len, FILE_MAX_BYTES, scratch, scratch),
             scratch, "reading %s", item);
    JA_TRY_W(ja_bind_read(out, bind, json, result, scratch), scratch, "reading %s", item);
    return NULL;
}

static ja_err_t *save(const void *what, const ja_bind_t *bind, const char *kind, ja_store_t *store,
                      const char *name, apr_pool_t *scratch)
{
    const char *text = ja_json_print_pretty(ja_bind_print(bind, what, scratch), scratch);
    ja_item_t item = { .bytes = text, .len = strlen(text) };

    JA_TRY(item_of(&item.item, kind, name, scratch));
    return ja_store_save(store, JA_GROUP_REQUESTS, NULL, &item, JA_FS_DURABLE, scratch);
}

static apr_time_t whole_second(apr_time_t at)
{
    return at - at % APR_USEC_PER_SEC;
}

/* ---- asking and looking ---------------------------------------------------------------------- */

ja_err_t *ja_rollback_ask(apr_time_t *at, ja_store_t *store, const char *name, apr_time_t now,
                          apr_pool_t *scratch)
{
    request_t last;
    request_t request = { name, whole_second(now) };
    ja_err_t *damage = load(&last, &REQUEST_BIND, REQUEST, store, name, scratch, scratch);

    if (!damage && request.at <= last.at && last.at <= now + apr_time_from_sec(60)) {
        request.at = last.at + APR_USEC_PER_SEC; /* another one */
    }
    *at = request.at;
    return save(&request, &REQUEST_BIND, REQUEST, store, name, scratch);
}

ja_err_t *ja_rollback_load(ja_rollback_t *answer, ja_store_t *store, const char *name,
                           apr_pool_t *result, apr_pool_t *scratch)
{
    return load(answer, &ANSWER_BIND, ANSWER, store, name, result, scratch);
}

apr_time_t ja_rollback_done_at(ja_store_t *store, const char *name, apr_pool_t *scratch)
{
    ja_rollback_t answer;
    ja_err_t *err = ja_rollback_load(&answer, store, name, scratch, scratch);

    return err ? 0 : answer.done_at;
}

/* ---- carrying out ---------------------------------------------------------------------------- */

ja_err_t *ja_rollback_list(apr_array_header_t **domains, ja_store_t *store, const ja_plan_t *plan,
                           apr_pool_t *result, apr_pool_t *scratch)
{
    apr_hash_t *found = apr_hash_make(scratch);
    apr_array_header_t *items;
    int i;

    *domains = apr_array_make(result, 0, sizeof(const ja_plan_domain_t *));
    JA_TRY(ja_store_list_items(&items, store, JA_GROUP_REQUESTS, ITEMS_MAX, scratch, scratch));
    for (i = 0; i < items->nelts; i++) {
        const char *item = APR_ARRAY_IDX(items, i, const char *);

        if (strncmp(item, REQUEST, strlen(REQUEST)) == 0) {
            apr_hash_set(found, item, APR_HASH_KEY_STRING, item);
        }
    }
    for (i = 0; apr_hash_count(found) > 0 && i < plan->domains->nelts; i++) {
        const ja_plan_domain_t *domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);
        const char *item = NULL;

        JA_TRY(item_of(&item, REQUEST, domain->name, scratch));
        if (apr_hash_get(found, item, APR_HASH_KEY_STRING)) {
            APR_ARRAY_PUSH(*domains, const ja_plan_domain_t *) = domain;
        }
    }
    return NULL;
}

/* What the rollback before this one has left behind is not gone back to: neither by going one
 * further back, nor after a renewal in between. `*generation` is 0 if there is nothing else. */
static ja_err_t *choose(int *generation, int *passed_to, const ja_rollback_t *last,
                        ja_store_t *store, const char *name, apr_time_t now, apr_pool_t *scratch)
{
    ja_set_span_t passed = { (int)last->generation, (int)last->passed_to };
    int live;

    JA_TRY(ja_set_find_earlier(generation, &live, store, name, &passed, now, scratch));
    *passed_to = last->generation == live && last->passed_to > live ? (int)last->passed_to : live;
    return NULL;
}

/* The last word on this request. */
static ja_err_t *refuse(ja_rollback_t *answer, ja_store_t *store, apr_time_t now,
                        apr_pool_t *scratch)
{
    ja_err_t *err = ja_err_make(
        JA_E_NO_EARLIER, scratch,
        "no earlier set of %s is kept that is whole, still valid and not revoked", answer->name);

    answer->answered_at = whole_second(now);
    answer->error = ja_err_row(err->code)->id;
    answer->text = err->msg;
    JA_TRY(save(answer, &ANSWER_BIND, ANSWER, store, answer->name, scratch));
    return err;
}

/* Say where it goes to, before anything changes. */
static ja_err_t *begin(ja_rollback_t *answer, const ja_rollback_t *last, ja_store_t *store,
                       apr_time_t now, apr_pool_t *scratch)
{
    int generation, passed_to;

    JA_TRY(choose(&generation, &passed_to, last, store, answer->name, now, scratch));
    if (generation == 0) {
        return refuse(answer, store, now, scratch);
    }
    answer->generation = generation;
    answer->passed_to = passed_to;
    return save(answer, &ANSWER_BIND, ANSWER, store, answer->name, scratch);
}

/* Go there, unless that has been done already. */
static ja_err_t *finish(ja_rollback_t *answer, ja_store_t *store, const ja_plan_domain_t *domain,
                        apr_time_t now, apr_pool_t *scratch)
{
    apr_array_header_t *kept;
    int live;

    JA_TRY(ja_store_generations(&kept, &live, store, domain->name, scratch, scratch));
    if (live != answer->generation) {
        JA_TRY(ja_set_forget_taken(store, domain, now, scratch));
        JA_TRY(ja_store_restore(store, domain->name, (int)answer->generation, scratch));
    }
    answer->answered_at = whole_second(now);
    answer->done_at = answer->answered_at;
    return save(answer, &ANSWER_BIND, ANSWER, store, domain->name, scratch);
}

ja_err_t *ja_rollback_carry_out(int *done, ja_store_t *store, const ja_plan_domain_t *domain,
                                int needs_restart, apr_time_t now, apr_pool_t *scratch)
{
    ja_rollback_t last, answer;
    request_t request;

    *done = 0;
    JA_TRY(load(&request, &REQUEST_BIND, REQUEST, store, domain->name, scratch, scratch));
    JA_TRY(ja_rollback_load(&last, store, domain->name, scratch, scratch));
    if (request.at == 0 || (request.at == last.asked_at && last.answered_at != 0)) {
        return NULL;
    }
    answer = last;
    answer.name = domain->name;
    answer.asked_at = request.at;
    answer.answered_at = 0;
    answer.error = NULL;
    answer.text = NULL;
    answer.needs_restart = needs_restart;
    if (request.at != last.asked_at) { /* else it was begun, and killed */
        JA_TRY(begin(&answer, &last, store, now, scratch));
    }
    JA_TRY(finish(&answer, store, domain, now, scratch));
    *done = 1;
    return NULL;
}

#include "issue/governor_file.h"

#include <string.h>

#include "json/bind.h"

#define ITEM           "governor.json"
#define FILE_MAX_BYTES (64 * 1024)

/* The struct as the file has it: with arrays. */
typedef struct {
    const apr_array_header_t *orders; /* ja_mark_t */
    const apr_array_header_t *hour;
    const apr_array_header_t *failing;
    const apr_array_header_t *requests;
    apr_time_t held_until;
    apr_int64_t probes;
    apr_time_t probe_at;
    apr_int64_t lane;
} file_t;

#define FIELD(type, member) .offset = offsetof(type, member)
#define MARKS(name, member)                                                                 \
    {                                                                                       \
        name, JA_FIELD_OBJECTS, FIELD(file_t, member), .max = JA_WINDOW_MARKS, .sub = &MARK \
    }

static const ja_field_t MARK_FIELDS[] = {
    { "at", JA_FIELD_TIME, FIELD(ja_mark_t, at), .required = 1 },
    { "n", JA_FIELD_INT, FIELD(ja_mark_t, n), .required = 1, .max = 1000000000 },
    { NULL },
};
static const ja_bind_t MARK = { "mark", sizeof(ja_mark_t), MARK_FIELDS };

static const ja_field_t FIELDS[] = {
    MARKS("orders", orders),
    MARKS("hour", hour),
    MARKS("failing", failing),
    MARKS("requests", requests),
    { "heldUntil", JA_FIELD_TIME, FIELD(file_t, held_until) },
    { "probes", JA_FIELD_INT, FIELD(file_t, probes), .max = 1000000000 },
    { "probe", JA_FIELD_TIME, FIELD(file_t, probe_at) },
    { "lane", JA_FIELD_INT, FIELD(file_t, lane), .max = 1000000 },
    { NULL },
};
static const ja_bind_t BIND = { "governor", sizeof(file_t), FIELDS };

static void read_marks(ja_window_t *window, const apr_array_header_t *marks)
{
    window->n_marks = marks->nelts;
    if (marks->nelts > 0) {
        memcpy(window->marks, marks->elts, sizeof(ja_mark_t) * (size_t)marks->nelts);
    }
}

static const apr_array_header_t *print_marks(const ja_window_t *window, apr_pool_t *pool)
{
    apr_array_header_t *marks = apr_array_make(pool, JA_WINDOW_MARKS, sizeof(ja_mark_t));
    int i;

    for (i = 0; i < window->n_marks; i++) {
        if (window->marks[i].n > 0) {
            APR_ARRAY_PUSH(marks, ja_mark_t) = window->marks[i];
        }
    }
    return marks;
}

static ja_err_t *load(ja_governor_t *governor, ja_store_t *store, const char *ca_id,
                      apr_pool_t *scratch)
{
    ja_bytes_t bytes;
    ja_json_t *json;
    file_t file;

    JA_TRY(ja_store_load(&bytes, store, JA_GROUP_ACCOUNTS, ca_id, ITEM, FILE_MAX_BYTES, scratch,
                         scratch));
    JA_TRY(ja_json_parse(&json, bytes.bytes, bytes.len, FILE_MAX_BYTES, scratch, scratch));
    JA_TRY_W(ja_bind_read(&file, &BIND, json, scratch, scratch), scratch, "reading %s of %s", ITEM,
             ca_id);
    read_marks(&governor->orders, file.orders);
    read_marks(&governor->hour, file.hour);
    read_marks(&governor->failing, file.failing);
    read_marks(&governor->requests, file.requests);
    governor->held_until = file.held_until;
    governor->probes = file.probes;
    governor->probe_at = file.probe_at;
    governor->lane = file.lane;
    return NULL;
}

void ja_governor_load(ja_governor_t *governor, ja_err_t **damage, ja_store_t *store,
                      const char *ca_id, apr_pool_t *scratch)
{
    memset(governor, 0, sizeof(*governor));
    *damage = load(governor, store, ca_id, scratch);
    if (*damage && (*damage)->code == JA_E_NOT_FOUND) {
        *damage = NULL;
    }
}

ja_err_t *ja_governor_save(const ja_governor_t *governor, ja_store_t *store, const char *ca_id,
                           apr_pool_t *scratch)
{
    file_t file = { .orders = print_marks(&governor->orders, scratch),
                    .hour = print_marks(&governor->hour, scratch),
                    .failing = print_marks(&governor->failing, scratch),
                    .requests = print_marks(&governor->requests, scratch),
                    .held_until = governor->held_until,
                    .probes = governor->probes,
                    .probe_at = governor->probe_at,
                    .lane = governor->lane };
    const char *text = ja_json_print(ja_bind_print(&BIND, &file, scratch), scratch);
    ja_item_t item = { ITEM, text, strlen(text), 1 };

    return ja_store_save(store, JA_GROUP_ACCOUNTS, ca_id, &item, JA_FS_LAZY, scratch);
}

#include "issue/restart.h"

#include <string.h>

#include "json/bind.h"

#define RETRY_FIRST apr_time_from_sec(60)
#define RETRY_LAST  apr_time_from_sec(3600)

#define ITEM           "activation.json"
#define FILE_MAX_BYTES (8 * 1024)

/* ---- the pace -------------------------------------------------------------------------------- */

static apr_time_t later(apr_time_t a, apr_time_t b)
{
    return a > b ? a : b;
}

static apr_time_t sooner(apr_time_t a, apr_time_t b)
{
    return a < b ? a : b;
}

static apr_interval_time_t twice(apr_interval_time_t time, apr_interval_time_t first,
                                 apr_interval_time_t last)
{
    return time == 0 ? first : sooner(2 * time, last);
}

void ja_restart_want(ja_restart_pace_t *pace, int has_more, apr_time_t now)
{
    if (pace->wanted_at == 0) {
        pace->wanted_at = now;
        pace->joined_at = now;
    }
    if (has_more) {
        pace->joined_at = now;
    }
}

void ja_restart_drop(ja_restart_pace_t *pace)
{
    pace->wanted_at = 0;
    ja_restart_renew(pace);
}

/* `time` after `from`. If the clock has been set back since, that was long enough. */
static apr_time_t after(apr_time_t from, apr_interval_time_t time, apr_time_t now)
{
    return from > now ? now : from + time;
}

apr_time_t ja_restart_at(const ja_restart_pace_t *pace, apr_time_t now)
{
    apr_time_t at = sooner(after(pace->joined_at, JA_RESTART_CALM, now),
                           after(pace->wanted_at, JA_RESTART_WAIT, now));

    if (pace->restarted_at != 0) {
        at = later(at, after(pace->restarted_at, pace->interval, now));
    }
    if (pace->pause != 0) {
        at = later(at, sooner(pace->retry_at, now + pace->pause));
    }
    return at;
}

void ja_restart_fail(ja_restart_pace_t *pace, apr_time_t now)
{
    pace->pause = twice(pace->pause, RETRY_FIRST, RETRY_LAST);
    pace->retry_at = now + pace->pause;
}

void ja_restart_renew(ja_restart_pace_t *pace)
{
    pace->pause = 0;
    pace->retry_at = 0;
}

void ja_restart_begin(ja_restart_pace_t *pace, apr_time_t now)
{
    int is_close = pace->restarted_at != 0 && now < pace->restarted_at + 2 * pace->interval;

    pace->interval = is_close ? twice(pace->interval, JA_RESTART_INTERVAL, JA_RESTART_INTERVAL_LAST)
                              : JA_RESTART_INTERVAL;
    pace->restarted_at = now;
    ja_restart_drop(pace);
}

/* ---- what people are told -------------------------------------------------------------------- */

static const char *const STATES[] = {
    [JA_RESTART_WAITING] = "waiting",
    [JA_RESTART_CHECKING] = "checking",
    [JA_RESTART_REFUSED] = "refused",
    [JA_RESTART_DONE] = "restarted",
};
_Static_assert(sizeof(STATES) / sizeof(STATES[0]) == JA_RESTART_STATE_COUNT,
               "a name for each state");
const ja_enumstr_t ja_restart_state_names = { STATES, JA_RESTART_STATE_COUNT };

#define FIELD(member) .offset = offsetof(ja_restart_status_t, member)

static const ja_field_t FIELDS[] = {
    { "state", JA_FIELD_ENUM, FIELD(state), .required = 1, .names = &ja_restart_state_names },
    { "since", JA_FIELD_TIME, FIELD(since), .required = 1 },
    { "next", JA_FIELD_TIME, FIELD(next_at) },
    { "reason", JA_FIELD_STR, FIELD(reason), .max = JA_RESTART_REASON_MAX },
    { NULL },
};
static const ja_bind_t BIND = { "activation", sizeof(ja_restart_status_t), FIELDS };

ja_err_t *ja_restart_save(const ja_restart_status_t *status, ja_store_t *store, apr_pool_t *scratch)
{
    const char *text = ja_json_print(ja_bind_print(&BIND, status, scratch), scratch);
    ja_item_t item = { ITEM, text, strlen(text), 0 };

    return ja_store_save(store, JA_GROUP_TOP, NULL, &item, JA_FS_LAZY, scratch);
}

ja_err_t *ja_restart_clear(ja_store_t *store, apr_pool_t *scratch)
{
    return ja_store_remove(store, JA_GROUP_TOP, NULL, ITEM, scratch);
}

ja_err_t *ja_restart_load(const ja_restart_status_t **status, ja_store_t *store, apr_pool_t *result,
                          apr_pool_t *scratch)
{
    ja_restart_status_t *found = apr_palloc(result, sizeof(*found));
    ja_bytes_t bytes;
    ja_json_t *json;
    ja_err_t *err =
        ja_store_load(&bytes, store, JA_GROUP_TOP, NULL, ITEM, FILE_MAX_BYTES, scratch, scratch);

    *status = NULL;
    if (err && err->code == JA_E_NOT_FOUND) {
        return NULL;
    }
    JA_TRY(err);
    JA_TRY_W(ja_json_parse(&json, bytes.bytes, bytes.len, FILE_MAX_BYTES, scratch, scratch),
             scratch, "reading %s", ITEM);
    JA_TRY_W(ja_bind_read(found, &BIND, json, result, scratch), scratch, "reading %s", ITEM);
    *status = found;
    return NULL;
}

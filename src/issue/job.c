#include "issue/job.h"

#include <string.h>

#include <apr_strings.h>

#include "base/utf8.h"
#include "issue/due.h"
#include "store/names.h"

/* The longest texts and all challenges fit even if every second character has to be escaped. */
#define JOB_MAX_BYTES JA_STORE_MAX_ITEM
#define TEXT_MAX      2048
#define SUBS_MAX      10

static const char *const STATES[JA_ST_COUNT] = {
    [JA_ST_IDLE] = "idle",         [JA_ST_RESUME] = "resume",     [JA_ST_ORDER] = "order",
    [JA_ST_AUTHZ] = "authz",       [JA_ST_PRESENT] = "present",   [JA_ST_ANSWER] = "answer",
    [JA_ST_VALIDATE] = "validate", [JA_ST_KEY] = "key",           [JA_ST_FINALIZE] = "finalize",
    [JA_ST_ISSUE] = "issue",       [JA_ST_DOWNLOAD] = "download", [JA_ST_KEEP] = "keep",
    [JA_ST_WHY] = "why",           [JA_ST_DONE] = "done",
};
const ja_enumstr_t ja_state_names = { STATES, JA_ST_COUNT };

#define FIELD(type, member) .offset = offsetof(type, member)

static const ja_field_t CHALLENGE_FIELDS[] = {
    { "type", JA_FIELD_STR, FIELD(ja_job_challenge_t, type), .required = 1, .max = 32 },
    { "name", JA_FIELD_STR, FIELD(ja_job_challenge_t, name), .required = 1, .max = 255 },
    { "token", JA_FIELD_STR, FIELD(ja_job_challenge_t, token), .required = 1, .max = 128 },
    { NULL },
};
static const ja_bind_t CHALLENGE = { "challenge", sizeof(ja_job_challenge_t), CHALLENGE_FIELDS };

static const ja_field_t SUB_FIELDS[] = {
    { "name", JA_FIELD_STR, FIELD(ja_job_sub_t, name), .max = JA_PROBLEM_SUB_MAX },
    { "type", JA_FIELD_STR, FIELD(ja_job_sub_t, type), .required = 1, .max = JA_PROBLEM_SUB_MAX },
    { "detail", JA_FIELD_STR, FIELD(ja_job_sub_t, detail), .required = 1,
      .max = JA_PROBLEM_SUB_MAX },
    { "value", JA_FIELD_STR, FIELD(ja_job_sub_t, value), .max = JA_PROBLEM_SUB_MAX },
    { NULL },
};
static const ja_bind_t SUB = { "subproblem", sizeof(ja_job_sub_t), SUB_FIELDS };

static const ja_field_t ERROR_FIELDS[] = {
    { "id", JA_FIELD_STR, FIELD(ja_job_error_t, id), .required = 1, .max = 16 },
    { "text", JA_FIELD_STR, FIELD(ja_job_error_t, text), .required = 1, .max = TEXT_MAX },
    { "activity", JA_FIELD_STR, FIELD(ja_job_error_t, activity), .max = 128 },
    { "at", JA_FIELD_TIME, FIELD(ja_job_error_t, at) },
    { "value", JA_FIELD_STR, FIELD(ja_job_error_t, value), .max = JA_PROBLEM_SUB_MAX },
    { "subproblems", JA_FIELD_OBJECTS, FIELD(ja_job_error_t, subs), .max = SUBS_MAX, .sub = &SUB },
    { NULL },
};
const ja_bind_t ja_job_error_bind = { "error", sizeof(ja_job_error_t), ERROR_FIELDS };

static const ja_field_t EVENT_FIELDS[] = {
    { "at", JA_FIELD_TIME, FIELD(ja_job_event_t, at) },
    { "event", JA_FIELD_STR, FIELD(ja_job_event_t, event), .required = 1, .max = 32 },
    { "text", JA_FIELD_STR, FIELD(ja_job_event_t, text), .max = TEXT_MAX },
    { NULL },
};
static const ja_bind_t EVENT = { "event", sizeof(ja_job_event_t), EVENT_FIELDS };

static const ja_field_t PROOF_FIELDS[] = {
    { "sha256", JA_FIELD_STR, FIELD(ja_job_proof_t, sha256), .required = 1, .max = 64 },
    { "at", JA_FIELD_TIME, FIELD(ja_job_proof_t, at) },
    { "verdict", JA_FIELD_STR, FIELD(ja_job_proof_t, verdict), .required = 1, .max = 32 },
    { "error", JA_FIELD_STR, FIELD(ja_job_proof_t, error_id), .max = 16 },
    { "text", JA_FIELD_STR, FIELD(ja_job_proof_t, text), .required = 1, .max = TEXT_MAX },
    { NULL },
};
static const ja_bind_t PROOF = { "proof", sizeof(ja_job_proof_t), PROOF_FIELDS };

static const ja_field_t PLACED_FIELDS[] = {
    { "at", JA_FIELD_TIME, FIELD(ja_job_placed_t, at), .required = 1 },
    { NULL },
};
static const ja_bind_t PLACED = { "placed", sizeof(ja_job_placed_t), PLACED_FIELDS };

static const ja_field_t JOB_FIELDS[] = {
    { "state", JA_FIELD_ENUM, FIELD(ja_job_t, state), .required = 1, .names = &ja_state_names },
    { "key", JA_FIELD_ENUM, FIELD(ja_job_t, spec), .names = &ja_key_spec_names },
    { "order", JA_FIELD_STR, FIELD(ja_job_t, order_url), .max = 2048 },
    { "thumbprint", JA_FIELD_STR, FIELD(ja_job_t, thumbprint), .max = 63 },
    { "challenges", JA_FIELD_OBJECTS, FIELD(ja_job_t, challenges), .max = 200, .sub = &CHALLENGE },
    { "why", JA_FIELD_ENUM, FIELD(ja_job_t, why), .names = &ja_due_names },
    { "attempts", JA_FIELD_INT, FIELD(ja_job_t, attempts), .max = 1000000000 },
    { "passing", JA_FIELD_INT, FIELD(ja_job_t, passing), .max = 1000000000 },
    { "started", JA_FIELD_TIME, FIELD(ja_job_t, started_at) },
    { "next", JA_FIELD_TIME, FIELD(ja_job_t, next_at) },
    { "fingerprint", JA_FIELD_STR, FIELD(ja_job_t, fingerprint), .max = 64 },
    { "error", JA_FIELD_OBJECT, FIELD(ja_job_t, error), .sub = &ja_job_error_bind },
    { "placed", JA_FIELD_OBJECTS, FIELD(ja_job_t, placed), .max = JA_JOB_PLACED_MAX,
      .sub = &PLACED },
    { "history", JA_FIELD_OBJECTS, FIELD(ja_job_t, history), .max = JA_JOB_HISTORY_MAX,
      .sub = &EVENT },
    { "proof", JA_FIELD_OBJECT, FIELD(ja_job_t, proof), .sub = &PROOF },
    { NULL },
};
static const ja_bind_t JOB = { "job", sizeof(ja_job_t), JOB_FIELDS };

static const char *cut_at(const char *text, apr_size_t max, apr_pool_t *pool)
{
    return text ? ja_utf8_copy(text, strlen(text), max, pool) : NULL;
}

static const char *cut(const char *text, apr_pool_t *pool)
{
    return cut_at(text, TEXT_MAX - 1, pool);
}

static const apr_array_header_t *subs_of(const ja_problem_t *problem, apr_pool_t *pool)
{
    apr_array_header_t *subs = apr_array_make(pool, problem->sub_count, sizeof(ja_job_sub_t));
    int i;

    for (i = 0; i < problem->sub_count && i < SUBS_MAX; i++) {
        const ja_problem_t *from = &problem->subs[i];
        ja_job_sub_t *sub = apr_array_push(subs);

        sub->name = cut_at(from->identifier, JA_PROBLEM_SUB_MAX, pool);
        sub->type = cut_at(from->type, JA_PROBLEM_SUB_MAX, pool);
        sub->detail = cut_at(from->detail, JA_PROBLEM_SUB_MAX, pool);
        sub->value = cut_at(from->value, JA_PROBLEM_SUB_MAX, pool);
    }
    return subs;
}

const ja_job_error_t *ja_job_error_make(const ja_err_t *err, const char *activity, apr_time_t now,
                                        apr_pool_t *pool)
{
    ja_job_error_t *error = apr_pcalloc(pool, sizeof(*error));

    error->id = ja_err_row(err->code)->id;
    error->text = cut(ja_err_text(err, pool), pool);
    error->activity = apr_pstrdup(pool, activity);
    error->at = now;
    if (err->problem) {
        error->value = cut_at(err->problem->value, JA_PROBLEM_SUB_MAX, pool);
        error->subs = subs_of(err->problem, pool);
    }
    return error;
}

static void make_empty(ja_job_t *job, apr_pool_t *pool)
{
    memset(job, 0, sizeof(*job));
    job->spec = -1;
    job->why = -1;
    job->challenges = apr_array_make(pool, 0, sizeof(ja_job_challenge_t));
    job->placed = apr_array_make(pool, 0, sizeof(ja_job_placed_t));
    job->history = apr_array_make(pool, 0, sizeof(ja_job_event_t));
}

static const char *item_of(const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, ja_names_dir(name, pool), ".json", NULL);
}

static ja_err_t *load(ja_job_t *job, ja_store_t *store, const char *name, apr_pool_t *result,
                      apr_pool_t *scratch)
{
    const char *item = item_of(name, scratch);
    ja_bytes_t bytes;
    ja_json_t *json;

    JA_TRY(
        ja_store_load(&bytes, store, JA_GROUP_JOBS, NULL, item, JOB_MAX_BYTES, scratch, scratch));
    JA_TRY_W(ja_json_parse(&json, bytes.bytes, bytes.len, JOB_MAX_BYTES, scratch, scratch), scratch,
             "%s", ja_store_path(store, JA_GROUP_JOBS, NULL, item, scratch));
    JA_TRY_W(ja_bind_read(job, &JOB, json, result, scratch), scratch, "%s",
             ja_store_path(store, JA_GROUP_JOBS, NULL, item, scratch));
    return NULL;
}

void ja_job_load(ja_job_t *job, ja_err_t **damage, ja_store_t *store, const char *name,
                 apr_pool_t *result, apr_pool_t *scratch)
{
    ja_err_t *err = load(job, store, name, result, scratch);

    *damage = NULL;
    if (err) {
        make_empty(job, result);
        if (err->code != JA_E_NOT_FOUND) {
            *damage = err;
        }
    }
}

ja_err_t *ja_job_save(const ja_job_t *job, ja_store_t *store, const char *name,
                      ja_fs_safety_t safety, apr_pool_t *scratch)
{
    const char *text = ja_json_print_pretty(ja_bind_print(&JOB, job, scratch), scratch);
    ja_item_t item = { item_of(name, scratch), text, strlen(text), 1 };

    return ja_store_save(store, JA_GROUP_JOBS, NULL, &item, safety, scratch);
}

static const apr_array_header_t *copy_challenges(const apr_array_header_t *from, apr_pool_t *to)
{
    apr_array_header_t *copy = apr_array_copy(to, from);
    int i;

    for (i = 0; i < copy->nelts; i++) {
        ja_job_challenge_t *challenge = &APR_ARRAY_IDX(copy, i, ja_job_challenge_t);

        challenge->type = apr_pstrdup(to, challenge->type);
        challenge->name = apr_pstrdup(to, challenge->name);
        challenge->token = apr_pstrdup(to, challenge->token);
    }
    return copy;
}

static const apr_array_header_t *copy_history(const apr_array_header_t *from, apr_pool_t *to)
{
    apr_array_header_t *copy = apr_array_copy(to, from);
    int i;

    for (i = 0; i < copy->nelts; i++) {
        ja_job_event_t *event = &APR_ARRAY_IDX(copy, i, ja_job_event_t);

        event->event = apr_pstrdup(to, event->event);
        event->text = apr_pstrdup(to, event->text);
    }
    return copy;
}

static const apr_array_header_t *copy_subs(const apr_array_header_t *from, apr_pool_t *to)
{
    apr_array_header_t *copy = from ? apr_array_copy(to, from) : NULL;
    int i;

    for (i = 0; copy && i < copy->nelts; i++) {
        ja_job_sub_t *sub = &APR_ARRAY_IDX(copy, i, ja_job_sub_t);

        sub->name = apr_pstrdup(to, sub->name);
        sub->type = apr_pstrdup(to, sub->type);
        sub->detail = apr_pstrdup(to, sub->detail);
        sub->value = apr_pstrdup(to, sub->value);
    }
    return copy;
}

static const ja_job_error_t *copy_error(const ja_job_error_t *from, apr_pool_t *to)
{
    ja_job_error_t *copy;

    if (!from) {
        return NULL;
    }
    copy = apr_pmemdup(to, from, sizeof(*from));
    copy->id = apr_pstrdup(to, from->id);
    copy->text = apr_pstrdup(to, from->text);
    copy->activity = apr_pstrdup(to, from->activity);
    copy->value = apr_pstrdup(to, from->value);
    copy->subs = copy_subs(from->subs, to);
    return copy;
}

ja_job_proof_t *ja_job_proof_copy(const ja_job_proof_t *from, apr_pool_t *to)
{
    ja_job_proof_t *copy = from ? apr_pmemdup(to, from, sizeof(*from)) : NULL;

    if (copy) {
        copy->sha256 = apr_pstrdup(to, from->sha256);
        copy->verdict = apr_pstrdup(to, from->verdict);
        copy->error_id = apr_pstrdup(to, from->error_id);
        copy->text = cut(from->text, to);
    }
    return copy;
}

void ja_job_copy(ja_job_t *job, const ja_job_t *from, apr_pool_t *to)
{
    *job = *from;
    job->order_url = apr_pstrdup(to, from->order_url);
    job->proof = ja_job_proof_copy(from->proof, to);
    job->thumbprint = apr_pstrdup(to, from->thumbprint);
    job->fingerprint = apr_pstrdup(to, from->fingerprint);
    job->challenges = copy_challenges(from->challenges, to);
    job->error = copy_error(from->error, to);
    job->placed = apr_array_copy(to, from->placed);
    job->history = copy_history(from->history, to);
}

void ja_job_place(ja_job_t *job, apr_time_t now, apr_pool_t *pool)
{
    apr_array_header_t *placed = apr_array_make(pool, JA_JOB_PLACED_MAX, sizeof(ja_job_placed_t));
    int first = job->placed->nelts >= JA_JOB_PLACED_MAX ? 1 : 0;
    int i;

    for (i = first; i < job->placed->nelts; i++) {
        APR_ARRAY_PUSH(placed, ja_job_placed_t) = APR_ARRAY_IDX(job->placed, i, ja_job_placed_t);
    }
    APR_ARRAY_PUSH(placed, ja_job_placed_t) = (ja_job_placed_t){ now };
    job->placed = placed;
}

void ja_job_unplace(ja_job_t *job)
{
    apr_array_header_t *placed = apr_array_copy(job->placed->pool, job->placed);

    apr_array_pop(placed);
    job->placed = placed;
}

/* A time ahead of the clock is from one that was wrong. */
apr_time_t ja_job_place_at(const ja_job_t *job, apr_time_t now)
{
    apr_time_t oldest;

    if (job->placed->nelts < JA_JOB_PLACED_MAX) {
        return now;
    }
    oldest = APR_ARRAY_IDX(job->placed, 0, ja_job_placed_t).at;
    return oldest > now || oldest + JA_JOB_PLACED_TIME <= now ? now : oldest + JA_JOB_PLACED_TIME;
}

void ja_job_note(ja_job_t *job, const char *event, const char *text, apr_time_t now,
                 apr_pool_t *pool)
{
    apr_array_header_t *history = apr_array_make(pool, JA_JOB_HISTORY_MAX, sizeof(ja_job_event_t));
    int first = job->history->nelts >= JA_JOB_HISTORY_MAX
                    ? job->history->nelts - JA_JOB_HISTORY_MAX + 1
                    : 0;
    int i;

    for (i = first; i < job->history->nelts; i++) {
        APR_ARRAY_PUSH(history, ja_job_event_t) = APR_ARRAY_IDX(job->history, i, ja_job_event_t);
    }
    APR_ARRAY_PUSH(history, ja_job_event_t) = (ja_job_event_t){ now, event, cut(text, pool) };
    job->history = history;
}

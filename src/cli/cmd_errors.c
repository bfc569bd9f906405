/* jprs-acme errors: the catalogue: base/errcodes.def, event/events.def, issue/complaints.def. */
#include <stdio.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "acme/meaning.h"
#include "cli/cmd.h"
#include "cli/types.h"
#include "event/event.h"
#include "issue/complaint.h"
#include "json/json.h"
#include "report/table.h"

/* What is told and is no error. */
static const struct {
    int count;
    const ja_message_t *(*at)(int i);
} MESSAGES[] = {
    { JA_EVENT_COUNT, ja_event_message },
    { JA_COMPLAINT_COUNT, ja_complaint_message },
};
#define N_TABLES ((int)(sizeof(MESSAGES) / sizeof(MESSAGES[0])))

/* Which rows to show, and the problem types and the rows of JPRS's table of each. */
typedef struct {
    int is_chosen[JA_E_COUNT];
    apr_array_header_t *types[JA_E_COUNT]; /* const char * */
    apr_array_header_t *jprs[JA_E_COUNT];  /* const char * */
    apr_array_header_t *messages;          /* const ja_message_t *: chosen */
} catalogue_t;

static catalogue_t *catalogue_make(apr_pool_t *pool)
{
    catalogue_t *all = apr_pcalloc(pool, sizeof(*all));
    int code;

    for (code = 0; code < JA_E_COUNT; code++) {
        all->types[code] = ja_meaning_types((ja_code_t)code, pool);
        all->jprs[code] = ja_meaning_jprs((ja_code_t)code, pool);
    }
    all->messages = apr_array_make(pool, JA_EVENT_COUNT, sizeof(const ja_message_t *));
    return all;
}

static void choose_messages(catalogue_t *all, const char *word)
{
    int table, i;

    for (table = 0; table < N_TABLES; table++) {
        for (i = 0; i < MESSAGES[table].count; i++) {
            const ja_message_t *row = MESSAGES[table].at(i);

            if (!word || apr_cstr_casecmp(word, row->id) == 0
                || apr_cstr_casecmp(word, row->name) == 0) {
                APR_ARRAY_PUSH(all->messages, const ja_message_t *) = row;
            }
        }
    }
}

/* How many rows fit `word`: a message id, a row's name, a problem type, or a row of
 * JPRS's table; NULL: all. */
static int choose(catalogue_t *all, const char *word, apr_pool_t *pool)
{
    int named = word ? (int)ja_err_code_find(word) : JA_E_COUNT;
    int count = 0;
    int code;

    if (word) {
        ja_types_codes(all->is_chosen, word, pool);
    }
    for (code = 0; code < JA_E_COUNT; code++) {
        if (!word || code == named) {
            all->is_chosen[code] = 1;
        }
        count += all->is_chosen[code];
    }
    choose_messages(all, word);
    return count + all->messages->nelts;
}

static ja_json_t *errors_json(const catalogue_t *all, apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    int code;

    for (code = 0; code < JA_E_COUNT; code++) {
        const ja_errcode_t *row = ja_err_row((ja_code_t)code);
        ja_json_t *json = ja_json_object(pool);

        if (!all->is_chosen[code]) {
            continue;
        }
        ja_json_set_str(json, "id", row->id);
        ja_json_set_str(json, "name", row->name);
        ja_json_set_strs(json, "types", all->types[code]);
        ja_json_set_strs(json, "jprs", all->jprs[code]);
        ja_json_set_str(json, "retry", ja_enumstr_print(&ja_retry_names, (int)row->retry));
        ja_json_set_str(json, "level", ja_enumstr_print(&ja_level_names, (int)row->level));
        ja_json_set_str(json, "actor", ja_enumstr_print(&ja_actor_names, (int)row->actor));
        ja_json_set_str(json, "en", row->en);
        ja_json_set_str(json, "ja", row->ja);
        ja_json_append(array, json);
    }
    return array;
}

static ja_json_t *messages_json(const catalogue_t *all, apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    int i;

    for (i = 0; i < all->messages->nelts; i++) {
        const ja_message_t *row = APR_ARRAY_IDX(all->messages, i, const ja_message_t *);
        ja_json_t *json = ja_json_object(pool);

        ja_json_set_str(json, "id", row->id);
        ja_json_set_str(json, "name", row->name);
        ja_json_set_str(json, "level", ja_enumstr_print(&ja_level_names, (int)row->level));
        ja_json_set_str(json, "en", row->en);
        ja_json_set_str(json, "ja", row->ja);
        ja_json_append(array, json);
    }
    return array;
}

static void print_json(const catalogue_t *all, apr_pool_t *pool)
{
    ja_json_t *top = ja_json_object(pool);

    ja_json_set(top, "errors", errors_json(all, pool));
    ja_json_set(top, "messages", messages_json(all, pool));
    puts(ja_json_print_pretty(top, pool));
}

static void add_detail(ja_table_t *table, const ja_cmd_args_t *args, ja_word_t label,
                       const char *text)
{
    ja_table_note(table,
                  apr_pstrcat(args->pool, ja_words_get(args->lang, label), ": ", text, NULL));
}

static const char *list(const apr_array_header_t *words, apr_pool_t *pool)
{
    return apr_array_pstrcat(pool, words, ' ');
}

/* What the CA says then: malformed "Unable to create account" (E13) */
static void add_meanings(ja_table_t *table, const ja_cmd_args_t *args, ja_code_t code)
{
    const apr_array_header_t *rows = ja_meaning_rows(code, args->pool);
    int i;

    for (i = 0; i < rows->nelts; i++) {
        const ja_meaning_row_t *row = &APR_ARRAY_IDX(rows, i, ja_meaning_row_t);
        const char *text = row->text ? apr_pstrcat(args->pool, " \"", row->text, "\"", NULL) : "";
        const char *jprs = row->jprs ? apr_pstrcat(args->pool, " (", row->jprs, ")", NULL) : "";

        add_detail(table, args, JA_WORD_SAYS, apr_pstrcat(args->pool, row->type, text, jprs, NULL));
    }
}

/* With details, if somebody asked for certain ones. */
static void add_error(ja_table_t *table, const ja_cmd_args_t *args, const catalogue_t *all,
                      int code)
{
    const ja_errcode_t *row = ja_err_row((ja_code_t)code);
    const char *types = list(all->types[code], args->pool);
    const char *jprs = list(all->jprs[code], args->pool);
    const char *cells[] = { row->id, row->name, types, jprs };

    ja_table_row(table, cells);
    ja_table_note(table, args->lang == JA_LANG_JA ? row->ja : row->en);
    if (args->n_words > 0) {
        add_detail(table, args, JA_WORD_ACTOR, ja_words_actor(args->lang, row->actor));
        add_detail(table, args, JA_WORD_RETRY, ja_words_retry(args->lang, row->retry));
        add_meanings(table, args, (ja_code_t)code);
    }
}

static void add_message(ja_table_t *table, const ja_cmd_args_t *args, const ja_message_t *row)
{
    const char *level = ja_enumstr_print(&ja_level_names, (int)row->level);
    const char *cells[] = { row->id, row->name, level, "" };

    ja_table_row(table, cells);
    ja_table_note(table, args->lang == JA_LANG_JA ? row->ja : row->en);
}

static void print_text(const catalogue_t *all, const ja_cmd_args_t *args)
{
    ja_table_t *table = ja_table_make(4, args->pool);
    int code, i;

    for (i = 0; i < all->messages->nelts; i++) {
        add_message(table, args, APR_ARRAY_IDX(all->messages, i, const ja_message_t *));
    }

    for (code = 0; code < JA_E_COUNT; code++) {
        if (all->is_chosen[code]) {
            add_error(table, args, all, code);
        }
    }
    fputs(ja_table_text(table, args->pool), stdout);
}

int ja_cmd_errors(const ja_cmd_args_t *args)
{
    catalogue_t *all = catalogue_make(args->pool);
    const char *word = args->n_words > 0 ? args->words[0] : NULL;

    if (word && ja_types_is_compound(word) && !args->options[JA_OPT_JSON]) {
        puts(ja_words_get(args->lang, JA_WORD_COMPOUND));
        return JA_CMD_FINE;
    }
    if (choose(all, word, args->pool) == 0) {
        ja_cmd_complain(args->pool, "the catalogue has no error %s", word);
        return JA_CMD_PROBLEM;
    }
    if (args->options[JA_OPT_JSON]) {
        print_json(all, args->pool);
    }
    else {
        print_text(all, args);
    }
    return JA_CMD_FINE;
}

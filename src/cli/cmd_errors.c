/* jprs-acme errors: the catalogue of base/errcodes.def. */
#include <stdio.h>

#include <apr_strings.h>

#include "acme/meaning.h"
#include "cli/cmd.h"
#include "cli/types.h"
#include "json/json.h"
#include "report/table.h"

/* clang-format off */
static const char *const LEVELS[] = {
    [JA_LOG_ERROR]   = "error",
    [JA_LOG_WARNING] = "warning",
    [JA_LOG_NOTICE]  = "notice",
    [JA_LOG_INFO]    = "info",
    [JA_LOG_DEBUG]   = "debug",
};
/* clang-format on */

/* Which rows to show, and the problem types and the rows of JPRS's table of each. */
typedef struct {
    int is_chosen[JA_E_COUNT];
    apr_array_header_t *types[JA_E_COUNT]; /* const char * */
    apr_array_header_t *jprs[JA_E_COUNT];  /* const char * */
} catalogue_t;

static catalogue_t *catalogue_make(apr_pool_t *pool)
{
    catalogue_t *all = apr_pcalloc(pool, sizeof(*all));
    int code;

    for (code = 0; code < JA_E_COUNT; code++) {
        all->types[code] = ja_meaning_types((ja_code_t)code, pool);
        all->jprs[code] = ja_meaning_jprs((ja_code_t)code, pool);
    }
    return all;
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
    return count;
}

static void print_json(const catalogue_t *all, apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    ja_json_t *top = ja_json_object(pool);
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
        ja_json_set_str(json, "level", LEVELS[row->level]);
        ja_json_set_str(json, "actor", ja_enumstr_print(&ja_actor_names, (int)row->actor));
        ja_json_set_str(json, "en", row->en);
        ja_json_set_str(json, "ja", row->ja);
        ja_json_append(array, json);
    }
    ja_json_set(top, "errors", array);
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

static void print_text(const catalogue_t *all, const ja_cmd_args_t *args)
{
    ja_table_t *table = ja_table_make(4, args->pool);
    int code;

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

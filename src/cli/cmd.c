#include "cli/cmd.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "report/escape.h"
#include "report/out.h"
#include "report/table.h"
#include "store/store_fs.h"

#define MESSAGE_CHARS 4096
#define ALWAYS        (JA_OPT_BIT(JA_OPT_STORE) | JA_OPT_BIT(JA_OPT_HELP))

typedef struct {
    const char *name;
    const char *value; /* its name in the help; NULL: it takes none */
    const char *help[JA_LANG_COUNT];
} option_row_t;

/* clang-format off */
static const option_row_t OPTIONS[] = {
    [JA_OPT_STORE] = { "--store", "PATH",
        { "the store, as in ManagedDomainStore; by default " JA_DEFAULT_STORE,
          "ManagedDomainStore に指定したディレクトリ (既定値は " JA_DEFAULT_STORE ")" } },
    [JA_OPT_JSON] = { "--json", NULL,
        { "print JSON", "JSON で出力する" } },
    [JA_OPT_CERT] = { "--cert", "FILE",
        { "the certificate in a PEM file instead of those that NAME uses",
          "NAME の使用中の証明書の代わりに、PEM ファイルの証明書を対象とする" } },
    [JA_OPT_REASON] = { "--reason", "R",
        { "why, by name or number (RFC 5280); by default unspecified (0)",
          "失効理由の名前または番号 (RFC 5280)。既定値は unspecified (0)" } },
    [JA_OPT_HELP] = { "--help", NULL,
        { "print help, on a command if there is one", "使い方を表示する" } },
};
/* clang-format on */
_Static_assert(sizeof(OPTIONS) / sizeof(OPTIONS[0]) == JA_OPT_COUNT, "a row for each option");

/* ---- reading --------------------------------------------------------------------------------- */

/* What is left to read. */
typedef struct {
    const char *const *argv;
    int argc;
    int next;
    int only_words; /* behind "--" */
} cursor_t;

static const ja_cmd_t *find_command(const ja_cmd_t *table, const char *name)
{
    for (; table->name; table++) {
        if (strcmp(table->name, name) == 0) {
            return table;
        }
    }
    return NULL;
}

/* The option that `word` ("--json", "--store=PATH") names, or -1. */
static int find_option(const char *word)
{
    size_t len = strcspn(word, "=");
    int opt;

    for (opt = 0; opt < JA_OPT_COUNT; opt++) {
        if (strlen(OPTIONS[opt].name) == len && strncmp(OPTIONS[opt].name, word, len) == 0) {
            return opt;
        }
    }
    return -1;
}

static const char *read_option(ja_cmd_args_t *args, cursor_t *cursor, const char *word)
{
    int opt = find_option(word);
    const char *value = strchr(word, '=');

    if (opt < 0) {
        return apr_psprintf(args->pool, "there is no option %s", word);
    }
    if (args->options[opt]) {
        return apr_psprintf(args->pool, "%s is given twice", OPTIONS[opt].name);
    }
    if (!OPTIONS[opt].value) {
        args->options[opt] = "";
        return value ? apr_psprintf(args->pool, "%s takes no value", OPTIONS[opt].name) : NULL;
    }
    if (!value && cursor->next < cursor->argc) {
        args->options[opt] = cursor->argv[cursor->next++];
    }
    else {
        args->options[opt] = value ? value + 1 : "";
    }
    return *args->options[opt] ? NULL
                               : apr_psprintf(args->pool, "%s needs a value: %s", OPTIONS[opt].name,
                                              OPTIONS[opt].value);
}

/* The first word is the command. */
static const char *read_word(const ja_cmd_t **cmd, ja_cmd_args_t *args, const ja_cmd_t *table,
                             const char *word)
{
    if (!*cmd) {
        *cmd = find_command(table, word);
        return *cmd ? NULL : apr_psprintf(args->pool, "there is no command %s", word);
    }
    if (args->n_words >= (*cmd)->max_words || args->n_words >= JA_CMD_WORDS_MAX) {
        return apr_psprintf(args->pool, "%s is one word too many for %s", word, (*cmd)->name);
    }
    args->words[args->n_words++] = word;
    return NULL;
}

/* How many words a command has to have: those that its syntax does not have in brackets. */
static int n_required(const ja_cmd_t *cmd)
{
    const char *at;
    int n = 0;

    for (at = cmd->syntax; *at && *at != '['; at += strspn(at, " ")) {
        at += strcspn(at, " ");
        n++;
    }
    return n;
}

/* Options may come before the command, so whether it takes them shows at the end only. */
static const char *check_whole(const ja_cmd_t *cmd, const ja_cmd_args_t *args)
{
    int opt;

    if (!cmd) {
        return args->options[JA_OPT_HELP] ? NULL : "a command is missing";
    }
    for (opt = 0; opt < JA_OPT_COUNT; opt++) {
        if (args->options[opt] && !((cmd->options | ALWAYS) & JA_OPT_BIT(opt))) {
            return apr_psprintf(args->pool, "%s does not take %s", cmd->name, OPTIONS[opt].name);
        }
    }
    if (args->n_words < n_required(cmd) && !args->options[JA_OPT_HELP]) {
        return apr_psprintf(args->pool, "%s needs %s", cmd->name, cmd->syntax);
    }
    return NULL;
}

const char *ja_cmd_parse(const ja_cmd_t **cmd, ja_cmd_args_t *args, const ja_cmd_t *table, int argc,
                         const char *const *argv)
{
    cursor_t cursor = { argv, argc, 1, 0 };
    const char *fault = NULL;

    *cmd = NULL;
    args->n_words = 0;
    memset(args->options, 0, sizeof(args->options));
    while (!fault && cursor.next < argc) {
        const char *word = argv[cursor.next++];

        if (!cursor.only_words && strcmp(word, "--") == 0) {
            cursor.only_words = 1;
        }
        else if (!cursor.only_words && word[0] == '-' && word[1] != '\0') {
            fault = read_option(args, &cursor, word);
        }
        else {
            fault = read_word(cmd, args, table, word);
        }
    }
    return fault ? fault : check_whole(*cmd, args);
}

/* ---- help ------------------------------------------------------------------------------------ */

static void add_option(ja_table_t *table, ja_opt_t opt, ja_lang_t lang, apr_pool_t *pool)
{
    const option_row_t *row = &OPTIONS[opt];
    const char *cells[] = {
        "",
        apr_pstrcat(pool, row->name, row->value ? " " : "", row->value ? row->value : "", NULL),
        row->help[lang],
    };

    ja_table_row(table, cells);
}

static void add_command(ja_table_t *table, const ja_cmd_t *cmd, ja_lang_t lang, apr_pool_t *pool)
{
    const char *cells[] = {
        "",
        apr_pstrcat(pool, cmd->name, *cmd->syntax ? " " : "", cmd->syntax, NULL),
        cmd->help[lang],
    };

    ja_table_row(table, cells);
}

const char *ja_cmd_help(const ja_cmd_t *table, const ja_cmd_t *cmd, ja_lang_t lang,
                        apr_pool_t *pool)
{
    static const char *const USAGE[JA_LANG_COUNT] = { "usage", "使い方" };
    ja_out_t out = ja_out_make(pool);
    ja_table_t *rows = ja_table_make(3, pool);
    unsigned options = cmd ? cmd->options | ALWAYS : ~0u;
    const ja_cmd_t *row;
    int opt;

    ja_out_printf(&out, "%s: jprs-acme %s%s%s [OPTION ...]\n", USAGE[lang],
                  cmd ? cmd->name : "COMMAND", cmd && *cmd->syntax ? " " : "",
                  cmd ? cmd->syntax : "");
    for (row = table; row->name; row++) {
        if (!cmd || cmd == row) {
            add_command(rows, row, lang, pool);
        }
    }
    for (opt = 0; opt < JA_OPT_COUNT; opt++) {
        if (options & JA_OPT_BIT(opt)) {
            add_option(rows, (ja_opt_t)opt, lang, pool);
        }
    }
    ja_out_put(&out, ja_table_text(rows, pool));
    ja_out_put(&out, cmd ? cmd->more[lang] : "");
    return ja_out_text(&out);
}

/* ---- for the commands ------------------------------------------------------------------------ */

void ja_cmd_complain(apr_pool_t *pool, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fprintf(stderr, "jprs-acme: %s\n",
            ja_escape_line(apr_pvsprintf(pool, fmt, args), MESSAGE_CHARS, pool));
    va_end(args);
}

ja_err_t *ja_cmd_store(ja_store_t **store, const ja_cmd_args_t *args)
{
    const char *path = args->options[JA_OPT_STORE];

    return ja_store_fs_open(store, path ? path : JA_DEFAULT_STORE, args->pool, args->pool);
}

ja_err_t *ja_cmd_plan(ja_plan_t **plan, ja_store_t **store, const ja_cmd_args_t *args)
{
    apr_pool_t *pool = args->pool;

    JA_TRY(ja_cmd_store(store, args));
    JA_TRY_W(ja_plan_load(plan, *store, pool, pool), pool,
             "reading %s, which httpd with mod_jprs_acme writes when it starts",
             ja_store_path(*store, JA_GROUP_TOP, NULL, "config.json", pool));
    return NULL;
}

int ja_cmd_is_root(const ja_cmd_args_t *args)
{
    static const char *const TEXT[JA_LANG_COUNT] = {
        "only root may do that: run it with sudo",
        "root 権限が必要です。sudo を付けて実行してください",
    };

    if (geteuid() == 0) {
        return 1;
    }
    ja_cmd_complain(args->pool, "%s", TEXT[args->lang]);
    return 0;
}

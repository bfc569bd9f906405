/* cli/cmd: the command line as a table: one row per command, one per option, with the help in the
 * row. Reading it, help, and what the commands print with. What a command does is in its cmd_*.c.
 */
#ifndef JA_CLI_CMD_H
#define JA_CLI_CMD_H

#include "issue/plan.h"
#include "report/words.h"
#include "store/store.h"

/* Exit statuses. */
#define JA_CMD_FINE    0
#define JA_CMD_PROBLEM 1 /* one was found, or the operation failed */
#define JA_CMD_USAGE   2

#define JA_CMD_WORDS_MAX 64

typedef enum {
    JA_OPT_STORE,
    JA_OPT_JSON,
    JA_OPT_CERT,
    JA_OPT_REASON,
    JA_OPT_HELP,
    JA_OPT_COUNT
} ja_opt_t;
#define JA_OPT_BIT(opt) (1u << (opt))

/* What was given. Lives as long as argv and `pool`. */
typedef struct {
    const char *options[JA_OPT_COUNT]; /* the value, "" if the option takes none; NULL: not given */
    const char
        *words[JA_CMD_WORDS_MAX]; /* behind the command                                      */
    int n_words;
    ja_lang_t lang;
    apr_pool_t *pool;
} ja_cmd_args_t;

/* Does it, prints, returns the exit status. */
typedef int ja_cmd_fn(const ja_cmd_args_t *args);

typedef struct {
    const char *name;
    const char *syntax; /* "NAME [NAME]", of the words behind it, those that may be missing in
                           brackets; "": none */
    int max_words;
    unsigned options;                /* bits: those it takes besides --help and --store */
    const char *help[JA_LANG_COUNT]; /* one line                                        */
    const char *more[JA_LANG_COUNT]; /* for its own --help; may be ""                   */
    ja_cmd_fn *run;
} ja_cmd_t;

/* Find the command in `table`, which ends with a row without name, and read its options and words,
 * in any order. `--store=PATH` and `--store PATH` are the same; nothing behind "--" is an option.
 * `args->lang` and `args->pool` are given. NULL, or a sentence that says what is wrong. `*cmd` is
 * NULL if no command was named, which is only right with --help. */
const char *ja_cmd_parse(const ja_cmd_t **cmd, ja_cmd_args_t *args, const ja_cmd_t *table, int argc,
                         const char *const *argv);

/* Help on all commands, or, if `cmd` is not NULL, on that one. */
const char *ja_cmd_help(const ja_cmd_t *table, const ja_cmd_t *cmd, ja_lang_t lang,
                        apr_pool_t *pool);

/* "jprs-acme: ..." on stderr, as one line that does nothing to a terminal. */
void ja_cmd_complain(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Open the store that --store names, or the built-in one. */
ja_err_t *ja_cmd_store(ja_store_t **store, const ja_cmd_args_t *args) JA_WARN_UNUSED;

/* The same, with the plan that the server has written there. */
ja_err_t *ja_cmd_plan(ja_plan_t **plan, ja_store_t **store,
                      const ja_cmd_args_t *args) JA_WARN_UNUSED;

/* Is this root? Else it has been said that it has to be. */
int ja_cmd_is_root(const ja_cmd_args_t *args);

/* The commands. */
ja_cmd_fn ja_cmd_status;   /* cmd_status.c  */
ja_cmd_fn ja_cmd_errors;   /* cmd_errors.c  */
ja_cmd_fn ja_cmd_register; /* cmd_register.c */
ja_cmd_fn ja_cmd_revoke;   /* cmd_revoke.c */
ja_cmd_fn ja_cmd_rollback; /* cmd_rollback.c */
ja_cmd_fn ja_cmd_version;  /* cmd_version.c */

#endif

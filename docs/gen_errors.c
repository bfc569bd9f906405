/* Prints docs/errors.md, or with the argument "ja" docs/errors.ja.md: the catalogue of
 * src/base/errcodes.def, and which words of the CA lead to it (src/acme/meaning.c); events
 * (src/event/events.def) and what is told of a configuration (src/issue/complaints.def).
 * `make update-docs` replaces the files; `make check` fails if that would change anything.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <apr_general.h>

#include "acme/meaning.h"
#include "event/event.h"
#include "issue/complaint.h"
#include "report/words.h"

/* clang-format off */
static const char *const HEAD[JA_LANG_COUNT] = {
    [JA_LANG_EN] =
        "# Errors\n\n"
        "<!-- Made by `make update-docs` from src/*/*.def and src/acme/meaning.c. -->\n\n"
        "Every failure has a message id. It stands in the error log, in `jprs-acme status`, in the\n"
        "status pages, and here. `jprs-acme errors JA0409`, `jprs-acme errors rejectedIdentifier` and\n"
        "`jprs-acme errors E13` show the same on the command line. Whatever\n"
        "an entry says of the next try: it is never before the end of the CA's Retry-After.\n",
    [JA_LANG_JA] =
        "# エラー一覧\n\n"
        "<!-- Made by `make update-docs` from src/*/*.def and src/acme/meaning.c. -->\n\n"
        "すべてのエラーにはメッセージ ID があり、エラーログ、`jprs-acme status`、ステータスページに表示されます。\n"
        "`jprs-acme errors JA0409`、`jprs-acme errors rejectedIdentifier`、`jprs-acme errors E13` でも\n"
        "同じ内容を確認できます。次の再試行についての記載にかかわらず、認証局が Retry-After で指定した時刻より前には再試行しません。\n",
};

static const char *const JPRS_HEAD[JA_LANG_COUNT] = {
    [JA_LANG_EN] =
        "\n## The error table of the JPRS manuals\n\n"
        "E1 to E29 number the rows of that table (section 6 of both manuals) from top to bottom. Where\n"
        "a type means several things, the CA's words tell them apart, and where these are the same\n"
        "(E17 and E19, E18 and E20), what was asked for: an order or an authorization.\n\n"
        "| row | problem type | words of the CA | id |\n|---|---|---|---|\n",
    [JA_LANG_JA] =
        "\n## JPRS マニュアルのエラー表との対応\n\n"
        "E1〜E29 は、マニュアル (2 種とも第 6 章) のエラー表の行に上から付けた番号です。同じ種別が複数の意味を持つ場合は\n"
        "認証局のメッセージで、メッセージも同じ場合 (E17 と E19、E18 と E20) はリクエストの対象 (オーダーまたは認可) で区別します。\n\n"
        "| 行 | エラー種別 | 認証局のメッセージ | ID |\n|---|---|---|---|\n",
};

static const char *const CODES_HEAD[JA_LANG_COUNT] = {
    [JA_LANG_EN] = "\n## All errors\n\nThe ids are never used for anything else later.\n",
    [JA_LANG_JA] = "\n## すべてのエラー\n\nID が別の意味で再利用されることはありません。\n",
};

static const char *const EVENTS_HEAD[JA_LANG_COUNT] = {
    [JA_LANG_EN] =
        "\n## Events\n\n"
        "What is told and is no failure. `LogLevel warn jprs_acme:info` shows all of them.\n\n"
        "| id | name | level | |\n|---|---|---|---|\n",
    [JA_LANG_JA] =
        "\n## イベント\n\n"
        "失敗ではない出来事です。`LogLevel warn jprs_acme:info` を指定すると、すべて出力されます。\n\n"
        "| ID | 名前 | レベル | |\n|---|---|---|---|\n",
};

static const char *const COMPLAINTS_HEAD[JA_LANG_COUNT] = {
    [JA_LANG_EN] =
        "\n## The configuration\n\n"
        "Told by `apachectl configtest` and at each start. With one of level `error` httpd does not start.\n\n"
        "| id | name | level | |\n|---|---|---|---|\n",
    [JA_LANG_JA] =
        "\n## 設定\n\n"
        "`apachectl configtest` と起動のたびに出力されます。レベル `error` のものがあると、httpd は起動しません。\n\n"
        "| ID | 名前 | レベル | |\n|---|---|---|---|\n",
};
/* clang-format on */

/* Headings are targets of links, in lower case. */
static void print_link(const char *id)
{
    printf("[%s](#ja%s)", id, id + 2);
}

/* "* The CA says: `malformed`, "Unable to create account" (E13)" */
static void print_meaning(const ja_meaning_row_t *row, ja_lang_t lang)
{
    printf("* %s: `%s`", ja_words_get(lang, JA_WORD_SAYS), row->type);
    if (row->text) {
        printf(", \"%s\"", row->text);
    }
    if (row->jprs) {
        printf(" (%s)", row->jprs);
    }
    printf("\n");
}

static void print_code(ja_code_t code, ja_lang_t lang, apr_pool_t *pool)
{
    const ja_errcode_t *row = ja_err_row(code);
    const apr_array_header_t *rows = ja_meaning_rows(code, pool);
    int i;

    printf("\n### %s\n\n`%s`: %s\n\n", row->id, row->name, lang == JA_LANG_JA ? row->ja : row->en);
    printf("* %s: %s\n", ja_words_get(lang, JA_WORD_ACTOR), ja_words_actor(lang, row->actor));
    printf("* %s: %s\n", ja_words_get(lang, JA_WORD_RETRY), ja_words_retry(lang, row->retry));
    for (i = 0; i < rows->nelts; i++) {
        print_meaning(&APR_ARRAY_IDX(rows, i, ja_meaning_row_t), lang);
    }
}

/* The number in "E13". */
static int number_of(const ja_meaning_row_t *row)
{
    return row->jprs ? atoi(row->jprs + 1) : 0;
}

/* The rows of that number: the first is the one that has the manual's words. 0: there is none. */
static int print_jprs(int number, apr_pool_t *pool)
{
    int is_open = 0;
    int code;
    int i;

    for (code = 0; code < JA_E_COUNT; code++) {
        const apr_array_header_t *rows = ja_meaning_rows((ja_code_t)code, pool);

        for (i = 0; i < rows->nelts; i++) {
            const ja_meaning_row_t *row = &APR_ARRAY_IDX(rows, i, ja_meaning_row_t);

            if (number_of(row) == number) {
                if (!is_open) {
                    printf("| %s | `%s` | %s | ", row->jprs, row->type,
                           row->text ? row->text : "-");
                }
                printf("%s", is_open ? ", " : "");
                print_link(ja_err_row((ja_code_t)code)->id);
                is_open = 1;
            }
        }
    }
    printf("%s", is_open ? " |\n" : "");
    return is_open;
}

static void print_messages(const char *head, int count, const ja_message_t *(*at)(int i),
                           ja_lang_t lang)
{
    int i;

    printf("%s", head);
    for (i = 0; i < count; i++) {
        const ja_message_t *row = at(i);

        printf("| %s | %s | %s | %s |\n", row->id, row->name,
               ja_enumstr_print(&ja_level_names, (int)row->level),
               lang == JA_LANG_JA ? row->ja : row->en);
    }
}

int main(int argc, char **argv)
{
    ja_lang_t lang = argc > 1 && strcmp(argv[1], "ja") == 0 ? JA_LANG_JA : JA_LANG_EN;
    apr_pool_t *pool;
    int number = 1;
    int code;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 1;
    }
    printf("%s%s", HEAD[lang], JPRS_HEAD[lang]);
    while (print_jprs(number, pool)) {
        number++;
    }
    printf("%s", CODES_HEAD[lang]);
    for (code = 0; code < JA_E_COUNT; code++) {
        print_code((ja_code_t)code, lang, pool);
    }
    print_messages(EVENTS_HEAD[lang], JA_EVENT_COUNT, ja_event_message, lang);
    print_messages(COMPLAINTS_HEAD[lang], JA_COMPLAINT_COUNT, ja_complaint_message, lang);
    apr_terminate();
    return fflush(stdout) == 0 ? 0 : 1;
}

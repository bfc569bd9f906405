/* Prints the reference part of docs/directives.md from the directive table. With the name of a
 * file: that file's text up to the marker, then the reference part, so that what it prints can
 * replace the file. `make update-docs` does that; `make check` fails if it would change anything.
 */
#include <stdio.h>
#include <string.h>

#include <apr_general.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "issue/settings.h"

#define MARKER   "<!-- What follows is made by `make update-docs` from src/issue/settings.def. -->\n"
#define MAX_HEAD (256 * 1024)

static const char *where(const ja_setting_t *row)
{
    return row->scope == JA_SCOPE_DOMAIN ? "server config, `<ManagedDomain>`" : "server config";
}

static const char *fallback(const ja_setting_t *row, apr_pool_t *pool)
{
    const ja_setting_t *store = &ja_settings_table()[JA_SETTING_STORE];

    if (row == store) {
        return "`${localstatedir}/lib/jprs-acme`"; /* not that of this build */
    }
    return row->absent ? row->absent : apr_pstrcat(pool, "`", row->fallback, "`", NULL);
}

/* "|" ends a table's cell. */
static const char *cell(const char *text, apr_pool_t *pool)
{
    const char *bar = strchr(text, '|');

    if (!bar) {
        return text;
    }
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(bar - text)), "\\|",
                       cell(bar + 1, pool), NULL);
}

/* The heading as the target of a link: in lower case. */
static const char *anchor(const char *name, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, name);
    char *at;

    for (at = text; *at; at++) {
        *at = (char)apr_tolower(*at);
    }
    return text;
}

static void print_table(apr_pool_t *pool)
{
    const ja_setting_t *row;

    printf("\n## All others\n\n| directive | values | default |\n|---|---|---|\n");
    for (row = ja_settings_table(); row->name; row++) {
        printf("| [`%s`](#%s) | `%s` | %s |\n", row->name, anchor(row->name, pool),
               cell(row->syntax, pool), fallback(row, pool));
    }
}

static void print_row(const ja_setting_t *row, apr_pool_t *pool)
{
    printf("\n### %s\n\n", row->name);
    printf("    %s %s\n\n", row->name, row->syntax);
    printf("%s%s%s\n\n", row->help, *row->details ? " " : "", row->details);
    printf("* Default: %s\n", fallback(row, pool));
    printf("* Where: %s\n\n", where(row));
    printf("```apache\n%s```\n", row->example);
}

/* The hand-written part of `path`, marker included. 0: there is none. */
static int print_head(const char *path, apr_pool_t *pool)
{
    char *text = apr_pcalloc(pool, MAX_HEAD + 1);
    FILE *file = fopen(path, "re");
    char *end;

    if (!file) {
        return 0;
    }
    text[fread(text, 1, MAX_HEAD, file)] = '\0';
    fclose(file);
    end = strstr(text, MARKER);
    if (!end) {
        return 0;
    }
    printf("%.*s", (int)(end - text + (long)strlen(MARKER)), text);
    return 1;
}

int main(int argc, char **argv)
{
    const ja_setting_t *row;
    apr_pool_t *pool;

    if (apr_initialize() != APR_SUCCESS || apr_pool_create(&pool, NULL) != APR_SUCCESS) {
        return 1;
    }
    if (argc > 1 && !print_head(argv[1], pool)) {
        fprintf(stderr, "%s: can't be read, or has no line %s", argv[1], MARKER);
        return 1;
    }
    print_table(pool);
    for (row = ja_settings_table(); row->name; row++) {
        print_row(row, pool);
    }
    apr_terminate();
    return fflush(stdout) == 0 ? 0 : 1;
}

#include "issue/trial.h"

#include <string.h>

#include <apr_strings.h>

#include "base/utf8.h"
#include "issue/restart.h"

/* The last ones say why; before them are warnings. */
#define LINES_MAX 3

/* One line, without "[time] [module:level] [pid] " before it. */
static const char *strip(const char *line)
{
    const char *end;

    while (*line == '[' && (end = strchr(line, ']')) != NULL) {
        line = end + 1;
        line += strspn(line, " ");
    }
    return line;
}

/* The lines that have something in them, const char *. */
static apr_array_header_t *lines_of(const char *output, apr_size_t len, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, 16, sizeof(const char *));
    char *text = ja_utf8_copy(output, len, len, pool);
    const char *line;
    char *at;

    for (at = text; *at; at++) {
        if (*at != '\n' && ((unsigned char)*at < ' ' || *at == 0x7f)) {
            *at = ' ';
        }
    }
    for (line = apr_strtok(text, "\n", &at); line; line = apr_strtok(NULL, "\n", &at)) {
        if (line[strspn(line, " ")]) {
            APR_ARRAY_PUSH(lines, const char *) = strip(line);
        }
    }
    return lines;
}

static int has_line(const apr_array_header_t *lines, const char *wanted)
{
    int i;

    for (i = 0; i < lines->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(lines, i, const char *), wanted) == 0) {
            return 1;
        }
    }
    return 0;
}

/* Where the reason begins: at the place of a syntax error, if it is one. */
static int find_reason(const apr_array_header_t *lines)
{
    int first = lines->nelts > LINES_MAX ? lines->nelts - LINES_MAX : 0;
    int i;

    for (i = first; i < lines->nelts; i++) {
        if (strstr(APR_ARRAY_IDX(lines, i, const char *), "Syntax error on line")) {
            return i;
        }
    }
    return first;
}

/* "AH00526: Syntax error on line 3 of /etc/...: Invalid command 'X'; ..." */
static const char *join(const apr_array_header_t *lines, int first, apr_pool_t *pool)
{
    const char *text = "";
    int i;

    for (i = first; i < lines->nelts; i++) {
        apr_size_t len = strlen(text);
        const char *between = len == 0 ? "" : text[len - 1] == ':' ? " " : "; ";

        text = apr_pstrcat(pool, text, between, APR_ARRAY_IDX(lines, i, const char *), NULL);
    }
    return ja_utf8_copy(text, strlen(text), JA_RESTART_REASON_MAX, pool);
}

const char *ja_trial_reason(int exit_code, const char *output, apr_size_t len, apr_pool_t *pool)
{
    apr_array_header_t *lines = lines_of(output, len, pool);

    if (exit_code == 0) {
        return has_line(lines, JA_TRIAL_MARKER)
                   ? NULL
                   : "the configuration on disk does not load this version of mod_jprs_acme, so "
                     "that it can't be checked";
    }
    if (lines->nelts == 0) {
        return apr_psprintf(pool, "httpd -t ended with %d, without a word", exit_code);
    }
    return join(lines, find_reason(lines), pool);
}

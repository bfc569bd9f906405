#include "base/english.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* What stands between the languages, and says nothing once one of them is gone. */
#define SEPARATORS " \t\r\n/|:;,(-"

static int is_ascii(char c)
{
    return ((unsigned char)c & 0x80) == 0;
}

static int is_letter(char c)
{
    return is_ascii(c) && apr_isalpha(c);
}

/* How long the run of ASCII, or of anything else, at `text` is. */
static apr_size_t run_of(const char *text, apr_size_t len, int of_ascii)
{
    apr_size_t count = 0;

    while (count < len && is_ascii(text[count]) == of_ascii) {
        count++;
    }
    return count;
}

static apr_size_t word_of(const char *text, apr_size_t len)
{
    apr_size_t count = 0;

    while (count < len && is_letter(text[count])) {
        count++;
    }
    return count;
}

static int is_english(const char *text, apr_size_t len)
{
    apr_size_t at = 0;

    while (at < len) {
        apr_size_t first = word_of(text + at, len - at);

        at += first;
        if (first >= 2 && at < len && text[at] == ' '
            && word_of(text + at + 1, len - at - 1) >= 2) {
            return 1;
        }
        at += at < len; /* what has ended the word, if there was one */
    }
    return 0;
}

static int has_letters(const char *text, apr_size_t len)
{
    apr_size_t at = 0;

    while (at < len && !is_letter(text[at])) {
        at++;
    }
    return at < len;
}

int ja_english_is(const char *text)
{
    return is_english(text, strlen(text));
}

/* The part that is shown: *begin and how long it is. */
static apr_size_t find_part(const char **begin, const char *text)
{
    apr_size_t len = strlen(text);
    apr_size_t run = run_of(text, len, 1);

    *begin = text;
    if (run == len || has_letters(text, run)) {
        return run;
    }
    while (len > 0) {
        if (is_english(text, run)) {
            *begin = text;
            return run;
        }
        text += run;
        len -= run;
        run = run_of(text, len, 0);
        text += run;
        len -= run;
        run = run_of(text, len, 1);
    }
    return 0;
}

/* "/ " or "|", or the end of a line; not the strokes of an URL. */
static int is_stroke(char c, char next)
{
    return c == '\n' || (strchr("/|", c) && next == ' ');
}

/* Without the first words of the other language, as in "... / CSR": what is behind the last stroke
 * or line break and is no English. */
static apr_size_t without_tail(const char *text, apr_size_t len)
{
    apr_size_t at = len;

    while (at > 0 && !is_stroke(text[at - 1], at < len ? text[at] : ' ')) {
        at--;
    }
    return at > 1 && !is_english(text + at, len - at) ? at - 1 : len;
}

static char *one_line(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text, len);
    char *at;

    for (at = copy; *at; at++) {
        *at = apr_iscntrl(*at) ? ' ' : *at;
    }
    return copy;
}

const char *ja_english_part(const char *text, apr_pool_t *pool)
{
    const char *begin;
    apr_size_t len = find_part(&begin, text);
    int is_cut_before = begin > text;
    int is_cut_after = begin[len] != '\0';

    if (len == 0) {
        return *text ? JA_ENGLISH_LEFT_OUT : "";
    }
    len = is_cut_after ? without_tail(begin, len) : len;
    while (is_cut_after && len > 0 && strchr(SEPARATORS, begin[len - 1])) {
        len--;
    }
    while (is_cut_before && len > 0 && strchr(SEPARATORS, *begin)) {
        begin++;
        len--;
    }
    return apr_pstrcat(pool, is_cut_before ? JA_ENGLISH_LEFT_OUT " " : "",
                       one_line(begin, len, pool), is_cut_after ? " " JA_ENGLISH_LEFT_OUT : "",
                       NULL);
}

#include "json/json.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>
#include <jansson.h>

#include "base/utf8.h"

static apr_status_t drop_at_cleanup(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* The pool takes over the caller's reference. */
static ja_json_t *keep(json_t *json, apr_pool_t *pool)
{
    if (json) {
        apr_pool_cleanup_register(pool, json, drop_at_cleanup, apr_pool_cleanup_null);
    }
    return json;
}

/* ---- parsing and printing -------------------------------------------------------------------- */

/* The deepest nesting of objects and arrays. jansson parses recursively, with a limit that is fixed
 * when it is compiled and far above ours, so ours has to hold before it begins. */
static int depth_of(const char *bytes, apr_size_t len)
{
    int depth = 0;
    int deepest = 0;
    int in_string = 0;
    apr_size_t i;

    for (i = 0; i < len; i++) {
        char c = bytes[i];

        if (in_string) {
            if (c == '\\') {
                i++;
            }
            else if (c == '"') {
                in_string = 0;
            }
        }
        else if (c == '"') {
            in_string = 1;
        }
        else if (c == '{' || c == '[') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        }
        else if (c == '}' || c == ']') {
            depth--;
        }
    }
    return deepest;
}

/* jansson's own message quotes the text, which may be a key: only what kind of error it is may be
 * told. */
static const char *parse_failure(const json_error_t *failure)
{
    switch ((int)json_error_code(failure)) {
    case json_error_invalid_utf8:
        return "invalid UTF-8";
    case json_error_duplicate_key:
        return "a member twice";
    case json_error_premature_end_of_input:
        return "unexpected end";
    case json_error_end_of_input_expected:
        return "something behind the end";
    case json_error_null_character:
    case json_error_null_byte_in_key:
        return "a NUL character";
    case json_error_numeric_overflow:
        return "a number out of range";
    default:
        return "a syntax error";
    }
}

ja_err_t *ja_json_parse(ja_json_t **json, const char *bytes, apr_size_t len, apr_size_t max,
                        apr_pool_t *result, apr_pool_t *scratch)
{
    json_error_t failure;
    json_t *parsed;

    if (len > max) {
        return ja_err_make(JA_E_TOO_LARGE, scratch,
                           "JSON of %" APR_SIZE_T_FMT " bytes, allowed are %" APR_SIZE_T_FMT, len,
                           max);
    }
    if (depth_of(bytes, len) > JA_JSON_DEPTH_MAX) {
        return ja_err_make(JA_E_TOO_LARGE, scratch, "JSON nested deeper than %d levels",
                           JA_JSON_DEPTH_MAX);
    }
    parsed = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &failure);
    if (!parsed) {
        return ja_err_make(JA_E_SYNTAX, scratch, "JSON has %s in line %d, column %d",
                           parse_failure(&failure), failure.line, failure.column);
    }
    *json = keep(parsed, result);
    return NULL;
}

/* Written straight into the pool, so that no second copy of what may be a key is left in freed
 * memory. */
static const char *print(const ja_json_t *json, size_t flags, apr_pool_t *pool)
{
    size_t len = json_dumpb(json, NULL, 0, flags | JSON_ENCODE_ANY);
    char *text = apr_palloc(pool, len + 1);

    json_dumpb(json, text, len, flags | JSON_ENCODE_ANY);
    text[len] = '\0';
    return text;
}

const char *ja_json_print(const ja_json_t *json, apr_pool_t *pool)
{
    return print(json, JSON_COMPACT, pool);
}

const char *ja_json_print_pretty(const ja_json_t *json, apr_pool_t *pool)
{
    return print(json, JSON_INDENT(2), pool);
}

/* ---- dates ----------------------------------------------------------------------------------- */

#define TIME_SIZE 32

static const char *write_time(char text[TIME_SIZE], apr_time_t at)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, at);
    apr_snprintf(text, TIME_SIZE, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.tm_year + 1900, t.tm_mon + 1,
                 t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec);
    return text;
}

const char *ja_json_time_print(apr_time_t at, apr_pool_t *pool)
{
    return write_time(apr_palloc(pool, TIME_SIZE), at);
}

/* The number of exactly `digits` digits at `*text`, which moves behind it; -1 if it is none or
 * greater than `max`. */
static int number(const char **text, int digits, int max)
{
    int value = 0;

    for (; digits > 0; digits--, (*text)++) {
        if (!apr_isdigit(**text)) {
            return -1;
        }
        value = value * 10 + (**text - '0');
    }
    return value <= max ? value : -1;
}

/* Move behind one of the characters `any`; 0 if there is another. */
static int skip(const char **text, const char *any)
{
    if (**text == '\0' || !strchr(any, **text)) {
        return 0;
    }
    (*text)++;
    return 1;
}

static int days_of_month(int year, int month)
{
    static const int DAYS[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    int is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return month == 2 && is_leap ? 29 : DAYS[month - 1];
}

static int read_date(apr_time_exp_t *t, const char **text)
{
    int year;
    int month;
    int day;

    if ((year = number(text, 4, 9999)) < 0 || !skip(text, "-") || (month = number(text, 2, 12)) < 1
        || !skip(text, "-") || (day = number(text, 2, days_of_month(year, month))) < 1) {
        return 0;
    }
    t->tm_year = year - 1900;
    t->tm_mon = month - 1;
    t->tm_mday = day;
    return 1;
}

/* RFC 3339 5.7: the second 60 is a leap second; as the clock has none, it is the one that follows.
 * */
static int read_time_of_day(apr_time_exp_t *t, const char **text)
{
    if ((t->tm_hour = number(text, 2, 23)) < 0 || !skip(text, ":")
        || (t->tm_min = number(text, 2, 59)) < 0 || !skip(text, ":")
        || (t->tm_sec = number(text, 2, 60)) < 0) {
        return 0;
    }
    if (skip(text, ".")) {
        if (!apr_isdigit(**text)) {
            return 0;
        }
        while (apr_isdigit(**text)) {
            (*text)++;
        }
    }
    return 1;
}

static int read_offset(apr_time_exp_t *t, const char **text)
{
    int sign = **text == '-' ? -1 : 1;
    int hours;
    int minutes;

    if (skip(text, "Zz")) {
        return 1;
    }
    if (!skip(text, "+-") || (hours = number(text, 2, 23)) < 0 || !skip(text, ":")
        || (minutes = number(text, 2, 59)) < 0) {
        return 0;
    }
    t->tm_gmtoff = sign * (hours * 60 + minutes) * 60;
    return 1;
}

apr_time_t ja_json_time_parse(const char *text)
{
    apr_time_exp_t t = { 0 };
    apr_time_t at;

    if (!read_date(&t, &text) || !skip(&text, "Tt") || !read_time_of_day(&t, &text)
        || !read_offset(&t, &text) || *text != '\0'
        || apr_time_exp_gmt_get(&at, &t) != APR_SUCCESS) {
        return 0;
    }
    return at > 0 ? at : 0; /* an offset may lead to before 1970 */
}

/* ---- building -------------------------------------------------------------------------------- */

static json_t *string_of(const char *value)
{
    json_t *string = json_string(value);
    char *copy;

    if (string) {
        return string;
    }
    copy = strdup(value);
    if (!copy) {
        return NULL;
    }
    ja_utf8_mend(copy, strlen(copy));
    string = json_string(copy);
    free(copy);
    return string;
}

ja_json_t *ja_json_object(apr_pool_t *pool)
{
    return keep(json_object(), pool);
}

ja_json_t *ja_json_array(apr_pool_t *pool)
{
    return keep(json_array(), pool);
}

void ja_json_set(ja_json_t *object, const char *name, ja_json_t *value)
{
    json_object_set(object, name, value);
}

void ja_json_set_str(ja_json_t *object, const char *name, const char *value)
{
    if (value) {
        json_object_set_new(object, name, string_of(value));
    }
}

void ja_json_set_int(ja_json_t *object, const char *name, apr_int64_t value)
{
    json_object_set_new(object, name, json_integer(value));
}

void ja_json_set_bool(ja_json_t *object, const char *name, int value)
{
    json_object_set_new(object, name, json_boolean(value));
}

void ja_json_set_time(ja_json_t *object, const char *name, apr_time_t at)
{
    char text[TIME_SIZE];

    if (at != 0) {
        json_object_set_new(object, name, json_string(write_time(text, at)));
    }
}

void ja_json_set_strs(ja_json_t *object, const char *name, const apr_array_header_t *strs)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < strs->nelts; i++) {
        ja_json_append_str(array, APR_ARRAY_IDX(strs, i, const char *));
    }
    json_object_set_new(object, name, array);
}

void ja_json_append(ja_json_t *array, ja_json_t *value)
{
    json_array_append(array, value);
}

void ja_json_append_str(ja_json_t *array, const char *value)
{
    if (value) {
        json_array_append_new(array, string_of(value));
    }
}

/* ---- reading --------------------------------------------------------------------------------- */

ja_json_t *ja_json_get(const ja_json_t *object, const char *name)
{
    return json_object_get(object, name);
}

const char *ja_json_get_str(const ja_json_t *object, const char *name, const char *fallback)
{
    const char *value = json_string_value(json_object_get(object, name));

    return value ? value : fallback;
}

apr_int64_t ja_json_get_int(const ja_json_t *object, const char *name, apr_int64_t fallback)
{
    const json_t *value = json_object_get(object, name);

    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

int ja_json_get_bool(const ja_json_t *object, const char *name, int fallback)
{
    const json_t *value = json_object_get(object, name);

    return json_is_boolean(value) ? json_is_true(value) : fallback;
}

int ja_json_is_object(const ja_json_t *json)
{
    return json_is_object(json);
}

int ja_json_is_array(const ja_json_t *json)
{
    return json_is_array(json);
}

int ja_json_count(const ja_json_t *array)
{
    return (int)json_array_size(array);
}

ja_json_t *ja_json_at(const ja_json_t *array, int index)
{
    return index < 0 ? NULL : json_array_get(array, (size_t)index);
}

const char *ja_json_str(const ja_json_t *string)
{
    return json_string_value(string);
}

apr_time_t ja_json_time(const ja_json_t *string)
{
    const char *text = ja_json_str(string);

    return text ? ja_json_time_parse(text) : 0;
}

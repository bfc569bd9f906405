#include "json/bind.h"

#include <string.h>

#include <apr_strings.h>
#include <jansson.h>

/* The longest string in a list of strings: a URL, a contact, a name. */
#define LISTED_STR_MAX 2048

/* The field of the struct that `field` is about. */
#define AT(type, base, field)       (*(type *)((char *)(base) + (field)->offset))
#define AT_CONST(type, base, field) (*(type const *)((const char *)(base) + (field)->offset))

static ja_err_t *refuse(const ja_bind_t *bind, const ja_field_t *field, const char *why,
                        apr_pool_t *pool)
{
    return ja_err_make(JA_E_SYNTAX, pool, "%s/%s %s", bind->what, field->name, why);
}

/* ---- reading --------------------------------------------------------------------------------- */

static apr_status_t drop_at_cleanup(void *json)
{
    json_decref(json);
    return APR_SUCCESS;
}

/* A part of the document that outlives the document's own pool. */
static const ja_json_t *keep(ja_json_t *json, apr_pool_t *pool)
{
    json_incref(json);
    apr_pool_cleanup_register(pool, json, drop_at_cleanup, apr_pool_cleanup_null);
    return json;
}

/* NULL, or why the string is not accepted. */
static const char *read_str(const char **out, const ja_json_t *json, apr_int64_t max,
                            apr_pool_t *result)
{
    if (!json_is_string(json)) {
        return "is no string";
    }
    if ((apr_int64_t)json_string_length(json) > max) {
        return "is too long";
    }
    *out = apr_pstrmemdup(result, json_string_value(json), json_string_length(json));
    return NULL;
}

static const char *read_strs(apr_array_header_t *out, const ja_json_t *json, apr_int64_t max,
                             apr_pool_t *result)
{
    const char *why = NULL;
    int i;

    if (!json_is_array(json)) {
        return "is no array";
    }
    if (ja_json_count(json) > max) {
        return "has too many entries";
    }
    for (i = 0; i < ja_json_count(json) && !why; i++) {
        if (read_str(apr_array_push(out), ja_json_at(json, i), LISTED_STR_MAX, result)) {
            why = "has an entry that is no string, or too long";
        }
    }
    return why;
}

static const char *read_int(apr_int64_t *out, const ja_json_t *json, apr_int64_t max)
{
    if (!json_is_integer(json)) {
        return "is no integer";
    }
    if (json_integer_value(json) < 0 || json_integer_value(json) > max) {
        return "is out of range";
    }
    *out = json_integer_value(json);
    return NULL;
}

static const char *read_bool(int *out, const ja_json_t *json)
{
    *out = json_is_true(json);
    return json_is_boolean(json) ? NULL : "is no boolean";
}

static const char *read_time(apr_time_t *out, const ja_json_t *json)
{
    *out = json_is_string(json) ? ja_json_time_parse(json_string_value(json)) : 0;
    return *out != 0 ? NULL : "is no RFC 3339 date";
}

static const char *read_enum(int *out, const ja_json_t *json, const ja_enumstr_t *names,
                             apr_pool_t *scratch)
{
    *out = ja_enumstr_parse(names, json_string_value(json));
    return *out >= 0 ? NULL
                     : apr_pstrcat(scratch, "is none of ", ja_enumstr_list(names, scratch), NULL);
}

static ja_err_t *read_objects(apr_array_header_t *out, const ja_bind_t *bind,
                              const ja_field_t *field, const ja_json_t *json, apr_pool_t *result,
                              apr_pool_t *scratch)
{
    int i;

    if (!json_is_array(json)) {
        return refuse(bind, field, "is no array", scratch);
    }
    if (ja_json_count(json) > field->max) {
        return refuse(bind, field, "has too many entries", scratch);
    }
    for (i = 0; i < ja_json_count(json); i++) {
        JA_TRY(ja_bind_read(apr_array_push(out), field->sub, ja_json_at(json, i), result, scratch));
    }
    return NULL;
}

static ja_err_t *read_object(void **out, const ja_field_t *field, const ja_json_t *json,
                             apr_pool_t *result, apr_pool_t *scratch)
{
    *out = apr_palloc(result, field->sub->size);
    return ja_bind_read(*out, field->sub, json, result, scratch);
}

/* `out` is the whole struct. A list is there already, with nothing in it. */
static ja_err_t *read_member(void *out, const ja_bind_t *bind, const ja_field_t *field,
                             ja_json_t *json, apr_pool_t *result, apr_pool_t *scratch)
{
    const char *why = NULL;

    switch (field->kind) {
    case JA_FIELD_STR:
        why = read_str(&AT(const char *, out, field), json, field->max, result);
        break;
    case JA_FIELD_INT:
        why = read_int(&AT(apr_int64_t, out, field), json, field->max);
        break;
    case JA_FIELD_BOOL:
        why = read_bool(&AT(int, out, field), json);
        break;
    case JA_FIELD_TIME:
        why = read_time(&AT(apr_time_t, out, field), json);
        break;
    case JA_FIELD_ENUM:
        why = read_enum(&AT(int, out, field), json, field->names, scratch);
        break;
    case JA_FIELD_STRS:
        why = read_strs(AT(apr_array_header_t *, out, field), json, field->max, result);
        break;
    case JA_FIELD_OBJECT:
        return read_object(&AT(void *, out, field), field, json, result, scratch);
    case JA_FIELD_OBJECTS:
        return read_objects(AT(apr_array_header_t *, out, field), bind, field, json, result,
                            scratch);
    case JA_FIELD_JSON:
        AT(const ja_json_t *, out, field) = keep(json, result);
        break;
    }
    return why ? refuse(bind, field, why, scratch) : NULL;
}

/* What an absent member leaves behind, where zero bytes are not it. */
static void set_absent(void *out, const ja_field_t *field, apr_pool_t *result)
{
    if (field->kind == JA_FIELD_ENUM) {
        AT(int, out, field) = -1;
    }
    else if (field->kind == JA_FIELD_STRS) {
        AT(apr_array_header_t *, out, field) = apr_array_make(result, 1, sizeof(const char *));
    }
    else if (field->kind == JA_FIELD_OBJECTS) {
        AT(apr_array_header_t *, out, field) = apr_array_make(result, 1, (int)field->sub->size);
    }
}

ja_err_t *ja_bind_read(void *out, const ja_bind_t *bind, const ja_json_t *json, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    const ja_field_t *field;

    memset(out, 0, bind->size);
    if (!json_is_object(json)) {
        return ja_err_make(JA_E_SYNTAX, scratch, "%s is no JSON object", bind->what);
    }
    for (field = bind->fields; field->name; field++) {
        ja_json_t *member = ja_json_get(json, field->name);

        set_absent(out, field, result);
        if (member && !json_is_null(member)) {
            JA_TRY(read_member(out, bind, field, member, result, scratch));
        }
        else if (field->required) {
            return refuse(bind, field, "is missing", scratch);
        }
    }
    return NULL;
}

/* ---- printing -------------------------------------------------------------------------------- */

static void print_strs(ja_json_t *json, const ja_field_t *field, const apr_array_header_t *strs,
                       apr_pool_t *pool)
{
    if (strs) {
        ja_json_set_strs(json, field->name, strs);
    }
    else {
        ja_json_set(json, field->name, ja_json_array(pool));
    }
}

static void print_objects(ja_json_t *json, const ja_field_t *field,
                          const apr_array_header_t *objects, apr_pool_t *pool)
{
    ja_json_t *array = ja_json_array(pool);
    int i;

    for (i = 0; objects && i < objects->nelts; i++) {
        ja_json_append(
            array, ja_bind_print(field->sub, objects->elts + (size_t)i * field->sub->size, pool));
    }
    ja_json_set(json, field->name, array);
}

static void print_object(ja_json_t *json, const ja_field_t *field, const void *object,
                         apr_pool_t *pool)
{
    if (object) {
        ja_json_set(json, field->name, ja_bind_print(field->sub, object, pool));
    }
}

static void print_enum(ja_json_t *json, const ja_field_t *field, int value)
{
    if (value >= 0) {
        ja_json_set_str(json, field->name, ja_enumstr_print(field->names, value));
    }
}

static void print_member(ja_json_t *json, const ja_field_t *field, const void *in, apr_pool_t *pool)
{
    switch (field->kind) {
    case JA_FIELD_STR:
        ja_json_set_str(json, field->name, AT_CONST(char *, in, field));
        break;
    case JA_FIELD_INT:
        ja_json_set_int(json, field->name, AT_CONST(apr_int64_t, in, field));
        break;
    case JA_FIELD_BOOL:
        ja_json_set_bool(json, field->name, AT_CONST(int, in, field));
        break;
    case JA_FIELD_TIME:
        ja_json_set_time(json, field->name, AT_CONST(apr_time_t, in, field));
        break;
    case JA_FIELD_ENUM:
        print_enum(json, field, AT_CONST(int, in, field));
        break;
    case JA_FIELD_STRS:
        print_strs(json, field, AT_CONST(apr_array_header_t *, in, field), pool);
        break;
    case JA_FIELD_OBJECT:
        print_object(json, field, AT_CONST(void *, in, field), pool);
        break;
    case JA_FIELD_OBJECTS:
        print_objects(json, field, AT_CONST(apr_array_header_t *, in, field), pool);
        break;
    case JA_FIELD_JSON:
        ja_json_set(json, field->name, AT_CONST(ja_json_t *, in, field));
        break;
    }
}

ja_json_t *ja_bind_print(const ja_bind_t *bind, const void *in, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);
    const ja_field_t *field;

    for (field = bind->fields; field->name; field++) {
        print_member(json, field, in, pool);
    }
    return json;
}

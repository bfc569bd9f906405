/* json/bind: a C struct and a JSON object, connected by a table of fields. Used for what comes from
 * the CA and for the store's own files alike: one row per member, limits in the row, no parsing
 * code by hand.
 */
#ifndef JA_JSON_BIND_H
#define JA_JSON_BIND_H

#include <stddef.h>

#include "base/enumstr.h"
#include "json/json.h"

typedef enum {
    JA_FIELD_STR,     /* const char * */
    JA_FIELD_INT,     /* apr_int64_t, 0 .. max */
    JA_FIELD_BOOL,    /* int */
    JA_FIELD_TIME,    /* apr_time_t, 0 = absent */
    JA_FIELD_ENUM,    /* int, by the row's `names` */
    JA_FIELD_STRS,    /* apr_array_header_t * of const char *, at most `max` */
    JA_FIELD_OBJECT,  /* pointer to a struct by the row's `sub`, NULL = absent */
    JA_FIELD_OBJECTS, /* apr_array_header_t * of structs by `sub`, at most `max` */
    JA_FIELD_JSON     /* const ja_json_t *, anything */
} ja_field_kind_t;

typedef struct ja_bind_t ja_bind_t;

typedef struct {
    const char *name; /* of the member */
    ja_field_kind_t kind;
    size_t offset; /* offsetof(the struct, the field) */
    int required;  /* 1: its absence is JA_E_SYNTAX */
    apr_int64_t
        max; /* bytes of a string, largest integer, entries of a list (strings in it: 2048 bytes) */
    const ja_enumstr_t *names; /* JA_FIELD_ENUM */
    const ja_bind_t *sub;      /* JA_FIELD_OBJECT(S) */
} ja_field_t;

struct ja_bind_t {
    const char *what;         /* "order": for messages */
    size_t size;              /* of the struct */
    const ja_field_t *fields; /* until one without name */
};

/* Fill `out` (zeroed before) from `json`. Absent optional members stay 0/NULL (lists: an empty
 * array; enums: -1). Unknown members are ignored; null counts as absent. JA_E_SYNTAX names
 * what/member. Strings are copied to `result`. */
ja_err_t *ja_bind_read(void *out, const ja_bind_t *bind, const ja_json_t *json, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* The struct as JSON: absent (0/NULL; enum < 0) optional members are left out; integers, booleans
 * and lists are always written. */
ja_json_t *ja_bind_print(const ja_bind_t *bind, const void *in, apr_pool_t *pool);

#endif

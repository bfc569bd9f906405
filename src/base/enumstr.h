/* base/enumstr: names of enum values, from one table: printing, parsing, and "one of a, b, c" for
 * messages. */
#ifndef JA_BASE_ENUMSTR_H
#define JA_BASE_ENUMSTR_H

#include <apr_pools.h>

typedef struct {
    const char *const
        *names; /* names[value]; designated initializers in the tables; no NULL inside */
    int count;
} ja_enumstr_t;

/* The name of a value; "?" out of range. */
const char *ja_enumstr_print(const ja_enumstr_t *e, int value);

/* The value of a name, case-insensitive, or -1. NULL gives -1. */
int ja_enumstr_parse(const ja_enumstr_t *e, const char *name);

/* "a, b, c": what is allowed. */
const char *ja_enumstr_list(const ja_enumstr_t *e, apr_pool_t *pool);

#endif

#include "base/enumstr.h"

#include <apr_cstr.h>
#include <apr_strings.h>

const char *ja_enumstr_print(const ja_enumstr_t *e, int value)
{
    return value >= 0 && value < e->count ? e->names[value] : "?";
}

int ja_enumstr_parse(const ja_enumstr_t *e, const char *name)
{
    int value;

    if (!name) {
        return -1;
    }
    for (value = 0; value < e->count; value++) {
        if (apr_cstr_casecmp(name, e->names[value]) == 0) {
            return value;
        }
    }
    return -1;
}

const char *ja_enumstr_list(const ja_enumstr_t *e, apr_pool_t *pool)
{
    const char *list = "";
    int value;

    for (value = 0; value < e->count; value++) {
        list = apr_pstrcat(pool, list, value > 0 ? ", " : "", e->names[value], NULL);
    }
    return list;
}

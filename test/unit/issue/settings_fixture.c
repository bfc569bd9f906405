#include "settings_fixture.h"

#include <stdlib.h>

#include <apr_strings.h>

apr_array_header_t *words_of(const char *text, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 4, sizeof(const char *));
    char *rest = apr_pstrdup(pool, text);
    char *word;

    while ((word = apr_strtok(rest, " ", &rest))) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
    return words;
}

const char *give(ja_settings_t *to, const char *name, const char *text, apr_pool_t *pool)
{
    const ja_setting_t *row = ja_setting_find(apr_pstrcat(pool, "ManagedDomain", name, NULL));

    if (!row) {
        abort();
    }
    return ja_settings_give(to, row, words_of(text, pool), "/", pool);
}

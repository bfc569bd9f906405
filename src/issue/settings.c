#include "issue/settings.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#define SHOWN_MAX 100

static const ja_setting_t ROWS[] = {
#define JA_SETTING(id, name, scope, syntax, fallback, absent, field, help, details, example) \
    [JA_SETTING_##id] = { name,                                                              \
                          JA_SCOPE_##scope,                                                  \
                          syntax,                                                            \
                          fallback,                                                          \
                          absent,                                                            \
                          help,                                                              \
                          details,                                                           \
                          example,                                                           \
                          offsetof(ja_settings_t, field),                                    \
                          sizeof(((ja_settings_t *)0)->field),                               \
                          ja_settings_parse_##field,                                         \
                          ja_settings_print_##field },
#include "issue/settings.def"
#undef JA_SETTING
    [JA_SETTING_COUNT] = { NULL, JA_SCOPE_SERVER, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0, NULL,
                           NULL }
};
_Static_assert(JA_SETTING_COUNT <= 64, "one bit of ja_settings_t.set for each");

static const char *const RENEW[] = {
    [JA_RENEW_AUTO] = "auto",
    [JA_RENEW_ALWAYS] = "always",
    [JA_RENEW_MANUAL] = "manual",
};
_Static_assert(sizeof(RENEW) / sizeof(RENEW[0]) == JA_RENEW_COUNT, "a name for each");
const ja_enumstr_t ja_renew_names = { RENEW, JA_RENEW_COUNT };

static const char *const ACTIVATION[] = {
    [JA_ACTIVATION_HOT] = "hot",
    [JA_ACTIVATION_GRACEFUL] = "graceful",
    [JA_ACTIVATION_MANUAL] = "manual",
};
_Static_assert(sizeof(ACTIVATION) / sizeof(ACTIVATION[0]) == JA_ACTIVATION_COUNT,
               "a name for each");
const ja_enumstr_t ja_activation_names = { ACTIVATION, JA_ACTIVATION_COUNT };

static apr_uint64_t bit_of(const ja_setting_t *row)
{
    return (apr_uint64_t)1 << (row - ROWS);
}

const ja_setting_t *ja_settings_table(void)
{
    return ROWS;
}

const ja_setting_t *ja_setting_find(const char *name)
{
    const ja_setting_t *row;

    for (row = ROWS; row->name; row++) {
        if (apr_cstr_casecmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

/* In "https://user:password@host/" what is before the "@" is left out. */
static char *without_passwords(const char *text, apr_pool_t *pool)
{
    const char *host = strstr(text, "://");
    const char *user_end;

    if (!host) {
        return apr_pstrdup(pool, text);
    }
    host += 3;
    user_end = memchr(host, '@', strcspn(host, "/?# "));
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, (apr_size_t)(host - text)),
                       user_end ? "..." : "", without_passwords(user_end ? user_end : host, pool),
                       NULL);
}

/* What was written, for a message: blank separated, cut, on one line. */
static const char *shown(const apr_array_header_t *words, apr_pool_t *pool)
{
    char *text = without_passwords(apr_array_pstrcat(pool, words, ' '), pool);
    char *at;

    if (strlen(text) > SHOWN_MAX) {
        memcpy(text + SHOWN_MAX - 3, "...", 4);
    }
    for (at = text; *at; at++) {
        *at = apr_iscntrl(*at) ? '?' : *at;
    }
    return text;
}

const char *ja_settings_give(ja_settings_t *to, const ja_setting_t *row,
                             const apr_array_header_t *words, const char *root, apr_pool_t *pool)
{
    const char *fault;

    if (to->set & bit_of(row)) {
        fault = "it is given a second time here; allowed: once, with all its values";
    }
    else {
        fault = row->parse(to, words, root, pool);
    }
    if (!fault) {
        to->set |= bit_of(row);
        return NULL;
    }
    /* Of an EAB nothing is shown: who swaps its words by mistake would find the key in a log. */
    if (row == &ROWS[JA_SETTING_EXTERNAL_ACCOUNT] || words->nelts == 0) {
        return apr_pstrcat(pool, row->name, ": ", fault, NULL);
    }
    return apr_pstrcat(pool, row->name, " ", shown(words, pool), ": ", fault, NULL);
}

static void copy_field(ja_settings_t *to, const ja_settings_t *from, const ja_setting_t *row)
{
    memcpy((char *)to + row->offset, (const char *)from + row->offset, row->size);
}

/* Defaults are in the table: a unit test reads every one of them, so none fails here. */
static void use_fallback(ja_settings_t *to, const ja_setting_t *row, apr_pool_t *pool)
{
    apr_array_header_t *words = apr_array_make(pool, 1, sizeof(const char *));

    if (row->fallback) {
        APR_ARRAY_PUSH(words, const char *) = row->fallback;
        row->parse(to, words, "/", pool);
    }
}

void ja_settings_merge(ja_settings_t *merged, const ja_settings_t *base, const ja_settings_t *over,
                       apr_pool_t *pool)
{
    const ja_setting_t *row;

    memset(merged, 0, sizeof(*merged));
    for (row = ROWS; row->name; row++) {
        if (over && (over->set & bit_of(row))) {
            copy_field(merged, over, row);
        }
        else if (base && (base->set & bit_of(row))) {
            copy_field(merged, base, row);
        }
        else {
            use_fallback(merged, row, pool);
        }
        merged->set |= bit_of(row);
    }
}

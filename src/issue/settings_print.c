/* The rows' values in words again: the reverse of settings_parse.c. */
#include "issue/settings.h"

#include <string.h>

#include <apr_strings.h>

static void push(apr_array_header_t *words, const char *word)
{
    if (word) {
        APR_ARRAY_PUSH(words, const char *) = word;
    }
}

static void push_all(apr_array_header_t *words, const apr_array_header_t *more)
{
    if (more) {
        apr_array_cat(words, more);
    }
}

void ja_settings_print_store(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool)
{
    (void)pool;
    push(words, from->store);
}

void ja_settings_print_ca_url(apr_array_header_t *words, const ja_settings_t *from,
                              apr_pool_t *pool)
{
    (void)pool;
    push(words, from->ca_url && strcmp(from->ca_url, JA_CA_JPRS_URL) == 0 ? "jprs" : from->ca_url);
}

void ja_settings_print_trust_file(apr_array_header_t *words, const ja_settings_t *from,
                                  apr_pool_t *pool)
{
    (void)pool;
    push(words, from->trust_file);
}

void ja_settings_print_contacts(apr_array_header_t *words, const ja_settings_t *from,
                                apr_pool_t *pool)
{
    (void)pool;
    push_all(words, from->contacts);
}

void ja_settings_print_agreed(apr_array_header_t *words, const ja_settings_t *from,
                              apr_pool_t *pool)
{
    (void)pool;
    push(words, from->agreed ? "accepted" : NULL);
}

/* Secret, unless there is none. */
void ja_settings_print_eab(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool)
{
    (void)pool;
    push(words, from->eab ? NULL : "none");
}

void ja_settings_print_challenges(apr_array_header_t *words, const ja_settings_t *from,
                                  apr_pool_t *pool)
{
    (void)pool;
    push_all(words, from->challenges);
}

void ja_settings_print_keys(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool)
{
    int i;

    (void)pool;
    for (i = 0; from->keys && i < from->keys->nelts; i++) {
        push(words, ja_enumstr_print(&ja_key_spec_names,
                                     (int)APR_ARRAY_IDX(from->keys, i, ja_key_spec_t)));
    }
}

void ja_settings_print_renew_before(apr_array_header_t *words, const ja_settings_t *from,
                                    apr_pool_t *pool)
{
    push(words, ja_span_print(&from->renew_before, pool));
}

void ja_settings_print_renew(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool)
{
    (void)pool;
    push(words, ja_enumstr_print(&ja_renew_names, (int)from->renew));
}

void ja_settings_print_activation(apr_array_header_t *words, const ja_settings_t *from,
                                  apr_pool_t *pool)
{
    (void)pool;
    push(words, ja_enumstr_print(&ja_activation_names, (int)from->activation));
}

void ja_settings_print_delay(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool)
{
    const ja_span_t limit = { from->delay.limit, 0 };

    switch (from->delay.kind) {
    case JA_DELAY_UNSET:
        break;
    case JA_DELAY_OCSP:
        push(words, "ocsp");
        push(words, ja_span_print(&limit, pool));
        break;
    case JA_DELAY_TIME:
        push(words, ja_span_print(&limit, pool));
        break;
    case JA_DELAY_OFF:
        push(words, "off");
        break;
    }
}

void ja_settings_print_stapling(apr_array_header_t *words, const ja_settings_t *from,
                                apr_pool_t *pool)
{
    (void)pool;
    push(words, from->stapling ? "on" : "off");
}

void ja_settings_print_concurrency(apr_array_header_t *words, const ja_settings_t *from,
                                   apr_pool_t *pool)
{
    push(words, apr_itoa(pool, from->concurrency));
}

void ja_settings_print_rate(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool)
{
    const ja_span_t span = { from->rate.per, 0 };

    push(words, from->rate.max == 0 ? "none"
                                    : apr_psprintf(pool, "%" APR_INT64_T_FMT "/%s", from->rate.max,
                                                   ja_span_print(&span, pool)));
}

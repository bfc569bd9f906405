/* What the directives' words mean, except for those about the CA (settings_parse_ca.c). */
#include "issue/settings.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

const char *ja_settings_word(const apr_array_header_t *words, int i)
{
    return i >= 0 && i < words->nelts ? APR_ARRAY_IDX(words, i, const char *) : "";
}

/* The only word as a value of `names`. NULL, or the fault. */
static const char *parse_enum(int *value, const ja_enumstr_t *names,
                              const apr_array_header_t *words, apr_pool_t *pool)
{
    *value = words->nelts == 1 ? ja_enumstr_parse(names, ja_settings_word(words, 0)) : -1;
    if (*value >= 0) {
        return NULL;
    }
    return apr_psprintf(pool, "%s; allowed: one of %s",
                        words->nelts > 1 ? "more than one word" : "unknown word",
                        ja_enumstr_list(names, pool));
}

const char *ja_settings_parse_store(ja_settings_t *to, const apr_array_header_t *words,
                                    const char *root, apr_pool_t *pool)
{
    const char *path = ja_settings_word(words, 0);

    (void)root;
    if (words->nelts != 1) {
        return "takes one path; allowed: an absolute path (in quotes if there are blanks in it)";
    }
    if (path[0] != '/') {
        return "it is not absolute; allowed: an absolute path, as in /var/lib/jprs-acme";
    }
    if (!path[strspn(path, "/")]) {
        return "it is the root directory; allowed: a directory of its own, as in "
               "/var/lib/jprs-acme";
    }
    to->store = apr_pstrdup(pool, path);
    return NULL;
}

const char *ja_settings_parse_challenges(ja_settings_t *to, const apr_array_header_t *words,
                                         const char *root, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 1, sizeof(const char *));
    const char *word;
    int i;

    (void)root;
    for (i = 0; i < words->nelts; i++) {
        word = ja_settings_word(words, i);
        if (apr_cstr_casecmp(word, "dns-01") == 0 || apr_cstr_casecmp(word, "tls-alpn-01") == 0) {
            return apr_psprintf(pool, "%s is not supported yet by this version; allowed: http-01",
                                word);
        }
        if (apr_cstr_casecmp(word, "http-01") != 0) {
            return apr_psprintf(pool, "\"%s\" is no kind of challenge; allowed: http-01", word);
        }
        if (found->nelts > 0) {
            return "http-01 is there twice; allowed: once";
        }
        APR_ARRAY_PUSH(found, const char *) = "http-01";
    }
    to->challenges = found;
    return found->nelts > 0 ? NULL : "takes at least one word; allowed: http-01";
}

const char *ja_settings_parse_keys(ja_settings_t *to, const apr_array_header_t *words,
                                   const char *root, apr_pool_t *pool)
{
    const char *allowed = ja_enumstr_list(&ja_key_spec_names, pool);
    apr_array_header_t *keys = apr_array_make(pool, 2, sizeof(ja_key_spec_t));
    unsigned seen = 0;
    int spec;
    int i;

    (void)root;
    for (i = 0; i < words->nelts; i++) {
        spec = ja_enumstr_parse(&ja_key_spec_names, ja_settings_word(words, i));
        if (spec < 0) {
            return apr_psprintf(pool, "\"%s\" is no kind of key; allowed: %s",
                                ja_settings_word(words, i), allowed);
        }
        if (seen & 1u << spec) {
            return apr_psprintf(pool, "%s is there twice; allowed: %s, each at most once",
                                ja_settings_word(words, i), allowed);
        }
        seen |= 1u << spec;
        APR_ARRAY_PUSH(keys, ja_key_spec_t) = (ja_key_spec_t)spec;
    }
    to->keys = keys;
    return keys->nelts > 0 ? NULL
                           : apr_psprintf(pool, "names no kind of key; allowed: %s", allowed);
}

const char *ja_settings_parse_renew_before(ja_settings_t *to, const apr_array_header_t *words,
                                           const char *root, apr_pool_t *pool)
{
    const char *word = ja_settings_word(words, 0);
    int is_bare = *word && !word[strspn(word, "0123456789")];
    ja_span_t span = { 0, 0 };

    (void)root;
    if (words->nelts != 1 || !ja_span_parse(&span, word)
        || (span.percent == 0 && span.duration <= 0)) {
        return apr_psprintf(pool,
                            "%s; allowed: 1%% to 99%% of the lifetime, or a duration of more than "
                            "0, as in 30d, 12h, 10min",
                            is_bare ? "a number without a unit may mean days, seconds or percent"
                                    : "not a time before expiry");
    }
    to->renew_before = span;
    return NULL;
}

const char *ja_settings_parse_renew(ja_settings_t *to, const apr_array_header_t *words,
                                    const char *root, apr_pool_t *pool)
{
    int value;
    const char *fault = parse_enum(&value, &ja_renew_names, words, pool);

    (void)root;
    to->renew = fault ? to->renew : (ja_renew_t)value;
    return fault;
}

const char *ja_settings_parse_activation(ja_settings_t *to, const apr_array_header_t *words,
                                         const char *root, apr_pool_t *pool)
{
    int value;
    const char *fault = parse_enum(&value, &ja_activation_names, words, pool);

    (void)root;
    to->activation = fault ? to->activation : (ja_activation_t)value;
    return fault;
}

/* A duration that a delay may have. */
static int parse_limit(apr_interval_time_t *limit, const char *word)
{
    ja_span_t span;

    if (!ja_span_parse(&span, word) || span.percent != 0 || span.duration < JA_DELAY_MIN
        || span.duration > JA_DELAY_MAX) {
        return 0;
    }
    *limit = span.duration;
    return 1;
}

const char *ja_settings_parse_delay(ja_settings_t *to, const apr_array_header_t *words,
                                    const char *root, apr_pool_t *pool)
{
    const char *word = ja_settings_word(words, 0);
    ja_delay_t delay = { JA_DELAY_OCSP, JA_GATE_OCSP_MAX };
    int is_good = words->nelts == 1;

    (void)root;
    (void)pool;
    if (apr_cstr_casecmp(word, "ocsp") == 0) {
        is_good =
            is_good || (words->nelts == 2 && parse_limit(&delay.limit, ja_settings_word(words, 1)));
    }
    else if (apr_cstr_casecmp(word, "off") == 0) {
        delay = (ja_delay_t){ JA_DELAY_OFF, 0 };
    }
    else {
        delay.kind = JA_DELAY_TIME;
        is_good = is_good && parse_limit(&delay.limit, word);
    }
    if (!is_good) {
        return "not a delay; allowed: off, a duration of 1s to 7d, as in 10min, or ocsp and at "
               "will such a duration";
    }
    to->delay = delay;
    return NULL;
}

const char *ja_settings_parse_stapling(ja_settings_t *to, const apr_array_header_t *words,
                                       const char *root, apr_pool_t *pool)
{
    static const char *const OFF_ON[] = { "off", "on" };
    static const ja_enumstr_t NAMES = { OFF_ON, 2 };
    int value;
    const char *fault = parse_enum(&value, &NAMES, words, pool);

    (void)root;
    to->stapling = fault ? to->stapling : value;
    return fault;
}

const char *ja_settings_parse_concurrency(ja_settings_t *to, const apr_array_header_t *words,
                                          const char *root, apr_pool_t *pool)
{
    const char *word = ja_settings_word(words, 0);
    apr_int64_t number = 0;

    (void)root;
    /* Up to four digits: no sign, and nothing that overflows. */
    if (words->nelts == 1 && strlen(word) <= 4 && !word[strspn(word, "0123456789")]) {
        number = apr_atoi64(word);
    }
    if (number < 1 || number > JA_CONCURRENCY_MAX) {
        return apr_psprintf(pool, "not a number of orders; allowed: 1 to %d", JA_CONCURRENCY_MAX);
    }
    to->concurrency = (int)number;
    return NULL;
}

/* "100/1h": up to seven digits, so that nothing overflows. */
static int parse_rate(ja_rate_t *rate, const char *word, apr_pool_t *pool)
{
    size_t digits = strspn(word, "0123456789");
    ja_span_t span;

    if (digits < 1 || digits > 7 || word[digits] != '/'
        || !ja_span_parse(&span, word + digits + 1)) {
        return 0;
    }
    rate->max = apr_atoi64(apr_pstrmemdup(pool, word, digits));
    rate->per = span.duration;
    return span.percent == 0 && rate->max >= 1 && rate->max <= JA_RATE_MAX
           && rate->per >= JA_RATE_PER_MIN && rate->per <= JA_RATE_PER_MAX;
}

const char *ja_settings_parse_rate(ja_settings_t *to, const apr_array_header_t *words,
                                   const char *root, apr_pool_t *pool)
{
    ja_rate_t rate = { 0, 0 };

    (void)root;
    if (words->nelts == 1 && apr_cstr_casecmp(ja_settings_word(words, 0), "none") == 0) {
        to->rate = rate;
        return NULL;
    }
    if (words->nelts != 1 || !parse_rate(&rate, ja_settings_word(words, 0), pool)) {
        return apr_psprintf(pool,
                            "not a number of orders in a time; allowed: none, or 1 to %d, a slash "
                            "and a duration of 1min to 366d, as in 100/1h",
                            JA_RATE_MAX);
    }
    to->rate = rate;
    return NULL;
}

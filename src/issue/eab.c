#include "issue/eab.h"

#include <string.h>

#include <apr_strings.h>

#include "base/base64url.h"
#include "issue/eab_slips.h"
#include "json/json.h"

/* "the key id", or "line 1: the key id" */
static const char *whose(const char *what, int line, apr_pool_t *pool)
{
    return line > 0 ? apr_psprintf(pool, "line %d: %s", line, what) : what;
}

static ja_err_t *check_kid(const ja_eab_text_t *text, apr_pool_t *scratch)
{
    const char *who = whose("the key id", text->kid_line, scratch);
    apr_size_t len = strlen(text->kid);

    JA_TRY(ja_eab_slips_kid(text->kid, who, scratch));
    if (len == 0 || len > JA_EAB_MAX_KID) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "%s has %" APR_SIZE_T_FMT " characters; allowed: 1 to %d", who, len,
                           JA_EAB_MAX_KID);
    }
    return NULL;
}

static ja_err_t *read_hmac(ja_secret_t **bytes, const ja_eab_text_t *text, apr_pool_t *result,
                           apr_pool_t *scratch)
{
    const char *who = whose("the HMAC key", text->hmac_line, scratch);

    JA_TRY(ja_eab_slips_hmac(text->hmac, who, scratch));
    if (ja_base64url_parse(bytes, text->hmac, result, scratch) != NULL) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "%s is not base64url: something is missing, or there is a character "
                           "other than A-Z a-z 0-9 - _; copy it again as a whole",
                           who);
    }
    if ((*bytes)->len < JA_EAB_MIN_HMAC_BYTES) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "%s has only %" APR_SIZE_T_FMT " bytes; at least %d (%d characters); "
                           "copy it again as a whole",
                           who, (*bytes)->len, JA_EAB_MIN_HMAC_BYTES,
                           (JA_EAB_MIN_HMAC_BYTES * 4 + 2) / 3);
    }
    return NULL;
}

ja_err_t *ja_eab_parse(ja_eab_t **eab, const ja_eab_text_t *text, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    ja_secret_t *bytes;

    JA_TRY(check_kid(text, scratch));
    if (ja_eab_slips_is_swapped(text->kid, text->hmac, scratch)) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "the key id looks like an HMAC key, and the HMAC key does not: they "
                           "seem to be interchanged; write the key id first");
    }
    JA_TRY(read_hmac(&bytes, text, result, scratch));
    *eab = apr_pcalloc(result, sizeof(**eab));
    (*eab)->kid = apr_pstrdup(result, text->kid);
    (*eab)->hmac = bytes;
    return NULL;
}

apr_time_t ja_eab_date(const char *text, apr_pool_t *scratch)
{
    if (strlen(text) != strlen("YYYY-MM-DD")) {
        return 0;
    }
    return ja_json_time_parse(apr_pstrcat(scratch, text, "T00:00:00Z", NULL));
}

int ja_eab_is_equal(const ja_eab_t *a, const ja_eab_t *b)
{
    if (!a || !b || a == b) {
        return a == b;
    }
    if (a->missing_file || b->missing_file) {
        return a->missing_file && b->missing_file && strcmp(a->missing_file, b->missing_file) == 0;
    }
    return strcmp(a->kid, b->kid) == 0
           && ja_secret_is_equal(a->hmac->bytes, a->hmac->len, b->hmac->bytes, b->hmac->len);
}

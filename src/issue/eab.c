#include "issue/eab.h"

#include <string.h>

#include <apr_strings.h>

#include "base/base64url.h"
#include "json/json.h"

static ja_err_t *check_kid(const char *kid, apr_pool_t *scratch)
{
    const char *at;

    for (at = kid; *at; at++) {
        if (*at <= 0x20 || *at >= 0x7f) {
            return ja_err_make(JA_E_CONFIG, scratch,
                               "the key id has a blank or a character that is not printable ASCII");
        }
    }
    if (at == kid || at - kid > JA_EAB_MAX_KID) {
        return ja_err_make(JA_E_CONFIG, scratch, "the key id has %ld characters; allowed: 1 to %d",
                           (long)(at - kid), JA_EAB_MAX_KID);
    }
    return NULL;
}

/* The two alphabets differ in these characters: a key that was copied through a tool which speaks
 * the other one still looks right to the eye. */
static ja_err_t *check_alphabet(const char *hmac, apr_pool_t *scratch)
{
    const char *foreign = strpbrk(hmac, "+/=");

    if (!foreign) {
        return NULL;
    }
    if (*foreign == '=') {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "the HMAC key has padding, so it is standard base64; write it as "
                           "base64url: without \"=\" at the end");
    }
    return ja_err_make(JA_E_CONFIG, scratch,
                       "the HMAC key has \"%c\" at position %ld, so it is standard base64; write "
                       "it as base64url: \"-\" for \"+\", \"_\" for \"/\", no \"=\"",
                       *foreign, (long)(foreign - hmac) + 1);
}

ja_err_t *ja_eab_parse(ja_eab_t **eab, const char *kid, const char *hmac, apr_pool_t *result,
                       apr_pool_t *scratch)
{
    ja_secret_t *bytes;

    JA_TRY(check_kid(kid, scratch));
    JA_TRY(check_alphabet(hmac, scratch));
    if (ja_base64url_parse(&bytes, hmac, result, scratch) != NULL) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "the HMAC key is not base64url: something is missing, or there is a "
                           "character other than A-Z a-z 0-9 - _; copy it again as a whole");
    }
    if (bytes->len < JA_EAB_MIN_HMAC_BYTES) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "the HMAC key has only %" APR_SIZE_T_FMT " bytes; at least %d (%d "
                           "characters); copy it again as a whole",
                           bytes->len, JA_EAB_MIN_HMAC_BYTES, (JA_EAB_MIN_HMAC_BYTES * 4 + 2) / 3);
    }
    *eab = apr_pcalloc(result, sizeof(**eab));
    (*eab)->kid = apr_pstrdup(result, kid);
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

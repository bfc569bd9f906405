#include "acme/revoke.h"

#include <string.h>

#include <apr_strings.h>

#include "base/base64url.h"
#include "base/enumstr.h"
#include "json/json.h"

#define UNUSED "" /* 7: nobody writes that */

static const char *const NAMES[JA_REVOKE_REASONS] = {
    [0] = "unspecified",        [1] = "keyCompromise", [2] = "cACompromise",
    [3] = "affiliationChanged", [4] = "superseded",    [5] = "cessationOfOperation",
    [6] = "certificateHold",    [7] = UNUSED,          [8] = "removeFromCRL",
    [9] = "privilegeWithdrawn", [10] = "aACompromise",
};
static const ja_enumstr_t REASONS = { NAMES, JA_REVOKE_REASONS };

int ja_revoke_reason(const char *word)
{
    int reason;

    for (reason = 0; reason < JA_REVOKE_REASONS; reason++) {
        char digits[12];

        apr_snprintf(digits, sizeof(digits), "%d", reason);
        if (*NAMES[reason] && strcmp(word, digits) == 0) {
            return reason;
        }
    }
    return *word ? ja_enumstr_parse(&REASONS, word) : -1;
}

const char *ja_revoke_reason_name(int reason)
{
    return ja_enumstr_print(&REASONS, reason);
}

const char *ja_revoke_reason_list(apr_pool_t *pool)
{
    const char *list = "";
    int reason;

    for (reason = 0; reason < JA_REVOKE_REASONS; reason++) {
        if (*NAMES[reason]) {
            list =
                apr_psprintf(pool, "%s%s%s (%d)", list, *list ? ", " : "", NAMES[reason], reason);
        }
    }
    return list;
}

void ja_revoke_ask(ja_ask_t *ask, const ja_bytes_t *cert_der, int reason, apr_pool_t *pool)
{
    ja_json_t *object = ja_json_object(pool);

    ja_json_set_str(object, "certificate",
                    ja_base64url_print(cert_der->bytes, cert_der->len, pool));
    ja_json_set_int(object, "reason", reason);
    *ask = (ja_ask_t){
        .kind = JA_KIND_REVOKE,
        .to = JA_TO_REVOKE,
        .payload = ja_json_print(object, pool),
    };
}

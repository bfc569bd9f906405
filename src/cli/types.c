#include "cli/types.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "acme/problem.h"

#define URN "urn:ietf:params:acme:error:"

/* clang-format off */
const char *const ja_types_names[] = {
    "accountDoesNotExist",   "alreadyRevoked",        "badCSR",
    "badNonce",              "badPublicKey",          "badRevocationReason",
    "badSignatureAlgorithm", "caa",                   "compound",
    "connection",            "dns",                   "externalAccountRequired",
    "incorrectResponse",     "invalidContact",        "malformed",
    "orderNotReady",         "rateLimited",           "rejectedIdentifier",
    "serverInternal",        "tls",                   "unauthorized",
    "unsupportedContact",    "unsupportedIdentifier", "userActionRequired",
    NULL,
};
/* clang-format on */

static const char *find_type(const char *text)
{
    int i;

    if (apr_cstr_casecmpn(text, URN, strlen(URN)) == 0) {
        text += strlen(URN);
    }
    for (i = 0; ja_types_names[i]; i++) {
        if (apr_cstr_casecmp(ja_types_names[i], text) == 0) {
            return ja_types_names[i];
        }
    }
    return NULL;
}

void ja_types_codes(int codes[JA_E_COUNT], const char *type, apr_pool_t *scratch)
{
    const char *name = find_type(type);
    ja_json_t *problem = ja_json_object(scratch);
    ja_http_reply_t reply = { .status = 400, .headers = apr_table_make(scratch, 0) };
    int kind;

    memset(codes, 0, JA_E_COUNT * sizeof(codes[0]));
    if (!name) {
        return;
    }
    ja_json_set_str(problem, "type", apr_pstrcat(scratch, URN, name, NULL));
    reply.body = ja_json_print(problem, scratch);
    reply.body_len = strlen(reply.body);
    for (kind = 0; kind < JA_KIND_COUNT; kind++) {
        codes[ja_problem_hear(&reply, (ja_kind_t)kind, "", 0, scratch)->code] = 1;
    }
    codes[ja_problem_inside(problem, JA_E_PROBLEM, "", scratch)->code] = 1;
    codes[JA_E_PROBLEM] = 0; /* that is what it says of types without a row */
}

#include "cli/types.h"

#include <string.h>

#include <apr_cstr.h>

#include "acme/meaning.h"

static int has(const apr_array_header_t *types, const char *type)
{
    int i;

    for (i = 0; i < types->nelts; i++) {
        if (apr_cstr_casecmp(APR_ARRAY_IDX(types, i, const char *), type) == 0) {
            return 1;
        }
    }
    return 0;
}

static const char *without_urn(const char *type)
{
    apr_size_t len = strlen(JA_PROBLEM_URN);

    return apr_cstr_casecmpn(type, JA_PROBLEM_URN, len) == 0 ? type + len : type;
}

int ja_types_is_compound(const char *type)
{
    return apr_cstr_casecmp(without_urn(type), "compound") == 0;
}

void ja_types_codes(int codes[JA_E_COUNT], const char *type, apr_pool_t *scratch)
{
    int code;

    type = without_urn(type);
    for (code = 0; code < JA_E_COUNT; code++) {
        codes[code] = has(ja_meaning_types((ja_code_t)code, scratch), type)
                      || has(ja_meaning_jprs((ja_code_t)code, scratch), type);
    }
}

#include "acme/identifier.h"

#include <apr_cstr.h>

#define TYPE_MAX_BYTES 64
#define NAME_MAX_BYTES 253

static const ja_field_t FIELDS[] = {
    { .name = "type",
      .kind = JA_FIELD_STR,
      .offset = offsetof(ja_identifier_t, type),
      .required = 1,
      .max = TYPE_MAX_BYTES },
    { .name = "value",
      .kind = JA_FIELD_STR,
      .offset = offsetof(ja_identifier_t, value),
      .required = 1,
      .max = NAME_MAX_BYTES },
    { .name = NULL },
};
const ja_bind_t ja_identifier_bind = { "identifier", sizeof(ja_identifier_t), FIELDS };

int ja_identifier_is_dns(const ja_identifier_t *identifier)
{
    return apr_cstr_casecmp(identifier->type, "dns") == 0;
}

#include "base/utf8.h"

#include <apr_strings.h>

/* What a first byte says, RFC 3629 3: the bits of the character in it, how many bytes follow, and
 * the least character that needs as many. */
/* clang-format off */
static const struct {
    unsigned char mask, bits;
    unsigned char following;
    apr_uint32_t least;
} FORMS[] = {
    { 0x80, 0x00, 0, 0 },
    { 0xe0, 0xc0, 1, 0x80 },
    { 0xf0, 0xe0, 2, 0x800 },
    { 0xf8, 0xf0, 3, 0x10000 },
};
/* clang-format on */
#define FORM_COUNT (sizeof(FORMS) / sizeof(FORMS[0]))

static int is_character(apr_uint32_t c)
{
    return c < 0xd800 || (c > 0xdfff && c < 0x110000);
}

apr_size_t ja_utf8_read(apr_uint32_t *c, const char *text, apr_size_t len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    apr_uint32_t value;
    apr_size_t form = 0;
    apr_size_t i;

    while (form < FORM_COUNT && len > 0 && (bytes[0] & FORMS[form].mask) != FORMS[form].bits) {
        form++;
    }
    if (form == FORM_COUNT || len <= FORMS[form].following) {
        return 0;
    }
    value = (apr_uint32_t)(bytes[0] & ~FORMS[form].mask);
    for (i = 1; i <= FORMS[form].following; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            return 0;
        }
        value = value << 6 | (bytes[i] & 0x3f);
    }
    if (value < FORMS[form].least || !is_character(value)) {
        return 0;
    }
    *c = value;
    return i;
}

apr_size_t ja_utf8_write(char *to, apr_uint32_t c)
{
    apr_size_t form = FORM_COUNT - 1;
    apr_size_t i;

    while (c < FORMS[form].least) {
        form--;
    }
    for (i = FORMS[form].following; i > 0; i--) {
        to[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    to[0] = (char)(FORMS[form].bits | c);
    return 1 + (apr_size_t)FORMS[form].following;
}

void ja_utf8_mend(char *text, apr_size_t len)
{
    apr_uint32_t c;
    apr_size_t size;
    apr_size_t at;

    for (at = 0; at < len; at += size) {
        size = ja_utf8_read(&c, text + at, len - at);
        if (size == 0 || text[at] == '\0') {
            text[at] = '?';
            size = 1;
        }
    }
}

char *ja_utf8_copy(const char *text, apr_size_t len, apr_size_t max, apr_pool_t *pool)
{
    apr_size_t end = 0;
    apr_size_t size;
    apr_uint32_t c;
    char *copy;

    while (end < len) {
        size = ja_utf8_read(&c, text + end, len - end);
        size = size ? size : 1;
        if (size > max - end) {
            break;
        }
        end += size;
    }
    copy = apr_pstrmemdup(pool, text, end);
    ja_utf8_mend(copy, end);
    return copy;
}

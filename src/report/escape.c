#include "report/escape.h"

#include <string.h>

#include "base/utf8.h"

#define UTF8_MAX 4 /* bytes of a character */

typedef apr_uint32_t code_t;

typedef struct {
    code_t from, to;
} range_t;

/* clang-format off */
/* Invisible, or turning the text's direction: Unicode's Bidi_Control and friends, the line and
 * paragraph separators, noncharacters, tags. */
static const range_t TRICKY[] = {
    { 0x00ad, 0x00ad }, { 0x061c, 0x061c },   { 0x180e, 0x180e },   { 0x200b, 0x200f },
    { 0x2028, 0x202e }, { 0x2060, 0x206f },   { 0xfeff, 0xfeff },   { 0xfff0, 0xfffb },
    { 0xfffe, 0xffff }, { 0xe0000, 0xe007f },
};

/* Two columns wide: East_Asian_Width W and F of Unicode, in whole blocks. */
static const range_t WIDE[] = {
    { 0x1100, 0x115f },   { 0x2e80, 0x303e },   { 0x3041, 0x33ff },   { 0x3400, 0x4dbf },
    { 0x4e00, 0x9fff },   { 0xa000, 0xa4cf },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },
    { 0xfe30, 0xfe6f },   { 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f },
    { 0x1f900, 0x1f9ff }, { 0x20000, 0x3fffd },
};

/* No column of their own. */
static const range_t COMBINING[] = {
    { 0x0300, 0x036f }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff },
    { 0x3099, 0x309a }, { 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f },
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static int is_in(code_t c, const range_t *table, size_t count)
{
    size_t i;

    for (i = 0; i < count; i++) {
        if (c >= table[i].from && c <= table[i].to) {
            return 1;
        }
    }
    return 0;
}

/* The next character of `*at`, which moves behind it; a byte that begins none is "?". */
static code_t next_char(const char **at)
{
    code_t c;
    size_t len = ja_utf8_read(&c, *at, strnlen(*at, UTF8_MAX));

    *at += len > 0 ? len : 1;
    return len > 0 ? c : '?';
}

static code_t harmless(code_t c)
{
    if (c < 0x20 || (c >= 0x7f && c <= 0x9f)) {
        return ' ';
    }
    return is_in(c, TRICKY, COUNT(TRICKY)) ? '?' : c;
}

/* Writes one character at `to` and returns how many bytes that took, EMIT_MAX at most. */
typedef size_t emit_fn(char *to, code_t c);
#define EMIT_MAX 10 /* "&#1114109;" */

static size_t emit_reference(char *to, code_t c)
{
    char digits[8];
    size_t count = 0;
    size_t len = 0;

    for (; c > 0; c /= 10) {
        digits[count++] = (char)('0' + c % 10);
    }
    to[len++] = '&';
    to[len++] = '#';
    while (count > 0) {
        to[len++] = digits[--count];
    }
    to[len++] = ';';
    return len;
}

static const char *entity_of(code_t c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    default:
        return NULL;
    }
}

static size_t emit_html(char *to, code_t c)
{
    const char *entity = entity_of(c);
    size_t len;

    if (entity) {
        for (len = 0; entity[len]; len++) {
            to[len] = entity[len];
        }
        return len;
    }
    if (c > 0x7e || c == '\'') {
        return emit_reference(to, c);
    }
    to[0] = (char)c;
    return 1;
}

static size_t emit_ascii(char *to, code_t c)
{
    to[0] = (char)(c > 0x7e ? '?' : c);
    return 1;
}

static const char *escape(const char *text, int max, emit_fn *emit, apr_pool_t *pool)
{
    size_t len = text ? strlen(text) : 0;
    size_t most = max > 0 && len > (size_t)max ? (size_t)max : len;
    char *copy = apr_palloc(pool, most * EMIT_MAX + sizeof("..."));
    size_t to = 0;
    size_t count;

    for (count = 0; count < most && *text; count++) {
        to += emit(copy + to, harmless(next_char(&text)));
    }
    memcpy(copy + to, "...", sizeof("..."));
    if (len == 0 || !*text) {
        copy[to] = '\0'; /* nothing was cut off */
    }
    return copy;
}

const char *ja_escape_line(const char *text, int max, apr_pool_t *pool)
{
    return escape(text, max, ja_utf8_write, pool);
}

const char *ja_escape_html(const char *text, int max, apr_pool_t *pool)
{
    return escape(text, max, emit_html, pool);
}

const char *ja_escape_ascii(const char *text, int max, apr_pool_t *pool)
{
    return escape(text, max, emit_ascii, pool);
}

int ja_escape_width(const char *text)
{
    int width = 0;

    while (*text) {
        code_t c = next_char(&text);

        width += is_in(c, WIDE, COUNT(WIDE)) ? 2 : is_in(c, COMBINING, COUNT(COMBINING)) ? 0 : 1;
    }
    return width;
}

#include "issue/eab_slips.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/base64url.h"
#include "base/utf8.h"
#include "issue/eab.h"

#define NO_UTF8 0x110000u /* in place of a character's number */

#define COPY_PLAIN "copy it again as plain text"

/* Characters that are in no key id and in no key: the first row that fits has the name. */
typedef struct {
    apr_uint32_t from;
    apr_uint32_t to;
    const char *what;
    const char *instead;
} foreign_t;

/* clang-format off */
static const foreign_t FOREIGN[] = {
    { '\n',   '\n',    "a line break",              "write it on one line, without any" },
    { '\r',   '\r',    "a line break",              "write it on one line, without any" },
    { ' ',    ' ',     "a blank",                   "write it without any" },
    { '\t',   '\t',    "a tab",                     "write it without any blank" },
    { 0xa0,   0xa0,    "a non-breaking blank",      "write it without any blank" },
    { 0x2000, 0x200a,  "a typographic blank",       "write it without any blank" },
    { 0x2028, 0x2029,  "a line break",              "write it on one line, without any" },
    { 0x3000, 0x3000,  "a full-width blank",        "write it without any blank" },
    { 0xfeff, 0xfeff,  "a byte order mark (BOM), which is invisible", COPY_PLAIN },
    { 0xad,   0xad,    "an invisible character",    COPY_PLAIN },
    { 0x200b, 0x200f,  "an invisible character",    COPY_PLAIN },
    { 0x2060, 0x2064,  "an invisible character",    COPY_PLAIN },
    { 0xff01, 0xff5e,  "a full-width character",    "write it half-width (ASCII)" },
    { 0x2010, 0x2015,  "a typographic dash",        "write \"-\", or " COPY_PLAIN },
    { 0x2212, 0x2212,  "a typographic dash",        "write \"-\", or " COPY_PLAIN },
    { 0x2018, 0x201f,  "a typographic quote",       "write it without quotes" },
    { 0x01,   0x1f,    "a control character",       COPY_PLAIN },
    { 0x7f,   0x9f,    "a control character",       COPY_PLAIN },
    { 0x80,   NO_UTF8, "a character that is not printable ASCII", COPY_PLAIN },
};
/* clang-format on */
#define END(table) ((table) + sizeof(table) / sizeof((table)[0]))

static ja_err_t *refuse(const char *whose, const char *what, long position, const char *instead,
                        apr_pool_t *scratch)
{
    return ja_err_make(JA_E_CONFIG, scratch, "%s has %s at position %ld: %s", whose, what, position,
                       instead);
}

static const foreign_t *find_foreign(apr_uint32_t c)
{
    const foreign_t *row;

    for (row = FOREIGN; row < END(FOREIGN); row++) {
        if (c >= row->from && c <= row->to) {
            return row;
        }
    }
    return NULL;
}

/* Positions are counted in characters, as an editor does. */
static ja_err_t *check_characters(const char *text, const char *whose, apr_pool_t *scratch)
{
    apr_size_t len = strlen(text);
    const foreign_t *row;
    long position;
    apr_uint32_t c;
    apr_size_t step;

    for (position = 1; len > 0; position++) {
        step = ja_utf8_read(&c, text, len);
        row = find_foreign(step > 0 ? c : NO_UTF8);
        if (row) {
            return refuse(whose, row->what, position, row->instead, scratch);
        }
        text += step;
        len -= step;
    }
    return NULL;
}

static ja_err_t *refuse_quote(const char *whose, const char *text, const char *quote,
                              apr_pool_t *scratch)
{
    return refuse(whose, "a quote", (long)(quote - text) + 1, "write it without quotes", scratch);
}

/* A key id may have one inside. */
ja_err_t *ja_eab_slips_kid(const char *text, const char *whose, apr_pool_t *scratch)
{
    const char *end = *text ? text + strlen(text) - 1 : text;

    JA_TRY(check_characters(text, whose, scratch));
    if (*text && strchr("\"'", *text)) {
        return refuse_quote(whose, text, text, scratch);
    }
    return *end && strchr("\"'", *end) ? refuse_quote(whose, text, end, scratch) : NULL;
}

/* The two alphabets differ in these characters: a key that was copied through a tool which speaks
 * the other one still looks right to the eye. */
static ja_err_t *check_alphabet(const char *hmac, const char *whose, apr_pool_t *scratch)
{
    const char *foreign = strpbrk(hmac, "+/=");

    if (!foreign) {
        return NULL;
    }
    if (*foreign == '=') {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "%s has padding, so it is standard base64; write it as base64url: "
                           "without \"=\" at the end",
                           whose);
    }
    return ja_err_make(JA_E_CONFIG, scratch,
                       "%s has \"%c\" at position %ld, so it is standard base64; write it as "
                       "base64url: \"-\" for \"+\", \"_\" for \"/\", no \"=\"",
                       whose, *foreign, (long)(foreign - hmac) + 1);
}

ja_err_t *ja_eab_slips_hmac(const char *text, const char *whose, apr_pool_t *scratch)
{
    const char *quote = strpbrk(text, "\"'");

    JA_TRY(check_characters(text, whose, scratch));
    if (quote) {
        return refuse_quote(whose, text, quote, scratch);
    }
    return check_alphabet(text, whose, scratch);
}

/* 8-4-4-4-12 hexadecimal digits: a key id of many CAs, and never a key. */
static int is_uuid(const char *text)
{
    static const char FORM[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";
    int i;

    for (i = 0; FORM[i] && text[i]; i++) {
        if (FORM[i] == 'h' ? !apr_isxdigit(text[i]) : text[i] != '-') {
            return 0;
        }
    }
    return FORM[i] == text[i];
}

static int is_key(const char *text, apr_pool_t *scratch)
{
    char *url = apr_pstrmemdup(scratch, text, strcspn(text, "="));
    ja_secret_t *bytes;
    char *at;
    int is;

    if (is_uuid(text)) {
        return 0;
    }
    for (at = url; *at; at++) {
        *at = (char)(*at == '+' ? '-' : *at == '/' ? '_' : *at);
    }
    is = ja_base64url_parse(&bytes, url, scratch, scratch) == NULL
         && bytes->len >= JA_EAB_MIN_HMAC_BYTES;
    ja_secret_wipe(url, strlen(url));
    return is;
}

int ja_eab_slips_is_swapped(const char *kid, const char *hmac, apr_pool_t *scratch)
{
    return (strlen(kid) > strlen(hmac) || is_uuid(hmac)) && is_key(kid, scratch)
           && !is_key(hmac, scratch);
}

ja_err_t *ja_eab_slips_file(const unsigned char *bytes, apr_size_t len, apr_pool_t *scratch)
{
    if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "it begins with a byte order mark (BOM); save it as UTF-8 without BOM");
    }
    if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 || memcmp(bytes, "\xfe\xff", 2) == 0)) {
        return ja_err_make(JA_E_CONFIG, scratch,
                           "it is in UTF-16 (\"Unicode\" in editors of Windows); save it as UTF-8 "
                           "without BOM");
    }
    return NULL;
}

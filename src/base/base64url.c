#include "base/base64url.h"

#include <string.h>

static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const char *ja_base64url_print(const void *bytes, apr_size_t len, apr_pool_t *pool)
{
    const unsigned char *in = bytes;
    char *text = apr_palloc(pool, len / 3 * 4 + 4);
    char *out = text;
    unsigned held = 0;
    unsigned bits = 0; /* so many of the lowest of `held` are not written yet */
    apr_size_t i;

    for (i = 0; i < len; i++) {
        held = (held << 8) | in[i];
        for (bits += 8; bits >= 6; bits -= 6) {
            *out++ = ALPHABET[(held >> (bits - 6)) & 0x3f];
        }
    }
    if (bits > 0) {
        *out++ = ALPHABET[(held << (6 - bits)) & 0x3f];
    }
    *out = '\0';
    return text;
}

static int digit_value(char c)
{
    if (c >= 'A' && c <= 'Z') {
        return c - 'A';
    }
    if (c >= 'a' && c <= 'z') {
        return c - 'a' + 26;
    }
    if (c >= '0' && c <= '9') {
        return c - '0' + 52;
    }
    return c == '-' ? 62 : c == '_' ? 63 : -1;
}

ja_err_t *ja_base64url_parse(ja_secret_t **bytes, const char *text, apr_pool_t *result,
                             apr_pool_t *scratch)
{
    apr_size_t len = strlen(text);
    ja_secret_t *secret;
    unsigned char *out;
    unsigned held = 0;
    unsigned bits = 0;
    apr_size_t i;

    /* Six bits are no byte. */
    if (len % 4 == 1) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "base64url of %" APR_SIZE_T_FMT " characters cannot be", len);
    }
    secret = ja_secret_blank(len / 4 * 3 + (len % 4 ? len % 4 - 1 : 0), result);
    out = secret->bytes;
    for (i = 0; i < len; i++) {
        int value = digit_value(text[i]);

        if (value < 0) {
            return ja_err_make(JA_E_SYNTAX, scratch,
                               "character %" APR_SIZE_T_FMT " is none of base64url", i + 1);
        }
        held = (held << 6) | (unsigned)value;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *out++ = (unsigned char)(held >> bits);
        }
    }
    /* RFC 4648 3.5: with two spellings of one value, altered text would look whole. */
    if (held & ((1u << bits) - 1)) {
        return ja_err_make(JA_E_SYNTAX, scratch,
                           "character %" APR_SIZE_T_FMT " carries bits beyond the last byte", len);
    }
    *bytes = secret;
    return NULL;
}

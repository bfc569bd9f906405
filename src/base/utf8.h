/* base/utf8: UTF-8 as RFC 3629 has it: the shortest form only, no surrogates, nothing above
 * U+10FFFF. For text from outside. It does not judge which characters are fit to be shown:
 * report/escape does. */
#ifndef JA_BASE_UTF8_H
#define JA_BASE_UTF8_H

#include <apr_pools.h>

/* The character that begins at `text`, of which `len` bytes may be read: how many of them it takes,
 * 1 to 4; `*c` becomes its number. 0 if none begins there, or it is not complete. */
apr_size_t ja_utf8_read(apr_uint32_t *c, const char *text, apr_size_t len);

/* Write the character of that number, below 0x110000, at `to`: how many bytes it took, 1 to 4. */
apr_size_t ja_utf8_write(char *to, apr_uint32_t c);

/* Replace what is no UTF-8, byte by byte, and NULs by "?". */
void ja_utf8_mend(char *text, apr_size_t len);

/* A mended copy of at most `max` bytes and a NUL, cut between characters. */
char *ja_utf8_copy(const char *text, apr_size_t len, apr_size_t max, apr_pool_t *pool);

#endif

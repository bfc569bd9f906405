/* base/english: the English part of text in two languages. JPRS's error texts are English, then
 * Japanese; where only ASCII can be written, in httpd's error log, the English part is what helps.
 */
#ifndef JA_BASE_ENGLISH_H
#define JA_BASE_ENGLISH_H

#include <apr_pools.h>

#define JA_ENGLISH_LEFT_OUT "[...]"

/* Is there English in `text`: two words of ASCII letters, of two letters at least, a blank between
 * them? A name, a value or a word within Japanese is none. */
int ja_english_is(const char *text);

/* ASCII alone, on one line: `text` up to the first character that is no ASCII, if there are letters
 * in it, else its first run of ASCII with English. What is left out is said by JA_ENGLISH_LEFT_OUT,
 * once at each end. Control characters become blanks. Any bytes, also such as are no UTF-8; all of
 * it if it is ASCII. */
const char *ja_english_part(const char *text, apr_pool_t *pool);

#endif

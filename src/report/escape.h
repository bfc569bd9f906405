/* report/escape: text from outside (the CA's words, certificates, files) made fit to be shown. What
 * is no UTF-8 becomes "?"; control characters, which could talk to a terminal, become blanks; signs
 * that are invisible or turn the direction of the text around become "?". Cut at `max` characters,
 * "..." then being at the end. NULL is taken as "".
 */
#ifndef JA_REPORT_ESCAPE_H
#define JA_REPORT_ESCAPE_H

#include <apr_pools.h>

/* One line of UTF-8: for terminals. */
const char *ja_escape_line(const char *text, int max, apr_pool_t *pool);

/* For HTML, in text and in quoted attributes. Pure ASCII, everything else being numeric character
 * references: right whatever the page's charset is. `max` counts characters, not references. */
const char *ja_escape_html(const char *text, int max, apr_pool_t *pool);

/* One line of ASCII, everything else being "?". */
const char *ja_escape_ascii(const char *text, int max, apr_pool_t *pool);

/* The number of columns that UTF-8 `text` takes on a terminal: two for the wide characters of East
 * Asia, none for combining marks. Does not depend on a locale. */
int ja_escape_width(const char *text);

#endif

/* issue/eab_slips: what happens to an EAB between the reseller's mail and the configuration: blanks
 * and line breaks that were pasted along, full-width characters, invisible ones, the other base64,
 * key id and HMAC key interchanged. Each is called by its name, with what to write instead. Whether
 * a key is long enough is decided in issue/eab.
 */
#ifndef JA_ISSUE_EAB_SLIPS_H
#define JA_ISSUE_EAB_SLIPS_H

#include "base/err.h"

/* NULL, or JA_E_CONFIG: `text` has a character that no key id has, or quotes around it. Of the HMAC
 * key, also: a character that base64url does not have. `whose` begins the message: "the key id", "line 2: the HMAC key". No
 * message shows a character of the key but "+", "/" and "=". */
ja_err_t *ja_eab_slips_kid(const char *text, const char *whose, apr_pool_t *scratch) JA_WARN_UNUSED;
ja_err_t *ja_eab_slips_hmac(const char *text, const char *whose,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

/* Could `kid` be a key, while `hmac` is a UUID, or shorter and no key in either alphabet? Of two words
 * that could both be keys nobody can tell. */
int ja_eab_slips_is_swapped(const char *kid, const char *hmac, apr_pool_t *scratch);

/* NULL, or JA_E_CONFIG: the file that begins with these `len` bytes has been saved with a byte
 * order mark, or in UTF-16. */
ja_err_t *ja_eab_slips_file(const unsigned char *bytes, apr_size_t len,
                            apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

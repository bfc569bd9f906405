/* issue/eab: the external account binding that the reseller hands over: a key id and an HMAC key
 * (RFC 8555 7.3.4). Read once, at configuration time, by root. Whether the CA takes it is not
 * known here. */
#ifndef JA_ISSUE_EAB_H
#define JA_ISSUE_EAB_H

#include <apr_time.h>

#include "base/err.h"
#include "base/secret.h"
#include "issue/complaint.h"

#define JA_EAB_MIN_HMAC_BYTES 16
#define JA_EAB_MAX_KID        256
#define JA_EAB_MAX_FILE_BYTES 4096

/* One whose file is gone (`missing_file`) has neither key id nor key: issue/eab_check decides
 * whether that matters. */
typedef struct {
    const char *kid;          /* printable ASCII without blanks, 1 .. JA_EAB_MAX_KID characters   */
    const ja_secret_t *hmac;  /* decoded, at least JA_EAB_MIN_HMAC_BYTES                          */
    apr_time_t issued_at;     /* from issued=, else the file's mtime, else 0                      */
    const char *missing_file; /* a path, or NULL                                                 */
    ja_place_t place;         /* of the directive                                                */
} ja_eab_t;

/* The two words as they were written, and the lines where; 0: of no interest. */
typedef struct {
    const char *kid;
    const char *hmac;
    int kid_line;
    int hmac_line;
} ja_eab_text_t;

/* From two words. JA_E_CONFIG with what is wrong (never with the HMAC, or part of it, in it) and
 * what to write instead. `issued_at` is 0. */
ja_err_t *ja_eab_parse(ja_eab_t **eab, const ja_eab_text_t *text, apr_pool_t *result,
                       apr_pool_t *scratch) JA_WARN_UNUSED;

/* From a file: two lines, the key id first; or "kid: ..." and "hmac: ..." lines in any order,
 * optionally "issued: YYYY-MM-DD"; or JSON {"kid": ..., "hmac": ...}, optionally "issued". Comments
 * are lines that begin with "#". A regular file that nobody but its owner has any right to, of at
 * most JA_EAB_MAX_FILE_BYTES, in UTF-8. JA_E_NOT_FOUND if there is no such file; JA_E_CONFIG. */
ja_err_t *ja_eab_read(ja_eab_t **eab, const char *path, apr_pool_t *result,
                      apr_pool_t *scratch) JA_WARN_UNUSED;

/* A date "YYYY-MM-DD" as the first moment of that day, UTC; 0 if it is none. */
apr_time_t ja_eab_date(const char *text, apr_pool_t *scratch);

/* Are they the same binding? Both may be NULL. The date does not count. */
int ja_eab_is_equal(const ja_eab_t *a, const ja_eab_t *b);

#endif

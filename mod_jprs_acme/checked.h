/* checked: the live sets that have been found good, in the rehearsal or earlier in the real pass of
 * the same start, so that nobody reads and verifies them once more. Each restart begins anew.
 */
#ifndef JA_CHECKED_H
#define JA_CHECKED_H

#include <httpd.h>

#include "issue/set.h"

/* The set of `name` is good, and these are its files. Copied. */
void ja_checked_keep(const char *name, const ja_set_files_t *files, process_rec *process);

/* Has it been found good before, in the rehearsal or earlier in this pass? Then `files` is filled
 * in, from `result`. */
int ja_checked_find(ja_set_files_t *files, const char *name, process_rec *process,
                    apr_pool_t *result);

/* Another set has become the live one. */
void ja_checked_drop(const char *name, process_rec *process);

/* The real pass is over. */
void ja_checked_end(process_rec *process);

#endif

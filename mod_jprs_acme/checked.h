/* checked: the live sets that the rehearsal has found good, so that the real pass of the same start
 * does not read and verify them once more. Restarts have no rehearsal, and check every set.
 */
#ifndef JA_CHECKED_H
#define JA_CHECKED_H

#include <httpd.h>

#include "issue/set.h"

/* In the rehearsal: the set of `name` is good, and these are its files. Copied. */
void ja_checked_keep(const char *name, const ja_set_files_t *files, process_rec *process);

/* In the real pass: has it been found good? Then `files` is filled in, from `result`. */
int ja_checked_find(ja_set_files_t *files, const char *name, process_rec *process,
                    apr_pool_t *result);

/* Another set has become the live one. */
void ja_checked_drop(const char *name, process_rec *process);

/* The real pass is over. */
void ja_checked_end(process_rec *process);

#endif

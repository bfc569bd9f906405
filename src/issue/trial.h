/* issue/trial: what a trial of the configuration on disk has come to: httpd's own "-t" in a process
 * of its own, in which this module checks more than httpd does, and prints a line if all is well.
 * How it is run, and what is checked, is decided elsewhere.
 */
#ifndef JA_ISSUE_TRIAL_H
#define JA_ISSUE_TRIAL_H

#include <apr_pools.h>

/* The line that is printed when nothing stands against a restart. */
#define JA_TRIAL_MARKER "mod_jprs_acme: the server can be restarted"

/* Why the server must not be restarted, in words: one line of UTF-8, at most JA_RESTART_REASON_MAX
 * bytes, without times and process ids, so that the same reason is the same text. NULL: nothing
 * stands against it. `exit_code`: 0 is good, anything else, also a signal, is bad. `output` is the
 * end of what was printed, any bytes. */
const char *ja_trial_reason(int exit_code, const char *output, apr_size_t len, apr_pool_t *pool);

#endif

/* configtest: has the running server's program look at the configuration on disk, in a process of
 * its own: "httpd -t" with the arguments of the running one, and with the checks of precheck. For
 * the parent, from one thread; nothing here waits.
 */
#ifndef JA_CONFIGTEST_H
#define JA_CONFIGTEST_H

#include <httpd.h>

#include "base/err.h"

/* It has ended. `reason` says, on one line, why the server must not be restarted; NULL: nothing
 * stands against it. Both arguments are only good during the call. */
typedef void ja_configtest_done_fn(void *baton, const char *reason, apr_pool_t *scratch);

/* Start it. `done` is called once, from httpd's main loop, unless `pconf` goes before. JA_E_IO. */
ja_err_t *ja_configtest_start(ja_configtest_done_fn *done, void *baton, const process_rec *process,
                              apr_pool_t *pconf, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Is one under way? */
int ja_configtest_is_running(void);

/* To be called now and then: ends one that takes too long. */
void ja_configtest_look(apr_time_t now);

#endif

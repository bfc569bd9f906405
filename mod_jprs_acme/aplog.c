#include "aplog.h"

#include <http_log.h>

#include "mod_jprs_acme.h"

APLOG_USE_MODULE(jprs_acme);

/* The levels have httpd's numbers; the message id is in the line already. No file and line: they
 * would be this one for all. */
static void write_line(void *baton, ja_level_t level, const char *line)
{
    ap_log_error(NULL, 0, APLOG_MODULE_INDEX, (int)level, 0, (server_rec *)baton, "%s", line);
}

const ja_log_t *ja_aplog_make(server_rec *s, apr_pool_t *pool)
{
    ja_log_t *log = apr_pcalloc(pool, sizeof(*log));
    int level = ap_get_server_module_loglevel(s, APLOG_MODULE_INDEX);

    log->write = write_line;
    log->baton = s;
    log->level = JA_LOG_DEBUG;
    if (level < JA_LOG_DEBUG) {
        log->level = level < JA_LOG_NOTICE ? JA_LOG_NOTICE : (ja_level_t)level;
    }
    return log;
}

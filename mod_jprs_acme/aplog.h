/* aplog: libja's lines in httpd's error log. */
#ifndef JA_APLOG_H
#define JA_APLOG_H

#include <httpd.h>

#include "base/log.h"

/* A sink for the error log of `s`, at the level that LogLevel jprs_acme:... sets, in `pool`. As
 * with all of httpd, notices are written in any case. httpd escapes what is not printable ASCII. */
const ja_log_t *ja_aplog_make(server_rec *s, apr_pool_t *pool);

#endif

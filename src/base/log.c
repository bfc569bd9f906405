#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const LEVELS[] = {
    [JA_LOG_ERROR] = "error", [JA_LOG_WARNING] = "warning", [JA_LOG_NOTICE] = "notice",
    [JA_LOG_INFO] = "info",   [JA_LOG_DEBUG] = "debug",
};
const ja_enumstr_t ja_level_names = { LEVELS, sizeof(LEVELS) / sizeof(LEVELS[0]) };

int ja_log_is(const ja_log_t *log, ja_level_t level)
{
    return log && level <= log->level;
}

void ja_log_line(const ja_log_t *log, ja_level_t level, const char *fmt, ...)
{
    char line[4096];
    va_list args;

    if (!ja_log_is(log, level)) {
        return;
    }
    va_start(args, fmt);
    vsnprintf(line, sizeof(line), fmt, args);
    va_end(args);
    log->write(log->baton, level, line);
}

/* report/out: a text that grows, in a pool, at linear cost. */
#ifndef JA_REPORT_OUT_H
#define JA_REPORT_OUT_H

#include <apr_tables.h>

typedef struct {
    apr_pool_t *pool;
    apr_array_header_t *parts; /* const char * */
} ja_out_t;

ja_out_t ja_out_make(apr_pool_t *pool);

/* Append `text`, which is not copied, or what the format makes. NULL appends nothing. */
void ja_out_put(ja_out_t *out, const char *text);
void ja_out_printf(ja_out_t *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All of it. */
const char *ja_out_text(const ja_out_t *out);

#endif

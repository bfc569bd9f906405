/* report/table: columns for terminals, as wide as their widest cell, with notes below rows. */
#ifndef JA_REPORT_TABLE_H
#define JA_REPORT_TABLE_H

#include <apr_tables.h>

typedef struct ja_table_t ja_table_t;

#define JA_TABLE_COLUMNS_MAX 8

/* `columns`: 1 .. JA_TABLE_COLUMNS_MAX. */
ja_table_t *ja_table_make(int columns, apr_pool_t *pool);

/* A row of as many cells as there are columns: UTF-8, each one line, not copied. */
void ja_table_row(ja_table_t *table, const char *const *cells);

/* A line below the last row, indented, as long as it is. */
void ja_table_note(ja_table_t *table, const char *text);

/* The lines, each with its line end and without blanks before it. */
const char *ja_table_text(const ja_table_t *table, apr_pool_t *pool);

#endif

#include "report/table.h"

#include "report/escape.h"
#include "report/out.h"

#define GAP    2 /* between columns */
#define INDENT 4 /* of notes        */

/* A row, or, if `note` is not NULL, a note. */
typedef struct {
    const char *cells[JA_TABLE_COLUMNS_MAX];
    const char *note;
} line_t;

struct ja_table_t {
    int columns;
    int widths[JA_TABLE_COLUMNS_MAX];
    apr_array_header_t *lines; /* line_t */
};

ja_table_t *ja_table_make(int columns, apr_pool_t *pool)
{
    ja_table_t *table = apr_pcalloc(pool, sizeof(*table));

    table->columns = columns;
    table->lines = apr_array_make(pool, 16, sizeof(line_t));
    return table;
}

void ja_table_row(ja_table_t *table, const char *const *cells)
{
    line_t line = { { NULL }, NULL };
    int i;

    for (i = 0; i < table->columns; i++) {
        int width = ja_escape_width(cells[i]);

        line.cells[i] = cells[i];
        table->widths[i] = width > table->widths[i] ? width : table->widths[i];
    }
    APR_ARRAY_PUSH(table->lines, line_t) = line;
}

void ja_table_note(ja_table_t *table, const char *text)
{
    line_t line = { { NULL }, text };

    APR_ARRAY_PUSH(table->lines, line_t) = line;
}

/* Padding comes before a cell, so that no line ends in blanks. */
static void put_row(ja_out_t *out, const ja_table_t *table, const line_t *line)
{
    int missing = 0;
    int i;

    for (i = 0; i < table->columns; i++) {
        if (*line->cells[i]) {
            ja_out_printf(out, "%*s%s", missing, "", line->cells[i]);
            missing = 0;
        }
        missing += table->widths[i] - ja_escape_width(line->cells[i]) + GAP;
    }
    ja_out_put(out, "\n");
}

const char *ja_table_text(const ja_table_t *table, apr_pool_t *pool)
{
    ja_out_t out = ja_out_make(pool);
    int i;

    for (i = 0; i < table->lines->nelts; i++) {
        const line_t *line = &APR_ARRAY_IDX(table->lines, i, const line_t);

        if (line->note) {
            ja_out_printf(&out, "%*s%s\n", INDENT, "", line->note);
        }
        else {
            put_row(&out, table, line);
        }
    }
    return ja_out_text(&out);
}

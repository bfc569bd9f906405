/* report/html: the report as a part of an HTML page, in English: the section of server-status. Pure
 * ASCII, so that it is right whatever the page's charset is; everything from outside is escaped.
 */
#ifndef JA_REPORT_HTML_H
#define JA_REPORT_HTML_H

#include "report/report.h"

#define JA_REPORT_HTML_ROWS 100 /* keeps the page usable with thousands of domains */

/* Totals, accounts that need attention, and the first `max_rows` domains by need of attention, as a
 * table or, with `use_table` 0, as a list. */
const char *ja_report_html(const ja_report_t *report, int max_rows, int use_table,
                           apr_pool_t *pool);

#endif

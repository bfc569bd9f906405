/* report/text: the report for people at a terminal. UTF-8; nothing from outside can do more to the
 * terminal than show letters.
 */
#ifndef JA_REPORT_TEXT_H
#define JA_REPORT_TEXT_H

#include "report/report.h"
#include "report/words.h"

/* One row for each domain, with what is wrong below it; accounts that need attention; totals. */
const char *ja_report_text(const ja_report_t *report, ja_lang_t lang, apr_pool_t *pool);

/* Everything there is to know of each domain in the report, which is made for one normally. */
const char *ja_report_text_details(const ja_report_t *report, ja_lang_t lang, apr_pool_t *pool);

#endif

/* jprs-acme status: the report, read from the store. Works while httpd does not run. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "report/json.h"
#include "report/text.h"

static ja_err_t *make(ja_report_t **report, const ja_cmd_args_t *args)
{
    const char *only = args->n_words > 0 ? args->words[0] : NULL;
    ja_store_t *store;
    ja_plan_t *plan;

    JA_TRY(ja_cmd_plan(&plan, &store, args));
    return ja_report_make(report, plan, store, only, ja_clock_now(), args->pool, args->pool);
}

static void print(const ja_report_t *report, const ja_cmd_args_t *args)
{
    if (args->options[JA_OPT_JSON]) {
        puts(ja_json_print_pretty(ja_report_json(report, args->pool), args->pool));
    }
    else if (args->n_words > 0) {
        fputs(ja_report_text_details(report, args->lang, args->pool), stdout);
    }
    else {
        fputs(ja_report_text(report, args->lang, args->pool), stdout);
    }
}

int ja_cmd_status(const ja_cmd_args_t *args)
{
    ja_report_t *report = NULL;
    ja_err_t *err = make(&report, args);

    if (err) {
        ja_cmd_complain(args->pool, "%s", ja_err_text(err, args->pool));
        return JA_CMD_PROBLEM;
    }
    print(report, args);
    return ja_report_is_bad(report) ? JA_CMD_PROBLEM : JA_CMD_FINE;
}

#include "status.h"

#include <httpd.h>
#include <http_config.h>
#include <http_log.h>
#include <http_protocol.h>
#include <mod_status.h>

#include "base/clock.h"
#include "conf.h"
#include "mod_jprs_acme.h"
#include "report/auto.h"
#include "report/html.h"
#include "store/store_fs.h"

APLOG_USE_MODULE(jprs_acme);

/* The plan is the one in memory; the store is opened for each page, which costs next to nothing
 * compared to reading it. */
static ja_err_t *make(ja_report_t **report, const ja_plan_t *plan, apr_pool_t *pool)
{
    ja_store_t *store;

    JA_TRY(ja_store_fs_open(&store, plan->store_path, pool, pool));
    return ja_report_make(report, plan, store, NULL, ja_clock_now(), pool, pool);
}

static const char *render(const ja_report_t *report, int flags, apr_pool_t *pool)
{
    if (flags & AP_STATUS_SHORT) {
        return ja_report_auto(report, pool);
    }
    return ja_report_html(report, JA_REPORT_HTML_ROWS, !(flags & AP_STATUS_NOTABLE), pool);
}

/* The hook of mod_status. Whatever is wrong with the store, the rest of the page goes on. */
static int add_section(request_rec *r, int flags)
{
    const ja_conf_t *conf = ja_conf_get(r->server);
    ja_report_t *report = NULL;
    ja_err_t *err;

    if (!conf || !conf->plan || conf->plan->domains->nelts == 0) {
        return DECLINED;
    }
    err = make(&report, conf->plan, r->pool);
    if (!err) {
        ap_rputs(render(report, flags, r->pool), r);
        return OK;
    }
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, r, "server-status: %s: %s",
                  ja_err_row(err->code)->id, ja_err_log_text(err, r->pool));
    if (!(flags & AP_STATUS_SHORT)) {
        ap_rputs("<hr />\n<h2>Managed Domains</h2>\n<p>The store can't be read: see the error log."
                 "</p>\n",
                 r);
    }
    return OK;
}

void ja_status_register(apr_pool_t *pool)
{
    (void)pool;
    APR_OPTIONAL_HOOK(ap, status_hook, add_section, NULL, NULL, APR_HOOK_MIDDLE);
}

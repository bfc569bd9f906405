/* jprs-acme register: ask the running server to register its accounts now, or to look at those that
 * there are, and show what came of it. The server's child does it; this only asks and watches. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "issue/accounts.h"
#include "issue/requests.h"

#define WAIT_MAX   apr_time_from_sec(60) /* for an answer */
#define NOTICE_MAX apr_time_from_sec(20) /* until somebody has noticed the request */
#define LOOK_EVERY apr_time_from_msec(200)

typedef struct {
    const ja_cmd_args_t *args;
    ja_store_t *store;
    const ja_plan_t *plan;
    apr_time_t asked_at; /* as the request says */
    apr_time_t begun_at;
    int is_noticed;
} watch_t;

static const ja_plan_ca_t *ca_at(const watch_t *w, int i)
{
    return APR_ARRAY_IDX(w->plan->cas, i, const ja_plan_ca_t *);
}

/* One that is not there, or can't be read just now, has not answered. */
static ja_account_file_t *load(const watch_t *w, int i, apr_pool_t *scratch)
{
    ja_account_file_t *file = NULL;
    ja_err_t *err = ja_account_file_load(&file, w->store, ca_at(w, i)->id, scratch, scratch);

    return err ? NULL : file;
}

/* Have all accounts answered? */
static int look(watch_t *w, apr_pool_t *scratch)
{
    int answered = 0;
    int i;

    for (i = 0; i < w->plan->cas->nelts; i++) {
        const ja_account_file_t *file = load(w, i, scratch);

        if (file && file->requested_at == w->asked_at) {
            w->is_noticed = 1;
            answered += file->answered_at == w->asked_at;
        }
    }
    return answered == w->plan->cas->nelts;
}

static void progress(const watch_t *w, const char *text)
{
    if (isatty(STDERR_FILENO) && !w->args->options[JA_OPT_JSON]) {
        fputs(text, stderr);
        fflush(stderr);
    }
}

/* Have all answered in time? */
static int wait_for_answers(watch_t *w)
{
    apr_pool_t *scratch;
    int is_done = 0;

    apr_pool_create(&scratch, w->args->pool);
    while (!(is_done = look(w, scratch))
           && ja_clock_now() < w->begun_at + (w->is_noticed ? WAIT_MAX : NOTICE_MAX)) {
        apr_pool_clear(scratch);
        progress(w, ".");
        apr_sleep(LOOK_EVERY);
    }
    progress(w, "\n");
    apr_pool_destroy(scratch);
    return is_done;
}

static int is_good(const ja_account_file_t *file)
{
    return file && file->url && !file->held && !file->not_looked;
}

/* Or NULL. */
static const ja_job_error_t *error_of(const ja_account_file_t *file)
{
    if (!file) {
        return NULL;
    }
    return file->not_looked ? file->not_looked : file->error;
}

static void print_text(const watch_t *w, int i, const ja_account_file_t *file)
{
    apr_pool_t *pool = w->args->pool;
    const ja_job_error_t *error = error_of(file);

    if (is_good(file)) {
        printf("%s: %s\n", ca_at(w, i)->url, file->url);
    }
    else if (error) {
        const char *advice = ja_words_advice(w->args->lang, error->id);

        ja_cmd_complain(pool, "%s: %s: %s", ca_at(w, i)->url, error->id, error->text);
        ja_cmd_complain(pool, "-> %s", advice ? advice : "");
    }
    else {
        ja_cmd_complain(pool, "%s: %s", ca_at(w, i)->url,
                        ja_words_get(w->args->lang, JA_WORD_NOT_REGISTERED));
    }
}

static ja_json_t *print_json(const watch_t *w, int i, const ja_account_file_t *file)
{
    ja_json_t *json = ja_json_object(w->args->pool);
    const ja_job_error_t *error = error_of(file);

    ja_json_set_str(json, "ca", ca_at(w, i)->url);
    ja_json_set_str(json, "url", file ? file->url : NULL);
    ja_json_set_bool(json, "registered", file && file->url && !file->held);
    if (error) {
        ja_json_set_str(json, "error", error->id);
        ja_json_set_str(json, "text", error->text);
    }
    return json;
}

static int show(const watch_t *w)
{
    ja_json_t *list = ja_json_array(w->args->pool);
    int status = JA_CMD_FINE;
    int i;

    for (i = 0; i < w->plan->cas->nelts; i++) {
        const ja_account_file_t *file = load(w, i, w->args->pool);

        status = is_good(file) ? status : JA_CMD_PROBLEM;
        if (w->args->options[JA_OPT_JSON]) {
            ja_json_append(list, print_json(w, i, file));
        }
        else {
            print_text(w, i, file);
        }
    }
    if (w->args->options[JA_OPT_JSON]) {
        puts(ja_json_print_pretty(list, w->args->pool));
    }
    return status;
}

static ja_err_t *ask(watch_t *w)
{
    apr_pool_t *pool = w->args->pool;
    ja_plan_t *plan;

    JA_TRY(ja_cmd_plan(&plan, &w->store, w->args));
    w->plan = plan;
    w->begun_at = ja_clock_now();
    return ja_request_save(&w->asked_at, w->store, w->begun_at, pool);
}

int ja_cmd_register(const ja_cmd_args_t *args)
{
    watch_t w = { .args = args };
    ja_err_t *err = ask(&w);

    if (err) {
        ja_cmd_complain(args->pool, "%s", ja_err_text(err, args->pool));
        return JA_CMD_PROBLEM;
    }
    if (wait_for_answers(&w)) {
        return show(&w);
    }
    ja_cmd_complain(args->pool, "%s",
                    w.is_noticed ? "the CA has not answered yet: see jprs-acme status later"
                                 : "nobody has noticed the request: httpd with mod_jprs_acme does "
                                   "not run, or not with this store");
    return JA_CMD_PROBLEM;
}

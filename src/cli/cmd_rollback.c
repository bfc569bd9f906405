/* jprs-acme rollback: ask for the previous set of a domain, wait until the server's parent has put
 * it back, and show what is in use then. This only asks and watches: live/ has one writer. */
#include <stdio.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "issue/rollback.h"
#include "issue/set.h"
#include "json/json.h"

#define WAIT_MAX   apr_time_from_sec(30) /* httpd looks every ten seconds */
#define LOOK_EVERY apr_time_from_msec(200)

typedef enum {
    SAY_UNKNOWN,
    SAY_WAITING,
    SAY_DONE,
    SAY_AT_RESTART,
    SAY_BY_HAND,
    SAY_CERT,
    SAY_HELD,
    SAY_STAGED,
    SAY_PENDING,
    SAY_COUNT
} say_t;

/* clang-format off */
static const char *const TEXTS[SAY_COUNT][JA_LANG_COUNT] = {
    [SAY_UNKNOWN] =
        { "no managed domain has the name %s",
          "管理対象のドメインに %s はありません" },
    [SAY_WAITING] =
        { "waiting for httpd ", "httpd の処理を待っています " },
    [SAY_DONE] =
        { "%s: the previous certificate is in use again.\n",
          "%s: 以前の証明書に切り戻しました。\n" },
    [SAY_AT_RESTART] =
        { "%s: the previous certificate has been put back; httpd restarts gracefully by itself to use it.\n",
          "%s: 以前の証明書に切り戻しました。httpd が自動的に graceful で再起動した後に使用されます。\n" },
    [SAY_BY_HAND] =
        { "%s: the previous certificate has been put back; it is used after: apachectl graceful\n",
          "%s: 以前の証明書に切り戻しました。apachectl graceful を実行すると使用されます。\n" },
    [SAY_CERT] =
        { "  %s: serial %s, valid until %s\n",
          "  %s: シリアル番号 %s、有効期限 %s\n" },
    [SAY_HELD] =
        { "It is not renewed for a day (until shortly before it expires, if that is sooner).\n",
          "24 時間は (有効期限が近い場合はその直前まで) 更新しません。\n" },
    [SAY_STAGED] =
        { "A newer set is staged and goes live as before: see jprs-acme status %s\n",
          "切り替え待ちの新しい証明書があり、予定どおり切り替わります: jprs-acme status %s で確認できます\n" },
    [SAY_PENDING] =
        { "%s: httpd has not noticed the request. If it is not running, the previous certificate is put back when it "
          "starts; if it is, is this its store?",
          "%s: httpd の応答がありません。停止中の場合は、次回の起動時に切り戻します。起動中の場合は、--store の指定を確認してください" },
};
/* clang-format on */

typedef struct {
    const ja_cmd_args_t *args;
    ja_store_t *store;
    const ja_plan_domain_t *domain;
    apr_time_t asked_at;
    ja_rollback_t answer;
    const ja_set_t *live; /* or NULL */
    int is_staged;
} rollback_t;

static const char *text(const ja_cmd_args_t *args, say_t say)
{
    return TEXTS[say][args->lang];
}

static int is_json(const rollback_t *r)
{
    return r->args->options[JA_OPT_JSON] != NULL;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static void progress(const rollback_t *r, const char *dots)
{
    if (isatty(STDERR_FILENO) && !is_json(r)) {
        fputs(dots, stderr);
        fflush(stderr);
    }
}

/* An answer that can't be read just now is none yet. */
static int is_answered(rollback_t *r, apr_pool_t *scratch)
{
    ja_rollback_t answer;
    ja_err_t *err = ja_rollback_load(&answer, r->store, r->domain->name, r->args->pool, scratch);

    if (err || answer.asked_at != r->asked_at || answer.answered_at == 0) {
        return 0;
    }
    r->answer = answer;
    return 1;
}

static int wait_for_answer(rollback_t *r)
{
    apr_time_t until = ja_clock_now() + WAIT_MAX;
    apr_pool_t *scratch;
    int is_done;

    apr_pool_create(&scratch, r->args->pool);
    progress(r, text(r->args, SAY_WAITING));
    while (!(is_done = is_answered(r, scratch)) && ja_clock_now() < until) {
        apr_pool_clear(scratch);
        progress(r, ".");
        apr_sleep(LOOK_EVERY);
    }
    progress(r, "\n");
    apr_pool_destroy(scratch);
    return is_done;
}

/* What is to be shown besides the answer; what can't be read is left out. */
static void look_at_sets(rollback_t *r)
{
    apr_pool_t *pool = r->args->pool;
    const ja_set_t *staged = NULL;

    if (ja_set_load(&r->live, r->store, JA_GROUP_LIVE, r->domain->name, pool, pool)) {
        r->live = NULL;
    }
    r->is_staged =
        !ja_set_load(&staged, r->store, JA_GROUP_STAGING, r->domain->name, pool, pool) && staged;
}

/* ---- the result ------------------------------------------------------------------------------ */

static int is_pending(const rollback_t *r)
{
    return r->answer.answered_at == 0;
}

static int is_good(const rollback_t *r)
{
    return !is_pending(r) && !r->answer.error;
}

static ja_json_t *cert_json(const ja_set_cert_t *cert, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "key_type", ja_enumstr_print(&ja_key_spec_names, cert->spec));
    ja_json_set_str(json, "serial", cert->facts.serial);
    ja_json_set_str(json, "valid_until", ja_json_time_print(cert->facts.not_after, pool));
    return json;
}

static void print_json(const rollback_t *r)
{
    apr_pool_t *pool = r->args->pool;
    ja_json_t *json = ja_json_object(pool);
    ja_json_t *certs = ja_json_array(pool);
    int i;

    for (i = 0; r->live && i < r->live->certs->nelts; i++) {
        ja_json_append(certs, cert_json(&APR_ARRAY_IDX(r->live->certs, i, ja_set_cert_t), pool));
    }
    ja_json_set_str(json, "name", r->domain->name);
    ja_json_set_bool(json, "done", is_good(r));
    ja_json_set_bool(json, "pending", is_pending(r));
    ja_json_set_bool(json, "needs_restart", is_good(r) && r->answer.needs_restart);
    ja_json_set_bool(json, "staged", r->is_staged);
    ja_json_set(json, "live", certs);
    if (r->answer.error) {
        ja_json_set_str(json, "error", r->answer.error);
        ja_json_set_str(json, "text", r->answer.text);
    }
    puts(ja_json_print_pretty(json, pool));
}

static void print_good(const rollback_t *r)
{
    say_t how = !r->answer.needs_restart                        ? SAY_DONE
                : r->domain->activation == JA_ACTIVATION_MANUAL ? SAY_BY_HAND
                                                                : SAY_AT_RESTART;
    int i;

    printf(text(r->args, how), r->domain->name);
    for (i = 0; r->live && i < r->live->certs->nelts; i++) {
        const ja_set_cert_t *cert = &APR_ARRAY_IDX(r->live->certs, i, ja_set_cert_t);

        printf(text(r->args, SAY_CERT), ja_enumstr_print(&ja_key_spec_names, cert->spec),
               cert->facts.serial, ja_json_time_print(cert->facts.not_after, r->args->pool));
    }
    fputs(text(r->args, SAY_HELD), stdout);
    if (r->is_staged) {
        printf(text(r->args, SAY_STAGED), r->domain->name);
    }
}

static void print_text(const rollback_t *r)
{
    apr_pool_t *pool = r->args->pool;
    const char *advice;

    if (is_good(r)) {
        print_good(r);
    }
    else if (is_pending(r)) {
        ja_cmd_complain(pool, text(r->args, SAY_PENDING), r->domain->name);
    }
    else {
        advice = ja_words_advice(r->args->lang, r->answer.error);
        ja_cmd_complain(pool, "%s: %s: %s", r->domain->name, r->answer.error,
                        r->answer.text ? r->answer.text : "");
        ja_cmd_complain(pool, "-> %s", advice ? advice : "");
    }
}

/* ---- asking ---------------------------------------------------------------------------------- */

static ja_err_t *ask(rollback_t *r)
{
    const char *name = r->args->words[0];
    apr_pool_t *pool = r->args->pool;
    ja_plan_t *plan;

    JA_TRY(ja_cmd_plan(&plan, &r->store, r->args));
    r->domain = ja_plan_find(plan, name, pool);
    if (!r->domain) {
        return ja_err_make(JA_E_NOT_FOUND, pool, text(r->args, SAY_UNKNOWN), name);
    }
    return ja_rollback_ask(&r->asked_at, r->store, r->domain->name, ja_clock_now(), pool);
}

int ja_cmd_rollback(const ja_cmd_args_t *args)
{
    rollback_t r = { .args = args };
    ja_err_t *err;

    if (!ja_cmd_is_root(args)) {
        return JA_CMD_PROBLEM;
    }
    err = ask(&r);
    if (err) {
        ja_cmd_complain(args->pool, "%s", ja_err_text(err, args->pool));
        return JA_CMD_PROBLEM;
    }
    wait_for_answer(&r);
    look_at_sets(&r);
    if (is_json(&r)) {
        print_json(&r);
    }
    else {
        print_text(&r);
    }
    return is_good(&r) ? JA_CMD_FINE : JA_CMD_PROBLEM;
}

/* jprs-acme revoke: have the CA revoke the certificates that a domain uses, or the one in a file.
 * This asks the CA itself, so it works while httpd is down; a running httpd is told, and orders
 * others for a domain that needs them.
 */
#include <stdio.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "acme/revoke.h"
#include "base/clock.h"
#include "cli/cmd.h"
#include "cli/session.h"
#include "issue/due.h"
#include "issue/revocation.h"
#include "issue/set.h"
#include "json/json.h"

typedef enum {
    SAY_WHICH,
    SAY_REASON,
    SAY_UNKNOWN,
    SAY_NONE_LIVE,
    SAY_WHOSE,
    SAY_DONE,
    SAY_ALREADY,
    SAY_RENEWED,
    SAY_NOT_RENEWED,
    SAY_NOT_TOLD,
    SAY_COUNT
} say_t;

/* clang-format off */
static const char *const TEXTS[SAY_COUNT][JA_LANG_COUNT] = {
    [SAY_WHICH] =
        { "revoke needs either NAME or --cert FILE",
          "NAME か --cert FILE のどちらか一方を指定してください" },
    [SAY_REASON] =
        { "--reason %s is not one of these: %s",
          "--reason %s は指定できません。次のいずれかを指定してください: %s" },
    [SAY_UNKNOWN] =
        { "no managed domain has the name %s",
          "管理対象のドメインに %s はありません" },
    [SAY_NONE_LIVE] =
        { "%s uses no certificate that could be revoked",
          "%s には失効できる証明書がありません" },
    [SAY_WHOSE] =
        { "%s has the name of no managed domain, and there are several CAs: it is not clear which one to ask",
          "%s は管理対象のドメインの証明書ではなく、認証局が複数あるため、失効を依頼する認証局を特定できません" },
    [SAY_DONE] =
        { "%s: the certificate with serial number %s is revoked (%s).\n",
          "%s: シリアル番号 %s の証明書を失効しました (%s)。\n" },
    [SAY_ALREADY] =
        { "%s: the certificate with serial number %s had been revoked before.\n",
          "%s: シリアル番号 %s の証明書は既に失効しています。\n" },
    [SAY_RENEWED] =
        { "%s: it is in use. The running httpd orders another one within a minute, and serves this one until then.\n",
          "%s: 使用中の証明書です。実行中の httpd が 1 分以内に新しい証明書の発行を開始し、それまではこの証明書を使用します。\n" },
    [SAY_NOT_RENEWED] =
        { "%s: it is in use, and no other one is ordered: ManagedDomainRenew is manual, or no virtual host uses the domain.\n",
          "%s: 使用中の証明書ですが、新しい証明書は発行しません (ManagedDomainRenew manual、または使用するバーチャルホストなし)。\n" },
    [SAY_NOT_TOLD] =
        { "%s: httpd could not be told, and finds it out by OCSP later: %s",
          "%s: httpd に通知できませんでした。後で OCSP により検出します: %s" },
};
/* clang-format on */

typedef enum {
    NOT_REVOKED,
    REVOKED,
    REVOKED_BEFORE
} outcome_t;

/* A certificate that is to be revoked. */
typedef struct {
    ja_bytes_t der;
    ja_cert_facts_t facts;
    outcome_t outcome;
    const ja_err_t *err; /* what the CA says instead of yes, or NULL */
} target_t;

typedef struct {
    const ja_cmd_args_t *args;
    ja_store_t *store;
    ja_plan_t *plan;
    int reason;
    const char *title;              /* NAME or FILE */
    const ja_plan_domain_t *domain; /* that has the name; NULL: none has */
    const ja_plan_ca_t *ca;
    apr_array_header_t *targets; /* target_t */
} revoke_t;

static const char *text(const ja_cmd_args_t *args, say_t say)
{
    return TEXTS[say][args->lang];
}

/* ---- which ----------------------------------------------------------------------------------- */

static ja_err_t *add_target(revoke_t *r, const char *pem, apr_size_t len)
{
    apr_pool_t *pool = r->args->pool;
    target_t target = { .outcome = NOT_REVOKED };
    ja_chain_t *chain;

    JA_TRY(ja_chain_parse(&chain, pem, len, pool, pool));
    JA_TRY(ja_chain_facts(&target.facts, chain, pool, pool));
    JA_TRY(ja_chain_leaf_der(&target.der, chain, pool, pool));
    APR_ARRAY_PUSH(r->targets, target_t) = target;
    return NULL;
}

/* What the domain uses. */
static ja_err_t *find_live(revoke_t *r)
{
    apr_pool_t *pool = r->args->pool;
    const ja_set_t *live = NULL;
    ja_bytes_t pem;
    int i;

    r->domain = ja_plan_find(r->plan, r->title, pool);
    if (!r->domain) {
        return ja_err_make(JA_E_NOT_FOUND, pool, text(r->args, SAY_UNKNOWN), r->title);
    }
    r->ca = r->domain->ca;
    JA_TRY(ja_set_load(&live, r->store, JA_GROUP_LIVE, r->domain->name, pool, pool));
    if (!live) {
        return ja_err_make(JA_E_NOT_FOUND, pool, text(r->args, SAY_NONE_LIVE), r->title);
    }
    for (i = 0; i < live->certs->nelts; i++) {
        JA_TRY(ja_store_load(&pem, r->store, JA_GROUP_LIVE, r->domain->name,
                             APR_ARRAY_IDX(live->certs, i, ja_set_cert_t).fullchain_file,
                             JA_CHAIN_MAX_BYTES, pool, pool));
        JA_TRY(add_target(r, pem.bytes, pem.len));
    }
    return NULL;
}

/* One byte more than a chain may have tells that it is too long. */
static ja_err_t *read_file(char **bytes, apr_size_t *len, const char *path, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t status = apr_file_open(&file, path, APR_READ, APR_OS_DEFAULT, pool);

    *bytes = apr_palloc(pool, JA_CHAIN_MAX_BYTES + 1);
    if (!status) {
        status = apr_file_read_full(file, *bytes, JA_CHAIN_MAX_BYTES + 1, len);
        apr_file_close(file);
    }
    return status && status != APR_EOF ? ja_err_os(JA_E_IO, status, pool, "reading %s", path)
                                       : NULL;
}

/* The CA that has issued it is the one of the domain that has its name. */
static ja_err_t *find_ca(revoke_t *r)
{
    const apr_array_header_t *names = APR_ARRAY_IDX(r->targets, 0, target_t).facts.names;
    const apr_array_header_t *cas = r->plan->cas;
    int i;

    for (i = 0; i < names->nelts && !r->domain; i++) {
        r->domain = ja_plan_find(r->plan, APR_ARRAY_IDX(names, i, const char *), r->args->pool);
    }
    r->ca = r->domain         ? r->domain->ca
            : cas->nelts == 1 ? APR_ARRAY_IDX(cas, 0, const ja_plan_ca_t *)
                              : NULL;
    return r->ca ? NULL
                 : ja_err_make(JA_E_NOT_FOUND, r->args->pool, text(r->args, SAY_WHOSE), r->title);
}

static ja_err_t *find_in_file(revoke_t *r)
{
    apr_size_t len;
    char *pem;

    JA_TRY(read_file(&pem, &len, r->title, r->args->pool));
    JA_TRY_W(add_target(r, pem, len), r->args->pool, "reading %s", r->title);
    return find_ca(r);
}

static ja_err_t *find(revoke_t *r)
{
    JA_TRY(ja_cmd_plan(&r->plan, &r->store, r->args));
    return r->args->n_words > 0 ? find_live(r) : find_in_file(r);
}

/* ---- asking the CA --------------------------------------------------------------------------- */

static void ask_for(target_t *target, const revoke_t *r, ja_session_t *session)
{
    const ja_heard_t *heard;
    ja_ask_t ask;
    ja_err_t *err;

    ja_revoke_ask(&ask, &target->der, r->reason, r->args->pool);
    err = ja_session_ask(&heard, session, &ask, r->args->pool);
    if (!err) {
        target->outcome = REVOKED;
    }
    else if (err->code == JA_E_ALREADY_REVOKED) {
        target->outcome = REVOKED_BEFORE;
    }
    target->err = err;
}

/* So that httpd need not wait for OCSP. */
static void tell_httpd(const target_t *target, const revoke_t *r)
{
    ja_err_t *err =
        ja_revocation_save(r->store, target->facts.sha256, ja_revoke_reason_name(r->reason),
                           ja_clock_now(), r->args->pool);

    if (err) {
        ja_cmd_complain(r->args->pool, text(r->args, SAY_NOT_TOLD), r->title,
                        ja_err_text(err, r->args->pool));
    }
}

static ja_err_t *revoke_all(revoke_t *r)
{
    ja_session_t *session;
    int i;

    JA_TRY(ja_session_open(&session, r->store, r->ca, r->args->pool));
    for (i = 0; i < r->targets->nelts; i++) {
        target_t *target = &APR_ARRAY_IDX(r->targets, i, target_t);

        ask_for(target, r, session);
        if (target->outcome != NOT_REVOKED) {
            tell_httpd(target, r);
        }
    }
    return NULL;
}

/* ---- the result ------------------------------------------------------------------------------ */

static const target_t *target_at(const revoke_t *r, int i)
{
    return &APR_ARRAY_IDX(r->targets, i, target_t);
}

static int is_done(const revoke_t *r)
{
    int i = 0;

    while (i < r->targets->nelts && target_at(r, i)->outcome != NOT_REVOKED) {
        i++;
    }
    return i == r->targets->nelts;
}

/* Is a certificate that has been revoked the one that its domain uses? */
static int is_in_use(const revoke_t *r)
{
    apr_pool_t *pool = r->args->pool;
    const ja_set_t *live = NULL;
    int is_revoked = 0;

    if (!r->domain || ja_set_load(&live, r->store, JA_GROUP_LIVE, r->domain->name, pool, pool)
        || ja_set_is_revoked(&is_revoked, r->store, live, pool)) {
        return 0;
    }
    return is_revoked;
}

static ja_json_t *target_json(const target_t *target, apr_pool_t *pool)
{
    ja_json_t *json = ja_json_object(pool);

    ja_json_set_str(json, "serial", target->facts.serial);
    ja_json_set_strs(json, "names", target->facts.names);
    ja_json_set_bool(json, "revoked", target->outcome != NOT_REVOKED);
    ja_json_set_bool(json, "revoked_before", target->outcome == REVOKED_BEFORE);
    if (target->err) {
        ja_json_set_str(json, "error", ja_err_row(target->err->code)->id);
        ja_json_set_str(json, "text", ja_err_text(target->err, pool));
    }
    return json;
}

static void print_json(const revoke_t *r)
{
    apr_pool_t *pool = r->args->pool;
    ja_json_t *json = ja_json_object(pool);
    ja_json_t *certs = ja_json_array(pool);
    int i;

    for (i = 0; i < r->targets->nelts; i++) {
        ja_json_append(certs, target_json(target_at(r, i), pool));
    }
    ja_json_set_str(json, "ca", r->ca->url);
    ja_json_set_str(json, "reason", ja_revoke_reason_name(r->reason));
    ja_json_set_bool(json, "done", is_done(r));
    ja_json_set_bool(json, "in_use", is_in_use(r));
    ja_json_set(json, "certificates", certs);
    puts(ja_json_print_pretty(json, pool));
}

static void print_target(const target_t *target, const revoke_t *r)
{
    apr_pool_t *pool = r->args->pool;
    const char *id, *advice;

    switch (target->outcome) {
    case REVOKED:
        printf(text(r->args, SAY_DONE), r->title, target->facts.serial,
               ja_revoke_reason_name(r->reason));
        break;
    case REVOKED_BEFORE:
        printf(text(r->args, SAY_ALREADY), r->title, target->facts.serial);
        break;
    case NOT_REVOKED:
        id = ja_err_row(target->err->code)->id;
        advice = ja_words_advice(r->args->lang, id);
        ja_cmd_complain(pool, "%s: %s: %s", r->title, id, ja_err_text(target->err, pool));
        ja_cmd_complain(pool, "-> %s", advice ? advice : "");
        break;
    }
}

static void print_text(const revoke_t *r)
{
    int i;

    for (i = 0; i < r->targets->nelts; i++) {
        print_target(target_at(r, i), r);
    }
    if (is_in_use(r)) {
        int is_renewed = ja_due(r->domain, NULL, NULL, 1, 0, ja_clock_now()).why != JA_DUE_NEVER;

        printf(text(r->args, is_renewed ? SAY_RENEWED : SAY_NOT_RENEWED), r->domain->name);
    }
}

/* ---- the command ----------------------------------------------------------------------------- */

static int is_understood(revoke_t *r)
{
    const ja_cmd_args_t *args = r->args;
    const char *file = args->options[JA_OPT_CERT];
    const char *reason = args->options[JA_OPT_REASON];

    if ((args->n_words > 0) == (file != NULL)) {
        ja_cmd_complain(args->pool, "%s", text(args, SAY_WHICH));
        return 0;
    }
    r->title = file ? file : args->words[0];
    r->reason = reason ? ja_revoke_reason(reason) : 0;
    if (r->reason < 0) {
        ja_cmd_complain(args->pool, text(args, SAY_REASON), reason,
                        ja_revoke_reason_list(args->pool));
        return 0;
    }
    return 1;
}

int ja_cmd_revoke(const ja_cmd_args_t *args)
{
    revoke_t r = { .args = args };
    ja_err_t *err;

    if (!is_understood(&r)) {
        return JA_CMD_USAGE;
    }
    if (!ja_cmd_is_root(args)) {
        return JA_CMD_PROBLEM;
    }
    r.targets = apr_array_make(args->pool, JA_KEY_SPEC_COUNT, sizeof(target_t));
    err = find(&r);
    if (!err) {
        err = revoke_all(&r);
    }
    if (err) {
        ja_cmd_complain(args->pool, "%s", ja_err_text(err, args->pool));
        return JA_CMD_PROBLEM;
    }
    if (args->options[JA_OPT_JSON]) {
        print_json(&r);
    }
    else {
        print_text(&r);
    }
    return is_done(&r) ? JA_CMD_FINE : JA_CMD_PROBLEM;
}

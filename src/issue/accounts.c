#include "issue/accounts_private.h"

#include <string.h>

#include "base/clock.h"
#include "event/event.h"
#include "issue/accounts_file.h"
#include "issue/backoff.h"

int ja_account_is_ready(const ja_account_keeper_t *keeper)
{
    return keeper->jwk && keeper->file.url && !keeper->file.held && !keeper->is_doubted;
}

const ja_jwk_t *ja_account_jwk(const ja_account_keeper_t *keeper)
{
    return keeper->jwk;
}

const char *ja_account_url(const ja_account_keeper_t *keeper)
{
    return keeper->file.url;
}

int ja_account_is_critical(const ja_account_keeper_t *keeper)
{
    return keeper->exchange && keeper->step == JA_KEEPER_REGISTER;
}

const char *ja_keeper_id(const ja_account_keeper_t *k)
{
    return k->conf.plan->id;
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void shape(ja_ask_t *ask, ja_account_keeper_t *k)
{
    const ja_plan_ca_t *plan = k->conf.plan;

    switch (k->step) {
    case JA_KEEPER_FIND:
        ja_account_ask_existing(ask);
        break;
    case JA_KEEPER_REGISTER:
        k->what.jwk = k->jwk;
        k->what.contacts = plan->contacts;
        k->what.eab_kid = plan->eab ? plan->eab->kid : NULL;
        k->what.eab_hmac = plan->eab ? plan->eab->hmac : NULL;
        ja_account_ask_new(ask, &k->what);
        break;
    case JA_KEEPER_CHECK: /* POST-as-GET, 6.3 */
        *ask = (ja_ask_t){ .kind = JA_KIND_ACCOUNT, .url = k->file.url, .payload = "" };
        break;
    case JA_KEEPER_UPDATE:
        ja_account_ask_contacts(ask, k->file.url, plan->contacts, k->exchange);
        break;
    }
}

void ja_keeper_begin(ja_account_keeper_t *k)
{
    ja_ask_t *ask;
    ja_err_t *err;

    apr_pool_create(&k->exchange, k->pool);
    ask = apr_pcalloc(k->exchange, sizeof(*ask));
    shape(ask, k);
    err = ja_ca_call(k->conf.ca, ask, k->jwk, ask->to == JA_TO_URL ? k->file.url : NULL,
                     ja_keeper_on_reply, k, k->exchange);
    if (err) {
        ja_keeper_not_succeeded(k, err, k->exchange);
    }
}

/* ---- the start ------------------------------------------------------------------------------- */

/* The key of the account: the one in the store, or, if there is neither key nor account, a new one
 * that is durable before the CA hears of it. A key that can't be read is never replaced: an account
 * may hang on it. */
static ja_err_t *find_key(ja_account_keeper_t *k, int *is_new, apr_pool_t *scratch)
{
    ja_err_t *err = ja_account_key_load(&k->jwk, k->conf.store, ja_keeper_id(k), k->pool, scratch);

    *is_new = 0;
    if (!err || err->code != JA_E_NOT_FOUND) {
        return err;
    }
    if (k->file.url || k->is_damaged) {
        return ja_err_make(JA_E_NOT_FOUND, scratch,
                           "key.json of account %s is gone: restore it from a backup, or remove "
                           "account.json beside it "
                           "and register anew with a new EAB",
                           k->file.url ? k->file.url : ja_keeper_id(k));
    }
    *is_new = 1;
    return ja_account_key_make(&k->jwk, k->conf.store, ja_keeper_id(k), k->pool, scratch);
}

/* It failed with other contacts or another EAB. */
static int is_other_try(const ja_account_keeper_t *k, apr_pool_t *scratch)
{
    return k->file.fingerprint
           && strcmp(k->file.fingerprint, ja_account_fingerprint(k->conf.plan, scratch)) != 0;
}

static ja_err_t *load_file(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    ja_account_file_t *file;

    JA_TRY(ja_account_file_load(&file, k->conf.store, ja_keeper_id(k), k->pool, scratch));
    if (file) {
        k->file = *file;
    }
    if (is_other_try(k, scratch)) {
        k->file.may_register |= k->file.held;
        k->is_doubted = k->file.held && k->file.url;
        ja_keeper_forget_failure(k);
    }
    if (k->file.requested_at != k->file.answered_at) { /* a restart came before the answer */
        k->is_doubted = k->file.url != NULL;
        k->file.next_at = 0;
    }
    if (k->file.next_at > ja_clock_now() + JA_BACKOFF_MAX) {
        k->file.next_at = 0; /* the clock was wrong when it was written */
    }
    return NULL;
}

/* A damaged account.json beside a good key is no loss: the CA finds the account by the key. */
static void start(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    ja_err_t *err = load_file(k, scratch);
    int is_new = 0;

    k->is_damaged = err != NULL;
    if (err) {
        err = ja_err_wrap(err, scratch, "the CA is asked for the account of the key");
        ja_event_errored(k->conf.log, ja_keeper_id(k), err, "reading account.json", 0, scratch);
    }
    k->step = JA_KEEPER_FIND;
    err = find_key(k, &is_new, scratch);
    if (err) {
        ja_keeper_failed(k, err, scratch);
        return;
    }
    if (ja_account_is_ready(k)) {
        k->step = JA_KEEPER_UPDATE;
        k->conf.ready(k->conf.baton, 0);
        if (!ja_keeper_needs_update(k)) {
            return;
        }
    }
    else if (k->file.url) {
        k->step = JA_KEEPER_CHECK;
    }
    else if (is_new) {
        k->step = JA_KEEPER_REGISTER;
    }
    if (k->file.next_at > ja_clock_now()) {
        ja_timer_set(k->timer, k->file.next_at);
    }
    else {
        ja_keeper_begin(k);
    }
}

/* At the start, and after each back-off. A registration whose reply was lost may have happened: so
 * it is looked for first. */
static void on_time(void *baton)
{
    ja_account_keeper_t *k = baton;
    apr_pool_t *scratch;

    if (!k->jwk) {
        apr_pool_create(&scratch, k->pool);
        start(k, scratch);
        apr_pool_destroy(scratch);
        return;
    }
    k->step = !k->file.url             ? JA_KEEPER_FIND
              : ja_account_is_ready(k) ? JA_KEEPER_UPDATE
                                       : JA_KEEPER_CHECK;
    ja_keeper_begin(k);
}

void ja_account_doubt(ja_account_keeper_t *k, const ja_err_t *err)
{
    apr_time_t now = ja_clock_now();
    int is_trusted = k->trusted_at != 0 && now < k->trusted_at + JA_KEEPER_TRUST_FOR;

    if (!ja_account_is_ready(k) || k->exchange || is_trusted) {
        return;
    }
    ja_log_line(k->conf.log, JA_LOG_INFO, "%s: %s: asking the CA whether the account is valid",
                ja_keeper_id(k), ja_err_row(err->code)->id);
    k->is_doubted = 1;
    ja_timer_set(k->timer, now);
}

void ja_account_request(ja_account_keeper_t *k, apr_time_t at)
{
    apr_pool_t *scratch;

    if (k->file.requested_at == at) {
        return;
    }
    k->file.requested_at = at;
    k->file.may_register = 1;
    k->file.not_looked = NULL;
    apr_pool_create(&scratch, k->pool);
    ja_keeper_note(k, scratch);
    apr_pool_destroy(scratch);
    if (k->exchange) {
        return; /* its outcome is the answer */
    }
    if (ja_account_is_ready(k)) {
        k->is_doubted = 1;
    }
    ja_timer_set(k->timer, ja_clock_now());
}

ja_account_keeper_t *ja_account_keeper_start(const ja_account_conf_t *conf, apr_pool_t *pool)
{
    ja_account_keeper_t *k = apr_pcalloc(pool, sizeof(*k));

    k->conf = *conf;
    k->pool = pool;
    k->timer = ja_timer_make(conf->loop, on_time, k, pool);
    ja_timer_set(k->timer, ja_clock_now());
    k->countdown = ja_timer_make(conf->loop, ja_keeper_on_countdown, k, pool);
    ja_timer_set(k->countdown, ja_clock_now() + 1); /* the file has been read by then */
    return k;
}

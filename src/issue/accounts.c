#include "issue/accounts.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/account.h"
#include "base/clock.h"
#include "base/rand.h"
#include "event/event.h"
#include "issue/accounts_file.h"
#include "issue/backoff.h"

/* What the CA is being asked. */
typedef enum {
    STEP_FIND,     /* onlyReturnExisting: there is a key but no URL */
    STEP_REGISTER, /* newAccount */
    STEP_UPDATE    /* contacts of an account that is in use meanwhile */
} step_t;

static const char *const ACTIVITY[] = {
    [STEP_FIND] = "looking for the account",
    [STEP_REGISTER] = "registering the account",
    [STEP_UPDATE] = "updating the account's contacts",
};

struct ja_account_keeper_t {
    ja_account_conf_t conf;
    apr_pool_t *pool;
    int is_damaged;         /* there is an account.json, but it can't be read */
    ja_account_file_t file; /* what is in account.json; its memory is `pool`: it changes a few times
                               in a process's life */
    ja_jwk_t *jwk;          /* NULL until loaded or made */
    step_t step;
    ja_timer_t *timer;
    apr_pool_t *exchange;  /* NULL if nothing is under way */
    ja_account_new_t what; /* of the newAccount under way */
};

static void begin(ja_account_keeper_t *k);

int ja_account_is_ready(const ja_account_keeper_t *keeper)
{
    return keeper->jwk && keeper->file.url;
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
    return keeper->exchange && keeper->step == STEP_REGISTER;
}

static const char *id_of(const ja_account_keeper_t *k)
{
    return k->conf.plan->id;
}

/* ---- the end of an exchange ------------------------------------------------------------------ */

static void end_exchange(ja_account_keeper_t *k)
{
    apr_pool_t *exchange = k->exchange;

    k->exchange = NULL;
    if (exchange) {
        apr_pool_destroy(exchange);
    }
}

static ja_err_t *save(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    return ja_account_file_save(&k->file, k->conf.store, id_of(k), scratch);
}

/* Neither file can be read: nothing is overwritten that may still help to get the account back. */
static int is_lost(const ja_account_keeper_t *k)
{
    return k->is_damaged && !k->jwk;
}

/* Tell, remember, and try again later. What is registered stays so. */
static void failed(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();
    ja_err_t *save_err;

    k->file.attempts++;
    k->file.next_at = ja_backoff((int)k->file.attempts, ja_err_row(err->code)->retry, err->retry_at,
                                 ja_rand_unit(), now);
    k->file.fingerprint = ja_account_fingerprint(k->conf.plan, k->pool);
    k->file.error = ja_job_error_make(err, ACTIVITY[k->step], now, k->pool);
    ja_event_errored(k->conf.log, id_of(k), err, ACTIVITY[k->step], k->file.next_at, scratch);
    save_err = is_lost(k) ? NULL : save(k, scratch);
    if (save_err) {
        ja_event_errored(k->conf.log, id_of(k), save_err, "remembering a failure", 0, scratch);
    }
    ja_timer_set(k->timer, k->file.next_at);
}

static void forget_failure(ja_account_keeper_t *k)
{
    k->file.attempts = 0;
    k->file.next_at = 0;
    k->file.fingerprint = NULL;
    k->file.error = NULL;
}

/* The URL is durable before anything is done with it. After an error everything is as before, and
 * asked for again. */
static ja_err_t *take_over(ja_account_keeper_t *k, const ja_account_t *account, apr_pool_t *scratch)
{
    const ja_account_file_t before = k->file;
    ja_err_t *err;

    k->file.ca_url = k->conf.plan->url;
    k->file.url = apr_pstrdup(k->pool, account->url);
    if (k->step == STEP_REGISTER) {
        k->file.eab_kid = k->conf.plan->eab ? apr_pstrdup(k->pool, k->conf.plan->eab->kid) : NULL;
    }
    if (k->file.registered_at == 0) {
        k->file.registered_at = ja_clock_now();
    }
    if (k->step != STEP_FIND) { /* what was found may have other contacts: they are updated next */
        k->file.contacts = k->conf.plan->contacts;
    }
    forget_failure(k);
    err = save(k, scratch);
    if (err) {
        k->file = before;
    }
    return err;
}

static void tell_success(const ja_account_keeper_t *k)
{
    switch (k->step) {
    case STEP_FIND:
        ja_event_tell(k->conf.log, JA_EVENT_REGISTERED, id_of(k),
                      "found the account %s of the key in the store", k->file.url);
        break;
    case STEP_REGISTER:
        ja_event_tell(k->conf.log, JA_EVENT_REGISTERED, id_of(k), "account %s%s", k->file.url,
                      k->conf.plan->eab
                          ? "; the EAB is used up and may be removed from the configuration"
                          : "");
        break;
    case STEP_UPDATE:
        ja_event_tell(k->conf.log, JA_EVENT_ACCOUNT_UPDATED, id_of(k),
                      "the CA has the new contacts");
        break;
    }
}

static int needs_update(const ja_account_keeper_t *k)
{
    return k->file.url && !ja_plan_is_same_contacts(k->file.contacts, k->conf.plan->contacts);
}

static void succeeded(ja_account_keeper_t *k)
{
    int is_new = k->step != STEP_UPDATE;

    tell_success(k);
    end_exchange(k);
    if (needs_update(k)) {
        k->step = STEP_UPDATE;
        begin(k);
    }
    if (is_new) {
        k->conf.ready(k->conf.baton);
    }
}

/* The CA has no account for the key: then it may be registered. Some ask for an EAB even where only
 * an existing account is looked for. */
static int is_unknown(const ja_account_keeper_t *k, const ja_err_t *err)
{
    return k->step == STEP_FIND
           && (err->code == JA_E_ACCOUNT_NOT_FOUND || err->code == JA_E_EAB_REQUIRED
               || err->code == JA_E_EAB_REFUSED);
}

static void on_reply(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    ja_account_keeper_t *k = baton;
    apr_pool_t *scratch = k->exchange;
    ja_account_t account;

    if (!err) {
        err = ja_account_hear(&account, heard, scratch, scratch);
    }
    if (!err && account.status != JA_ACCOUNT_VALID) {
        err = ja_err_make(JA_E_UNAUTHORIZED, scratch, "account %s is deactivated or revoked",
                          account.url);
    }
    if (!err) {
        err = take_over(k, &account, scratch);
    }
    if (!err) {
        succeeded(k);
        return;
    }
    if (is_unknown(k, err)) {
        end_exchange(k);
        k->step = STEP_REGISTER;
        begin(k);
        return;
    }
    failed(k, err, scratch);
    end_exchange(k);
}

/* ---- asking ---------------------------------------------------------------------------------- */

static void shape(ja_ask_t *ask, ja_account_keeper_t *k)
{
    const ja_plan_ca_t *plan = k->conf.plan;

    switch (k->step) {
    case STEP_FIND:
        ja_account_ask_existing(ask);
        break;
    case STEP_REGISTER:
        k->what.jwk = k->jwk;
        k->what.contacts = plan->contacts;
        k->what.eab_kid = plan->eab ? plan->eab->kid : NULL;
        k->what.eab_hmac = plan->eab ? plan->eab->hmac : NULL;
        ja_account_ask_new(ask, &k->what);
        break;
    case STEP_UPDATE:
        ja_account_ask_contacts(ask, k->file.url, plan->contacts, k->exchange);
        break;
    }
}

static void begin(ja_account_keeper_t *k)
{
    ja_ask_t *ask;
    ja_err_t *err;

    apr_pool_create(&k->exchange, k->pool);
    ask = apr_pcalloc(k->exchange, sizeof(*ask));
    shape(ask, k);
    err = ja_ca_call(k->conf.ca, ask, k->jwk, k->step == STEP_UPDATE ? k->file.url : NULL, on_reply,
                     k, k->exchange);
    if (err) {
        failed(k, err, k->exchange);
        end_exchange(k);
    }
}

/* ---- the start ------------------------------------------------------------------------------- */

/* The key of the account: the one in the store, or, if there is neither key nor account, a new one
 * that is durable before the CA hears of it. A key that can't be read is never replaced: an account
 * may hang on it. */
static ja_err_t *find_key(ja_account_keeper_t *k, int *is_new, apr_pool_t *scratch)
{
    ja_err_t *err = ja_account_key_load(&k->jwk, k->conf.store, id_of(k), k->pool, scratch);

    *is_new = 0;
    if (!err || err->code != JA_E_NOT_FOUND) {
        return err;
    }
    if (k->file.url || k->is_damaged) {
        return ja_err_make(JA_E_NOT_FOUND, scratch,
                           "key.json of account %s is gone: restore it from a backup, or remove "
                           "account.json beside it "
                           "and register anew with a new EAB",
                           k->file.url ? k->file.url : id_of(k));
    }
    *is_new = 1;
    return ja_account_key_make(&k->jwk, k->conf.store, id_of(k), k->pool, scratch);
}

static ja_err_t *load_file(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    ja_account_file_t *file;

    JA_TRY(ja_account_file_load(&file, k->conf.store, id_of(k), k->pool, scratch));
    if (file) {
        k->file = *file;
    }
    if (k->file.fingerprint
        && strcmp(k->file.fingerprint, ja_account_fingerprint(k->conf.plan, scratch)) != 0) {
        forget_failure(k); /* it failed with other contacts or another EAB */
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
        ja_event_errored(k->conf.log, id_of(k), err, "reading account.json", 0, scratch);
    }
    k->step = STEP_FIND;
    err = find_key(k, &is_new, scratch);
    if (err) {
        failed(k, err, scratch);
        return;
    }
    if (ja_account_is_ready(k)) {
        k->step = STEP_UPDATE;
        k->conf.ready(k->conf.baton);
        if (!needs_update(k)) {
            return;
        }
    }
    else if (is_new) {
        k->step = STEP_REGISTER;
    }
    if (k->file.next_at > ja_clock_now()) {
        ja_timer_set(k->timer, k->file.next_at);
    }
    else {
        begin(k);
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
    if (!k->file.url) {
        k->step = STEP_FIND;
    }
    begin(k);
}

ja_account_keeper_t *ja_account_keeper_start(const ja_account_conf_t *conf, apr_pool_t *pool)
{
    ja_account_keeper_t *k = apr_pcalloc(pool, sizeof(*k));

    k->conf = *conf;
    k->pool = pool;
    k->timer = ja_timer_make(conf->loop, on_time, k, pool);
    ja_timer_set(k->timer, ja_clock_now());
    return k;
}

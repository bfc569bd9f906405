#include "issue/accounts.h"

#include <string.h>

#include <apr_strings.h>

#include "acme/account.h"
#include "base/clock.h"
#include "base/rand.h"
#include "event/event.h"
#include "issue/accounts_file.h"
#include "issue/backoff.h"
#include "issue/countdown.h"

/* How often the CA is asked how a held account is. */
#define LOOK_EVERY apr_time_from_sec(24 * 3600)

/* So long after the CA has said that an account is valid it is not doubted. */
#define TRUST_FOR apr_time_from_sec(600)

/* What the CA is being asked. */
typedef enum {
    STEP_FIND,     /* onlyReturnExisting: there is a key but no URL */
    STEP_REGISTER, /* newAccount */
    STEP_CHECK,    /* is it valid? */
    STEP_UPDATE    /* contacts of an account that is in use meanwhile */
} step_t;

static const char *const ACTIVITY[] = {
    [STEP_FIND] = "looking for the account",
    [STEP_REGISTER] = "registering the account",
    [STEP_CHECK] = "looking at the account",
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
    int may_register;      /* again: somebody has changed something, or asks for it */
    int is_doubted;        /* not ready until the CA has been asked */
    apr_time_t trusted_at; /* when the CA last said that it is valid; 0: not in this process */
    ja_timer_t *timer;
    ja_timer_t *countdown;
    apr_pool_t *exchange;  /* NULL if nothing is under way */
    ja_account_new_t what; /* of the newAccount under way */
};

static void begin(ja_account_keeper_t *k);

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

/* Save what is no loss if it can't be. */
static void note(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    ja_err_t *err = is_lost(k) ? NULL : save(k, scratch);

    if (err) {
        ja_event_errored(k->conf.log, id_of(k), err, "saving account.json", 0, scratch);
    }
}

/* What was asked for has an outcome. */
static void answer(ja_account_keeper_t *k)
{
    k->file.answered_at = k->file.requested_at;
    k->may_register = 0;
}

/* A refused update of the contacts does not keep the account from being used. */
static int is_to_hold(const ja_account_keeper_t *k, const ja_err_t *err)
{
    return ja_err_row(err->code)->retry == JA_RETRY_HOLD && k->step != STEP_UPDATE;
}

/* Tell, remember, and try again later. What is registered stays so. */
static void failed(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();

    k->file.attempts++;
    k->file.next_at = ja_backoff((int)k->file.attempts, ja_err_row(err->code)->retry, err->retry_at,
                                 ja_rand_unit(), now);
    if (is_to_hold(k, err)) {
        k->file.held = 1;
        k->file.next_at = now + LOOK_EVERY;
    }
    k->file.fingerprint = ja_account_fingerprint(k->conf.plan, k->pool);
    k->file.error = ja_job_error_make(err, ACTIVITY[k->step], now, k->pool);
    ja_event_errored(k->conf.log, id_of(k), err, ACTIVITY[k->step], k->file.next_at, scratch);
    answer(k);
    note(k, scratch);
    ja_timer_set(k->timer, k->file.next_at);
}

/* The CA does not know the account yet, or again: it goes on waiting for a person. */
static void still_held(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    k->file.next_at = ja_clock_now() + LOOK_EVERY;
    answer(k);
    note(k, scratch);
    ja_timer_set(k->timer, k->file.next_at);
}

static void forget_failure(ja_account_keeper_t *k)
{
    k->file.attempts = 0;
    k->file.held = 0;
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
    if (k->step == STEP_REGISTER || k->step == STEP_UPDATE) {
        k->file.contacts = k->conf.plan->contacts; /* else: they are updated next */
    }
    forget_failure(k);
    answer(k);
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
    case STEP_CHECK:
        ja_event_tell(k->conf.log, JA_EVENT_REGISTERED, id_of(k), "account %s is valid",
                      k->file.url);
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

static void succeeded(ja_account_keeper_t *k, int is_freed)
{
    int is_new = k->step != STEP_UPDATE;

    k->is_doubted = 0;
    k->trusted_at = ja_clock_now();
    tell_success(k);
    end_exchange(k);
    if (needs_update(k)) {
        k->step = STEP_UPDATE;
        begin(k);
    }
    if (is_new) {
        k->conf.ready(k->conf.baton, is_freed);
    }
}

/* The CA has no account for the key. Some ask for an EAB even where only an existing account is
 * looked for. */
static int is_unknown(const ja_account_keeper_t *k, const ja_err_t *err)
{
    return (k->step == STEP_FIND || k->step == STEP_CHECK)
           && (err->code == JA_E_ACCOUNT_NOT_FOUND || err->code == JA_E_EAB_REQUIRED
               || err->code == JA_E_EAB_REFUSED);
}

/* Then it is registered: for the first time, or because somebody wants it. Not because a file has
 * been lost, or the CA says so: an EAB is good for one registration. */
static int is_to_be_registered(const ja_account_keeper_t *k)
{
    return k->may_register || (!k->file.url && !k->file.held && !k->is_damaged);
}

/* It was doubted, and the CA's answer says neither yes nor no: it is used on, since the domains
 * have their back-off. */
static int is_in_doubt(const ja_account_keeper_t *k, const ja_err_t *err)
{
    return k->is_doubted && !k->file.held && !is_to_hold(k, err);
}

static void use_on(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    k->is_doubted = 0;
    k->trusted_at = ja_clock_now();
    ja_event_errored(k->conf.log, id_of(k), err, ACTIVITY[k->step], 0, scratch);
    answer(k);
    note(k, scratch);
    end_exchange(k);
    if (needs_update(k)) {
        ja_timer_set(k->timer, ja_clock_now() + TRUST_FOR);
    }
    k->conf.ready(k->conf.baton, 0);
}

static void not_succeeded(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    if (is_unknown(k, err) && is_to_be_registered(k)) {
        end_exchange(k);
        k->step = STEP_REGISTER;
        begin(k);
        return;
    }
    if (is_in_doubt(k, err)) {
        use_on(k, err, scratch);
        return;
    }
    if (is_unknown(k, err) && k->file.held) {
        still_held(k, scratch);
    }
    else {
        failed(k, err, scratch);
    }
    end_exchange(k);
}

static void on_reply(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    ja_account_keeper_t *k = baton;
    apr_pool_t *scratch = k->exchange;
    int is_freed = k->file.held || k->may_register;
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
        succeeded(k, is_freed);
        return;
    }
    not_succeeded(k, err, scratch);
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
    case STEP_CHECK: /* POST-as-GET, 6.3 */
        *ask = (ja_ask_t){ .kind = JA_KIND_ACCOUNT, .url = k->file.url, .payload = "" };
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
    err = ja_ca_call(k->conf.ca, ask, k->jwk, ask->to == JA_TO_URL ? k->file.url : NULL, on_reply,
                     k, k->exchange);
    if (err) {
        not_succeeded(k, err, k->exchange);
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
        k->may_register = k->file.held;
        k->is_doubted = k->file.held && k->file.url;
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
        k->conf.ready(k->conf.baton, 0);
        if (!needs_update(k)) {
            return;
        }
    }
    else if (k->file.url) {
        k->step = STEP_CHECK;
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
    k->step = !k->file.url ? STEP_FIND : ja_account_is_ready(k) ? STEP_UPDATE : STEP_CHECK;
    begin(k);
}

void ja_account_doubt(ja_account_keeper_t *k, const ja_err_t *err)
{
    apr_time_t now = ja_clock_now();
    int is_trusted = k->trusted_at != 0 && now < k->trusted_at + TRUST_FOR;

    if (!ja_account_is_ready(k) || k->exchange || is_trusted) {
        return;
    }
    ja_log_line(k->conf.log, JA_LOG_INFO, "%s: %s: asking the CA whether the account is valid",
                id_of(k), ja_err_row(err->code)->id);
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
    k->may_register = 1;
    apr_pool_create(&scratch, k->pool);
    note(k, scratch);
    apr_pool_destroy(scratch);
    if (k->exchange) {
        return; /* its outcome is the answer */
    }
    if (ja_account_is_ready(k)) {
        k->is_doubted = 1;
    }
    ja_timer_set(k->timer, ja_clock_now());
}

/* ---- the EAB's end --------------------------------------------------------------------------- */

static void tell_days(const ja_account_keeper_t *k, int days)
{
    if (days > 0) {
        ja_event_tell(k->conf.log, JA_EVENT_EAB_ENDS, id_of(k),
                      "the account is not registered yet, and the EAB ends within %d day%s", days,
                      days == 1 ? "" : "s");
    }
    else {
        ja_event_tell(k->conf.log, JA_EVENT_EAB_ENDS, id_of(k),
                      "the EAB is older than 14 days: ask the reseller for a new one");
    }
}

/* JPRS: 14 days from its issue. Told at steps, each once, as long as it is needed. */
static void on_countdown(void *baton)
{
    ja_account_keeper_t *k = baton;
    const ja_eab_t *eab = k->conf.plan->eab;
    apr_time_t now = ja_clock_now();
    apr_time_t ends_at = eab ? ja_countdown_end(eab->issued_at) : 0;
    int days = ja_countdown_days(ends_at, now);
    apr_pool_t *scratch;

    if (k->file.url || ends_at == 0) {
        return;
    }
    if (days >= 0 && k->file.days_told != days + 1) {
        tell_days(k, days);
        k->file.days_told = days + 1;
        apr_pool_create(&scratch, k->pool);
        note(k, scratch);
        apr_pool_destroy(scratch);
    }
    if (ja_countdown_next(ends_at, now) != 0) {
        ja_timer_set(k->countdown, ja_countdown_next(ends_at, now));
    }
}

ja_account_keeper_t *ja_account_keeper_start(const ja_account_conf_t *conf, apr_pool_t *pool)
{
    ja_account_keeper_t *k = apr_pcalloc(pool, sizeof(*k));

    k->conf = *conf;
    k->pool = pool;
    k->timer = ja_timer_make(conf->loop, on_time, k, pool);
    ja_timer_set(k->timer, ja_clock_now());
    k->countdown = ja_timer_make(conf->loop, on_countdown, k, pool);
    ja_timer_set(k->countdown, ja_clock_now() + 1); /* the file has been read by then */
    return k;
}

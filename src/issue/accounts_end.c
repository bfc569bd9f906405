#include "issue/accounts_private.h"

#include <apr_strings.h>

#include "base/clock.h"
#include "base/rand.h"
#include "event/event.h"
#include "issue/accounts_file.h"
#include "issue/backoff.h"

/* How often the CA is asked how a held account is. */
#define LOOK_EVERY apr_time_from_sec(24 * 3600)

static const char *const ACTIVITY[] = {
    [JA_KEEPER_FIND] = "looking for the account",
    [JA_KEEPER_REGISTER] = "registering the account",
    [JA_KEEPER_CHECK] = "looking at the account",
    [JA_KEEPER_UPDATE] = "updating the account's contacts",
};

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
    return ja_account_file_save(&k->file, k->conf.store, ja_keeper_id(k), scratch);
}

/* Neither file can be read: nothing is overwritten that may still help to get the account back. */
static int is_lost(const ja_account_keeper_t *k)
{
    return k->is_damaged && !k->jwk;
}

void ja_keeper_note(ja_account_keeper_t *k, apr_pool_t *scratch)
{
    ja_err_t *err = is_lost(k) ? NULL : save(k, scratch);

    if (err) {
        ja_event_errored(k->conf.log, ja_keeper_id(k), err, "saving account.json", 0, scratch);
    }
}

/* What was asked for has an outcome. */
static void answer(ja_account_keeper_t *k)
{
    k->file.answered_at = k->file.requested_at;
}

/* A refused update of the contacts does not keep the account from being used. */
static int is_to_hold(const ja_account_keeper_t *k, const ja_err_t *err)
{
    return ja_err_row(err->code)->retry == JA_RETRY_HOLD && k->step != JA_KEEPER_UPDATE;
}

void ja_keeper_failed(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    apr_time_t now = ja_clock_now();

    k->file.attempts++;
    k->file.next_at = ja_backoff((int)k->file.attempts, ja_err_row(err->code)->retry, err->retry_at,
                                 ja_rand_unit(), now);
    if (is_to_hold(k, err)) {
        k->file.held = 1;
        k->file.may_register = 0;
        k->file.next_at = now + LOOK_EVERY;
    }
    k->file.fingerprint = ja_account_fingerprint(k->conf.plan, k->pool);
    k->file.error = ja_job_error_make(err, ACTIVITY[k->step], now, k->pool);
    ja_event_errored(k->conf.log, ja_keeper_id(k), err, ACTIVITY[k->step], k->file.next_at,
                     scratch);
    answer(k);
    ja_keeper_note(k, scratch);
    ja_timer_set(k->timer, k->file.next_at);
}

/* The CA has no account for the key. Where only an existing account is looked for, some ask all the
 * same for what a new one needs: an EAB, contacts, the agreement. */
static int is_unknown(const ja_account_keeper_t *k, const ja_err_t *err)
{
    int is_said = err->code == JA_E_ACCOUNT_NOT_FOUND || err->code == JA_E_EAB_REQUIRED
                  || err->code == JA_E_EAB_REFUSED;
    int is_of_new =
        err->code == JA_E_MALFORMED || err->code == JA_E_CONTACT_COUNT || err->code == JA_E_TERMS;

    return (k->step == JA_KEEPER_FIND && (is_said || is_of_new))
           || (k->step == JA_KEEPER_CHECK && is_said);
}

/* The CA does not know the account yet, or again, or can't say: it goes on waiting for a person. */
static void still_held(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    k->file.next_at = ja_clock_now() + LOOK_EVERY;
    if (!is_unknown(k, err)) {
        ja_event_errored(k->conf.log, ja_keeper_id(k), err, ACTIVITY[k->step], k->file.next_at,
                         scratch);
    }
    answer(k);
    ja_keeper_note(k, scratch);
    ja_timer_set(k->timer, k->file.next_at);
}

void ja_keeper_forget_failure(ja_account_keeper_t *k)
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
    if (k->step == JA_KEEPER_REGISTER) {
        k->file.eab_kid = k->conf.plan->eab ? apr_pstrdup(k->pool, k->conf.plan->eab->kid) : NULL;
    }
    if (k->file.registered_at == 0) {
        k->file.registered_at = ja_clock_now();
    }
    if (k->step == JA_KEEPER_REGISTER || k->step == JA_KEEPER_UPDATE) {
        k->file.contacts = k->conf.plan->contacts; /* else: they are updated next */
    }
    ja_keeper_forget_failure(k);
    k->file.may_register = 0;
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
    case JA_KEEPER_FIND:
        ja_event_tell(k->conf.log, JA_EVENT_REGISTERED, ja_keeper_id(k),
                      "found the account %s of the key in the store", k->file.url);
        break;
    case JA_KEEPER_REGISTER:
        ja_event_tell(
            k->conf.log, JA_EVENT_REGISTERED, ja_keeper_id(k), "account %s%s", k->file.url,
            k->conf.plan->eab ? "; the EAB is used up and may be removed from the configuration"
                              : "");
        break;
    case JA_KEEPER_CHECK:
        ja_event_tell(k->conf.log, JA_EVENT_REGISTERED, ja_keeper_id(k), "account %s is valid",
                      k->file.url);
        break;
    case JA_KEEPER_UPDATE:
        ja_event_tell(k->conf.log, JA_EVENT_ACCOUNT_UPDATED, ja_keeper_id(k),
                      "the CA has the new contacts");
        break;
    }
}

int ja_keeper_needs_update(const ja_account_keeper_t *k)
{
    return k->file.url && !ja_plan_is_same_contacts(k->file.contacts, k->conf.plan->contacts);
}

static void succeeded(ja_account_keeper_t *k, int is_freed)
{
    int is_new = k->step != JA_KEEPER_UPDATE;

    k->is_doubted = 0;
    k->trusted_at = ja_clock_now();
    tell_success(k);
    end_exchange(k);
    if (ja_keeper_needs_update(k)) {
        k->step = JA_KEEPER_UPDATE;
        ja_keeper_begin(k);
    }
    if (is_new) {
        k->conf.ready(k->conf.baton, is_freed);
    }
}

/* Then it is registered: for the first time, or because somebody wants it. Not because a file has
 * been lost, or the CA says so: an EAB is good for one registration. */
static int is_to_be_registered(const ja_account_keeper_t *k)
{
    return k->file.may_register || (!k->file.url && !k->file.held && !k->is_damaged);
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
    ja_event_errored(k->conf.log, ja_keeper_id(k), err, ACTIVITY[k->step], 0, scratch);
    if (k->file.requested_at != k->file.answered_at) {
        k->file.may_register = 0; /* it was asked for a look at an account that works */
        k->file.not_looked = ja_job_error_make(err, ACTIVITY[k->step], ja_clock_now(), k->pool);
    }
    answer(k);
    ja_keeper_note(k, scratch);
    end_exchange(k);
    if (ja_keeper_needs_update(k)) {
        ja_timer_set(k->timer, ja_clock_now() + JA_KEEPER_TRUST_FOR);
    }
    k->conf.ready(k->conf.baton, 0);
}

/* The URL that is kept is not one of the CA's, say because something on the way had changed it. */
static int has_foreign_url(const ja_account_keeper_t *k, const ja_err_t *err)
{
    return err->code == JA_E_URL && (k->step == JA_KEEPER_CHECK || k->step == JA_KEEPER_UPDATE);
}

void ja_keeper_not_succeeded(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch)
{
    if (has_foreign_url(k, err)) {
        end_exchange(k);
        k->step = JA_KEEPER_FIND;
        ja_keeper_begin(k);
        return;
    }
    if (is_unknown(k, err) && is_to_be_registered(k)) {
        end_exchange(k);
        k->step = JA_KEEPER_REGISTER;
        ja_keeper_begin(k);
        return;
    }
    if (is_in_doubt(k, err)) {
        use_on(k, err, scratch);
        return;
    }
    if (k->file.held && !k->file.may_register && (is_unknown(k, err) || !is_to_hold(k, err))) {
        still_held(k, err, scratch);
    }
    else {
        ja_keeper_failed(k, err, scratch);
    }
    end_exchange(k);
}

void ja_keeper_on_reply(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    ja_account_keeper_t *k = baton;
    apr_pool_t *scratch = k->exchange;
    int is_freed = k->file.held || k->file.may_register || k->step == JA_KEEPER_REGISTER;
    ja_account_t account;

    if (!err) {
        err = ja_account_hear(&account, heard, scratch, scratch);
    }
    if (!err) { /* else no order could ever be placed with it; the key finds the account again */
        err = ja_directory_check_url(ja_ca_directory(k->conf.ca), account.url, scratch);
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
    ja_keeper_not_succeeded(k, err, scratch);
}

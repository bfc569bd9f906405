#include "issue/accounts_private.h"

#include "base/clock.h"
#include "event/event.h"
#include "issue/countdown.h"

static void tell_days(const ja_account_keeper_t *k, int days, apr_time_t ends_at)
{
    char date[APR_RFC822_DATE_LEN];

    apr_rfc822_date(date, ends_at);
    if (days > 0) {
        ja_event_tell(k->conf.log, JA_EVENT_EAB_ENDS, ja_keeper_id(k),
                      "the account is not registered yet, and the EAB ends within %d day%s: at %s",
                      days, days == 1 ? "" : "s", date);
    }
    else {
        ja_event_tell(k->conf.log, JA_EVENT_EAB_ENDS, ja_keeper_id(k),
                      "the EAB is older than 14 days: it ended at %s; ask the reseller for a new "
                      "one",
                      date);
    }
}

/* JPRS: 14 days from its issue. Told at steps, each once, as long as it is needed. */
void ja_keeper_on_countdown(void *baton)
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
        tell_days(k, days, ends_at);
        k->file.days_told = days + 1;
        apr_pool_create(&scratch, k->pool);
        ja_keeper_note(k, scratch);
        apr_pool_destroy(scratch);
    }
    if (ja_countdown_next(ends_at, now) != 0) {
        ja_timer_set(k->countdown, ja_countdown_next(ends_at, now));
    }
}

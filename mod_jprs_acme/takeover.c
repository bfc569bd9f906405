#include "takeover.h"

#include "base/clock.h"
#include "event/event.h"

const char *ja_takeover_validity(ja_store_t *store, const char *name, apr_pool_t *scratch)
{
    const ja_set_t *set;
    char *date = apr_palloc(scratch, APR_RFC822_DATE_LEN);

    if (ja_set_load(&set, store, JA_GROUP_LIVE, name, scratch, scratch) || !set) {
        return "unknown";
    }
    apr_rfc822_date(date, ja_set_first_to_expire(set)->not_after);
    return date;
}

ja_takeover_t ja_takeover_commit(const ja_plan_domain_t *domain, ja_store_t *store,
                                 const ja_log_t *log, apr_pool_t *scratch)
{
    ja_set_outcome_t outcome;
    ja_err_t *err = ja_set_commit(&outcome, store, domain, ja_clock_now(), scratch);

    if (err) {
        ja_event_errored(log, domain->name, err, "taking over the staged certificate", 0, scratch);
        return err->code == JA_E_SET_BAD ? JA_TAKEOVER_REFUSED : JA_TAKEOVER_FAILED;
    }
    if (outcome != JA_SET_COMMITTED) { /* of a revoked one the runner tells */
        return outcome == JA_SET_LIVE ? JA_TAKEOVER_LIVE : JA_TAKEOVER_NOTHING;
    }
    ja_event_tell(log, JA_EVENT_ACTIVATED, domain->name,
                  "the new certificate is in use, valid until %s",
                  ja_takeover_validity(store, domain->name, scratch));
    return JA_TAKEOVER_DONE;
}

int ja_takeover_publish(const ja_plan_domain_t *domain, ja_store_t *store, ja_handover_t *handover,
                        const ja_log_t *log, apr_pool_t *scratch)
{
    ja_secret_t *record;
    ja_err_t *err = ja_set_pack(&record, store, domain->name, scratch, scratch);

    if (!err) {
        err = ja_handover_publish(handover, domain->index, record->bytes, record->len, scratch);
    }
    if (err) {
        ja_event_errored(log, domain->name, err, "publishing the certificate", 0, scratch);
    }
    return !err;
}

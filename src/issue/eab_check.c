#include "issue/eab_check.h"

#include "issue/accounts_file.h"
#include "json/json.h"
#include "store/store_fs.h"

typedef enum {
    ACCOUNT_NONE,
    ACCOUNT_REGISTERED,
    ACCOUNT_UNKNOWN
} account_t;

static account_t find_account(const ja_plan_t *plan, const char *ca_id, apr_pool_t *scratch)
{
    ja_account_file_t *file = NULL;
    ja_store_t *store;
    ja_err_t *err = ja_store_fs_open(&store, plan->store_path, scratch, scratch);

    if (err) {
        return err->code == JA_E_NOT_FOUND ? ACCOUNT_NONE : ACCOUNT_UNKNOWN;
    }
    if (ja_account_file_load(&file, store, ca_id, scratch, scratch)) {
        return ACCOUNT_UNKNOWN;
    }
    return file && file->url ? ACCOUNT_REGISTERED : ACCOUNT_NONE;
}

/* The first domain of a CA speaks for it. */
static const char *name_of(const ja_plan_t *plan, const ja_plan_ca_t *ca)
{
    const ja_plan_domain_t *domain = NULL;
    int i;

    for (i = 0; i < plan->domains->nelts && (!domain || domain->ca != ca); i++) {
        domain = APR_ARRAY_IDX(plan->domains, i, const ja_plan_domain_t *);
    }
    return domain ? domain->name : ca->id;
}

static void complain_of_file(apr_array_header_t *complaints, const ja_plan_t *plan,
                             const ja_plan_ca_t *ca, account_t account)
{
    const ja_eab_t *eab = ca->eab;

    if (account == ACCOUNT_NONE) {
        ja_complain(complaints, JA_COMPLAINT_EAB_MISSING, name_of(plan, ca), &eab->place,
                    "ManagedDomainExternalAccount: file %s: there is no such file, and in the "
                    "store no account that was registered at %s; allowed: file:PATH (mode 0600), "
                    "or KID HMAC, or none",
                    eab->missing_file, ca->url);
        return;
    }
    ja_complain(complaints, JA_COMPLAINT_EAB_GONE, name_of(plan, ca), &eab->place,
                "ManagedDomainExternalAccount: file %s: there is no such file, %s; remove the "
                "directive",
                eab->missing_file,
                account == ACCOUNT_REGISTERED
                    ? "and none is needed any more because the account is registered"
                    : "which is no harm if the account is registered (the store can't be read)");
}

/* No reason not to start: it may be the clock that is wrong. */
static void complain_of_date(apr_array_header_t *complaints, const ja_plan_t *plan,
                             const ja_plan_ca_t *ca)
{
    ja_complain(
        complaints, JA_COMPLAINT_EAB_FUTURE, name_of(plan, ca), &ca->eab->place,
        "ManagedDomainExternalAccount: the EAB is said to be issued on %.10s, which is still "
        "to come, so nobody can tell when it ends; allowed: issued=YYYY-MM-DD with the day "
        "it was handed over (without it, the time of the file counts)",
        ja_json_time_print(ca->eab->issued_at, complaints->pool));
}

/* The date where it was issued may be that of tomorrow here. */
static int is_to_come(const ja_eab_t *eab, apr_time_t now)
{
    return eab->issued_at > now + apr_time_from_sec(24 * 3600);
}

static void check(apr_array_header_t *complaints, const ja_plan_t *plan, ja_plan_ca_t *ca,
                  apr_time_t now, apr_pool_t *scratch)
{
    if (ca->eab->missing_file) {
        complain_of_file(complaints, plan, ca, find_account(plan, ca->id, scratch));
        ca->eab = NULL;
    }
    else if (is_to_come(ca->eab, now)
             && find_account(plan, ca->id, scratch) != ACCOUNT_REGISTERED) {
        complain_of_date(complaints, plan, ca);
    }
}

void ja_eab_check(apr_array_header_t *complaints, ja_plan_t *plan, apr_time_t now,
                  apr_pool_t *scratch)
{
    apr_pool_t *own; /* the store's descriptors are closed with it */
    int i;

    for (i = 0; i < plan->cas->nelts; i++) {
        ja_plan_ca_t *ca = APR_ARRAY_IDX(plan->cas, i, ja_plan_ca_t *);

        if (ca->eab) {
            apr_pool_create(&own, scratch);
            check(complaints, plan, ca, now, own);
            apr_pool_destroy(own);
        }
    }
}

/* issue/due: is a new set needed, when, and why. A pure function. */
#ifndef JA_ISSUE_DUE_H
#define JA_ISSUE_DUE_H

#include "issue/plan.h"
#include "issue/set.h"

typedef enum {
    JA_DUE_NEVER,   /* ManagedDomainRenew manual, or auto and no virtual host uses it */
    JA_DUE_FIRST,   /* there is no set */
    JA_DUE_NAMES,   /* the set lacks a name */
    JA_DUE_KEYS,    /* the set lacks a key type */
    JA_DUE_AGE,     /* ManagedDomainRenewBefore */
    JA_DUE_HELD,    /* an earlier set has been put back: its renewal would undo that */
    JA_DUE_REVOKED, /* the CA has revoked a certificate of the set */
    JA_DUE_COUNT
} ja_due_why_t;

/* "first", "names", ... as in jobs and reports */
extern const ja_enumstr_t ja_due_names;
/* "there is no certificate yet", ...: for people */
const char *ja_due_text(ja_due_why_t why);

/* For how long a set that was put back is not renewed, whatever the reason would be. */
#define JA_DUE_HOLD apr_time_from_sec(86400)

typedef struct {
    ja_due_why_t why;
    apr_time_t at; /* 0 with JA_DUE_NEVER; may be in the past */
} ja_due_t;

/* `live` and `staged` may be NULL. A staged set that fits the plan counts as the one that will be
 * served. Names and key types that are no longer wanted need no new set. Due by age is never later
 * than expiry, and never within the first hundredth of the lifetime.
 *
 * `is_revoked` says that a certificate of the live set is revoked (ja_set_is_revoked()): then
 * another set is due at once, whatever else there is to say of that one.
 *
 * `restored_at` is when an earlier set was last put back (0: never). As long as that one is live,
 * and for JA_DUE_HOLD, nothing is due; but no later than a day, or a third of the lifetime if that
 * is less, before it expires. */
ja_due_t ja_due(const ja_plan_domain_t *domain, const ja_set_t *live, const ja_set_t *staged,
                int is_revoked, apr_time_t restored_at, apr_time_t now);

/* Does a set have a certificate for each key type of the plan, each covering all names? Otherwise
 * `*why` is NAMES or KEYS. */
int ja_due_fits(ja_due_why_t *why, const ja_plan_domain_t *domain, const ja_set_t *set);

#endif

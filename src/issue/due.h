/* issue/due: is a new set needed, when, and why. A pure function. */
#ifndef JA_ISSUE_DUE_H
#define JA_ISSUE_DUE_H

#include "issue/plan.h"
#include "issue/set.h"

typedef enum {
    JA_DUE_NEVER, /* ManagedDomainRenew manual, or auto and no virtual host uses it */
    JA_DUE_FIRST, /* there is no set */
    JA_DUE_NAMES, /* the set lacks a name */
    JA_DUE_KEYS,  /* the set lacks a key type */
    JA_DUE_AGE,   /* ManagedDomainRenewBefore */
    JA_DUE_COUNT
} ja_due_why_t;

/* "first", "names", ... as in jobs and reports */
extern const ja_enumstr_t ja_due_names;
/* "there is no certificate yet", ...: for people */
const char *ja_due_text(ja_due_why_t why);

typedef struct {
    ja_due_why_t why;
    apr_time_t at; /* 0 with JA_DUE_NEVER; may be in the past */
} ja_due_t;

/* `live` and `staged` may be NULL. A staged set that fits the plan counts as the one that will be
 * served. Names and key types that are no longer wanted need no new set. Due by age is never later
 * than expiry, and never within the first hundredth of the lifetime. */
ja_due_t ja_due(const ja_plan_domain_t *domain, const ja_set_t *live, const ja_set_t *staged,
                apr_time_t now);

/* Does a set have a certificate for each key type of the plan, each covering all names? Otherwise
 * `*why` is NAMES or KEYS. */
int ja_due_fits(ja_due_why_t *why, const ja_plan_domain_t *domain, const ja_set_t *set);

#endif

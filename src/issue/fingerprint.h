/* issue/fingerprint: has the configuration that something failed with been changed? Then it may be
 * tried at once. */
#ifndef JA_ISSUE_FINGERPRINT_H
#define JA_ISSUE_FINGERPRINT_H

#include "issue/plan.h"

/* 32 hex digits over `text` and the strings of `list` in their order. Never NULL. */
const char *ja_fingerprint(const char *text, const apr_array_header_t *list, apr_pool_t *pool);

/* Of what an order for the domain depends on: CA, names, key types, challenge types. */
const char *ja_fingerprint_domain(const ja_plan_domain_t *domain, apr_pool_t *pool);

#endif

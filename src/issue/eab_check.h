/* issue/eab_check: external account bindings, as far as that takes the store or the clock: whose file
 * is gone, or whose date is still to come. The registration uses an EAB up, and afterwards its file
 * may be removed. Who leaves the directive where it is must not find at the next boot that httpd does
 * not start. Without an account the missing file is a fault.
 */
#ifndef JA_ISSUE_EAB_CHECK_H
#define JA_ISSUE_EAB_CHECK_H

#include "issue/plan.h"

/* For each CA of `plan` whose EAB has a missing file, append a complaint: a warning if the store
 * has an account for the CA, else an error; the CA then is one without EAB. A store that can't be
 * read does not keep httpd from starting: what it has counts as an account. For each that has not
 * been used and is said to be issued more than a day after `now`, append a warning. The store is
 * opened only if there is something to complain of, and never changed. */
void ja_eab_check(apr_array_header_t *complaints, ja_plan_t *plan, apr_time_t now,
                  apr_pool_t *scratch);

#endif

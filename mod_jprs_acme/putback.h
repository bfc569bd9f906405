/* putback: a domain's previous set is put back, by the parent's hand, because the command has asked
 * for it (issue/rollback, where it is decided which): at a start, or while the server runs.
 */
#ifndef JA_PUTBACK_H
#define JA_PUTBACK_H

#include "base/log.h"
#include "issue/plan.h"
#include "store/store.h"

/* While the server runs: has anything been asked for? One system call if not. Otherwise it is done,
 * told, and served to new handshakes where that works. 1: a restart is needed for that. Called by
 * the monitor hook; `pool` is for the moment. */
int ja_putback_look(apr_pool_t *pool);

/* At a start: the domains (name -> const ja_plan_domain_t *) for which something has ever been
 * asked. Failures are told; then it is empty. */
apr_hash_t *ja_putback_list(const ja_plan_t *plan, ja_store_t *store, const ja_log_t *log,
                            apr_pool_t *pool);

/* Do what is asked for `domain`, and tell. 1: another set is live now. `needs_restart`: it is not
 * served before the next restart. */
int ja_putback(const ja_plan_domain_t *domain, ja_store_t *store, int needs_restart,
               const ja_log_t *log, apr_pool_t *scratch);

void ja_putback_register(apr_pool_t *pool);

#endif

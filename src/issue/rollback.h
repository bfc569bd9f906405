/* issue/rollback: a domain's previous set is put back. The command asks for it with one item in
 * requests/, the root parent carries it out and answers with another, which the runner and reports
 * read: each of the two has one writer.
 *
 * What is asked for is carried out once, whenever the process is killed: before anything changes,
 * the answer says which generation it goes to, and whether that has happened is what live/ says.
 * Who is told, and how the set gets to those who visit, is decided elsewhere.
 */
#ifndef JA_ISSUE_ROLLBACK_H
#define JA_ISSUE_ROLLBACK_H

#include "issue/plan.h"
#include "store/store.h"

/* The answer to the last request. One that is refused leaves what is said of the rollback before
 * it. Times have whole seconds. */
typedef struct {
    const char *name;       /* the managed domain                                            */
    apr_time_t asked_at;    /* of the request that it answers; 0: there was none             */
    apr_time_t answered_at; /* 0: it is going on                                             */
    const char *error;      /* why it is refused, a message id, or NULL                      */
    const char *text;       /* the same in words, or NULL                                    */
    apr_int64_t generation; /* that the last rollback has gone to, or goes to; 0: there is none */
    apr_int64_t passed_to;  /* it has passed over those from there up to this one            */
    apr_time_t done_at;     /* when the last one was done; 0: none was                       */
    int needs_restart;      /* it is served after the next restart, not before               */
} ja_rollback_t;

/* ---- the command ----------------------------------------------------------------------------- */

/* Ask for it (root): `*at` is what the answer will repeat, `now` or a little later. JA_E_IO;
 * JA_E_INTERNAL if this process is not the writer of requests/. */
ja_err_t *ja_rollback_ask(apr_time_t *at, ja_store_t *store, const char *name, apr_time_t now,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

/* ---- everybody ------------------------------------------------------------------------------- */

/* The answer to the last request that was answered; all zero if there is none. JA_E_SYNTAX,
 * JA_E_UNTRUSTED, JA_E_IO. */
ja_err_t *ja_rollback_load(ja_rollback_t *answer, ja_store_t *store, const char *name,
                           apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* When an earlier set was last put back: what issue/due wants to know. 0: never, or it can't be
 * told. */
apr_time_t ja_rollback_done_at(ja_store_t *store, const char *name, apr_pool_t *scratch);

/* ---- the root parent ------------------------------------------------------------------------- */

/* The domains (const ja_plan_domain_t *) for which something has ever been asked. A listing.
 * JA_E_IO. */
ja_err_t *ja_rollback_list(apr_array_header_t **domains, ja_store_t *store, const ja_plan_t *plan,
                           apr_pool_t *result, apr_pool_t *scratch) JA_WARN_UNUSED;

/* Carry out what is asked for `domain`: the newest earlier generation that is whole, valid at `now`
 * and not known to be revoked becomes the live one. Generations that the rollback before this one
 * has passed over are left out. A staged set that is what is live now (left there by a kill) goes,
 * so that it isn't taken over once more; any other stays. `*done` is 0 if nothing was to be done.
 *
 * JA_E_NO_EARLIER: there is no such generation, and what is live stays; that is answered. Other
 * errors are not: it can be tried again. */
ja_err_t *ja_rollback_carry_out(int *done, ja_store_t *store, const ja_plan_domain_t *domain,
                                int needs_restart, apr_time_t now,
                                apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

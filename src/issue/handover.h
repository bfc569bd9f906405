/* issue/handover: what runner, parent and children tell each other about new sets, in memory that
 * the processes of one generation of the server share. The runner says which staged sets are ready;
 * the parent answers, and publishes sets that are live since; children read those. Nothing here is
 * state that counts: a new generation begins with nothing said and nothing published, and with all
 * that is live.
 *
 * There are no locks and no pointers in the memory. A record, once published, is never changed, so
 * that nobody reads a torn one. The server's user can write to the memory: nothing that is read
 * from it is believed. Sizes come from what each process knows itself; what a record says is
 * checked by whoever uses it.
 */
#ifndef JA_ISSUE_HANDOVER_H
#define JA_ISSUE_HANDOVER_H

#include "base/fs.h"

#define JA_HANDOVER_MAX_RECORD (256 * 1024) /* bytes */

typedef enum {
    JA_HANDOVER_NOTHING,
    JA_HANDOVER_READY,   /* runner: the staged set may go live                      */
    JA_HANDOVER_TAKEN,   /* parent: what is live has changed                        */
    JA_HANDOVER_REFUSED, /* parent: the staged set is not fit, the error log has it */
    JA_HANDOVER_COUNT
} ja_handover_word_t;

/* One process's view of the memory; children inherit the parent's. */
typedef struct ja_handover_t ja_handover_t;

/* How much memory for so many domains. Most of it is never touched. */
apr_size_t ja_handover_bytes(int n_domains);

/* A view of `memory`, of ja_handover_bytes(n_domains) zero bytes. */
ja_handover_t *ja_handover_make(void *memory, int n_domains, apr_pool_t *pool);

/* What was last said of domain number `i`, by whom see there. NOTHING if it makes no sense. */
ja_handover_word_t ja_handover_word(const ja_handover_t *handover, int i);

/* ---- the runner: one process at a time ------------------------------------------------------- */

/* The staged set of domain `i` is ready: rings. */
void ja_handover_offer(ja_handover_t *handover, int i);

/* The answer has been understood; or what was offered is gone. */
void ja_handover_settle(ja_handover_t *handover, int i);

/* ---- the parent ------------------------------------------------------------------------------ */

/* Has it rung since the last time that this was asked? One atomic load. */
int ja_handover_has_rung(ja_handover_t *handover);

/* Tell the runner what has become of domain `i`. */
void ja_handover_answer(ja_handover_t *handover, int i, ja_handover_word_t word);

/* Make `bytes` what children read for domain `i` from now on. JA_E_FULL: no room is left before the
 * next restart. JA_E_TOO_LARGE. */
ja_err_t *ja_handover_publish(ja_handover_t *handover, int i, const void *bytes, apr_size_t len,
                              apr_pool_t *scratch) JA_WARN_UNUSED;

/* ---- children: any thread -------------------------------------------------------------------- */

/* Which record is the current one of domain `i`: another number, another record. 0: none has been
 * published since the start. One atomic load. */
apr_uint64_t ja_handover_edition(const ja_handover_t *handover, int i);

/* A copy of record `edition`, in `pool`, wiped with it. JA_E_UNTRUSTED: there is no such record. */
ja_err_t *ja_handover_read(ja_bytes_t *bytes, const ja_handover_t *handover, apr_uint64_t edition,
                           apr_pool_t *pool) JA_WARN_UNUSED;

#endif

/* issue/proof: does the server serve what is live? After an activation the runner is a client of
 * the server's own listeners: one TLS handshake for each address, name and kind of key, and what is
 * served is compared with the live set, its chain, and whether a response is stapled.
 *
 * The judgement is pure, in proof_judge.c. ja_proof_t in proof.c makes the handshakes, one at a
 * time for all domains, on another thread. When a proof is due, and when it is repeated, is decided
 * by the caller, who also tells the result.
 */
#ifndef JA_ISSUE_PROOF_H
#define JA_ISSUE_PROOF_H

#include "base/log.h"
#include "base/loop.h"
#include "issue/set.h"
#include "net/handshake.h"

#define JA_PROOF_MAX_HANDSHAKES \
    64 /* in one proof: of more targets a part is asked, evenly spread */
#define JA_PROOF_MAX_TARGETS     256
#define JA_PROOF_HANDSHAKE_LIMIT apr_time_from_sec(3)

/* So long after an activation the certificate before it may still be met: children of before a
 * graceful restart, or those that have not adopted the new set yet. */
#define JA_PROOF_ADOPT_LIMIT apr_time_from_sec(600)

/* One name that the server serves at one address. */
typedef struct {
    ja_endpoint_t at;
    const char *name; /* what a client asks for: no wildcard */
} ja_proof_target_t;

/* The name to ask for where `name` is served: itself; for *.x a name below x that nobody has:
 * jprs-acme-check.x. */
const char *ja_proof_sni(const char *name, apr_pool_t *pool);

typedef enum {
    JA_STAPLE_UNASKED, /* stapling is off, or there is no response at hand */
    JA_STAPLE_WANTED,  /* one should be there; it is noted if it isn't */
    JA_STAPLE_REQUIRED /* must-staple (RFC 7633): an error if it isn't */
} ja_proof_staple_t;

/* What is to be proved. */
typedef struct {
    const char *name; /* the managed domain */
    const ja_set_t *live;
    apr_time_t live_at;                /* since when it should be served */
    const apr_array_header_t *earlier; /* const char *: SHA-256 (hex) of leaves that this domain has
                                          served before; may be NULL */
    const apr_array_header_t *targets; /* ja_proof_target_t, grouped by endpoint; up to
                                          JA_PROOF_MAX_TARGETS are looked at */
    ja_proof_staple_t staple;
} ja_proof_job_t;

/* What one handshake has shown; the graver, the later. */
typedef enum {
    JA_PROOF_UNASKED,   /* there was nothing to ask */
    JA_PROOF_VERIFIED,  /* leaf, chain, and the staple if there has to be one */
    JA_PROOF_UNSTAPLED, /* all right but for the staple */
    JA_PROOF_OLD,       /* what this domain served before: an earlier or a temporary certificate */
    JA_PROOF_CHAIN,     /* the leaf is right, the certificates behind it are not */
    JA_PROOF_FAILED,    /* no handshake */
    JA_PROOF_OTHER,     /* another certificate, or not the one of that kind of key */
    JA_PROOF_VERDICTS
} ja_proof_verdict_t;

/* "unasked", "verified", "unstapled", "old", "chain", "failed", "other" */
extern const ja_enumstr_t ja_proof_verdict_names;

typedef struct {
    ja_proof_verdict_t verdict;
    int again;        /* not the last word: it may be right soon. `err` is NULL then */
    ja_err_t *err;    /* JA_E_SERVED_...; NULL: nothing is wrong */
    const char *text; /* one line, like an error's message: "asking ... for ...: ..." */
} ja_proof_finding_t;

/* What does one handshake mean at `now`? `failed` is its error, else NULL and `seen` is what it
 * saw. A handshake that failed for want of a certificate of `asked->kind` may be handed in with
 * what JA_HANDSHAKE_ANY saw instead. */
void ja_proof_judge(ja_proof_finding_t *finding, const ja_proof_job_t *job,
                    const ja_handshake_ask_t *asked, const ja_handshake_t *seen,
                    const ja_err_t *failed, apr_time_t now, apr_pool_t *pool);

/* The outcome of a proof. If there is neither an error nor something to ask again, the live set is
 * served (or, see `verdict`, nothing was asked). */
typedef struct {
    const char *name; /* the managed domain */
    apr_time_t at;
    ja_proof_verdict_t verdict; /* of the gravest finding */
    int again;                  /* ask again soon, a minute later say; there is no error yet */
    const ja_err_t *err;        /* JA_E_SERVED_...: what is wrong, with how many of the handshakes;
                                   JA_E_INTERNAL: there is no thread to make them */
    const char *text;           /* one line for people, never NULL */
    int asked;                  /* handshakes that were made */
    int verified;               /* ... of these, JA_PROOF_VERIFIED or JA_PROOF_UNSTAPLED */
    int left_out;               /* that were not: too many, or the address does not answer, or is
                                   not this machine's */
} ja_proof_result_t;

/* One line in the log: the event "verified", or the error. Nothing for a result that is neither. */
void ja_proof_tell(const ja_log_t *log, const ja_proof_result_t *result, apr_pool_t *scratch);

typedef struct ja_proof_t ja_proof_t;

typedef ja_err_t *ja_proof_handshake_fn(ja_handshake_t *seen, const ja_handshake_ask_t *ask,
                                        const volatile int *cancelled, apr_pool_t *result,
                                        apr_pool_t *scratch);

typedef struct {
    ja_loop_t *loop;
    ja_proof_handshake_fn *handshake; /* for tests; NULL: ja_handshake_run() */
} ja_proof_conf_t;

/* `conf` is copied. When `pool` goes, proofs that are not done are dropped: that may take 0.1 s,
 * until the handshake under way has been cancelled. */
ja_proof_t *ja_proof_make(const ja_proof_conf_t *conf, apr_pool_t *pool);

/* Called on the loop, never within ja_proof_begin(). `result` lives until it returns. It may begin
 * other proofs, but not let the ja_proof_t go. */
typedef void ja_proof_done_fn(void *baton, const ja_proof_result_t *result);

/* Proofs are made one after the other, in this order. `job` is copied with all it points to. At
 * most one thread of the loop is busy with it at a time, for 3 s at most per handshake (6 s if
 * another kind of key has to be asked for); an address that does not answer is asked once. */
void ja_proof_begin(ja_proof_t *proof, const ja_proof_job_t *job, ja_proof_done_fn *done,
                    void *baton);

#endif

/* issue/gate: may a staged set be served now? A pure function: what the CA's OCSP responder has
 * said is looked up by whoever asks. Who opens the gate, and what happens then, is decided
 * elsewhere.
 */
#ifndef JA_ISSUE_GATE_H
#define JA_ISSUE_GATE_H

#include <apr_time.h>

/* The limit of "ocsp" where none is given: JPRS says that its responder takes up to ten minutes. */
#define JA_GATE_OCSP_MAX apr_time_from_sec(600)

/* ManagedDomainActivationDelay. */
typedef enum {
    JA_DELAY_UNSET, /* not configured: "ocsp 10min", but a first set waits for nothing */
    JA_DELAY_OCSP,  /* for the responder, `limit` at most                              */
    JA_DELAY_TIME,  /* for `limit`                                                     */
    JA_DELAY_OFF
} ja_delay_kind_t;

typedef struct {
    ja_delay_kind_t kind;
    apr_interval_time_t limit; /* of OCSP and TIME, else 0 */
} ja_delay_t;

/* What is known of a set; of its certificates, the one that is furthest behind counts. */
typedef struct {
    apr_time_t staged_at;
    int is_first;       /* nobody would miss a certificate that is served now     */
    int has_responder;  /* a certificate names an OCSP responder                  */
    int is_good;        /* every responder that is named has said `good`          */
    int is_revoked;     /* one has said `revoked`                                 */
    int is_must_staple; /* a certificate must not be served without its response  */
} ja_gate_facts_t;

typedef enum {
    JA_GATE_OPEN,
    JA_GATE_WAITS, /* for the responder, and for the time in `at`, whichever comes first */
    JA_GATE_SHUT   /* revoked: never                                                     */
} ja_gate_state_t;

typedef struct {
    ja_gate_state_t state;
    int is_for_ocsp; /* WAITS: the responder can open it                                  */
    apr_time_t at;   /* WAITS: when it opens by itself, after `now`; 0: it doesn't        */
} ja_gate_t;

/* A set that is said to be staged more than the limit ahead of `now` has a wrong time: it does not
 * wait for that. */
ja_gate_t ja_gate(const ja_delay_t *delay, const ja_gate_facts_t *facts, apr_time_t now);

#endif

/* issue/staple_due: when an OCSP responder is asked again, and which of two responses is kept. Pure
 * functions: no clock, no network, no chance. */
#ifndef JA_ISSUE_STAPLE_DUE_H
#define JA_ISSUE_STAPLE_DUE_H

#include "pki/ocsp.h"

/* How things are with the response of one certificate. */
typedef struct {
    const ja_ocsp_facts_t *facts; /* of the response at hand; NULL: none */
    int failures;                 /* tries in a row that have brought no answer to keep */
    int is_awaited;               /* a `good` is what something waits for */
} ja_staple_state_t;

/* The first try, at the start of the runner: at once if polled; spread over five minutes if it is
 * due or there is no response, so that thousands of certificates don't ask in the same second; or
 * when the one at hand is due. `unit` (0 .. 1) is the chance in it. */
apr_time_t ja_staple_first(const ja_staple_state_t *state, apr_time_t now, double unit);

/* After a try that ended at `now`. Polled: 15 to 60 s later. After a failure: 1 min, doubled for
 * each further one, up to 1 h, plus up to a fifth; but so that half of what is left of the response
 * at hand remains. Otherwise at half of the time that the response holds (1 h, if it does not say
 * for how long), which counts as 5 minutes to 7 days, plus up to a tenth of that: and if the
 * responder goes on handing out one that is older than half, a quarter of what is left later, 5 min
 * to 1 h. */
apr_time_t ja_staple_due(const ja_staple_state_t *state, apr_time_t now, double unit);

/* Does the responder fail while there is nothing to staple, or only for less than a quarter of the
 * response's time? */
int ja_staple_is_short(const ja_staple_state_t *state, apr_time_t now);

/* Is `facts` to take the place of `old` (NULL: none)? It has to be newer; `unknown` takes the place
 * of nothing else, and anything takes that of `unknown`. */
int ja_staple_is_better(const ja_ocsp_facts_t *facts, const ja_ocsp_facts_t *old);

#endif

/* issue/verify: when it is proved that a domain's live set is served (issue/proof): once for each
 * set that has become live, again while it may only be a matter of time, and from time to time as
 * long as something else is served. What a proof says is kept in the job, so that a restart does
 * not ask again for a set that has been found served.
 */
#ifndef JA_ISSUE_VERIFY_H
#define JA_ISSUE_VERIFY_H

#include "issue/job.h"
#include "issue/proof.h"

typedef struct ja_verify_t ja_verify_t;

/* What a proof has found, to be kept. Called from the loop. */
typedef void ja_verify_fn(void *baton, const ja_job_proof_t *proof);

typedef struct {
    const ja_plan_domain_t *plan;
    ja_loop_t *loop;
    ja_store_t *store;
    const ja_log_t *log;
    ja_proof_t *proof;
    const apr_array_header_t *targets; /* ja_proof_target_t; NULL: it is served nowhere */
    ja_verify_fn *found;
    void *baton;
} ja_verify_conf_t;

ja_verify_t *ja_verify_make(const ja_verify_conf_t *conf, apr_pool_t *pool);

/* This is the live set from now on (copied; or NULL), and `last` what the last proof found (or
 * NULL). */
void ja_verify_set(ja_verify_t *verify, const ja_set_t *live, const ja_job_proof_t *last);

#endif

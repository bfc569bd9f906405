/* What the tests of calls to a CA share: what a call has come to. */
#ifndef JA_TEST_ACME_OUTCOME_H
#define JA_TEST_ACME_OUTCOME_H

#include "talk.h"

#include "acme/ca.h"

#define KID "https://ca.example/acct/1"

typedef struct {
    ja_ask_t ask;
    apr_pool_t *pool;
    const ja_heard_t *heard;
    ja_err_t *err;
    int calls;
    int turn; /* the how manieth of all it was */
} outcome_t;

static int turns;

static inline void on_done(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    outcome_t *outcome = baton;

    assert_true(!heard != !err);
    outcome->heard = heard;
    outcome->err = err;
    outcome->calls++;
    outcome->turn = ++turns;
}

/* An outcome of nothing yet, with a question for `path` of the CA. */
static inline outcome_t *outcome_make(const char *path, const char *payload)
{
    outcome_t *outcome = apr_pcalloc(pool, sizeof(*outcome));

    apr_pool_create(&outcome->pool, pool);
    outcome->ask = (ja_ask_t){
        .kind = JA_KIND_ORDER,
        .url = apr_pstrcat(pool, "https://ca.example", path, NULL),
        .payload = payload,
    };
    return outcome;
}

#endif

#include "config.h"

#include "cli/session.h"

#include "issue/accounts_file.h"
#include "net/http_curl.h"

struct ja_session_t {
    ja_loop_t *loop;
    ja_ca_t *ca;
    ja_jwk_t *jwk;
    const char *kid;
};

/* What has come of a question. */
typedef struct {
    const ja_heard_t *heard;
    ja_err_t *err;
} answer_t;

static ja_err_t *load_account(ja_session_t *session, ja_store_t *store, const ja_plan_ca_t *ca,
                              apr_pool_t *pool)
{
    ja_account_file_t *file;

    JA_TRY(ja_account_file_load(&file, store, ca->id, pool, pool));
    if (!file || !file->url) {
        return ja_err_make(JA_E_NOT_FOUND, pool, "no account is registered at %s", ca->url);
    }
    session->kid = file->url;
    return ja_account_key_load(&session->jwk, store, ca->id, pool, pool);
}

static ja_err_t *reach(ja_session_t *session, const ja_plan_ca_t *ca, apr_pool_t *pool)
{
    const ja_http_curl_conf_t http_conf = { .user_agent = "jprs-acme/" JA_VERSION };
    const ja_ca_conf_t ca_conf = { ca->id, ca->url, ca->trust_file, NULL, NULL };
    ja_loop_io_t *io = apr_pcalloc(pool, sizeof(*io));
    ja_http_t *http;

    JA_TRY(ja_http_curl_global_init(pool));
    JA_TRY(ja_loop_make(&session->loop, 1, pool));
    JA_TRY(ja_http_curl_make(&http, io, &http_conf, pool));
    ja_loop_use(session->loop, io);
    session->ca = ja_ca_make(&ca_conf, session->loop, http, NULL, pool);
    return NULL;
}

ja_err_t *ja_session_open(ja_session_t **session, ja_store_t *store, const ja_plan_ca_t *ca,
                          apr_pool_t *pool)
{
    *session = apr_pcalloc(pool, sizeof(**session));
    JA_TRY(load_account(*session, store, ca, pool));
    return reach(*session, ca, pool);
}

static void on_done(void *baton, const ja_heard_t *heard, ja_err_t *err)
{
    *(answer_t *)baton = (answer_t){ heard, err };
}

static int is_answered(void *baton)
{
    const answer_t *answer = baton;

    return answer->heard || answer->err;
}

ja_err_t *ja_session_ask(const ja_heard_t **heard, ja_session_t *session, const ja_ask_t *ask,
                         apr_pool_t *pool)
{
    answer_t answer = { NULL, NULL };

    JA_TRY(ja_ca_call(session->ca, ask, session->jwk, session->kid, on_done, &answer, pool));
    JA_TRY(ja_loop_run(session->loop, is_answered, &answer));
    *heard = answer.heard;
    return answer.err;
}

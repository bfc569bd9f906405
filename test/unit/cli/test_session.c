#include "../base/check.h"

#include <unistd.h>

#include <apr_strings.h>

#include "../net/server.h"
#include "../store/tree.h"
#include "acme/revoke.h"
#include "cli/session.h"
#include "issue/accounts_file.h"

static const ja_bytes_t CERT = { "cert", 4 };

static server_t *server;
static ja_store_t *store;
static ja_plan_ca_t ca;
static const char *outcome; /* what the CA answers to a revocation */

#define REVOKED "HTTP/1.1 200 OK\r\nReplay-Nonce: two\r\nContent-Length: 0\r\n\r\n"
#define REFUSED                                                                                 \
    "HTTP/1.1 400 Bad Request\r\nContent-Type: application/problem+json\r\nReplay-Nonce: x\r\n" \
    "Content-Length: 66\r\n\r\n"                                                                \
    "{\"type\":\"urn:ietf:params:acme:error:alreadyRevoked\",\"detail\":\"no\"}"

static char *answer(void *baton, const char *request)
{
    static const char DIRECTORY[] =
        "{\"newNonce\":\"%s\",\"newAccount\":\"%s\",\"newOrder\":\"%s\","
        "\"revokeCert\":\"%s\"}";
    apr_pool_t *scratch;
    char *reply;

    (void)baton;
    apr_pool_create(&scratch, NULL);
    if (strncmp(request, "GET /directory ", 15) == 0) {
        const char *any = server_url(server, "/any", scratch);

        reply = server_reply("Content-Type: application/json\r\n",
                             apr_psprintf(scratch, DIRECTORY, any, any, any,
                                          server_url(server, "/revoke", scratch)));
    }
    else if (strncmp(request, "POST /revoke ", 13) == 0) {
        reply = strdup(outcome);
    }
    else {
        reply = server_reply("Replay-Nonce: one\r\n", "");
    }
    apr_pool_destroy(scratch);
    return reply;
}

static int begins(void **state)
{
    int begun = pool_begins(state);

    server = server_start(answer, NULL, pool);
    store = tree_store(tree_dir(pool), geteuid(), pool);
    ca = (ja_plan_ca_t){ .id = "ca.example-1", .url = server_url(server, "/directory", pool) };
    return begun;
}

static void put_account(void)
{
    ja_account_file_t account = { .url = server_url(server, "/account/1", pool) };
    ja_jwk_t *jwk;

    WORKS(ja_account_key_make(&jwk, store, ca.id, pool, pool));
    WORKS(ja_account_file_save(&account, store, ca.id, pool));
}

static ja_err_t *ask(const ja_heard_t **heard)
{
    ja_session_t *session;
    ja_ask_t question;

    WORKS(ja_session_open(&session, store, &ca, pool));
    ja_revoke_ask(&question, &CERT, 0, pool);
    return ja_session_ask(heard, session, &question, pool);
}

static void an_answer_is_waited_for(void **state)
{
    const ja_heard_t *heard;

    (void)state;
    put_account();
    outcome = REVOKED;
    WORKS(ask(&heard));
    assert_int_equal(heard->reply->status, 200);
    assert_int_equal(server_requests(server), 3); /* directory, nonce, revocation */
}

static void a_problem_is_the_error(void **state)
{
    const ja_heard_t *heard;

    (void)state;
    put_account();
    outcome = REFUSED;
    FAILS(ask(&heard), JA_E_ALREADY_REVOKED, "");
}

static void several_questions_share_what_is_there(void **state)
{
    const ja_heard_t *heard;
    ja_session_t *session;
    ja_ask_t question;
    int i;

    (void)state;
    put_account();
    outcome = REVOKED;
    WORKS(ja_session_open(&session, store, &ca, pool));
    ja_revoke_ask(&question, &CERT, 0, pool);
    for (i = 0; i < 3; i++) {
        WORKS(ja_session_ask(&heard, session, &question, pool));
    }
    assert_int_equal(server_requests(server), 2 + 3);
}

static void without_an_account_nothing_is_asked(void **state)
{
    ja_session_t *session;

    (void)state;
    FAILS(ja_session_open(&session, store, &ca, pool), JA_E_NOT_FOUND, "no account is registered");
    assert_int_equal(server_requests(server), 0);
}

#define SESSION_TEST(FN) cmocka_unit_test_setup_teardown(FN, begins, pool_ends)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SESSION_TEST(an_answer_is_waited_for),
        SESSION_TEST(a_problem_is_the_error),
        SESSION_TEST(several_questions_share_what_is_there),
        SESSION_TEST(without_an_account_nothing_is_asked),
    };

    return RUN_TESTS(tests);
}

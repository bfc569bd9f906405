#include "../base/check.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include "../net/server.h"
#include "../store/tree.h"
#include "base/clock.h"
#include "issue/accounts_file.h"
#include "issue/fingerprint.h"
#include "issue/runner.h"

/* The runner with its real network, and CAs that nobody can connect to or that do not answer.
 * What it does with a CA's replies is tested in its parts, and with real servers. */

static const char *dir;
static ja_store_t *store;
static ja_plan_t plan;
static ja_plan_ca_t ca;
static ja_plan_domain_t domain;
static ja_http01_table_t *table;
static ja_runner_t *runner;
static const char *lines;
static const char *stop_after;     /* a line with this in it */
static const char *put_back_after; /* likewise: the clock is right from then on */
static apr_interval_time_t ahead;  /* the clock is, until then */
static int closed_socket;

/* Any thread. */
static apr_time_t wrong_clock(void *baton)
{
    (void)baton;
    return apr_time_now() + __atomic_load_n(&ahead, __ATOMIC_ACQUIRE);
}

static void keep_line(void *baton, ja_level_t level, const char *line)
{
    (void)baton;
    (void)level;
    lines = apr_pstrcat(pool, lines, line, "\n", NULL);
    if (stop_after && strstr(line, stop_after)) {
        ja_runner_stop(runner);
    }
    if (put_back_after && strstr(line, put_back_after)) {
        __atomic_store_n(&ahead, 0, __ATOMIC_RELEASE);
    }
}

static const ja_log_t LOG = { .write = keep_line, .level = JA_LOG_INFO };

static apr_array_header_t *list_of(const void *only)
{
    apr_array_header_t *list = apr_array_make(pool, 1, sizeof(const void *));

    APR_ARRAY_PUSH(list, const void *) = only;
    return list;
}

/* A port of our own on which nobody listens. */
static int closed_port(void)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof(at);

    closed_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(closed_socket, (struct sockaddr *)&at, len) != 0
        || getsockname(closed_socket, (struct sockaddr *)&at, &len) != 0) {
        abort();
    }
    return ntohs(at.sin_port);
}

static void make_plan(void)
{
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(ja_key_spec_t));

    APR_ARRAY_PUSH(keys, ja_key_spec_t) = JA_KEY_P256;
    ca = (ja_plan_ca_t){ .id = "127.0.0.1-01234567", .n_domains = 1 };
    ca.url = apr_psprintf(pool, "http://127.0.0.1:%d/directory", closed_port());
    ca.contacts = list_of("admin@a.jp");
    domain = (ja_plan_domain_t){ .name = "a.jp", .ca = &ca, .is_used = 1 };
    domain.names = list_of("a.jp");
    domain.challenges = list_of("http-01");
    domain.keys = keys;
    domain.renew_before.percent = 33;
    plan = (ja_plan_t){ .concurrency = 50 };
    plan.store_path = apr_pstrcat(pool, dir, "/store", NULL);
    plan.cas = list_of(&ca);
    plan.domains = list_of(&domain);
}

static int runner_begins(void **state)
{
    ja_runner_conf_t conf = { .plan = &plan, .log = &LOG, .user_agent = "test" };

    lines = "";
    stop_after = put_back_after = NULL;
    if (pool_begins(state) != 0) {
        return -1;
    }
    dir = tree_dir(pool);
    store = tree_store(dir, geteuid(), pool);
    table = conf.http01 = apr_pcalloc(pool, ja_http01_table_bytes());
    make_plan();
    return ja_runner_make(&runner, &conf, pool) ? -1 : 0;
}

static int runner_ends(void **state)
{
    close(closed_socket);
    return pool_ends(state);
}

#define RUNNER_TEST(FN) cmocka_unit_test_setup_teardown(FN, runner_begins, runner_ends)

static void put_account(void)
{
    ja_account_file_t account = { .url = "http://127.0.0.1/account/1", .contacts = ca.contacts };
    ja_jwk_t *jwk;

    WORKS(ja_account_key_make(&jwk, store, ca.id, pool, pool));
    WORKS(ja_account_file_save(&account, store, ca.id, pool));
}

/* As a killed process leaves it that was waiting for validation. */
static void put_job(void)
{
    apr_array_header_t *challenges = apr_array_make(pool, 1, sizeof(ja_job_challenge_t));
    ja_err_t *damage;
    ja_job_t job;
    ja_jwk_t *jwk;

    WORKS(ja_account_key_load(&jwk, store, ca.id, pool, pool));
    ja_job_load(&job, &damage, store, "a.jp", pool, pool);
    APR_ARRAY_PUSH(challenges, ja_job_challenge_t) =
        (ja_job_challenge_t){ "http-01", "a.jp", "token-1" };
    job.state = JA_ST_VALIDATE;
    job.spec = JA_KEY_P256;
    job.order_url = "http://127.0.0.1/order/1";
    job.thumbprint = ja_jwk_thumbprint(jwk);
    job.challenges = challenges;
    job.started_at = ja_clock_now();
    job.fingerprint = ja_fingerprint_domain(&domain, pool);
    WORKS(ja_job_save(&job, store, "a.jp", JA_FS_LAZY, pool));
}

static int answers(const char *token)
{
    char answer[JA_HTTP01_MAX_ANSWER];

    return ja_http01_find(answer, table, token, strlen(token), ja_clock_now());
}

static void stopped_before_it_runs_it_ends_at_once(void **state)
{
    (void)state;
    ja_runner_stop(runner);
    WORKS(ja_runner_run(runner));
}

static void *APR_THREAD_FUNC stop_soon(apr_thread_t *thread, void *baton)
{
    (void)thread;
    (void)baton;
    ja_runner_stop(runner);
    return NULL;
}

static void any_thread_may_stop_it(void **state)
{
    apr_thread_t *thread;
    apr_status_t rv;

    (void)state;
    domain.is_used = 0;
    assert_int_equal(apr_thread_create(&thread, NULL, stop_soon, NULL, pool), APR_SUCCESS);
    WORKS(ja_runner_run(runner));
    apr_thread_join(&rv, thread);
}

static void without_a_store_it_says_so(void **state)
{
    (void)state;
    plan.store_path = apr_pstrcat(pool, dir, "/none", NULL);
    FAILS(ja_runner_run(runner), JA_E_NOT_FOUND, "none");
}

/* Another server generation has the lock: it is a process, as a lock never keeps out its own. */
static void there_is_one_at_a_time(void **state)
{
    int ready[2], end[2];
    char byte = 0;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(end), 0);
    pid = fork();
    if (pid == 0) {
        close(end[1]);
        byte = ja_store_lock(store, pool, pool) == NULL;
        _exit(write(ready[1], &byte, 1) != 1 || read(end[0], &byte, 1) != 0);
    }
    close(end[0]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    assert_int_equal(byte, 1);
    FAILS(ja_runner_run(runner), JA_E_BUSY, "");
    close(end[1]);
    waitpid(pid, NULL, 0);
    close(ready[0]);
    close(ready[1]);
    assert_string_equal(lines, "");
}

static void without_the_ca_no_order_is_begun(void **state)
{
    (void)state;
    stop_after = "JA0300";
    WORKS(ja_runner_run(runner));
    assert_non_null(strstr(lines, "127.0.0.1-01234567: JA0300: while registering the account"));
    assert_null(strstr(lines, "a.jp: JA0003"));
}

/* As when the time comes from the network after the server has started. */
static void a_clock_that_is_put_back_ends_the_run(void **state)
{
    (void)state;
    ahead = apr_time_from_sec(9 * 3600);
    put_back_after = "JA0300";
    ja_clock_use(wrong_clock, NULL);
    WORKS(ja_runner_run(runner));
    ja_clock_use(NULL, NULL);
    assert_non_null(strstr(lines, "JA0019: clock: it was put back by 32"));
}

static void an_attempt_that_fails_is_told_and_waits(void **state)
{
    ja_err_t *damage;
    ja_job_t job;

    (void)state;
    put_account();
    stop_after = "JA0009";
    WORKS(ja_runner_run(runner));
    assert_non_null(strstr(lines, "a.jp: JA0003: renewing: there is no certificate yet"));
    assert_non_null(strstr(lines, "a.jp: JA0300: while placing the order"));
    ja_job_load(&job, &damage, store, "a.jp", pool, pool);
    assert_null(damage);
    assert_int_equal(job.attempts, 1);
    assert_int_equal(job.placed->nelts, 0); /* it had not come to that */
    assert_true(job.next_at > ja_clock_now() + apr_time_from_sec(20));
    assert_string_equal(job.fingerprint, ja_fingerprint_domain(&domain, pool));
}

static void challenges_of_an_order_in_flight_are_set_up_again(void **state)
{
    (void)state;
    put_account();
    put_job();
    ja_runner_stop(runner);
    WORKS(ja_runner_run(runner));
    assert_true(answers("token-1"));
}

/* What a killed process has left goes, but not what the CA may still want to see. */
static void after_a_batch_only_they_are_left(void **state)
{
    const ja_solve_t left = { "a.jp", "left", "thumbprint",
                              ja_clock_now() + apr_time_from_sec(3600) };

    (void)state;
    put_account();
    put_job();
    WORKS(ja_http01_put(table, &left, pool));
    stop_after = "JA0009";
    WORKS(ja_runner_run(runner));
    assert_non_null(strstr(lines, "a.jp: JA0004: resumed"));
    assert_null(strstr(lines, "a.jp: JA0003")); /* that was told when it began */
    assert_non_null(strstr(lines, "a.jp: JA0300: while looking at the order again"));
    assert_true(answers("token-1"));
    assert_false(answers("left"));
}

/* ---- a CA that does not answer --------------------------------------------------------------- */

static server_t *server;
static const char *silent_at; /* requests with this in them get no answer, and stop the runner */
static int asked;

static char *answer_request(void *baton, const char *request)
{
    apr_pool_t *of;
    const char *url;
    char *reply;

    (void)baton;
    if (strstr(request, silent_at)) {
        __atomic_store_n(&asked, 1, __ATOMIC_RELEASE);
        ja_runner_stop(runner);
        return NULL;
    }
    apr_pool_create_unmanaged_ex(&of, NULL, NULL);
    url = server_url(server, "/x", of);
    reply = server_reply(
        "Content-Type: application/json\r\nReplay-Nonce: nonce\r\n",
        strncmp(request, "GET", 3) == 0 ? apr_psprintf(
            of, "{\"newNonce\":\"%s\",\"newAccount\":\"%s\",\"newOrder\":\"%s\"}", url, url, url)
                                        : "");
    apr_pool_destroy(of);
    return reply;
}

/* How long the runner takes to end from the request on that is not answered. */
static apr_interval_time_t time_to_stop(const char *at)
{
    apr_time_t begin;

    silent_at = at;
    asked = 0;
    server = server_start(answer_request, NULL, pool);
    ca.url = server_url(server, "/directory", pool);
    begin = apr_time_now();
    WORKS(ja_runner_run(runner));
    assert_true(__atomic_load_n(&asked, __ATOMIC_ACQUIRE));
    return apr_time_now() - begin;
}

static void nobody_waits_for_a_directory(void **state)
{
    (void)state;
    /* The time limit of the exchange is a minute. */
    assert_true(time_to_stop("GET /directory") < apr_time_from_sec(20));
}

/* Its reply would say where the account is; but a restart does not wait for ever. */
static void a_registration_is_waited_for_for_a_moment(void **state)
{
    apr_interval_time_t time = time_to_stop("POST /x");

    (void)state;
    assert_true(time >= apr_time_from_msec(500));
    assert_true(time < apr_time_from_sec(20));
    assert_string_equal(lines, "");
}

static int network_begins(void **state)
{
    return apr_begins(state) != 0 || apr_pool_create(&pool, NULL) != APR_SUCCESS
                   || ja_runner_global_init(pool)
               ? -1
               : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUNNER_TEST(stopped_before_it_runs_it_ends_at_once),
        RUNNER_TEST(any_thread_may_stop_it),
        RUNNER_TEST(without_a_store_it_says_so),
        RUNNER_TEST(there_is_one_at_a_time),
        RUNNER_TEST(without_the_ca_no_order_is_begun),
        RUNNER_TEST(a_clock_that_is_put_back_ends_the_run),
        RUNNER_TEST(an_attempt_that_fails_is_told_and_waits),
        RUNNER_TEST(challenges_of_an_order_in_flight_are_set_up_again),
        RUNNER_TEST(after_a_batch_only_they_are_left),
        RUNNER_TEST(nobody_waits_for_a_directory),
        RUNNER_TEST(a_registration_is_waited_for_for_a_moment),
    };

    return cmocka_run_group_tests(tests, network_begins, apr_ends);
}

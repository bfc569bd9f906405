#include "scene.h"

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/base64url.h"
#include "base/clock.h"
#include "issue/drive.h"

scene_t scene;

/* ---- the loop's surroundings ----------------------------------------------------------------- */

static sem_t wakeups;

static apr_time_t test_clock(void *baton)
{
    (void)baton;
    return scene.now;
}

static ja_err_t *wait_for_work(apr_pool_t *scratch)
{
    struct timespec end;

    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 60;
    return sem_timedwait(&wakeups, &end) == 0
               ? NULL
               : ja_err_make(JA_E_TIMEOUT, scratch, "nothing will ever happen");
}

/* Replies take no time, nor does work on other threads; otherwise the time passes. */
static ja_err_t *test_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    static const int WITHOUT_TIMER_MS = 3600 * 1000;

    (void)baton;
    if (script_outstanding(scene.script) > 0) {
        script_round(scene.script);
        return NULL;
    }
    if (ja_loop_is_working(scene.loop)
        || (scene.is_working && timeout_ms == WITHOUT_TIMER_MS)) {
        return wait_for_work(scratch);
    }
    if (scene.now > NOW + apr_time_from_sec(365L * DAY)) {
        return ja_err_make(JA_E_INTERNAL, scratch, "a year without an end");
    }
    scene.now += (apr_time_t)timeout_ms * 1000;
    return NULL;
}

static void test_wakeup(void *baton)
{
    (void)baton;
    sem_post(&wakeups);
}

static const ja_loop_io_t TEST_IO = { .poll = test_poll, .wakeup = test_wakeup };

static void keep_line(void *baton, ja_level_t level, const char *line)
{
    (void)baton;
    (void)level;
    scene.lines = apr_pstrcat(pool, scene.lines, line, "\n", NULL);
}

/* Before anything leaves this process its position has to be in the store. */
static ja_err_t *start(ja_http_t *http, const ja_http_req_t *req, ja_http_done_fn *done,
                       void *baton, apr_pool_t *of)
{
    const char *path = req->url + strlen(SCENE_URL);

    (void)http;
    if (req->method == JA_HTTP_POST) {
        scene.trace = apr_pstrcat(pool, scene.trace, *scene.trace ? " " : "", path, ":",
                                  ja_enumstr_print(&ja_state_names, scene_saved().state), NULL);
        if (scene.on_request) {
            scene.on_request(path);
        }
    }
    return ja_http_start(script_http(scene.script), req, done, baton, of);
}

/* ---- the scene ------------------------------------------------------------------------------- */

static void make_domain(void)
{
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(ja_key_spec_t));

    APR_ARRAY_PUSH(keys, ja_key_spec_t) = JA_KEY_P256;
    scene.plan_ca.id = "ca.example-01234567";
    scene.plan_ca.url = SCRIPT_DIRECTORY;
    scene.plan_ca.contacts = names_of("admin@a.jp", NULL);
    scene.domain.name = "a.jp";
    scene.domain.names = names_of("a.jp", NULL);
    scene.domain.ca = &scene.plan_ca;
    scene.domain.keys = keys;
    scene.domain.challenges = names_of("http-01", NULL);
    scene.domain.renew_before.percent = 33;
    scene.domain.is_used = 1;
}

static void make_ca(void)
{
    const ja_ca_conf_t conf = { .name = "ca.example", .directory_url = SCRIPT_DIRECTORY };

    scene.ca = ja_ca_make(&conf, scene.loop, &scene.http, &scene.log, pool);
}

void scene_restart(void)
{
    ja_err_t *damage;

    works(ja_loop_make(&scene.loop, 2, pool));
    ja_loop_use(scene.loop, &TEST_IO);
    make_ca();
    ja_http01_clear(scene.table);
    ja_job_load(&scene.job, &damage, scene.store, scene.domain.name, pool, pool);
    works(damage);
}

int scene_begins(void **state)
{
    if (test_begins(state) != 0 || sem_init(&wakeups, 0, 0) != 0) {
        return -1;
    }
    memset(&scene, 0, sizeof(scene));
    scene.now = NOW;
    ja_clock_use(test_clock, NULL);
    scene.lines = scene.trace = "";
    scene.log = (ja_log_t){ .write = keep_line, .level = JA_LOG_DEBUG };
    scene.dir = tree_dir(pool);
    scene.store = tree_store(scene.dir, geteuid(), pool);
    scene.script = script_make(pool);
    scene.http.start = start;
    scene.table = apr_pcalloc(pool, ja_http01_table_bytes());
    scene.solvers[0] = ja_http01_solver(scene.table, pool);
    make_domain();
    script_expect_ca(scene.script);
    works(ja_jwk_make(&scene.jwk, pool, pool));
    scene_restart();
    return 0;
}

int scene_ends(void **state)
{
    int rv = test_ends(state);

    ja_clock_use(NULL, NULL);
    sem_destroy(&wakeups);
    return rv;
}

void scene_names(int count)
{
    apr_array_header_t *names = apr_array_make(pool, count, sizeof(const char *));
    int i;

    for (i = 1; i <= count; i++) {
        APR_ARRAY_PUSH(names, const char *) = apr_psprintf(pool, "n%d.jp", i);
    }
    scene.domain.names = names;
}

static int is_done(void *baton)
{
    (void)baton;
    return scene.is_done;
}

void scene_run(void)
{
    scene.is_done = 0;
    works(ja_loop_run(scene.loop, is_done, NULL));
    assert_true(scene.is_done);
}

/* As everybody does who waits for an order: the pool goes before anything else is looked at. */
static void on_order_done(void *baton, ja_err_t *err, const char *activity)
{
    apr_pool_t *order_pool = baton;

    scene.err = ja_err_dup(err, pool);
    scene.activity = activity;
    ja_job_copy(&scene.job, &scene.job, pool);
    apr_pool_destroy(order_pool);
    scene.is_done = 1;
}

static void run_order(const char *order_url)
{
    const ja_drive_conf_t conf = { scene.loop, scene.ca, scene.jwk, SCENE_ACCOUNT, &scene.job };
    apr_pool_t *order_pool;
    ja_flow_t *flow;

    apr_pool_create(&order_pool, pool);
    flow = ja_flow_make(&scene.domain, APR_ARRAY_IDX(scene.domain.keys, 0, ja_key_spec_t),
                        scene.store, scene.solvers, ja_jwk_thumbprint(scene.jwk), order_pool);
    flow->order_url = order_url;
    scene.is_working = 1;
    ja_drive_start(&conf, flow, on_order_done, order_pool, order_pool);
    scene_run();
}

void scene_order(void)
{
    run_order(NULL);
}

void scene_resume(void)
{
    run_order(SCENE_ORDER);
}

void scene_failed(ja_code_t code, const char *part, const char *activity)
{
    fails(scene.err, code, part);
    assert_string_equal(scene.activity, activity);
    script_end(scene.script);
}

void scene_succeeded(void)
{
    ja_set_cert_t cert;

    works(scene.err);
    assert_true(ja_set_has_cert(&cert, scene.store, scene.domain.name, JA_KEY_P256,
                                scene.domain.names, scene.now, pool, pool));
    script_end(scene.script);
}

ja_job_t scene_saved(void)
{
    ja_err_t *damage;
    ja_job_t job;

    ja_job_load(&job, &damage, scene.store, scene.domain.name, pool, pool);
    works(damage);
    return job;
}

int scene_answers(int i)
{
    const char *token = apr_psprintf(pool, "token-%d", i);
    const char *expected = apr_pstrcat(pool, token, ".", ja_jwk_thumbprint(scene.jwk), NULL);
    char answer[JA_HTTP01_MAX_ANSWER];

    if (!ja_http01_find(answer, scene.table, token, strlen(token), scene.now)) {
        return 0;
    }
    assert_string_equal(answer, expected);
    return 1;
}

/* ---- what the CA says ------------------------------------------------------------------------ */

static const char *name_at(int i)
{
    return APR_ARRAY_IDX(scene.domain.names, i, const char *);
}

const char *order_json(const char *status)
{
    const char *names = "";
    const char *urls = "";
    int i;

    for (i = 0; i < scene.domain.names->nelts; i++) {
        const char *comma = i > 0 ? "," : "";

        names =
            apr_psprintf(pool, "%s%s{\"type\":\"dns\",\"value\":\"%s\"}", names, comma, name_at(i));
        urls = apr_psprintf(pool, "%s%s\"" SCENE_URL "authz/%d/\"", urls, comma, i + 1);
    }
    return apr_psprintf(pool,
                        "{\"status\":\"%s\",\"identifiers\":[%s],\"authorizations\":[%s],"
                        "\"finalize\":\"" SCENE_URL "finalize/1/\"%s}",
                        status, names, urls,
                        strcmp(status, "valid") == 0 ? ",\"certificate\":\"" SCENE_URL "cert/1/\""
                                                     : "");
}

const char *problem_json(const char *type, const char *detail)
{
    return apr_psprintf(pool, "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"%s\"}",
                        type, detail);
}

const char *challenge_json(int i, const char *status)
{
    int is_invalid = strcmp(status, "invalid") == 0;

    return apr_psprintf(pool,
                        "{\"type\":\"http-01\",\"url\":\"" SCENE_URL
                        "challenge/%d/\",\"token\":\"token-%d\",\"status\":\"%s\"%s%s}",
                        i, i, status, is_invalid ? ",\"error\":" : "",
                        is_invalid ? problem_json("unauthorized", "wrong answer") : "");
}

const char *authz_json(int i, const char *status, const char *challenge_status)
{
    const char *name = name_at(i - 1);
    int is_wildcard = strncmp(name, "*.", 2) == 0;

    return apr_psprintf(pool,
                        "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"},"
                        "\"wildcard\":%s,\"challenges\":["
                        "{\"type\":\"dns-01\",\"url\":\"" SCENE_URL
                        "dns/\",\"token\":\"other\",\"status\":\"pending\"},%s]}",
                        status, is_wildcard ? name + 2 : name, is_wildcard ? "true" : "false",
                        challenge_json(i, challenge_status));
}

void expect_json(const char *url, const char *json)
{
    script_expect(scene.script, &(script_row_t){ .url = url, .json = json });
}

void expect_problem(const char *url, int status, const char *type)
{
    script_expect(
        scene.script,
        &(script_row_t){ .url = url, .status = status, .problem = problem_json(type, "scripted") });
}

void expect_new_order(const char *status)
{
    script_expect(scene.script, &(script_row_t){ .url = "/new-order",
                                                 .status = 201,
                                                 .json = order_json(status),
                                                 .location = SCENE_ORDER });
}

void expect_order(const char *status)
{
    expect_json("/order/1/", order_json(status));
}

void expect_authz(int i, const char *status)
{
    expect_json(apr_psprintf(pool, "/authz/%d/", i), authz_json(i, status, status));
}

void expect_answer(int i, const char *status)
{
    expect_json(apr_psprintf(pool, "/challenge/%d/", i), challenge_json(i, status));
}

static EVP_PKEY *requested_key;

static void use_requested_key(X509 *cert)
{
    X509_set_pubkey(cert, requested_key);
}

static const char *all_sans(void)
{
    const char *sans = "";
    int i;

    for (i = 0; i < scene.domain.names->nelts; i++) {
        sans = apr_pstrcat(pool, sans, i > 0 ? ",DNS:" : "DNS:", name_at(i), NULL);
    }
    return sans;
}

static const char *signed_with(EVP_PKEY *key)
{
    ja_key_t *root_key = p256_key();
    ja_key_t *middle_key = p256_key();
    X509 *root = mint(&GOOD_ROOT, root_key, NULL, root_key);
    X509 *middle = mint(&GOOD_INTERMEDIATE, middle_key, root, root_key);
    mint_t leaf = GOOD_LEAF;

    requested_key = key;
    leaf.cn = name_at(0);
    leaf.san = all_sans();
    leaf.twist = use_requested_key;
    return pem_of(mint(&leaf, middle_key, middle, middle_key), middle, NULL);
}

static const char *finalize(void *status, const script_sent_t *sent, apr_pool_t *of)
{
    const unsigned char *at;
    ja_secret_t *der;
    ja_json_t *json;
    X509_REQ *csr;

    (void)of;
    works(ja_json_parse(&json, sent->payload, strlen(sent->payload), 65536, pool, pool));
    works(ja_base64url_parse(&der, ja_json_get_str(json, "csr", ""), pool, pool));
    at = der->bytes;
    csr = d2i_X509_REQ(NULL, &at, (long)der->len);
    assert_non_null(csr);
    assert_int_equal(X509_REQ_verify(csr, X509_REQ_get0_pubkey(csr)), 1);
    apr_cpystrn(scene.chain, signed_with(X509_REQ_get0_pubkey(csr)), sizeof(scene.chain));
    X509_REQ_free(csr);
    return order_json(status);
}

void expect_finalize(const char *status)
{
    script_expect(scene.script, &(script_row_t){ .url = "/finalize/1/",
                                                 .body_fn = finalize,
                                                 .body_baton = (void *)status });
}

void expect_cert(void)
{
    script_expect(scene.script, &(script_row_t){ .url = "/cert/1/",
                                                 .body = scene.chain,
                                                 .type = "application/pem-certificate-chain" });
}

void expect_validation(void)
{
    int i;

    for (i = 1; i <= scene.domain.names->nelts; i++) {
        expect_authz(i, "pending");
        expect_answer(i, "pending");
    }
}

void expect_issuance(void)
{
    expect_finalize("processing");
    expect_order("valid");
    expect_cert();
}

/* A year of the runner, by a clock that only waiting puts forward, with a CA that works as RFC 8555
 * says, and that is now and then not well. What has to hold whatever happens:
 *
 *  - a day after the CA is well again every domain has a valid certificate;
 *  - no more orders and requests than the governor lets pass;
 *  - nothing new, order or account, before a Retry-After is over;
 *  - no newAccount after the first that was successful.
 */
#include "../pki/fixture.h"

#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../store/tree.h"
#include "base/base64url.h"
#include "base/clock.h"
#include "issue/governor.h"
#include "issue/job.h"
#include "issue/requests.h"
#include "issue/runner.h"
#include "store/store_fs.h"

#define URL          "https://ca.example/"
#define MAX_DOMAINS  200
#define MAX_ORDERS   50000
#define MAX_REQUESTS 2000000
#define HOURS        apr_time_from_sec(HOUR)
#define DAYS         apr_time_from_sec(DAY)
#define MINUTE       apr_time_from_sec(60)
#define GRACE        (24 * HOURS)
#define SLACK        apr_time_from_sec(5) /* between counting and sending */
#define TICK         apr_time_from_sec(1)

/* ---- what the CA knows ----------------------------------------------------------------------- */

typedef enum {
    WELL,
    DEAD,        /* nobody answers */
    PAGE,        /* a proxy does */
    BUSY,        /* 503, Retry-After */
    LIMITED,     /* 429 */
    BROKEN,      /* serverInternal */
    LOSING,      /* does it, and the reply is lost */
    DOUBTING,    /* unauthorized, though the account is all right */
    FORGETTING,  /* "Validity period of application has been expired" */
    UNREACHABLE, /* it can't reach us */
    REJECTING,   /* it does not issue for the name */
    RAVING,      /* 200, and no sense in it */
    STORMING,    /* no nonce is good enough */
    SUSPENDING,  /* the account, once there is one, is not valid */
    WEATHER_COUNT
} weather_t;

typedef enum {
    PENDING,
    READY,
    VALID,
    INVALID
} status_t;
static const char *const STATUS[] = { "pending", "ready", "valid", "invalid" };

typedef struct {
    int domain;
    status_t status;
    char *chain;
} order_t;

typedef struct {
    const ja_http_req_t *req;
    ja_http_done_fn *done;
    void *baton;
    apr_pool_t *pool;
} asked_t;

static struct {
    apr_time_t now;
    weather_t weather;
    int weather_percent;   /* of requests that it hits */
    int weather_of;        /* the domain that it is for, or -1: all */
    apr_time_t well_since; /* 0: not well */
    apr_time_t held_until; /* it has said so by Retry-After */
    int has_account, accounts;
    apr_time_t account_valid_at; /* when it last said so */
    order_t orders[MAX_ORDERS];
    int n_orders, finalized;
    apr_time_t order_times[MAX_ORDERS];
    int n_order_times;
    apr_time_t order_times_of[MAX_DOMAINS][JA_JOB_PLACED_MAX + 1];
    apr_time_t nonce_refused_at[MAX_DOMAINS]; /* of a newOrder */
    apr_time_t request_times[MAX_REQUESTS];
    int n_requests, busiest_hour;
    apr_time_t valid_until[MAX_DOMAINS];
    apr_time_t issued_at[MAX_DOMAINS];
    unsigned seed;
    apr_array_header_t *asked; /* asked_t * */
    ja_key_t *middle_key;
    X509 *root, *middle;
} ca;

static const char *dir;
static ja_plan_t plan;
static ja_plan_ca_t plan_ca;
static ja_http_t http;
static ja_loop_t *loop;
static ja_runner_t *runner;
static sem_t wakeups;
static ja_http01_table_t *table;
static apr_interval_time_t look_every; /* at what somebody asks for */

static unsigned chance(unsigned n)
{
    return (unsigned)rand_r(&ca.seed) % n;
}

static apr_time_t test_clock(void *baton)
{
    (void)baton;
    return ca.now;
}

/* ---- its replies ----------------------------------------------------------------------------- */

static const char *domain_at(int i)
{
    return APR_ARRAY_IDX(plan.domains, i, const ja_plan_domain_t *)->name;
}

static ja_http_reply_t *reply_make(const asked_t *asked, int status, const char *type,
                                   const char *body)
{
    ja_http_reply_t *reply = apr_pcalloc(asked->pool, sizeof(*reply));
    apr_table_t *headers = apr_table_make(asked->pool, 4);

    apr_table_set(headers, "Content-Type", type);
    apr_table_set(headers, "Replay-Nonce", "nonce");
    reply->status = status;
    reply->headers = headers;
    reply->body = body;
    reply->body_len = strlen(body);
    return reply;
}

static ja_http_reply_t *json(const asked_t *asked, int status, const char *body)
{
    return reply_make(asked, status, "application/json", body);
}

static ja_http_reply_t *problem(const asked_t *asked, int status, const char *type,
                                const char *detail)
{
    return reply_make(asked, status, "application/problem+json",
                      apr_psprintf(asked->pool,
                                   "{\"type\":\"urn:ietf:params:acme:error:%s\",\"detail\":\"%s\"}",
                                   type, detail));
}

static ja_http_reply_t *located(ja_http_reply_t *reply, const char *url)
{
    apr_table_set((apr_table_t *)reply->headers, "Location", url);
    return reply;
}

static const ja_json_t *payload_of(const asked_t *asked)
{
    ja_secret_t *bytes;
    ja_json_t *jws, *payload;

    works(ja_json_parse(&jws, asked->req->body, asked->req->body_len, 1 << 20, asked->pool,
                        asked->pool));
    works(
        ja_base64url_parse(&bytes, ja_json_get_str(jws, "payload", ""), asked->pool, asked->pool));
    if (bytes->len == 0) {
        return NULL;
    }
    works(ja_json_parse(&payload, (const char *)bytes->bytes, bytes->len, 1 << 20, asked->pool,
                        asked->pool));
    return payload;
}

static ja_http_reply_t *say_account(const asked_t *asked)
{
    const ja_json_t *payload = payload_of(asked);

    if (!ja_json_get(payload, "onlyReturnExisting")) {
        assert_false(ca.has_account); /* the one thing that must never be */
        ca.has_account = 1;
        ca.accounts++;
    }
    if (!ca.has_account) {
        return problem(asked, 400, "accountDoesNotExist", "none");
    }
    return located(json(asked, 201, "{\"status\":\"valid\"}"), URL "account/1");
}

static ja_http_reply_t *say_order(const asked_t *asked, int i)
{
    const order_t *order = &ca.orders[i];
    const char *body = apr_psprintf(
        asked->pool,
        "{\"status\":\"%s\",\"identifiers\":[{\"type\":\"dns\",\"value\":\"%s\"}],"
        "\"authorizations\":[\"" URL "authz/%d\"],\"finalize\":\"" URL "finalize/%d\"%s}",
        STATUS[order->status], domain_at(order->domain), i, i,
        order->status == VALID ? apr_psprintf(asked->pool, ",\"certificate\":\"" URL "cert/%d\"", i)
                               : "");

    return json(asked, 200, body);
}

static int domain_named(const char *name)
{
    return name ? atoi(name + 1) : -1;
}

static ja_http_reply_t *take_order(const asked_t *asked)
{
    const ja_json_t *ids = ja_json_get(payload_of(asked), "identifiers");
    ja_http_reply_t *reply;

    assert_true(ca.n_orders < MAX_ORDERS);
    ca.orders[ca.n_orders].domain =
        domain_named(ja_json_get_str(ja_json_at(ids, 0), "value", NULL));
    ca.orders[ca.n_orders].status = PENDING;
    reply = located(say_order(asked, ca.n_orders),
                    apr_psprintf(asked->pool, URL "order/%d", ca.n_orders));
    reply->status = 201;
    ca.n_orders++;
    return reply;
}

static ja_http_reply_t *say_authz(const asked_t *asked, int i)
{
    static const char *const AUTHZ[] = { "pending", "valid", "valid", "invalid" };
    const char *status = AUTHZ[ca.orders[i].status];

    return json(
        asked, 200,
        apr_psprintf(asked->pool,
                     "{\"status\":\"%s\",\"identifier\":{\"type\":\"dns\",\"value\":\"%s\"},"
                     "\"challenges\":[{\"type\":\"http-01\",\"url\":\"" URL
                     "challenge/%d\",\"token\":\"token-%d\",\"status\":\"%s\"}]}",
                     status, domain_at(ca.orders[i].domain), i, i, status));
}

static int is_hit(int domain)
{
    return (ca.weather_of < 0 || domain < 0 || domain == ca.weather_of)
           && (int)chance(100) < ca.weather_percent;
}

static ja_http_reply_t *take_answer(const asked_t *asked, int i)
{
    ca.orders[i].status =
        ca.weather == UNREACHABLE && is_hit(ca.orders[i].domain) ? INVALID : READY;
    return json(asked, 200,
                apr_psprintf(asked->pool,
                             "{\"type\":\"http-01\",\"url\":\"" URL
                             "challenge/%d\",\"token\":\"token-%d\",\"status\":\"processing\"}",
                             i, i));
}

static EVP_PKEY *requested_key;

static void use_requested_key(X509 *cert)
{
    X509_set_pubkey(cert, requested_key);
}

static ja_http_reply_t *take_csr(const asked_t *asked, int i)
{
    mint_t leaf = GOOD_LEAF;
    const unsigned char *at;
    ja_secret_t *der;
    X509_REQ *csr;
    const char *chain;

    works(ja_base64url_parse(&der, ja_json_get_str(payload_of(asked), "csr", ""), asked->pool,
                             asked->pool));
    at = der->bytes;
    csr = d2i_X509_REQ(NULL, &at, (long)der->len);
    requested_key = X509_REQ_get0_pubkey(csr);
    leaf.cn = domain_at(ca.orders[i].domain);
    leaf.san = apr_pstrcat(asked->pool, "DNS:", leaf.cn, NULL);
    leaf.from_s = (long)apr_time_sec(ca.now - NOW) - HOUR;
    leaf.to_s = (long)apr_time_sec(ca.now - NOW) + 90L * DAY;
    leaf.twist = use_requested_key;
    chain = pem_of(mint(&leaf, ca.middle_key, ca.middle, ca.middle_key), ca.middle, NULL);
    X509_REQ_free(csr);
    ca.orders[i].chain = apr_pstrdup(pool, chain);
    ca.orders[i].status = VALID;
    ca.finalized++;
    return say_order(asked, i);
}

static ja_http_reply_t *say_cert(const asked_t *asked, int i)
{
    int domain = ca.orders[i].domain;

    ca.valid_until[domain] = ca.now + 90L * DAYS;
    ca.issued_at[domain] = ca.now;
    return reply_make(asked, 200, "application/pem-certificate-chain", ca.orders[i].chain);
}

static const char DIRECTORY[] = "{\"newNonce\":\"" URL "nonce\",\"newAccount\":\"" URL
                                "new-account\",\"newOrder\":\"" URL "new-order\"}";

static const struct {
    const char *path;
    ja_http_reply_t *(*reply)(const asked_t *asked, int i);
} ROUTES[] = {
    { "order/", say_order },   { "authz/", say_authz }, { "challenge/", take_answer },
    { "finalize/", take_csr }, { "cert/", say_cert },
};

static ja_http_reply_t *reply_to(const asked_t *asked)
{
    const char *path = asked->req->url + strlen(URL);
    unsigned i;

    for (i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++) {
        if (strncmp(path, ROUTES[i].path, strlen(ROUTES[i].path)) == 0) {
            return ROUTES[i].reply(asked, atoi(path + strlen(ROUTES[i].path)));
        }
    }
    if (strcmp(path, "new-order") == 0) {
        return take_order(asked);
    }
    if (strcmp(path, "new-account") == 0) {
        return say_account(asked);
    }
    if (strcmp(path, "account/1") == 0) {
        ca.account_valid_at = ca.now;
        return json(asked, 200, "{\"status\":\"valid\"}");
    }
    return json(asked, 200, strcmp(path, "directory") == 0 ? DIRECTORY : "");
}

/* The domain that a request is about; -1: none. */
static int domain_of(const asked_t *asked)
{
    const char *path = asked->req->url + strlen(URL);
    unsigned i;

    if (strcmp(path, "new-order") == 0) {
        const ja_json_t *ids = ja_json_get(payload_of(asked), "identifiers");

        return domain_named(ja_json_get_str(ja_json_at(ids, 0), "value", NULL));
    }
    for (i = 0; i < sizeof(ROUTES) / sizeof(ROUTES[0]); i++) {
        if (strncmp(path, ROUTES[i].path, strlen(ROUTES[i].path)) == 0) {
            return ca.orders[atoi(path + strlen(ROUTES[i].path))].domain;
        }
    }
    return -1;
}

static ja_http_reply_t *refuse_nonce(const asked_t *asked, int domain)
{
    if (strstr(asked->req->url, "new-order")) {
        ca.nonce_refused_at[domain] = ca.now;
    }
    return asked->req->body_len > 0 ? problem(asked, 400, "badNonce", "again") : NULL;
}

/* With something wrong, or NULL: all is well. */
static ja_http_reply_t *bad_reply(const asked_t *asked, int domain, ja_err_t **err)
{
    int is_about_order = domain >= 0;
    ja_http_reply_t *reply;

    if (ca.weather == WELL || ca.weather == UNREACHABLE
        || (ca.weather_of >= 0 && domain != ca.weather_of) || !is_hit(domain)) {
        return NULL;
    }
    switch (ca.weather) {
    case DEAD:
        *err = ja_err_make(JA_E_CONNECT, asked->pool, "dead");
        return NULL;
    case PAGE:
        return reply_make(asked, 503, "text/html", "<html>down</html>");
    case BUSY:
        reply = reply_make(asked, 503, "text/html", "busy");
        apr_table_set((apr_table_t *)reply->headers, "Retry-After", "1800");
        ca.held_until = ca.now + 1800 * TICK;
        return reply;
    case LIMITED:
        return problem(asked, 429, "rateLimited", "less");
    case BROKEN:
        return problem(asked, 500, "serverInternal", "broken");
    case LOSING:
        reply_to(asked);
        *err = ja_err_make(JA_E_TIMEOUT, asked->pool, "lost");
        return NULL;
    case REJECTING:
        return is_about_order ? problem(asked, 400, "rejectedIdentifier", "not ours") : NULL;
    case RAVING:
        return json(asked, 200, "{\"status\":[]}");
    case STORMING:
        return refuse_nonce(asked, domain);
    case SUSPENDING:
        return ca.has_account && asked->req->body_len > 0
                   ? problem(asked, 401, "unauthorized", "suspended")
                   : NULL;
    case DOUBTING:
        return is_about_order ? problem(asked, 401, "unauthorized", "who?") : NULL;
    case FORGETTING:
        return is_about_order && !strstr(asked->req->url, "new-order") ? problem(
                   asked, 400, "malformed", "Validity period of application has been expired")
                                                                       : NULL;
    case WELL:
    case UNREACHABLE:
    case WEATHER_COUNT:
        break;
    }
    return NULL;
}

static apr_status_t cancel(void *asked)
{
    int i;

    for (i = 0; i < ca.asked->nelts; i++) {
        if (APR_ARRAY_IDX(ca.asked, i, asked_t *) == asked) {
            APR_ARRAY_IDX(ca.asked, i, asked_t *) = NULL;
        }
    }
    return APR_SUCCESS;
}

static void deliver(asked_t *asked)
{
    ja_err_t *err = NULL;
    const ja_http_reply_t *reply;

    reply = bad_reply(asked, domain_of(asked), &err);
    if (!reply && !err) {
        reply = reply_to(asked);
    }
    apr_pool_cleanup_kill(asked->pool, asked, cancel);
    asked->done(asked->baton, reply, err);
}

/* ---- what is sent ---------------------------------------------------------------------------- */

static int count_since(const apr_time_t *times, int n, apr_time_t since)
{
    int count = 0;

    while (n > 0 && times[n - 1] > since) {
        n--;
        count++;
    }
    return count;
}

/* Every order and request is looked at by the numbers that docs/ARCHITECTURE.md promises. */
static void check_order(int domain)
{
    apr_time_t *mine = ca.order_times_of[domain];
    int i, recent = 0;

    ca.order_times[ca.n_order_times++] = ca.now;
    for (i = JA_JOB_PLACED_MAX; i > 0; i--) {
        mine[i] = mine[i - 1];
    }
    mine[0] = ca.now;
    for (i = 0; i <= JA_JOB_PLACED_MAX; i++) {
        recent += mine[i] > ca.now - HOURS + SLACK && mine[i] > ca.issued_at[domain];
    }
    assert_in_range(recent, 0, JA_JOB_PLACED_MAX);
    if (plan.rate.max > 0) {
        assert_in_range(count_since(ca.order_times, ca.n_order_times, ca.now - plan.rate.per), 0,
                        plan.rate.max);
    }
}

static void check_request(void)
{
    int orders = count_since(ca.order_times, ca.n_order_times, ca.now - HOURS);
    int requests;

    assert_true(ca.n_requests < MAX_REQUESTS);
    ca.request_times[ca.n_requests++] = ca.now;
    requests = count_since(ca.request_times, ca.n_requests, ca.now - HOURS);
    assert_true(requests <= JA_GOVERNOR_PER_HOUR
                                + (JA_GOVERNOR_PER_ORDER + JA_GOVERNOR_PER_NAME) * (orders + 1));
    ca.busiest_hour = requests > ca.busiest_hour ? requests : ca.busiest_hour;
}

static ja_err_t *start(ja_http_t *self, const ja_http_req_t *req, ja_http_done_fn *done,
                       void *baton, apr_pool_t *of)
{
    asked_t *asked = apr_pcalloc(of, sizeof(*asked));

    (void)self;
    *asked = (asked_t){ req, done, baton, of };
    check_request();
    if (strstr(req->url, "new-order") || strstr(req->url, "account")) {
        assert_true(ca.now >= ca.held_until);
    }
    if (strstr(req->url, "new-order") && ca.nonce_refused_at[domain_of(asked)] != ca.now) {
        check_order(domain_of(asked)); /* else it is the same order once more */
    }
    APR_ARRAY_PUSH(ca.asked, asked_t *) = asked;
    apr_pool_cleanup_register(of, asked, cancel, apr_pool_cleanup_null);
    return NULL;
}

/* ---- the loop's surroundings ----------------------------------------------------------------- */

static void deliver_all(void)
{
    apr_array_header_t *asked = ca.asked;
    int i;

    ca.asked = apr_array_make(pool, 8, sizeof(asked_t *));
    apr_array_cat(ca.asked, asked);
    for (i = 0; i < asked->nelts; i++) {
        asked_t *one = APR_ARRAY_IDX(ca.asked, i, asked_t *);

        if (one) {
            APR_ARRAY_IDX(ca.asked, i, asked_t *) = NULL;
            deliver(one);
        }
    }
}

/* Replies take ten milliseconds. Other threads work in no time. */
static ja_err_t *test_poll(void *baton, int timeout_ms, apr_pool_t *scratch)
{
    struct timespec until;
    int i;

    (void)baton;
    (void)scratch;
    for (i = 0; i < ca.asked->nelts; i++) {
        if (APR_ARRAY_IDX(ca.asked, i, asked_t *)) {
            ca.now += 10000;
            deliver_all();
            return NULL;
        }
    }
    ca.asked->nelts = 0;
    if (ja_loop_is_working(loop)) {
        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += 1;
        sem_timedwait(&wakeups, &until);
        return NULL;
    }
    ca.now += (apr_time_t)timeout_ms * 1000;
    return NULL;
}

static void test_wakeup(void *baton)
{
    (void)baton;
    sem_post(&wakeups);
}

static const ja_loop_io_t IO = { .poll = test_poll, .wakeup = test_wakeup };

static void drop_line(void *baton, ja_level_t level, const char *line)
{
    (void)baton;
    (void)level;
    if (getenv("JA_TEST_LINES")) {
        fprintf(stderr, "%ld.%03ld %s\n", (long)apr_time_sec(ca.now - NOW),
                (long)apr_time_msec(ca.now), line);
    }
}

static const ja_log_t LOG = { .write = drop_line, .level = JA_LOG_DEBUG };

/* ---- the scene ------------------------------------------------------------------------------- */

static void make_domain(apr_array_header_t *domains, int i)
{
    ja_plan_domain_t *domain = apr_pcalloc(pool, sizeof(*domain));
    apr_array_header_t *keys = apr_array_make(pool, 1, sizeof(ja_key_spec_t));

    APR_ARRAY_PUSH(keys, ja_key_spec_t) = JA_KEY_P256;
    domain->name = apr_psprintf(pool, "n%d.jp", i);
    domain->names = names_of(domain->name, NULL);
    domain->ca = &plan_ca;
    domain->keys = keys;
    domain->challenges = names_of("http-01", NULL);
    domain->renew_before.percent = 33;
    domain->is_used = 1;
    APR_ARRAY_PUSH(domains, const ja_plan_domain_t *) = domain;
}

static void make_plan(int n_domains)
{
    apr_array_header_t *domains = apr_array_make(pool, n_domains, sizeof(void *));
    apr_array_header_t *cas = apr_array_make(pool, 1, sizeof(void *));
    int i;

    for (i = 0; i < n_domains; i++) {
        make_domain(domains, i);
    }
    plan_ca = (ja_plan_ca_t){ .id = "ca.example-01234567", .url = URL "directory" };
    plan_ca.contacts = names_of("admin@a.jp", NULL);
    plan_ca.n_domains = n_domains;
    APR_ARRAY_PUSH(cas, const ja_plan_ca_t *) = &plan_ca;
    plan = (ja_plan_t){ .concurrency = 50, .cas = cas, .domains = domains };
    plan.store_path = apr_pstrcat(pool, dir, "/store", NULL);
}

static void begin(int n_domains, unsigned seed)
{
    ja_key_t *root_key = p256_key();

    memset(&ca, 0, sizeof(ca));
    ca.seed = seed;
    ca.now = ca.well_since = NOW;
    ca.weather_of = -1;
    ca.asked = apr_array_make(pool, 8, sizeof(asked_t *));
    ca.middle_key = p256_key();
    ca.root = mint(&GOOD_ROOT, root_key, NULL, root_key);
    ca.middle = mint(&GOOD_INTERMEDIATE, ca.middle_key, ca.root, root_key);
    ja_clock_use(test_clock, NULL);
    dir = tree_dir(pool);
    tree_store(dir, geteuid(), pool);
    look_every = DAYS;
    table = apr_pcalloc(pool, ja_http01_table_bytes());
    http.start = start;
    make_plan(n_domains);
}

static void stop(void *baton)
{
    (void)baton;
    ja_runner_stop(runner);
}

/* One life of the server's child; in between nothing but files remains. */
static void run_for(apr_interval_time_t time)
{
    ja_runner_conf_t conf = { .plan = &plan,
                              .http01 = table,
                              .log = &LOG,
                              .user_agent = "test",
                              .http = &http,
                              .look_every = look_every };
    apr_pool_t *life;

    apr_pool_create(&life, pool);
    works(ja_loop_make(&loop, 2, life));
    ja_loop_use(loop, &IO);
    conf.loop = loop;
    works(ja_runner_make(&runner, &conf, life));
    ja_timer_set(ja_timer_make(loop, stop, NULL, life), ca.now + time);
    works(ja_runner_run(runner));
    ca.asked->nelts = 0;
    apr_pool_destroy(life);
}

static void turn(weather_t weather, int percent, int of)
{
    ca.weather = weather;
    ca.weather_percent = percent;
    ca.weather_of = of;
    ca.well_since = weather == WELL ? (ca.well_since ? ca.well_since : ca.now) : 0;
}

static int n_valid(void)
{
    int i, n = 0;

    for (i = 0; i < plan.domains->nelts; i++) {
        n += ca.valid_until[i] > ca.now;
    }
    return n;
}

static void check_certificates(void)
{
    if (ca.well_since != 0 && ca.now >= ca.well_since + GRACE) {
        assert_int_equal(n_valid(), plan.domains->nelts);
    }
}

/* ---- a year ---------------------------------------------------------------------------------- */

/* Between a minute and ten days, short ones as likely as long ones. */
static apr_interval_time_t any_time(void)
{
    static const apr_interval_time_t TIMES[] = { MINUTE, 10 * MINUTE, HOURS,    5 * HOURS,
                                                 DAYS,   2 * DAYS,    4 * DAYS, 8 * DAYS };
    apr_interval_time_t time = TIMES[chance(8)];

    return time + (apr_interval_time_t)chance(1000) * (time / 4000);
}

static void change_weather(void)
{
    static const int PERCENTS[] = { 100, 100, 50, 10 };

    if (chance(2)) {
        turn(WELL, 0, -1);
    }
    else {
        turn((weather_t)(1 + chance(WEATHER_COUNT - 1)), PERCENTS[chance(4)],
             chance(3) ? -1 : (int)chance((unsigned)plan.domains->nelts));
    }
}

static void a_year_of(unsigned seed)
{
    begin(3, seed);
    if (seed % 3 == 0) {
        plan.rate = (ja_rate_t){ 4, DAYS };
    }
    while (ca.now < NOW + 365L * DAYS) {
        change_weather();
        run_for(any_time());
        check_certificates();
    }
    turn(WELL, 0, -1);
    run_for(GRACE + DAYS);
    check_certificates();
    assert_int_equal(ca.accounts, 1);
}

static void whatever_happens_certificates_are_valid(void **state)
{
    unsigned seed, seeds = getenv("JA_TEST_SEEDS") ? (unsigned)atoi(getenv("JA_TEST_SEEDS")) : 6;

    (void)state;
    for (seed = 1; seed <= seeds; seed++) {
        apr_pool_t *outer = pool;

        if (getenv("JA_TEST_SEED") && seed != (unsigned)atoi(getenv("JA_TEST_SEED"))) {
            continue;
        }
        apr_pool_create(&pool, outer);
        print_message("seed %u\n", seed);
        a_year_of(seed);
        apr_pool_destroy(pool);
        pool = outer;
    }
}

/* ---- many domains ---------------------------------------------------------------------------- */

/* When the last of all domains but `of` has got its certificate; all have. */
static apr_time_t last_of_others(int of)
{
    apr_time_t last = 0;
    int domain;

    for (domain = 0; domain < MAX_DOMAINS; domain++) {
        if (domain != of) {
            assert_true(ca.issued_at[domain] >= NOW);
            last = ca.issued_at[domain] > last ? ca.issued_at[domain] : last;
        }
    }
    return last;
}

/* Of all ways but BUSY: a Retry-After is for all of the account. LIMITED has none. */
static void one_that_fails_delays_nobody(void **state)
{
    static const weather_t WAYS[] = { WELL,   DEAD,     PAGE,       LIMITED,     BROKEN,
                                      LOSING, DOUBTING, FORGETTING, UNREACHABLE, REJECTING,
                                      RAVING, STORMING, SUSPENDING };
    apr_time_t undisturbed = 0;
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(WAYS) / sizeof(WAYS[0]); i++) {
        apr_pool_t *outer = pool;

        apr_pool_create(&pool, outer);
        begin(MAX_DOMAINS, 1);
        turn(WAYS[i], 100, 7);
        run_for(DAYS);
        if (WAYS[i] == WELL) {
            undisturbed = last_of_others(7);
        }
        else {
            assert_int_equal(ca.issued_at[7], 0);
        }
        assert_in_range(last_of_others(7), NOW, undisturbed + TICK);
        assert_int_equal(ca.accounts, 1);
        apr_pool_destroy(pool);
        pool = outer;
    }
}

/* Down for ten days, with a restart each day, from before certificates are due; then back. */
static void ten_days_without_a_ca(ja_rate_t rate, apr_interval_time_t within)
{
    apr_pool_t *outer = pool;
    apr_time_t back_at;
    int domain, day, before;

    apr_pool_create(&pool, outer);
    begin(MAX_DOMAINS, 1);
    plan.rate = rate; /* check_order() looks at each order by it */
    run_for(55 * DAYS);
    assert_int_equal(n_valid(), MAX_DOMAINS);
    turn(DEAD, 100, -1);
    before = ca.n_requests;
    for (day = 0; day < 10; day++) {
        run_for(DAYS);
    }
    assert_in_range(ca.n_requests - before, 1, 10 * 200);
    back_at = ca.now;
    turn(WELL, 0, -1);
    run_for(within);
    for (domain = 0; domain < MAX_DOMAINS; domain++) {
        assert_in_range(ca.issued_at[domain], back_at, back_at + within);
    }
    apr_pool_destroy(pool);
    pool = outer;
}

static void after_ten_days_without_a_ca_all_are_renewed_within_the_hour(void **state)
{
    (void)state;
    ten_days_without_a_ca((ja_rate_t){ 0, 0 }, HOURS);
    ten_days_without_a_ca((ja_rate_t){ 100, 25 * MINUTE }, HOURS);
    ten_days_without_a_ca((ja_rate_t){ MAX_DOMAINS, DAYS }, HOURS); /* that nothing was spent of */
    /* If the limit does not allow that: as soon as it does. */
    ten_days_without_a_ca((ja_rate_t){ 50, HOURS }, 4 * HOURS);
}

/* Two at a time; the second is told to wait, while ten are due and have no place yet, and the CA
 * has to be told of another contact. start() looks at it all. */
static void a_retry_after_holds_those_who_have_no_place_yet(void **state)
{
    (void)state;
    begin(12, 1);
    plan.concurrency = 2;
    turn(BUSY, 100, 1);
    run_for(MINUTE);
    assert_int_equal(ca.n_order_times, 2);
    plan_ca.contacts = names_of("other@a.jp", NULL);
    run_for(MINUTE);
    assert_int_equal(ca.n_order_times, 2);
    turn(WELL, 0, -1);
    run_for(HOURS);
    assert_int_equal(n_valid(), 12);
}

/* ---- somebody asks --------------------------------------------------------------------------- */

static void ask_to_register(void)
{
    ja_store_t *store;
    apr_time_t at;

    works(ja_store_fs_open(&store, plan.store_path, pool, pool));
    works(ja_request_save(&at, store, ca.now, pool));
}

/* The CA refuses orders, while it calls the account valid: after days of this the domains wait for
 * hours. It says no of the account, too: nothing is asked but that, once a day. */
static void when_the_account_is_free_nobody_waits_any_more(void **state)
{
    static const weather_t WAYS[] = { DOUBTING, SUSPENDING };
    int way, domain, orders;

    (void)state;
    for (way = 0; way < 2; way++) {
        apr_pool_t *outer = pool;

        apr_pool_create(&pool, outer);
        begin(3, 1);
        look_every = MINUTE;
        run_for(MINUTE);
        assert_int_equal(n_valid(), 3);
        run_for(58 * DAYS);
        turn(WAYS[way], 100, -1);
        run_for(12 * DAYS);
        orders = ca.n_order_times;
        turn(WELL, 0, -1);
        ca.account_valid_at = 0;
        ask_to_register();
        run_for(10 * MINUTE);
        assert_in_range(ca.account_valid_at, ca.now - 10 * MINUTE, ca.now - 8 * MINUTE);
        for (domain = 0; domain < 3; domain++) {
            assert_in_range(ca.issued_at[domain], ca.account_valid_at,
                            ca.account_valid_at + MINUTE);
        }
        assert_in_range(ca.n_order_times - orders, 0, 3);
        assert_int_equal(ca.accounts, 1);
        apr_pool_destroy(pool);
        pool = outer;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whatever_happens_certificates_are_valid),
        TEST(one_that_fails_delays_nobody),
        TEST(after_ten_days_without_a_ca_all_are_renewed_within_the_hour),
        TEST(a_retry_after_holds_those_who_have_no_place_yet),
        TEST(when_the_account_is_free_nobody_waits_any_more),
    };

    if (access("/dev/shm", W_OK) == 0) {
        setenv("TMPDIR", "/dev/shm", 0); /* thousands of durable writes */
    }
    sem_init(&wakeups, 0, 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "set_fixture.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "../pki/responder.h"
#include "base/clock.h"
#include "issue/backoff.h"
#include "issue/fingerprint.h"
#include "issue/response.h"
#include "issue/revocation.h"
#include "issue/rollback.h"
#include "issue/runner_domain.h"

#define ORDER     "https://ca.example/order/1"
#define SECONDS   apr_time_from_sec(1)
#define DAYS      apr_time_from_sec(DAY)
#define P256_ONLY specs_of(JA_KEY_P256, JA_SET_NO_SPEC)

static apr_time_t now;
static const char *lines;
static ja_plan_ca_t ca;
static ja_plan_domain_t plan;
static ja_domain_t domain;
static ja_due_why_t why;

static apr_time_t test_clock(void *baton)
{
    (void)baton;
    return now;
}

static void keep_line(void *baton, ja_level_t level, const char *line)
{
    (void)baton;
    (void)level;
    lines = apr_pstrcat(pool, lines, line, "\n", NULL);
}

static const ja_log_t LOG = { .write = keep_line, .level = JA_LOG_DEBUG };

static int domain_begins(void **state)
{
    if (set_begins(state) != 0) {
        return -1;
    }
    now = NOW;
    lines = "";
    ja_clock_use(test_clock, NULL);
    memset(&plan, 0, sizeof(plan));
    memset(&domain, 0, sizeof(domain));
    ca.id = "ca";
    ca.url = CA_URL;
    plan.name = NAME;
    plan.names = names;
    plan.ca = &ca;
    plan.keys = P256_ONLY;
    plan.challenges = names_of("http-01", NULL);
    plan.renew_before.percent = 33;
    plan.is_used = 1;
    return 0;
}

static int domain_ends(void **state)
{
    ja_clock_use(NULL, NULL);
    return test_ends(state);
}

#define DOMAIN_TEST(FN) cmocka_unit_test_setup_teardown(FN, domain_begins, domain_ends)

static void load(void)
{
    ja_domain_load(&domain, &plan, store, &LOG, pool);
}

static apr_time_t next_at(void)
{
    return ja_domain_next_at(&domain, &why, now);
}

static ja_job_t saved(void)
{
    ja_err_t *damage;
    ja_job_t job;

    ja_job_load(&job, &damage, store, NAME, pool, pool);
    works(damage);
    return job;
}

/* As an attempt leaves it that has failed with an order in flight. */
static void fail_with(ja_code_t code, apr_time_t retry_at)
{
    apr_pool_t *attempt_pool;
    ja_err_t *err;

    apr_pool_create(&attempt_pool, pool);
    err = ja_err_make(code, attempt_pool, "order %s", ORDER);
    err->retry_at = retry_at;
    domain.job.state = JA_ST_VALIDATE;
    domain.job.spec = JA_KEY_P256;
    domain.job.order_url = apr_pstrdup(attempt_pool, ORDER);
    domain.job.thumbprint = apr_pstrdup(attempt_pool, "thumbprint");
    domain.job.fingerprint = ja_fingerprint_domain(&plan, domain.pool);
    domain.job.started_at = NOW;
    ja_domain_failed(&domain, err, "waiting for validation", store, &LOG);
    apr_pool_destroy(attempt_pool);
}

static void succeed(void)
{
    domain.job.started_at = NOW;
    domain.job.fingerprint = ja_fingerprint_domain(&plan, domain.pool);
    ja_domain_succeeded(&domain, store, &LOG);
}

/* ---- loading --------------------------------------------------------------------------------- */

static void without_anything_it_is_due_at_once(void **state)
{
    (void)state;
    load();
    assert_null(domain.live);
    assert_null(domain.staged);
    assert_int_equal(next_at(), NOW);
    assert_int_equal(why, JA_DUE_FIRST);
    assert_string_equal(lines, "");
}

static void not_wanted_it_is_never_due(void **state)
{
    (void)state;
    plan.is_used = 0;
    load();
    assert_int_equal(next_at(), 0);
    assert_int_equal(why, JA_DUE_NEVER);
}

static void a_live_set_is_renewed_by_its_age(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    load();
    assert_non_null(domain.live);
    assert_in_range(next_at() - NOW, 60 * DAYS, 61 * DAYS);
    assert_int_equal(why, JA_DUE_AGE);
}

static void a_staged_set_counts(void **state)
{
    (void)state;
    staged(P256_ONLY, 0);
    load();
    assert_null(domain.live);
    assert_non_null(domain.staged);
    assert_in_range(next_at() - NOW, 60 * DAYS, 61 * DAYS);
    assert_int_equal(why, JA_DUE_AGE);
}

static void what_is_damaged_is_told_and_counts_as_nothing(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    tree_put(in_store("live/a.jp/set.json"), "{");
    tree_put(in_store("jobs/a.jp.json"), "{");
    load();
    assert_int_equal(next_at(), NOW);
    assert_int_equal(why, JA_DUE_FIRST);
    assert_non_null(strstr(lines, "JA0205: the live set counts as missing: "));
    assert_non_null(strstr(lines, "while reading the job: what was under way begins anew: "));
}

/* No restart would take it over: as long as it is there nothing would come of a new one. */
static void a_bad_staged_set_is_removed(void **state)
{
    (void)state;
    staged(P256_ONLY, 0);
    tree_put(in_store("staging/a.jp/privkey-p256.pem"), "-----BEGIN PRIVATE KEY-----\n");
    load();
    assert_null(domain.staged);
    assert_false(tree_has(in_store("staging/a.jp")));
    assert_int_equal(next_at(), NOW);
    assert_int_equal(why, JA_DUE_FIRST);
    assert_non_null(strstr(lines, "removing the staged set"));
}

static void a_staged_set_for_other_names_stays_until_there_is_a_better_one(void **state)
{
    (void)state;
    staged(P256_ONLY, 0);
    plan.names = names_of("a.jp", "new.a.jp", NULL);
    load();
    assert_int_equal(next_at(), NOW);
    assert_true(tree_has(in_store("staging/a.jp")));
}

/* ---- failures -------------------------------------------------------------------------------- */

static void a_failure_is_counted_told_and_waited_for(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_TIMEOUT, 0);
    assert_in_range(next_at() - NOW, 30 * SECONDS, 36 * SECONDS);
    assert_int_equal(saved().attempts, 1);
    assert_int_equal(saved().next_at, next_at() / SECONDS * SECONDS);
    assert_string_equal(saved().error->id, "JA0302");
    assert_string_equal(saved().error->activity, "waiting for validation");
    assert_string_equal(saved().order_url, ORDER);
    assert_int_equal(saved().history->nelts, 1);
    assert_non_null(strstr(lines, "a.jp: JA0302: while waiting for validation: order " ORDER));
    assert_non_null(strstr(lines, "Next try at"));
    fail_with(JA_E_TIMEOUT, 0);
    assert_in_range(next_at() - NOW, 60 * SECONDS, 72 * SECONDS);
    assert_int_equal(saved().attempts, 2);
    assert_int_equal(saved().history->nelts, 2);
}

static void a_refusal_waits_for_people(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_REJECTED_NAME, 0);
    assert_true(next_at() - NOW >= 6 * apr_time_from_sec(HOUR));
}

static void the_ca_s_retry_after_is_kept(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_RATE_LIMITED, NOW + 7200 * SECONDS);
    assert_int_equal(next_at(), NOW + 7200 * SECONDS);
}

static void a_restart_does_not_shorten_the_waiting(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_TIMEOUT, NOW + 7200 * SECONDS);
    load();
    assert_int_equal(next_at(), NOW + 7200 * SECONDS);
    assert_string_equal(domain.job.order_url, ORDER);
    assert_int_equal(domain.job.attempts, 1);
}

/* The CA is not asked for anything. */
static void but_for_a_server_that_may_have_been_mended(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_NOT_TAKEN, 0);
    assert_true(next_at() - NOW >= 6 * apr_time_from_sec(HOUR));
    load();
    assert_true(next_at() <= NOW);
    assert_int_equal(domain.job.started_at, NOW);
}

/* An order that never gets anywhere is not looked at for ever. */
static void every_fifth_failure_forgets_the_order(void **state)
{
    int i;

    (void)state;
    load();
    for (i = 1; i <= 10; i++) {
        fail_with(JA_E_TIMEOUT, 0);
        assert_int_equal(domain.job.order_url == NULL, i % 5 == 0);
        assert_int_equal(saved().order_url == NULL, i % 5 == 0);
    }
}

static void other_names(void)
{
    plan.names = names_of("a.jp", "b.jp", NULL);
}

static void other_keys(void)
{
    plan.keys = specs_of(JA_KEY_P384, JA_SET_NO_SPEC);
}

static void other_ca(void)
{
    ca.url = "https://other.example/directory";
}

static void another_configuration_begins_anew(void **state)
{
    void (*const CHANGES[])(void) = { other_names, other_keys, other_ca };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(CHANGES) / sizeof(CHANGES[0]); i++) {
        load();
        fail_with(JA_E_REJECTED_NAME, 0);
        CHANGES[i]();
        load();
        assert_int_equal(next_at(), NOW);
        assert_null(domain.job.order_url);
        assert_int_equal(domain.job.attempts, 0);
        assert_int_equal(domain.job.started_at, 0);
        assert_null(domain.job.error);
        assert_int_equal(domain.job.history->nelts, (int)i + 1);
    }
}

static void a_clock_that_was_wrong_is_forgiven(void **state)
{
    (void)state;
    now = NOW + 3000 * DAYS;
    load();
    fail_with(JA_E_TIMEOUT, 0);
    now = NOW;
    load();
    assert_int_equal(next_at(), NOW);
    assert_string_equal(domain.job.order_url, ORDER);
}

static void a_store_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    load();
    tree_put(in_store("jobs/a.jp.json"), "{\"state\":\"idle\"}");
    assert_int_equal(unlink(in_store("jobs/a.jp.json")), 0);
    assert_int_equal(mkdir(in_store("jobs/a.jp.json"), 0700), 0);
    fail_with(JA_E_TIMEOUT, 0);
    assert_non_null(strstr(lines, "saving the job"));
    assert_in_range(next_at() - NOW, 30 * SECONDS, 36 * SECONDS);
}

/* ---- news of the sets ------------------------------------------------------------------------ */

/* Call it in a process that can open nothing. */
static void without_descriptors(void (*call)(void))
{
    struct rlimit limit, none;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = limit;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    call();
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void reload(void)
{
    ja_domain_reload(&domain, store, &LOG);
}

/* That there is no certificate can't be told: nothing is ordered before it can. */
static void a_live_set_that_cannot_be_read_at_the_start_is_waited_for(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    without_descriptors(load);
    assert_null(domain.live);
    assert_true(domain.is_unread);
    assert_int_equal(next_at(), NOW + 60 * SECONDS);
    reload();
    assert_non_null(domain.live);
    assert_false(domain.is_unread);
    next_at();
    assert_int_equal(why, JA_DUE_AGE);
}

static void sets_that_cannot_be_read_again_are_still_there(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    load();
    without_descriptors(reload);
    assert_non_null(strstr(lines, "while reading the live set: "));
    assert_non_null(domain.live);
    next_at();
    assert_int_equal(why, JA_DUE_AGE);
    tree_put(in_store("live/a.jp/set.json"), "{");
    ja_domain_reload(&domain, store, &LOG);
    assert_null(domain.live);
}

/* What the CA has failed in is not held against the domain. */
static void an_outage_leaves_short_waits(void **state)
{
    int i;

    (void)state;
    load();
    for (i = 0; i < 480; i++) {
        fail_with(JA_E_CA_INTERNAL, 0);
        assert_true(domain.job.next_at - now <= 36 * 60 * SECONDS);
        now = domain.job.next_at;
    }
    fail_with(JA_E_TIMEOUT, 0); /* of class CA as well */
    assert_true(domain.job.next_at - now <= 36 * 60 * SECONDS);
    fail_with(JA_E_VALIDATION_CONNECT, 0);
    assert_in_range(domain.job.next_at - now, 30 * SECONDS, 36 * SECONDS);
    load();
    fail_with(JA_E_VALIDATION_CONNECT, 0);
    assert_in_range(domain.job.next_at - now, 60 * SECONDS, 72 * SECONDS);
    assert_int_equal(domain.job.attempts, 483);
}

/* One for which the connection is always broken is not let loose on the others by their answers. */
static void who_fails_alone_keeps_his_time(void **state)
{
    const unsigned ca_class = 1u << JA_RETRY_CA;

    (void)state;
    load();
    fail_with(JA_E_CUT, 0);
    assert_true(ja_domain_awaits(&domain, ca_class));
    fail_with(JA_E_CUT, 0);
    assert_false(ja_domain_awaits(&domain, ca_class));
    now += 61 * SECONDS;
    assert_true(ja_domain_awaits(&domain, ca_class));
    assert_false(ja_domain_awaits(&domain, 1u << JA_RETRY_HOLD));
}

/* An order gets old enough for that when something else has failed before. */
static void a_spent_order_is_replaced_at_once_whatever_was_before(void **state)
{
    int i;

    (void)state;
    load();
    for (i = 0; i < 9; i++) {
        fail_with(JA_E_VALIDATION_CONNECT, 0);
    }
    fail_with(JA_E_ORDER_EXPIRED, 0);
    assert_true(domain.job.next_at == now);
    load();
    fail_with(JA_E_ORDER_REFUSED, 0);
    assert_true(domain.job.next_at >= now + 30 * SECONDS);
}

/* That is kept for what is live. */
static void responder_says(int status)
{
    const issued_t issued = issue_leaf(NULL);
    response_t what = GOOD_RESPONSE;
    const ja_set_t *set;
    ja_bytes_t der;
    ja_item_t item = { .is_secret = 1 };

    what.status = status;
    what.revoked_s = -HOUR;
    der = respond(&what, &issued);
    works(ja_set_load(&set, store, JA_GROUP_LIVE, NAME, pool, pool));
    item.item = ja_response_item(APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts.sha256, pool);
    item.bytes = der.bytes;
    item.len = der.len;
    works(ja_store_save(store, JA_GROUP_OCSP, NULL, &item, JA_FS_LAZY, pool));
}

#define IS_REVOKED \
    "a.jp: JA0515: while watching the certificate in use: the certificate in use is revoked"

static int times_told(void)
{
    const char *line = lines;
    int n = 0;

    while ((line = strstr(line, IS_REVOKED)) != NULL) {
        line++;
        n++;
    }
    return n;
}

/* Told once, also over restarts; and what the rollback says does not hold. */
static void a_revoked_live_set_is_told_once_and_replaced(void **state)
{
    apr_time_t at;
    int done;

    (void)state;
    make_live(P256_ONLY, 0);
    make_live(P256_ONLY, 1);
    works(ja_rollback_ask(&at, store, NAME, NOW, pool));
    works(ja_rollback_carry_out(&done, store, &plan, 0, NOW + 2 * SECONDS, pool));
    now += 10 * SECONDS;
    plan.names = names_of("a.jp", "new.a.jp", NULL);
    load();
    responder_says(V_OCSP_CERTSTATUS_GOOD);
    ja_domain_responded(&domain, store, &LOG);
    next_at();
    assert_int_equal(why, JA_DUE_HELD);
    assert_int_equal(times_told(), 0);
    responder_says(V_OCSP_CERTSTATUS_REVOKED);
    ja_domain_responded(&domain, store, &LOG);
    assert_in_range(next_at() - now, 30 * SECONDS, 36 * SECONDS);
    assert_int_equal(why, JA_DUE_REVOKED);
    ja_domain_responded(&domain, store, &LOG);
    load();
    assert_int_equal(times_told(), 1);
    assert_string_equal(domain.job.error->id, "JA0515");
    assert_int_equal(domain.job.attempts, 1);
    assert_in_range(next_at() - now, 30 * SECONDS, 36 * SECONDS);
    plan.names = names;
    staged(P256_ONLY, 20);
    succeed();
    next_at();
    assert_int_equal(why, JA_DUE_AGE);
    assert_int_equal(times_told(), 1);
}

static void a_response_at_the_start_is_heard(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    responder_says(V_OCSP_CERTSTATUS_REVOKED);
    load();
    assert_int_equal(times_told(), 1);
    next_at();
    assert_int_equal(why, JA_DUE_REVOKED);
}

/* The command has had it revoked: that may be seen at either occasion. */
static void a_set_that_somebody_had_revoked_is_replaced(void **state)
{
    const ja_set_t *set;

    (void)state;
    make_live(P256_ONLY, 0);
    load();
    works(ja_set_load(&set, store, JA_GROUP_LIVE, NAME, pool, pool));
    works(ja_revocation_save(store, APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts.sha256,
                             "superseded", now, pool));
    ja_domain_reload(&domain, store, &LOG);
    ja_domain_responded(&domain, store, &LOG);
    assert_int_equal(times_told(), 1);
    assert_in_range(next_at() - now, 30 * SECONDS, 36 * SECONDS);
    assert_int_equal(why, JA_DUE_REVOKED);
}

static void one_that_was_on_hold_and_is_good_again_stays(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    load();
    responder_says(V_OCSP_CERTSTATUS_REVOKED);
    ja_domain_responded(&domain, store, &LOG);
    responder_says(V_OCSP_CERTSTATUS_GOOD);
    ja_domain_responded(&domain, store, &LOG);
    assert_in_range(next_at() - NOW, 60 * DAYS, 61 * DAYS);
    assert_int_equal(why, JA_DUE_AGE);
    assert_int_equal(saved().attempts, 0);
    assert_int_equal(saved().next_at, 0);
}

/* A CA that revokes whatever it has issued is asked less and less often. */
static void one_revoked_set_after_the_other_backs_off(void **state)
{
    apr_time_t wait = 0;
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        now += 3600 * SECONDS;
        make_live(P256_ONLY, 3600L * (i + 1));
        responder_says(V_OCSP_CERTSTATUS_REVOKED);
        load();
        assert_int_equal(times_told(), i + 1);
        assert_true(next_at() - now > wait);
        wait = next_at() - now;
        staged(P256_ONLY, 3600L * (i + 1) + 1);
        succeed();
    }
    assert_true(wait >= 900 * SECONDS);
}

/* Another one is there already, or none is wanted: there is no next try. */
static void what_needs_no_attempt_is_told_all_the_same(void **state)
{
    (void)state;
    make_live(P256_ONLY, 0);
    plan.renew = JA_RENEW_MANUAL;
    load();
    responder_says(V_OCSP_CERTSTATUS_REVOKED);
    ja_domain_responded(&domain, store, &LOG);
    ja_domain_responded(&domain, store, &LOG);
    load();
    assert_int_equal(times_told(), 1);
    assert_null(strstr(lines, "Next try"));
    assert_int_equal(next_at(), 0);
    assert_int_equal(saved().attempts, 0);
}

/* ---- success --------------------------------------------------------------------------------- */

static void a_success_ends_the_job(void **state)
{
    (void)state;
    load();
    staged(P256_ONLY, 0);
    succeed();
    assert_non_null(domain.staged);
    assert_in_range(next_at() - NOW, 60 * DAYS, 61 * DAYS);
    assert_int_equal(saved().state, JA_ST_IDLE);
    assert_int_equal(saved().attempts, 0);
    assert_int_equal(saved().next_at, 0);
    assert_int_equal(saved().started_at, 0);
    assert_null(saved().error);
    assert_null(saved().order_url);
    assert_string_equal(APR_ARRAY_IDX(saved().history, 0, ja_job_event_t).event, "staged");
    assert_non_null(strstr(lines, "a.jp: JA0006: staged"));
    assert_null(strstr(lines, "recovered"));
}

static void after_failures_it_is_a_recovery(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_TIMEOUT, 0);
    fail_with(JA_E_TIMEOUT, 0);
    staged(P256_ONLY, 0);
    succeed();
    assert_non_null(strstr(lines, "a.jp: JA0008: recovered: after 2 failed attempts"));
    assert_int_equal(saved().attempts, 0);
    assert_int_equal(saved().history->nelts, 3);
}

/* Whatever has become of the new set: the CA is not asked for one after the other, also not after
 * a restart. */
static void a_success_that_does_not_help_is_not_repeated_at_once(void **state)
{
    (void)state;
    load();
    succeed();
    assert_int_equal(next_at() - NOW, apr_time_from_sec(HOUR));
    load();
    assert_int_equal(next_at() - NOW, apr_time_from_sec(HOUR));
    other_names();
    load();
    assert_int_equal(next_at(), NOW);
}

/* Killed after staging, before the job said so; then a restart has made the set live. */
static void what_the_sets_say_is_done_is_done(void **state)
{
    (void)state;
    load();
    fail_with(JA_E_TIMEOUT, 0);
    make_live(P256_ONLY, 0);
    load();
    assert_null(domain.job.order_url);
    assert_int_equal(domain.job.started_at, 0);
    assert_int_equal(domain.job.attempts, 0);
    assert_null(saved().order_url);
    assert_in_range(next_at() - NOW, 60 * DAYS, 61 * DAYS);
}

/* Years of it take no more memory than one. */
static void memory_does_not_grow(void **state)
{
    apr_pool_t *before = NULL;
    int i;

    (void)state;
    load();
    for (i = 0; i < 50; i++) {
        fail_with(JA_E_TIMEOUT, 0);
        assert_ptr_not_equal(domain.pool, before);
        assert_ptr_equal(apr_pool_parent_get(domain.pool), pool);
        before = domain.pool;
    }
    assert_int_equal(domain.job.history->nelts, JA_JOB_HISTORY_MAX);
}

/* Its names are not those of the configuration, so it would be due at once. */
static void a_set_that_was_put_back_is_not_renewed_at_once(void **state)
{
    apr_time_t at;
    int done;

    (void)state;
    make_live(P256_ONLY, 0);
    make_live(P256_ONLY, 1);
    plan.names = names_of("a.jp", "new.a.jp", NULL);
    load();
    assert_int_equal(next_at(), now);
    works(ja_rollback_ask(&at, store, NAME, NOW, pool));
    now += 10 * SECONDS;
    works(ja_rollback_carry_out(&done, store, &plan, 0, now, pool));
    assert_true(done);
    ja_domain_reload(&domain, store, &LOG);
    assert_int_equal(next_at(), NOW + 10 * SECONDS + JA_DUE_HOLD);
    assert_int_equal(why, JA_DUE_HELD);
    load(); /* nor after a restart */
    assert_int_equal(next_at(), NOW + 10 * SECONDS + JA_DUE_HOLD);
    now += JA_DUE_HOLD;
    assert_int_equal(next_at(), now);
    assert_int_equal(why, JA_DUE_NAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        DOMAIN_TEST(a_set_that_was_put_back_is_not_renewed_at_once),
        DOMAIN_TEST(who_fails_alone_keeps_his_time),
        DOMAIN_TEST(an_outage_leaves_short_waits),
        DOMAIN_TEST(a_spent_order_is_replaced_at_once_whatever_was_before),
        DOMAIN_TEST(a_revoked_live_set_is_told_once_and_replaced),
        DOMAIN_TEST(a_response_at_the_start_is_heard),
        DOMAIN_TEST(a_set_that_somebody_had_revoked_is_replaced),
        DOMAIN_TEST(one_that_was_on_hold_and_is_good_again_stays),
        DOMAIN_TEST(one_revoked_set_after_the_other_backs_off),
        DOMAIN_TEST(what_needs_no_attempt_is_told_all_the_same),
        DOMAIN_TEST(without_anything_it_is_due_at_once),
        DOMAIN_TEST(not_wanted_it_is_never_due),
        DOMAIN_TEST(a_live_set_is_renewed_by_its_age),
        DOMAIN_TEST(a_staged_set_counts),
        DOMAIN_TEST(what_is_damaged_is_told_and_counts_as_nothing),
        DOMAIN_TEST(a_bad_staged_set_is_removed),
        DOMAIN_TEST(a_staged_set_for_other_names_stays_until_there_is_a_better_one),
        DOMAIN_TEST(a_failure_is_counted_told_and_waited_for),
        DOMAIN_TEST(a_refusal_waits_for_people),
        DOMAIN_TEST(the_ca_s_retry_after_is_kept),
        DOMAIN_TEST(a_restart_does_not_shorten_the_waiting),
        DOMAIN_TEST(but_for_a_server_that_may_have_been_mended),
        DOMAIN_TEST(every_fifth_failure_forgets_the_order),
        DOMAIN_TEST(another_configuration_begins_anew),
        DOMAIN_TEST(a_clock_that_was_wrong_is_forgiven),
        DOMAIN_TEST(a_store_that_cannot_be_written_is_told),
        DOMAIN_TEST(a_live_set_that_cannot_be_read_at_the_start_is_waited_for),
        DOMAIN_TEST(sets_that_cannot_be_read_again_are_still_there),
        DOMAIN_TEST(a_success_ends_the_job),
        DOMAIN_TEST(after_failures_it_is_a_recovery),
        DOMAIN_TEST(a_success_that_does_not_help_is_not_repeated_at_once),
        DOMAIN_TEST(what_the_sets_say_is_done_is_done),
        DOMAIN_TEST(memory_does_not_grow),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

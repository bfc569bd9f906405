#include "sample.h"

#include <string.h>

/* What a domain may have, for the table below. */
typedef enum {
    NONE,
    GOOD,
    OLD,
    DEAD,
    OTHER
} set_kind_t;
typedef enum {
    IDLE,
    BUSY,
    FAILED,
    AGAIN
} job_kind_t;
typedef enum {
    OK,
    ABSENT,
    REFUSED,
    HELD,
    STALE
} account_kind_t;

static const ja_set_t *set_of(set_kind_t kind)
{
    ja_set_t *set = NULL;

    switch (kind) {
    case NONE:
        break;
    case GOOD:
        return sample_set(-DAY, 89L * DAY);
    case OLD:
        return sample_set(-70L * DAY, 20L * DAY);
    case DEAD:
        return sample_set(-91L * DAY, -DAY);
    case OTHER:
        set = sample_set(-DAY, 89L * DAY);
        APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t).facts.names = names_of("b.jp", NULL);
        break;
    }
    return set;
}

static const ja_job_t *job_of(job_kind_t kind)
{
    ja_job_t *job = kind == FAILED  ? sample_failed("no", 60, 300)
                    : kind == AGAIN ? sample_failed("no", 60, -1)
                                    : sample_job();

    if (kind == BUSY || kind == AGAIN) {
        job->started_at = NOW - apr_time_from_sec(5);
        job->state = JA_ST_VALIDATE;
    }
    return job;
}

static const ja_account_file_t *account_of(account_kind_t kind)
{
    ja_account_file_t *account = kind == ABSENT ? NULL : sample_account();

    if (kind == REFUSED || kind == HELD || kind == STALE) {
        account->error = sample_failed("EAB", 10, 0)->error;
        account->attempts = 7;
        account->next_at = NOW + apr_time_from_sec(600);
    }
    if (kind == REFUSED) {
        account->url = NULL;
    }
    if (kind == HELD) {
        account->held = 1;
    }
    return account;
}

typedef struct {
    const char *what;
    ja_renew_t renew;
    set_kind_t live, staged;
    job_kind_t job;
    account_kind_t account;
    ja_report_state_t state;
    ja_report_next_t next;
    long next_s; /* after NOW; -1: no time */
    int attempts;
    int is_bad;
} case_t;

#define ALWAYS  JA_RENEW_ALWAYS
#define MANUAL  JA_RENEW_MANUAL
#define R(name) JA_REPORT_##name
#define DAYS(n) (n##L * DAY)

/* clang-format off */
static const case_t CASES[] = {
    { "all is well",
      ALWAYS, GOOD,  NONE,  IDLE,   OK,      R(VALID),    R(RENEW),    DAYS(59), 0, 0 },
    { "nothing yet, no account",
      ALWAYS, NONE,  NONE,  IDLE,   ABSENT,  R(ISSUING),  R(REGISTER), 0,        0, 1 },
    { "nothing yet, account",
      ALWAYS, NONE,  NONE,  IDLE,   OK,      R(ISSUING),  R(OBTAIN),   0,        0, 1 },
    { "first order under way",
      ALWAYS, NONE,  NONE,  BUSY,   OK,      R(ISSUING),  R(CONTINUE), 0,        0, 1 },
    { "first order failed",
      ALWAYS, NONE,  NONE,  FAILED, OK,      R(ERROR),    R(RETRY),    300,      3, 1 },
    { "tried again",
      ALWAYS, NONE,  NONE,  AGAIN,  OK,      R(ERROR),    R(CONTINUE), 0,        3, 1 },
    { "registration failed",
      ALWAYS, NONE,  NONE,  IDLE,   REFUSED, R(ERROR),    R(REGISTER), 600,      7, 1 },
    { "the account is held",
      ALWAYS, NONE,  NONE,  IDLE,   HELD,    R(ERROR),    R(ACCOUNT),  600,      7, 1 },
    { "the account is held, nothing to do",
      ALWAYS, GOOD,  NONE,  IDLE,   HELD,    R(VALID),    R(RENEW),    DAYS(59), 0, 0 },
    { "update of the account failed",
      ALWAYS, GOOD,  NONE,  IDLE,   STALE,   R(VALID),    R(RENEW),    DAYS(59), 0, 0 },
    { "account lost, nothing to do",
      ALWAYS, GOOD,  NONE,  IDLE,   REFUSED, R(VALID),    R(RENEW),    DAYS(59), 0, 0 },
    { "first set staged",
      ALWAYS, NONE,  GOOD,  IDLE,   OK,      R(STAGED),   R(RESTART),  -1,       0, 1 },
    { "renewal due",
      ALWAYS, OLD,   NONE,  IDLE,   OK,      R(RENEWING), R(RENEW),    0,        0, 0 },
    { "renewal under way",
      ALWAYS, OLD,   NONE,  BUSY,   OK,      R(RENEWING), R(CONTINUE), 0,        0, 0 },
    { "renewal failed",
      ALWAYS, OLD,   NONE,  FAILED, OK,      R(ERROR),    R(RETRY),    300,      3, 1 },
    { "renewal staged",
      ALWAYS, OLD,   GOOD,  IDLE,   OK,      R(STAGED),   R(RESTART),  -1,       0, 0 },
    { "staged set became old",
      ALWAYS, OLD,   OLD,   FAILED, OK,      R(ERROR),    R(RETRY),    300,      3, 1 },
    { "staged set does not fit",
      ALWAYS, OLD,   OTHER, IDLE,   OK,      R(RENEWING), R(RENEW),    0,        0, 0 },
    { "a name was added",
      ALWAYS, OTHER, NONE,  IDLE,   OK,      R(RENEWING), R(RENEW),    0,        0, 0 },
    { "expired",
      ALWAYS, DEAD,  NONE,  FAILED, OK,      R(EXPIRED),  R(RETRY),    300,      3, 1 },
    { "expired, new set staged",
      ALWAYS, DEAD,  GOOD,  IDLE,   OK,      R(EXPIRED),  R(RESTART),  -1,       0, 1 },
    { "an error of former times",
      ALWAYS, GOOD,  NONE,  FAILED, OK,      R(VALID),    R(RENEW),    DAYS(59), 0, 0 },
    { "not wanted",
      MANUAL, NONE,  NONE,  IDLE,   ABSENT,  R(IDLE),     R(NOTHING),  -1,       0, 0 },
    { "not wanted any more",
      MANUAL, OLD,   NONE,  FAILED, OK,      R(VALID),    R(NOTHING),  -1,       0, 0 },
    { "not wanted any more, expired",
      MANUAL, DEAD,  NONE,  IDLE,   OK,      R(EXPIRED),  R(NOTHING),  -1,       0, 1 },
};
/* clang-format on */

static ja_report_domain_t derived(const case_t *c)
{
    ja_plan_domain_t *plan = sample_domain();
    ja_derive_t from = { .plan = plan, .now = NOW };

    plan->renew = c->renew;
    from.live = set_of(c->live);
    from.staged = set_of(c->staged);
    from.job = job_of(c->job);
    from.account = account_of(c->account);
    return ja_derive_domain(&from);
}

static void check(const case_t *c)
{
    ja_report_domain_t domain = derived(c);
    apr_time_t at = c->next_s < 0 ? 0 : NOW + apr_time_from_sec(c->next_s);

    print_message("%s\n", c->what);
    assert_string_equal(ja_enumstr_print(&ja_report_state_names, (int)domain.state),
                        ja_enumstr_print(&ja_report_state_names, (int)c->state));
    assert_string_equal(ja_enumstr_print(&ja_report_next_names, (int)domain.next_action),
                        ja_enumstr_print(&ja_report_next_names, (int)c->next));
    assert_int_equal(domain.next_at, at);
    assert_int_equal(domain.attempts, c->attempts);
    assert_int_equal(domain.error != NULL, c->attempts > 0);
    assert_int_equal(domain.activity != NULL, c->job == BUSY || c->job == AGAIN);
    assert_int_equal(ja_report_domain_is_bad(&domain), c->is_bad);
}

static void state_and_next_follow_from_what_there_is(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        check(&CASES[i]);
    }
}

/* What is due and not begun waits for it; after a failure, if it lasts longer than that does. */
static void what_the_governor_holds_back_says_so(void **state)
{
    ja_derive_t from = sample_bare();
    ja_report_domain_t domain;

    (void)state;
    from.waits_until = NOW + apr_time_from_sec(400);
    from.waits_for = JA_GOVERNOR_HELD;
    domain = ja_derive_domain(&from);
    assert_int_equal(domain.state, JA_REPORT_ISSUING);
    assert_int_equal(domain.next_action, JA_REPORT_WAIT);
    assert_int_equal(domain.waits_for, JA_GOVERNOR_HELD);
    assert_int_equal(domain.next_at, NOW + apr_time_from_sec(400));
    from.job = sample_failed("text", 60, 300);
    domain = ja_derive_domain(&from);
    assert_int_equal(domain.state, JA_REPORT_ERROR);
    assert_int_equal(domain.next_action, JA_REPORT_WAIT);
    from.job = sample_failed("text", 60, 500);
    domain = ja_derive_domain(&from);
    assert_int_equal(domain.next_action, JA_REPORT_RETRY);
    assert_int_equal(domain.next_at, NOW + apr_time_from_sec(500));
    assert_int_equal(domain.waits_for, JA_GOVERNOR_FREE);
    from.live = sample_set(-DAY, 89 * DAY);
    assert_int_equal(ja_derive_domain(&from).next_action, JA_REPORT_RENEW);
}

/* Not due, whatever the old set looks like, and it says why. */
static void a_set_that_was_put_back_is_held(void **state)
{
    ja_derive_t from = { .plan = sample_domain(),
                         .live = sample_set(-80 * DAY, 10 * DAY),
                         .job = sample_failed("text", 60, 300),
                         .account = sample_account(),
                         .now = NOW,
                         .restored_at = NOW - apr_time_from_sec(3600) };
    ja_report_domain_t domain = ja_derive_domain(&from);

    (void)state;
    assert_int_equal(domain.state, JA_REPORT_VALID);
    assert_int_equal(domain.next_action, JA_REPORT_HELD);
    assert_int_equal(domain.next_at, NOW + apr_time_from_sec(23 * 3600));
    assert_null(domain.error);
    from.restored_at = NOW - apr_time_from_sec(DAY);
    domain = ja_derive_domain(&from);
    assert_int_equal(domain.next_action, JA_REPORT_RETRY);
}

static void what_is_revoked_is_bad_until_another_one_is_live(void **state)
{
    ja_derive_t from = { .plan = sample_domain(),
                         .live = sample_set(-DAY, 89 * DAY),
                         .job = sample_job(),
                         .account = sample_account(),
                         .now = NOW,
                         .is_revoked = 1,
                         .restored_at = NOW - apr_time_from_sec(3600) };
    ja_report_domain_t domain = ja_derive_domain(&from);

    (void)state;
    assert_int_equal(domain.state, JA_REPORT_REVOKED);
    assert_int_equal(domain.next_action, JA_REPORT_RENEW);
    assert_int_equal(domain.next_at, NOW);
    assert_true(ja_report_domain_is_bad(&domain));
    from.job = sample_failed("text", 60, 300);
    domain = ja_derive_domain(&from);
    assert_int_equal(domain.state, JA_REPORT_REVOKED);
    assert_int_equal(domain.next_action, JA_REPORT_RETRY);
    assert_string_equal(domain.error->text, "text");
    from.staged = sample_set(0, 90 * DAY);
    domain = ja_derive_domain(&from);
    assert_int_equal(domain.state, JA_REPORT_REVOKED);
    assert_int_equal(domain.next_action, JA_REPORT_RESTART);
}

/* What is staged goes its way by itself, or waits for somebody. */
static void next_of_what_is_staged_follows_from_its_gate(void **state)
{
    static const struct {
        ja_activation_t activation;
        ja_gate_t gate;
        ja_report_next_t next;
        long next_s; /* -1: none */
    } GATES[] = {
        { JA_ACTIVATION_HOT, { JA_GATE_OPEN, 0, 0 }, JA_REPORT_GO_LIVE, -1 },
        { JA_ACTIVATION_GRACEFUL, { JA_GATE_OPEN, 0, 0 }, JA_REPORT_GO_LIVE, -1 },
        { JA_ACTIVATION_MANUAL, { JA_GATE_OPEN, 0, 0 }, JA_REPORT_RESTART, -1 },
        { JA_ACTIVATION_HOT, { JA_GATE_WAITS, 1, NOW + 7000000 }, JA_REPORT_OCSP, 7 },
        { JA_ACTIVATION_HOT, { JA_GATE_WAITS, 1, 0 }, JA_REPORT_OCSP, -1 },
        { JA_ACTIVATION_MANUAL, { JA_GATE_WAITS, 1, NOW + 8000000 }, JA_REPORT_RESTART, 8 },
        { JA_ACTIVATION_HOT, { JA_GATE_WAITS, 0, NOW + 9000000 }, JA_REPORT_DELAY, 9 },
        { JA_ACTIVATION_HOT, { JA_GATE_SHUT, 0, 0 }, JA_REPORT_RENEW, 0 },
    };
    ja_derive_t from = { .plan = sample_domain(),
                         .staged = sample_set(-DAY, 89L * DAY),
                         .job = sample_job(),
                         .account = sample_account(),
                         .now = NOW };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(GATES) / sizeof(GATES[0]); i++) {
        ja_plan_domain_t plan = *sample_domain();
        ja_report_domain_t domain;

        plan.activation = GATES[i].activation;
        from.plan = &plan;
        from.gate = GATES[i].gate;
        domain = ja_derive_domain(&from);
        assert_int_equal(domain.state, JA_REPORT_STAGED);
        assert_int_equal(domain.next_action, GATES[i].next);
        if (GATES[i].next != JA_REPORT_RENEW) {
            assert_int_equal(domain.next_at,
                             GATES[i].next_s < 0 ? 0 : NOW + apr_time_from_sec(GATES[i].next_s));
        }
    }
}

static void activity_is_that_of_the_flow(void **state)
{
    const case_t busy = { "", ALWAYS, NONE, NONE, BUSY, OK, 0, 0, 0, 0, 0 };

    (void)state;
    assert_string_equal(derived(&busy).activity, "waiting for validation");
}

static void validity_is_that_of_the_first_to_expire(void **state)
{
    ja_set_t *set = sample_set(-DAY, 89L * DAY);
    ja_set_cert_t other = APR_ARRAY_IDX(set->certs, 0, ja_set_cert_t);
    ja_derive_t from = { .plan = sample_domain(), .live = set, .job = sample_job(), .now = NOW };

    (void)state;
    other.spec = JA_KEY_RSA2048;
    other.facts.not_after = NOW + apr_time_from_sec(50L * DAY);
    APR_ARRAY_PUSH((apr_array_header_t *)set->certs, ja_set_cert_t) = other;
    assert_int_equal(ja_derive_domain(&from).not_after, other.facts.not_after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(state_and_next_follow_from_what_there_is),
        TEST(what_the_governor_holds_back_says_so),
        TEST(a_set_that_was_put_back_is_held),
        TEST(what_is_revoked_is_bad_until_another_one_is_live),
        TEST(next_of_what_is_staged_follows_from_its_gate),
        TEST(activity_is_that_of_the_flow),
        TEST(validity_is_that_of_the_first_to_expire),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

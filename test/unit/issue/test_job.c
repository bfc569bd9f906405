#include "../base/check.h"

#include <unistd.h>

#include <apr_strings.h>

#include "../store/tree.h"
#include "issue/due.h"
#include "issue/job.h"
#include "pki/key.h"

#define NOW apr_time_from_sec(1893456000)

static const char *dir;
static ja_store_t *store;

static int job_begins(void **state)
{
    if (pool_begins(state) != 0) {
        return -1;
    }
    dir = tree_dir(pool);
    store = tree_store(dir, geteuid(), pool);
    return 0;
}

#define JOB_TEST(FN) cmocka_unit_test_setup_teardown(FN, job_begins, pool_ends)

static const char *file_of(const char *item)
{
    return tree_path(pool, "%s/store/jobs/%s", dir, item);
}

static ja_err_t *damage;

static ja_job_t loaded(const char *name)
{
    ja_job_t job;

    ja_job_load(&job, &damage, store, name, pool, pool);
    return job;
}

static void check_empty(const ja_job_t *job)
{
    assert_int_equal(job->state, JA_ST_IDLE);
    assert_int_equal(job->spec, -1);
    assert_int_equal(job->why, -1);
    assert_null(job->order_url);
    assert_null(job->thumbprint);
    assert_null(job->fingerprint);
    assert_null(job->error);
    assert_int_equal(job->attempts, 0);
    assert_int_equal(job->next_at, 0);
    assert_int_equal(job->started_at, 0);
    assert_int_equal(job->challenges->nelts, 0);
    assert_int_equal(job->history->nelts, 0);
}

static void add_challenge(ja_job_t *job, const char *name, const char *token)
{
    APR_ARRAY_PUSH((apr_array_header_t *)job->challenges, ja_job_challenge_t) =
        (ja_job_challenge_t){ "http-01", name, token };
}

/* With `count` subproblems of that text. */
static ja_err_t *refused_with(const char *text, int count)
{
    ja_problem_t *subs = apr_pcalloc(pool, sizeof(*subs) * (size_t)count);
    ja_problem_t *problem = apr_pcalloc(pool, sizeof(*problem));
    ja_err_t *err = ja_err_make(JA_E_BAD_NAME, pool, "new order");
    int i;

    for (i = 0; i < count; i++) {
        subs[i] = (ja_problem_t){ "caa", text, text, i > 0 ? text : NULL, NULL, 0 };
    }
    subs[count - 1].value = NULL;
    *problem = (ja_problem_t){ "malformed", text, text, "a.jp", subs, count };
    err->problem = problem;
    return err;
}

/* One with a value in every field. */
static ja_job_t full_job(void)
{
    ja_job_t job = loaded("new.jp");

    job.state = JA_ST_VALIDATE;
    job.spec = JA_KEY_P384;
    job.order_url = "https://ca.example/order/1";
    job.thumbprint = "0123456789012345678901234567890123456789012";
    add_challenge(&job, "a.jp", "token-a");
    add_challenge(&job, "b.jp", "token-b");
    job.why = JA_DUE_NAMES;
    job.attempts = 7;
    job.started_at = NOW;
    job.next_at = NOW + apr_time_from_sec(30);
    job.fingerprint = "0123456789abcdef0123456789abcdef";
    job.error = ja_job_error_make(refused_with("no", 2), "waiting", NOW, pool);
    ja_job_note(&job, "errored", "polling", NOW, pool);
    ja_job_note(&job, "staged", NULL, NOW + apr_time_from_sec(1), pool);
    return job;
}

static void check_equal_subs(const ja_job_sub_t *a, const ja_job_sub_t *b)
{
    assert_string_equal(a->type, b->type);
    assert_string_equal(a->detail, b->detail);
    assert_true(a->name == b->name || strcmp(a->name, b->name) == 0);
    assert_true(a->value == b->value || strcmp(a->value, b->value) == 0);
}

static void check_equal(const ja_job_t *a, const ja_job_t *b)
{
    int i;

    assert_int_equal(a->state, b->state);
    assert_int_equal(a->spec, b->spec);
    assert_string_equal(a->order_url, b->order_url);
    assert_string_equal(a->thumbprint, b->thumbprint);
    assert_int_equal(a->why, b->why);
    assert_int_equal(a->attempts, b->attempts);
    assert_int_equal(a->started_at, b->started_at);
    assert_int_equal(a->next_at, b->next_at);
    assert_string_equal(a->fingerprint, b->fingerprint);
    assert_string_equal(a->error->id, b->error->id);
    assert_string_equal(a->error->text, b->error->text);
    assert_string_equal(a->error->activity, b->error->activity);
    assert_int_equal(a->error->at, b->error->at);
    assert_string_equal(a->error->value, b->error->value);
    assert_int_equal(a->error->subs->nelts, b->error->subs->nelts);
    for (i = 0; i < a->error->subs->nelts; i++) {
        check_equal_subs(&APR_ARRAY_IDX(a->error->subs, i, ja_job_sub_t),
                         &APR_ARRAY_IDX(b->error->subs, i, ja_job_sub_t));
    }
    assert_int_equal(a->challenges->nelts, b->challenges->nelts);
    for (i = 0; i < a->challenges->nelts; i++) {
        const ja_job_challenge_t *x = &APR_ARRAY_IDX(a->challenges, i, ja_job_challenge_t);
        const ja_job_challenge_t *y = &APR_ARRAY_IDX(b->challenges, i, ja_job_challenge_t);

        assert_string_equal(x->type, y->type);
        assert_string_equal(x->name, y->name);
        assert_string_equal(x->token, y->token);
    }
    assert_int_equal(a->history->nelts, b->history->nelts);
    assert_string_equal(APR_ARRAY_IDX(a->history, 0, ja_job_event_t).text, "polling");
    assert_null(APR_ARRAY_IDX(a->history, 1, ja_job_event_t).text);
    assert_int_equal(APR_ARRAY_IDX(a->history, 1, ja_job_event_t).at, NOW + apr_time_from_sec(1));
}

static void none_is_an_empty_one(void **state)
{
    ja_job_t job = loaded("a.jp");

    (void)state;
    assert_null(damage);
    check_empty(&job);
}

static void comes_back_as_it_was_saved(void **state)
{
    ja_job_t job = full_job();
    ja_job_t empty = loaded("b.jp");
    ja_job_t back;

    (void)state;
    WORKS(ja_job_save(&job, store, "a.jp", JA_FS_DURABLE, pool));
    back = loaded("a.jp");
    assert_null(damage);
    check_equal(&back, &job);
    WORKS(ja_job_save(&empty, store, "b.jp", JA_FS_LAZY, pool));
    back = loaded("b.jp");
    assert_null(damage);
    check_empty(&back);
}

static void is_for_the_server_alone(void **state)
{
    ja_job_t job = full_job();

    (void)state;
    WORKS(ja_job_save(&job, store, "a.jp", JA_FS_LAZY, pool));
    assert_int_equal(tree_mode(file_of("a.jp.json")), 0600);
}

static void a_wildcard_has_a_file_of_its_own(void **state)
{
    ja_job_t job = full_job();

    (void)state;
    WORKS(ja_job_save(&job, store, "*.a.jp", JA_FS_LAZY, pool));
    assert_true(tree_has(file_of("_wildcard.a.jp.json")));
    assert_string_equal(loaded("*.a.jp").order_url, job.order_url);
    assert_null(loaded("a.jp").order_url);
}

static void damage_is_told_and_costs_the_job_only(void **state)
{
    static const char *const BAD[] = {
        "",
        "{",
        "[]",
        "null",
        "{}",
        "{\"state\":\"somewhere\"}",
        "{\"state\":7}",
        "{\"state\":\"idle\",\"attempts\":-1}",
        "{\"state\":\"idle\",\"attempts\":1000000001}",
        "{\"state\":\"idle\",\"attempts\":\"2\"}",
        "{\"state\":\"idle\",\"key\":\"dsa\"}",
        "{\"state\":\"idle\",\"next\":\"tomorrow\"}",
        "{\"state\":\"idle\",\"challenges\":{}}",
        "{\"state\":\"idle\",\"challenges\":[{\"type\":\"http-01\"}]}",
        "{\"state\":\"idle\",\"history\":[1]}",
        "{\"state\":\"idle\",\"error\":{}}",
        "{\"state\":\"idle\",\"state\":\"order\"}",
        "{\"state\":\"idle\"} x",
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
        ja_job_t job;

        tree_put(file_of("a.jp.json"), BAD[i]);
        job = loaded("a.jp");
        assert_non_null(damage);
        assert_non_null(strstr(ja_err_text(damage, pool), file_of("a.jp.json")));
        check_empty(&job);
    }
}

static void a_link_is_not_followed(void **state)
{
    ja_job_t job = full_job();

    (void)state;
    WORKS(ja_job_save(&job, store, "b.jp", JA_FS_LAZY, pool));
    assert_int_equal(symlink("b.jp.json", file_of("a.jp.json")), 0);
    job = loaded("a.jp");
    assert_non_null(damage);
    assert_int_equal(damage->code, JA_E_UNTRUSTED);
    check_empty(&job);
}

static void unknown_members_are_let_be(void **state)
{
    (void)state;
    tree_put(file_of("a.jp.json"),
             "{\"state\":\"order\",\"later\":{\"version\":2},\"error\":null}");
    assert_int_equal(loaded("a.jp").state, JA_ST_ORDER);
    assert_null(damage);
}

static void a_file_without_end_is_refused(void **state)
{
    char *text = apr_palloc(pool, JA_STORE_MAX_ITEM + 2);

    (void)state;
    memset(text, ' ', JA_STORE_MAX_ITEM + 1);
    text[JA_STORE_MAX_ITEM + 1] = '\0';
    tree_put(file_of("a.jp.json"), text);
    loaded("a.jp");
    assert_non_null(damage);
    assert_int_equal(damage->code, JA_E_TOO_LARGE);
}

static const char *long_text(char of, apr_size_t len)
{
    char *text = apr_palloc(pool, len + 1);

    memset(text, of, len);
    text[len] = '\0';
    return text;
}

/* What the CA says may be long and full of characters that are escaped: the job is never too
 * large to be read again. */
static void the_largest_job_can_be_read_again(void **state)
{
    ja_job_t job = full_job();
    const char *name = long_text('n', 253);
    const char *text = long_text('"', 5000);
    int i;

    (void)state;
    job.order_url = long_text('u', 2048);
    for (i = job.challenges->nelts; i < 200; i++) {
        add_challenge(&job, name, long_text('t', 128));
    }
    job.error = ja_job_error_make(ja_err_wrap(refused_with(text, 12), pool, "%s", text), "waiting",
                                  NOW, pool);
    for (i = 0; i < JA_JOB_HISTORY_MAX; i++) {
        ja_job_note(&job, "errored", text, NOW, pool);
    }
    WORKS(ja_job_save(&job, store, "a.jp", JA_FS_LAZY, pool));
    job = loaded("a.jp");
    assert_null(damage);
    assert_int_equal(job.challenges->nelts, 200);
    assert_int_equal(strlen(job.error->text), 2047);
    assert_int_equal(strlen(job.error->value), JA_PROBLEM_SUB_MAX);
    assert_int_equal(job.error->subs->nelts, 10);
}

static void text_that_is_no_utf8_does_no_harm(void **state)
{
    ja_job_t job = full_job();
    /* 3 bytes each, cut in the middle of the last */
    const char *text = "";
    int i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        text = apr_pstrcat(pool, text, "\xe3\x81\x82", NULL);
    }
    job.error = ja_job_error_make(ja_err_make(JA_E_PROBLEM, pool, "%s\xff", text), NULL, NOW, pool);
    WORKS(ja_job_save(&job, store, "a.jp", JA_FS_LAZY, pool));
    job = loaded("a.jp");
    assert_null(damage);
    assert_null(job.error->activity);
    assert_string_equal(job.error->id, "JA0421");
}

static void the_history_keeps_the_last_ones(void **state)
{
    ja_job_t job = loaded("a.jp");
    int i;

    (void)state;
    for (i = 1; i <= JA_JOB_HISTORY_MAX + 5; i++) {
        ja_job_note(&job, "errored", apr_itoa(pool, i), NOW + i, pool);
    }
    assert_int_equal(job.history->nelts, JA_JOB_HISTORY_MAX);
    assert_string_equal(APR_ARRAY_IDX(job.history, 0, ja_job_event_t).text, "6");
    assert_string_equal(APR_ARRAY_IDX(job.history, JA_JOB_HISTORY_MAX - 1, ja_job_event_t).text,
                        "25");
}

static void a_copy_needs_nothing_of_the_original(void **state)
{
    ja_job_t original = full_job();
    ja_job_t copy;
    ja_job_t expected = full_job();
    apr_pool_t *whole = pool;

    (void)state;
    apr_pool_create(&pool, whole);
    original = full_job();
    ja_job_copy(&copy, &original, whole);
    apr_pool_destroy(pool);
    pool = whole;
    check_equal(&copy, &expected);
}

static void a_copy_of_an_empty_job_is_empty(void **state)
{
    ja_job_t job = loaded("a.jp");
    ja_job_t copy;

    (void)state;
    ja_job_copy(&copy, &job, pool);
    check_empty(&copy);
}

static void every_state_has_a_name(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < JA_ST_COUNT; i++) {
        assert_int_equal(ja_enumstr_parse(&ja_state_names, ja_enumstr_print(&ja_state_names, i)),
                         i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        JOB_TEST(none_is_an_empty_one),
        JOB_TEST(comes_back_as_it_was_saved),
        JOB_TEST(is_for_the_server_alone),
        JOB_TEST(a_wildcard_has_a_file_of_its_own),
        JOB_TEST(damage_is_told_and_costs_the_job_only),
        JOB_TEST(a_link_is_not_followed),
        JOB_TEST(unknown_members_are_let_be),
        JOB_TEST(a_file_without_end_is_refused),
        JOB_TEST(the_largest_job_can_be_read_again),
        JOB_TEST(text_that_is_no_utf8_does_no_harm),
        JOB_TEST(the_history_keeps_the_last_ones),
        JOB_TEST(a_copy_needs_nothing_of_the_original),
        JOB_TEST(a_copy_of_an_empty_job_is_empty),
        JOB_TEST(every_state_has_a_name),
    };

    return RUN_TESTS(tests);
}

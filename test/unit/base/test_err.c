#include "check.h"

#include <errno.h>

#include <apr_strings.h>

static void an_error_knows_what_and_where(void **state)
{
    ja_err_t *err = ja_err_make(JA_E_IO, pool, "reading %s", "a file");

    (void)state;
    assert_int_equal(err->code, JA_E_IO);
    assert_string_equal(err->msg, "reading a file");
    assert_non_null(strstr(err->file, "test_err.c"));
    assert_true(err->line > 0);
    assert_null(err->cause);
    assert_null(err->problem);
    assert_int_equal(err->http_status, 0);
    assert_int_equal(err->retry_at, 0);
    assert_int_equal(err->os, APR_SUCCESS);
}

static void the_reason_of_the_system_is_told(void **state)
{
    ja_err_t *err = ja_err_os(JA_E_IO, ENOSPC, pool, "writing x");

    (void)state;
    assert_int_equal(err->os, ENOSPC);
    assert_non_null(strstr(ja_err_text(err, pool), "writing x: No space left"));
    err = ja_err_wrap(err, pool, "while saving");
    assert_non_null(strstr(ja_err_text(err, pool), "while saving: writing x: No space left"));
}

static ja_problem_t problem = { .type = "unauthorized", .detail = "no\r\n\033[2Jaccess" };

static ja_err_t *refused(void)
{
    ja_err_t *err = ja_err_make(JA_E_UNAUTHORIZED, pool, "order %d", 1);

    err->problem = &problem;
    err->http_status = 403;
    err->retry_at = 17;
    return err;
}

static void a_frame_takes_over_what_decides(void **state)
{
    ja_err_t *cause = refused();
    ja_err_t *err = ja_err_wrap(cause, pool, "while %s", "ordering");

    (void)state;
    assert_int_equal(err->code, JA_E_UNAUTHORIZED);
    assert_ptr_equal(err->cause, cause);
    assert_ptr_equal(err->problem, &problem);
    assert_int_equal(err->http_status, 403);
    assert_int_equal(err->retry_at, 17);
}

static void the_text_is_one_line_from_outside_to_inside(void **state)
{
    ja_err_t *err = ja_err_wrap(refused(), pool, "while ordering");

    (void)state;
    assert_string_equal(ja_err_text(err, pool),
                        "while ordering: order 1: the CA says unauthorized: no   [2Jaccess "
                        "(HTTP 403)");
}

static void control_characters_beyond_ascii_are_blanks_too(void **state)
{
    (void)state;
    assert_string_equal(ja_err_text(ja_err_make(JA_E_IO, pool,
                                                "a\xc2\x9b"
                                                "b\x7f\xc2\xa0\xe6\x97\xa5\xc2"),
                                    pool),
                        "a  b \xc2\xa0\xe6\x97\xa5\xc2");
}

static const char *log_text(const char *detail, const char *value)
{
    ja_problem_t sub = { .type = "caa", .detail = "不可", .identifier = "a.jp" };
    ja_problem_t outer = { "malformed", detail, value, NULL, &sub, 1 };
    ja_err_t *err = ja_err_make(JA_E_MALFORMED, pool, "order");

    err->problem = &outer;
    return ja_err_log_text(err, pool);
}

static void the_log_gets_the_english_part(void **state)
{
    (void)state;
    assert_string_equal(log_text("The FQDN is invalid: [x.jp] / 不正: [x.jp]", "x.jp"),
                        "order: the CA says malformed: The FQDN is invalid: [x.jp] [...]; "
                        "a.jp: caa: [...]");
    assert_string_equal(log_text("不正: [x.jp]", "x.jp"),
                        "order: the CA says malformed: [...] [x.jp]; a.jp: caa: [...]");
    assert_string_equal(
        log_text("不正 / The FQDN is invalid", NULL),
        "order: the CA says malformed: [...] The FQDN is invalid; a.jp: caa: [...]");
    assert_string_equal(log_text("\xff\n\x1b[2J", NULL),
                        "order: the CA says malformed: [...]; a.jp: caa: [...]");
}

static void a_copy_outlives_the_pool_of_the_chain(void **state)
{
    apr_pool_t *inner;
    ja_err_t *err;

    (void)state;
    apr_pool_create(&inner, pool);
    err = ja_err_make(JA_E_IO, inner, "inner");
    err->problem = apr_pmemdup(inner, &problem, sizeof(problem));
    err = ja_err_dup(ja_err_wrap(err, inner, "outer"), pool);
    apr_pool_destroy(inner);
    assert_string_equal(err->msg, "outer");
    assert_string_equal(err->cause->msg, "inner");
    assert_string_equal(err->problem->type, "unauthorized");
    assert_null(ja_err_dup(NULL, pool));
}

static ja_err_t *try_it(ja_err_t *outcome)
{
    JA_TRY(outcome);
    return ja_err_make(JA_E_INTERNAL, pool, "went on");
}

static ja_err_t *try_it_with_frame(ja_err_t *outcome)
{
    JA_TRY_W(outcome, pool, "while trying %d", 1);
    return NULL;
}

static void trying_hands_failures_up(void **state)
{
    ja_err_t *err = ja_err_make(JA_E_BUSY, pool, "busy");

    (void)state;
    assert_ptr_equal(try_it(err), err);
    FAILS(try_it(NULL), JA_E_INTERNAL, "went on");
    FAILS(try_it_with_frame(err), JA_E_BUSY, "while trying 1: busy");
    WORKS(try_it_with_frame(NULL));
}

static void every_row_is_complete(void **state)
{
    int code;
    int before;

    (void)state;
    for (code = 0; code < JA_E_COUNT; code++) {
        const ja_errcode_t *row = ja_err_row((ja_code_t)code);

        assert_true(strlen(row->name) > 0);
        assert_int_equal(strlen(row->id), 6);
        assert_memory_equal(row->id, "JA0", 3);
        assert_true(strlen(row->en) > 20 && strlen(row->ja) > 20);
        for (before = 0; before < code; before++) {
            assert_string_not_equal(ja_err_row((ja_code_t)before)->id, row->id);
        }
    }
}

static void codes_are_found_by_id_and_name(void **state)
{
    (void)state;
    assert_int_equal(ja_err_code_find("JA0202"), JA_E_IO);
    assert_int_equal(ja_err_code_find("ja0202"), JA_E_IO);
    assert_int_equal(ja_err_code_find("order_invalid"), JA_E_ORDER_INVALID);
    assert_int_equal(ja_err_code_find("JA020"), JA_E_COUNT);
    assert_int_equal(ja_err_code_find(""), JA_E_COUNT);
}

static void codes_out_of_range_are_internal(void **state)
{
    (void)state;
    assert_string_equal(ja_err_row(JA_E_COUNT)->name, "INTERNAL");
    assert_string_equal(ja_err_row((ja_code_t)-1)->name, "INTERNAL");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_error_knows_what_and_where),
        TEST(the_reason_of_the_system_is_told),
        TEST(a_frame_takes_over_what_decides),
        TEST(the_text_is_one_line_from_outside_to_inside),
        TEST(control_characters_beyond_ascii_are_blanks_too),
        TEST(the_log_gets_the_english_part),
        TEST(a_copy_outlives_the_pool_of_the_chain),
        TEST(trying_hands_failures_up),
        TEST(every_row_is_complete),
        TEST(codes_are_found_by_id_and_name),
        TEST(codes_out_of_range_are_internal),
    };

    return RUN_TESTS(tests);
}

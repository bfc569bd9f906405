/* What the tests of base/ and json/ share: a pool for each test, and assertions about errors. */
#ifndef JA_TEST_BASE_CHECK_H
#define JA_TEST_BASE_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>

#include "base/err.h"

/* The pool of the running test, for results and scratch. */
static apr_pool_t *pool;

static int pool_begins(void **state)
{
    (void)state;
    return apr_pool_create(&pool, NULL) == APR_SUCCESS ? 0 : -1;
}

static int pool_ends(void **state)
{
    (void)state;
    apr_pool_destroy(pool);
    return 0;
}

static int apr_begins(void **state)
{
    (void)state;
    return apr_initialize() == APR_SUCCESS ? 0 : -1;
}

static int apr_ends(void **state)
{
    (void)state;
    apr_terminate();
    return 0;
}

/* A string of `n` times `c`. */
static inline const char *repeated(char c, int n)
{
    char *text = apr_pcalloc(pool, (apr_size_t)n + 1);

    memset(text, c, (size_t)n);
    return text;
}

#define TEST(FN)         cmocka_unit_test_setup_teardown(FN, pool_begins, pool_ends)
#define RUN_TESTS(TESTS) cmocka_run_group_tests(TESTS, apr_begins, apr_ends)

/* The call worked. */
#define WORKS(CALL)                                                                                \
    do {                                                                                           \
        ja_err_t *works_err_ = (CALL);                                                             \
        if (works_err_) {                                                                          \
            fail_msg("%s", ja_err_text(works_err_, pool));                                         \
        }                                                                                          \
    } while (0)

/* The call failed with that code, and its text has `PART` in it. */
#define FAILS(CALL, CODE, PART)                                                                    \
    do {                                                                                           \
        ja_err_t *fails_err_ = (CALL);                                                             \
        assert_non_null(fails_err_);                                                               \
        assert_string_equal(ja_err_row(fails_err_->code)->name, ja_err_row(CODE)->name);           \
        if (!strstr(ja_err_text(fails_err_, pool), PART)) {                                        \
            fail_msg("\"%s\" is not in \"%s\"", PART, ja_err_text(fails_err_, pool));              \
        }                                                                                          \
    } while (0)

#endif

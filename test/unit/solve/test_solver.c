#include "../base/check.h"

#include "solve/solver.h"

static void is_found_by_its_type(void **state)
{
    ja_solver_t http = { .type = "http-01" };
    ja_solver_t dns = { .type = "dns-01" };
    ja_solver_t *const both[] = { &http, &dns, NULL };
    ja_solver_t *const none[] = { NULL };

    (void)state;
    assert_ptr_equal(ja_solver_find(both, "http-01"), &http);
    assert_ptr_equal(ja_solver_find(both, "dns-01"), &dns);
    assert_null(ja_solver_find(both, "HTTP-01"));
    assert_null(ja_solver_find(both, "http-0"));
    assert_null(ja_solver_find(both, ""));
    assert_null(ja_solver_find(none, "http-01"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_found_by_its_type),
    };

    return RUN_TESTS(tests);
}

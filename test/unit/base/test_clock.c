#include "check.h"

#include "base/clock.h"

static apr_time_t read_baton(void *baton)
{
    return *(apr_time_t *)baton;
}

static void the_time_is_that_of_the_system(void **state)
{
    apr_time_t before = apr_time_now();
    apr_time_t now = ja_clock_now();

    (void)state;
    assert_true(now >= before && now <= apr_time_now());
}

static void a_test_may_put_its_own_clock_in(void **state)
{
    apr_time_t now = 17;

    (void)state;
    ja_clock_use(read_baton, &now);
    assert_int_equal(ja_clock_now(), 17);
    now = 18;
    assert_int_equal(ja_clock_now(), 18);
    ja_clock_use(NULL, NULL);
    assert_true(ja_clock_now() > 18);
}

static void the_monotonic_clock_is_nobodys(void **state)
{
    apr_time_t before = ja_clock_monotonic();
    apr_time_t now = 17;

    (void)state;
    ja_clock_use(read_baton, &now);
    assert_true(ja_clock_monotonic() >= before);
    ja_clock_use(NULL, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_time_is_that_of_the_system),
        TEST(a_test_may_put_its_own_clock_in),
        TEST(the_monotonic_clock_is_nobodys),
    };

    return RUN_TESTS(tests);
}

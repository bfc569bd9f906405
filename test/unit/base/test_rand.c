#include "check.h"

#include "base/rand.h"

static void numbers_are_spread_over_zero_to_one(void **state)
{
    int quarters[4] = { 0 };
    int i;

    (void)state;
    for (i = 0; i < 4000; i++) {
        double unit = ja_rand_unit();

        assert_true(unit >= 0 && unit < 1);
        quarters[(int)(unit * 4)]++;
    }
    /* 1000 expected; 700 and less is more than ten standard deviations away. */
    for (i = 0; i < 4; i++) {
        assert_in_range(quarters[i], 700, 1300);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers_are_spread_over_zero_to_one),
    };

    return RUN_TESTS(tests);
}

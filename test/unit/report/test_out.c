#include "../base/check.h"
#include "report/out.h"

static void parts_become_one_text(void **state)
{
    ja_out_t out = ja_out_make(pool);
    int i;

    (void)state;
    assert_string_equal(ja_out_text(&out), "");
    ja_out_put(&out, "a");
    ja_out_put(&out, NULL);
    ja_out_printf(&out, "%d-%s", 7, "b");
    assert_string_equal(ja_out_text(&out), "a7-b");
    for (i = 0; i < 1000; i++) {
        ja_out_put(&out, "x");
    }
    assert_int_equal(strlen(ja_out_text(&out)), 1004);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(parts_become_one_text),
    };

    return RUN_TESTS(tests);
}

#include "../base/check.h"
#include "report/table.h"

static void columns_are_aligned(void **state)
{
    static const char *const ROWS[][3] = { { "a", "bb", "c" },
                                           { "日本", "x", "" },
                                           { "", "", "z" } };
    ja_table_t *table = ja_table_make(3, pool);

    (void)state;
    ja_table_row(table, ROWS[0]);
    ja_table_row(table, ROWS[1]);
    ja_table_note(table, "a note longer than any column");
    ja_table_row(table, ROWS[2]);
    assert_string_equal(ja_table_text(table, pool), "a     bb  c\n"
                                                    "日本  x\n"
                                                    "    a note longer than any column\n"
                                                    "          z\n");
}

static void an_empty_table_is_nothing(void **state)
{
    (void)state;
    assert_string_equal(ja_table_text(ja_table_make(1, pool), pool), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_are_aligned),
        TEST(an_empty_table_is_nothing),
    };

    return RUN_TESTS(tests);
}

#include "check.h"

#include "base/english.h"

#define MORE " [...]"

static void english_is_two_words(void **state)
{
    static const char *const ENGLISH[] = { "Unable to", "エラー: The FQDN", "a: is it" };
    static const char *const NONE[] = { "",
                                        "malformed",
                                        "[www.example.jp] [a.jp]",
                                        "CSR を受け付けられません",
                                        "a b c d",
                                        "??? ???",
                                        "FQDN  が",
                                        "ab 12" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(ENGLISH) / sizeof(ENGLISH[0]); i++) {
        assert_true(ja_english_is(ENGLISH[i]));
    }
    for (i = 0; i < sizeof(NONE) / sizeof(NONE[0]); i++) {
        assert_false(ja_english_is(NONE[i]));
    }
}

static void the_part_is_what_comes_first_in_ascii(void **state)
{
    static const struct {
        const char *text;
        const char *part;
    } CASES[] = {
        { "", "" },
        { "no", "no" },
        { "...", "..." },
        { "The CSR is unacceptable / CSR を受け付けられません", "The CSR is unacceptable" MORE },
        { "The FQDN is invalid: [a.jp] / FQDN です: [a.jp]",
          "The FQDN is invalid: [a.jp]" MORE },
        { "see https://ca.example/a 日", "see https://ca.example/a" MORE },
        { "Unable to accept order\n申請", "Unable to accept order" MORE },
        { "Unable to accept order(申請)", "Unable to accept order" MORE },
        { "申請 / Unable to accept order", "[...] Unable to accept order" },
        { "[申請] Unable to accept order (失敗) and so", "[...] ] Unable to accept order" MORE },
        { "申請を受け付けられません", "[...]" },
        { "申請 [www.example.jp] です", "[...]" },
        { "\xff\xfe", "[...]" },
        { "no way \x83\x5c\x83", "no way" MORE },
        { "a\x1b[31m\r\nb\x7f", "a [31m  b " },
        { "a\tb 日", "a b" MORE },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        assert_string_equal(ja_english_part(CASES[i].text, pool), CASES[i].part);
    }
}

/* Any bytes give ASCII on one line, not much longer than they were. */
static void any_bytes_become_ascii(void **state)
{
    unsigned seed = 1;
    char text[200];
    int round;
    int i;

    (void)state;
    for (round = 0; round < 5000; round++) {
        const char *part;

        for (i = 0; i < (int)sizeof(text) - 1; i++) {
            int is_any = (seed >> 16) % 5 == 0;

            text[i] = is_any ? (char)((seed >> 8) | 1) : "ab c/[]"[(seed >> 20) % 7];
            seed = seed * 1103515245U + 12345U;
        }
        text[sizeof(text) - 1] = '\0';
        part = ja_english_part(text + round % 199, pool);
        assert_true(strlen(part) < sizeof(text) + 20);
        for (; *part; part++) {
            assert_in_range((unsigned char)*part, ' ', '~');
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(english_is_two_words),
        TEST(the_part_is_what_comes_first_in_ascii),
        TEST(any_bytes_become_ascii),
    };

    return RUN_TESTS(tests);
}

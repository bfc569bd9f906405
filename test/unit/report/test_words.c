#include "../base/check.h"
#include "issue/flow.h"
#include "report/words.h"

#define AT  apr_time_from_sec(1893456000)
#define DAY 86400

static void the_first_variable_that_is_set_decides(void **state)
{
    (void)state;
    assert_int_equal(ja_words_lang("ja_JP.UTF-8", "C", "C"), JA_LANG_JA);
    assert_int_equal(ja_words_lang("C", "ja", "ja"), JA_LANG_EN);
    assert_int_equal(ja_words_lang("", "ja", "C"), JA_LANG_JA);
    assert_int_equal(ja_words_lang(NULL, NULL, "ja_JP.utf8"), JA_LANG_JA);
    assert_int_equal(ja_words_lang(NULL, NULL, NULL), JA_LANG_EN);
}

static void only_japanese_that_can_be_shown_counts(void **state)
{
    static const char *const ENGLISH[] = { "C", "C.UTF-8",     "en_US.UTF-8", "jam",
                                           "j", "ja_JP.eucJP", "ja_JP.SJIS",  "xja" };
    static const char *const JAPANESE[] = { "ja", "ja_JP", "JA_jp.utf-8", "ja.UTF-8",
                                            "ja_JP.UTF-8@x" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(ENGLISH) / sizeof(ENGLISH[0]); i++) {
        assert_int_equal(ja_words_lang(ENGLISH[i], NULL, NULL), JA_LANG_EN);
    }
    for (i = 0; i < sizeof(JAPANESE) / sizeof(JAPANESE[0]); i++) {
        assert_int_equal(ja_words_lang(JAPANESE[i], NULL, NULL), JA_LANG_JA);
    }
}

static const char *when(ja_lang_t lang, long after_s)
{
    return ja_words_when(lang, AT + apr_time_from_sec(after_s), AT, pool);
}

static void times_are_whole_units_rounded_down(void **state)
{
    (void)state;
    assert_string_equal(when(JA_LANG_EN, 0), "now");
    assert_string_equal(when(JA_LANG_EN, 1), "now");
    assert_string_equal(when(JA_LANG_EN, -1), "now");
    assert_string_equal(when(JA_LANG_EN, 2), "in 2 seconds");
    assert_string_equal(when(JA_LANG_EN, 119), "in 119 seconds");
    assert_string_equal(when(JA_LANG_EN, 120), "in 2 minutes");
    assert_string_equal(when(JA_LANG_EN, -7200), "2 hours ago");
    assert_string_equal(when(JA_LANG_EN, 2L * DAY - 1), "in 47 hours");
    assert_string_equal(when(JA_LANG_EN, 60L * DAY - 1), "in 59 days");
    assert_string_equal(when(JA_LANG_EN, -400L * DAY), "400 days ago");
    assert_string_equal(when(JA_LANG_JA, 59L * DAY), "59 日後");
    assert_string_equal(when(JA_LANG_JA, -180), "3 分前");
}

static void every_row_has_both_languages(void **state)
{
    int lang;
    int i;

    (void)state;
    for (lang = 0; lang < JA_LANG_COUNT; lang++) {
        for (i = 0; i < JA_WORD_COUNT; i++) {
            assert_non_null(ja_words_get((ja_lang_t)lang, (ja_word_t)i));
        }
        for (i = 0; i < JA_REPORT_STATE_COUNT; i++) {
            assert_non_null(ja_words_state((ja_lang_t)lang, (ja_report_state_t)i));
        }
        for (i = 0; i < JA_REPORT_NEXT_COUNT; i++) {
            assert_non_null(ja_words_next((ja_lang_t)lang, (ja_report_next_t)i));
        }
        for (i = 0; i < JA_GOVERNOR_WHY_COUNT; i++) {
            const ja_report_domain_t domain = { .next_action = JA_REPORT_WAIT,
                                                .waits_for = (ja_governor_why_t)i };

            assert_non_null(ja_words_domain_next((ja_lang_t)lang, &domain));
        }
        for (i = 0; i < JA_E_COUNT; i++) {
            const ja_errcode_t *row = ja_err_row((ja_code_t)i);

            assert_non_null(ja_words_actor((ja_lang_t)lang, row->actor));
            assert_non_null(ja_words_retry((ja_lang_t)lang, row->retry));
            assert_non_null(ja_words_advice((ja_lang_t)lang, row->id));
        }
    }
}

static void every_activity_has_a_translation(void **state)
{
    int i;

    (void)state;
    for (i = 0; i < JA_ST_COUNT; i++) {
        const char *activity = ja_flow_row((ja_state_t)i)->activity;

        if (activity) {
            assert_string_equal(ja_words_activity(JA_LANG_EN, activity), activity);
            assert_string_not_equal(ja_words_activity(JA_LANG_JA, activity), activity);
        }
    }
    assert_string_equal(ja_words_activity(JA_LANG_JA, "dancing"), "dancing");
    assert_null(ja_words_activity(JA_LANG_JA, NULL));
}

static void advice_is_that_of_the_catalogue(void **state)
{
    (void)state;
    assert_string_equal(ja_words_advice(JA_LANG_EN, "JA0414"), ja_err_row(JA_E_REJECTED_NAME)->en);
    assert_string_equal(ja_words_advice(JA_LANG_JA, "JA0414"), ja_err_row(JA_E_REJECTED_NAME)->ja);
    assert_null(ja_words_advice(JA_LANG_EN, "JA9999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_first_variable_that_is_set_decides), TEST(only_japanese_that_can_be_shown_counts),
        TEST(times_are_whole_units_rounded_down),     TEST(every_row_has_both_languages),
        TEST(every_activity_has_a_translation),       TEST(advice_is_that_of_the_catalogue),
    };

    return RUN_TESTS(tests);
}

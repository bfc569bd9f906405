#include "talk.h"

#include "acme/revoke.h"

static void certificate_and_reason_are_sent(void **state)
{
    const ja_bytes_t der = { "\x30\x00\xff\xfe", 4 };
    ja_ask_t ask;

    (void)state;
    ja_revoke_ask(&ask, &der, 4, pool);
    assert_int_equal(ask.kind, JA_KIND_REVOKE);
    assert_int_equal(ask.to, JA_TO_REVOKE);
    assert_string_equal(ask.payload, "{\"certificate\":\"MAD__g\",\"reason\":4}");
}

static void reasons_have_a_name_and_a_number(void **state)
{
    (void)state;
    assert_int_equal(ja_revoke_reason("keyCompromise"), 1);
    assert_int_equal(ja_revoke_reason("KEYCOMPROMISE"), 1);
    assert_int_equal(ja_revoke_reason("1"), 1);
    assert_int_equal(ja_revoke_reason("0"), 0);
    assert_int_equal(ja_revoke_reason("10"), 10);
    assert_string_equal(ja_revoke_reason_name(5), "cessationOfOperation");
    assert_string_equal(ja_revoke_reason_name(JA_REVOKE_REASONS), "?");
    assert_string_equal(ja_revoke_reason_name(-1), "?");
}

static void other_words_are_none(void **state)
{
    static const char *const WORDS[] = { "", "7", "11", "-1", "01", "1 ", " 1", "key", "x" };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
        assert_int_equal(ja_revoke_reason(WORDS[i]), -1);
    }
}

static void the_list_leaves_out_what_is_not_used(void **state)
{
    const char *list = ja_revoke_reason_list(pool);

    (void)state;
    assert_ptr_equal(strstr(list, "unspecified (0), keyCompromise (1), "), list);
    assert_null(strstr(list, "(7)"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(certificate_and_reason_are_sent),
        TEST(reasons_have_a_name_and_a_number),
        TEST(other_words_are_none),
        TEST(the_list_leaves_out_what_is_not_used),
    };

    return RUN_TESTS(tests);
}

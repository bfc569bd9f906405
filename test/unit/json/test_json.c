#include "../base/check.h"

#include "json/json.h"

#define MAX 1000

static ja_err_t *parse(ja_json_t **json, const char *text)
{
    return ja_json_parse(json, text, strlen(text), MAX, pool, pool);
}

/* The document, parsed and printed again. */
static const char *again(const char *text)
{
    ja_json_t *json;

    WORKS(parse(&json, text));
    return ja_json_print(json, pool);
}

static void documents_are_printed_in_order_on_one_line(void **state)
{
    (void)state;
    assert_string_equal(again(" { \"b\" : [1, 2.5, -3], \"a\":{\"x\":null,\n\"y\":true}} "),
                        "{\"b\":[1,2.5,-3],\"a\":{\"x\":null,\"y\":true}}");
    assert_string_equal(again("[]"), "[]");
}

static void pretty_documents_are_indented_by_two(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(parse(&json, "{\"a\":[1]}"));
    assert_string_equal(ja_json_print_pretty(json, pool), "{\n  \"a\": [\n    1\n  ]\n}");
}

static void too_many_bytes_are_refused(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(ja_json_parse(&json, "[1,2]", 5, 5, pool, pool));
    FAILS(ja_json_parse(&json, "[1,23]", 6, 5, pool, pool), JA_E_TOO_LARGE, "6 bytes");
}

static void only_the_given_bytes_are_read(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(ja_json_parse(&json, "[1]garbage", 3, MAX, pool, pool));
    assert_int_equal(ja_json_count(json), 1);
}

static void deep_documents_are_refused(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(parse(&json, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]"));
    FAILS(parse(&json, "[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]"), JA_E_TOO_LARGE, "16 levels");
    FAILS(parse(&json, "{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}"),
          JA_E_TOO_LARGE, "16 levels");
}

static void brackets_in_strings_are_not_depth(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(parse(&json, "[\"[[[[[[[[[[[[[[[[[[[[[[[[\", \"\\\"[[[[[[[[[[[[[[[[[[[\\\\\"]"));
    assert_int_equal(ja_json_count(json), 2);
}

static void wrong_documents_are_refused_with_their_place(void **state)
{
    ja_json_t *json;

    (void)state;
    FAILS(parse(&json, ""), JA_E_SYNTAX, "line 1");
    FAILS(parse(&json, "{\"a\":1,\n\"b\" 2}"), JA_E_SYNTAX, "line 2, column 5");
    FAILS(parse(&json, "{\"a\":1,\"a\":2}"), JA_E_SYNTAX, "a member twice");
    FAILS(parse(&json, "[\"\xff\"]"), JA_E_SYNTAX, "invalid UTF-8");
    FAILS(parse(&json, "[\"\xed\xa0\x80\"]"), JA_E_SYNTAX, "invalid UTF-8");
    FAILS(parse(&json, "[\"a\\u0000b\"]"), JA_E_SYNTAX, "a NUL character");
    FAILS(parse(&json, "{\"a\\u0000b\":1}"), JA_E_SYNTAX, "a NUL character");
    FAILS(parse(&json, "[1] x"), JA_E_SYNTAX, "something behind the end");
    FAILS(parse(&json, "[1"), JA_E_SYNTAX, "unexpected end");
    FAILS(parse(&json, "[\"\\"), JA_E_SYNTAX, "line 1");
    FAILS(parse(&json, "[123456789012345678901234567890]"), JA_E_SYNTAX, "out of range");
    FAILS(parse(&json, "\"text\""), JA_E_SYNTAX, "syntax");
    FAILS(ja_json_parse(&json, "[1]\0", 4, MAX, pool, pool), JA_E_SYNTAX, "line 1");
}

static void messages_never_quote(void **state)
{
    ja_json_t *json;
    ja_err_t *err = parse(&json, "{\"hmac\": \"planted\" \"planted\"}");

    (void)state;
    assert_non_null(err);
    assert_null(strstr(ja_err_text(err, pool), "planted"));
    err = parse(&json, "{\"planted\": 1, \"planted\": 1}");
    assert_non_null(err);
    assert_null(strstr(ja_err_text(err, pool), "planted"));
}

static void objects_are_built_in_the_order_of_setting(void **state)
{
    ja_json_t *object = ja_json_object(pool);
    ja_json_t *array = ja_json_array(pool);
    apr_array_header_t *strs = apr_array_make(pool, 2, sizeof(const char *));

    (void)state;
    APR_ARRAY_PUSH(strs, const char *) = "x";
    APR_ARRAY_PUSH(strs, const char *) = "y";
    ja_json_append_str(array, "one");
    ja_json_append_str(array, NULL);
    ja_json_append(array, ja_json_object(pool));
    ja_json_append(array, NULL);
    ja_json_set_str(object, "z", "last letter");
    ja_json_set_str(object, "none", NULL);
    ja_json_set_int(object, "int", -9223372036854775807);
    ja_json_set_bool(object, "yes", 17);
    ja_json_set_bool(object, "no", 0);
    ja_json_set_time(object, "at", apr_time_from_sec(1795341600) + 999999);
    ja_json_set_time(object, "never", 0);
    ja_json_set(object, "array", array);
    ja_json_set(object, "nothing", NULL);
    ja_json_set_strs(object, "strs", strs);
    assert_string_equal(ja_json_print(object, pool),
                        "{\"z\":\"last letter\",\"int\":-9223372036854775807,\"yes\":true,"
                        "\"no\":false,\"at\":\"2026-11-22T10:00:00Z\",\"array\":[\"one\",{}],"
                        "\"strs\":[\"x\",\"y\"]}");
}

static void what_was_set_outlives_its_own_pool(void **state)
{
    ja_json_t *object = ja_json_object(pool);
    apr_pool_t *inner;

    (void)state;
    apr_pool_create(&inner, pool);
    ja_json_set(object, "a", ja_json_array(inner));
    apr_pool_destroy(inner);
    assert_true(ja_json_is_array(ja_json_get(object, "a")));
}

static void bad_bytes_are_replaced(void **state)
{
    ja_json_t *array = ja_json_array(pool);

    (void)state;
    ja_json_append_str(array, "a\xff"
                              "b\xc3");
    ja_json_append_str(array, "\xe6\x97\xa5\xe6\x9c");
    ja_json_append_str(array,
                       "\xc0\xaf \xe0\x80\x80 \xf4\x90\x80\x80 \xed\xa0\x80 \xf0\x8f\xbf\xbf");
    ja_json_append_str(array, "\xff\xf0\x9f\x8d\xa3\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80");
    assert_string_equal(ja_json_str(ja_json_at(array, 0)), "a?b?");
    assert_string_equal(ja_json_str(ja_json_at(array, 1)), "\xe6\x97\xa5??");
    assert_string_equal(ja_json_str(ja_json_at(array, 2)), "?? ??? ???? ??? ????");
    assert_string_equal(ja_json_str(ja_json_at(array, 3)),
                        "?\xf0\x9f\x8d\xa3\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe0\xa0\x80");
}

static void getters_read_what_is_there(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(parse(&json,
                "{\"s\":\"text\",\"i\":7,\"b\":true,\"t\":\"2026-11-22T10:00:00Z\",\"a\":[1]}"));
    assert_true(ja_json_is_object(json));
    assert_false(ja_json_is_array(json));
    assert_string_equal(ja_json_get_str(json, "s", NULL), "text");
    assert_int_equal(ja_json_get_int(json, "i", 0), 7);
    assert_int_equal(ja_json_get_bool(json, "b", 0), 1);
    assert_int_equal(ja_json_time(ja_json_get(json, "t")), apr_time_from_sec(1795341600));
    assert_int_equal(ja_json_count(ja_json_get(json, "a")), 1);
}

static void getters_fall_back(void **state)
{
    ja_json_t *json;

    (void)state;
    WORKS(parse(&json,
                "{\"s\":1,\"i\":\"7\",\"b\":1,\"t\":\"soon\",\"r\":1.0,\"n\":null,\"a\":[1]}"));
    assert_string_equal(ja_json_get_str(json, "s", "fallback"), "fallback");
    assert_int_equal(ja_json_get_int(json, "i", -1), -1);
    assert_int_equal(ja_json_get_int(json, "r", -1), -1);
    assert_int_equal(ja_json_get_int(json, "n", -1), -1);
    assert_int_equal(ja_json_get_bool(json, "b", -1), -1);
    assert_int_equal(ja_json_time(ja_json_get(json, "t")), 0);
    assert_int_equal(ja_json_time(ja_json_get(json, "absent")), 0);
    assert_null(ja_json_get(json, "absent"));
    assert_null(ja_json_get(NULL, "s"));
    assert_null(ja_json_str(ja_json_get(json, "s")));
    assert_null(ja_json_str(NULL));
    assert_int_equal(ja_json_count(json), 0);
    assert_int_equal(ja_json_count(NULL), 0);
    assert_null(ja_json_at(ja_json_get(json, "a"), 1));
    assert_null(ja_json_at(ja_json_get(json, "a"), -1));
    assert_null(ja_json_at(json, 0));
    assert_false(ja_json_is_object(NULL));
}

static void dates_are_read(void **state)
{
    static const struct {
        const char *text;
        apr_int64_t at_s;
    } DATES[] = {
        { "2026-11-22T10:00:00Z", 1795341600 },
        { "2026-11-22t10:00:00z", 1795341600 },
        { "2026-11-22T10:00:00.987654321Z", 1795341600 },
        { "2026-11-22T19:00:00+09:00", 1795341600 },
        { "2026-11-22T04:30:00-05:30", 1795341600 },
        { "2024-02-29T00:00:00Z", 1709164800 },
        { "2000-02-29T00:00:00Z", 951782400 },
        { "2016-12-31T23:59:60Z", 1483228800 },
        { "9999-12-31T23:59:59Z", 253402300799 },
        { "1970-01-01T00:00:01Z", 1 },
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(DATES) / sizeof(*DATES); i++) {
        assert_int_equal(ja_json_time_parse(DATES[i].text), apr_time_from_sec(DATES[i].at_s));
    }
}

static void no_dates_are_not(void **state)
{
    static const char *const TEXTS[] = {
        "",
        "2026",
        "2026-11-22",
        "2026-11-22T10:00:00",
        "2026-11-22 10:00:00Z",
        "2026-11-22T10:00:00Zx",
        "2026-11-22T10:00:00.Z",
        "2026-11-22T10:00:00+0900",
        "2026-11-22T10:00:00+24:00",
        "2026-11-22T10:00:00+09:60",
        "2026-13-22T10:00:00Z",
        "2026-00-22T10:00:00Z",
        "2026-11-31T10:00:00Z",
        "2026-11-00T10:00:00Z",
        "2023-02-29T10:00:00Z",
        "1900-02-29T10:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T10:60:00Z",
        "2026-11-22T10:00:61Z",
        "02026-11-22T10:00:00Z",
        "-026-11-22T10:00:00Z",
        "1970-01-01T00:00:00Z",
        "1970-01-01T00:00:01+00:01",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(TEXTS) / sizeof(*TEXTS); i++) {
        assert_int_equal(ja_json_time_parse(TEXTS[i]), 0);
    }
}

static void dates_are_written_as_they_are_read(void **state)
{
    (void)state;
    assert_string_equal(ja_json_time_print(apr_time_from_sec(1795341600) + 500000, pool),
                        "2026-11-22T10:00:00Z");
    assert_string_equal(ja_json_time_print(apr_time_from_sec(1709164799), pool),
                        "2024-02-28T23:59:59Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(documents_are_printed_in_order_on_one_line),
        TEST(pretty_documents_are_indented_by_two),
        TEST(too_many_bytes_are_refused),
        TEST(only_the_given_bytes_are_read),
        TEST(deep_documents_are_refused),
        TEST(brackets_in_strings_are_not_depth),
        TEST(wrong_documents_are_refused_with_their_place),
        TEST(messages_never_quote),
        TEST(objects_are_built_in_the_order_of_setting),
        TEST(what_was_set_outlives_its_own_pool),
        TEST(bad_bytes_are_replaced),
        TEST(getters_read_what_is_there),
        TEST(getters_fall_back),
        TEST(dates_are_read),
        TEST(no_dates_are_not),
        TEST(dates_are_written_as_they_are_read),
    };

    return RUN_TESTS(tests);
}

#include "../base/check.h"

#include <apr_strings.h>

#include "json/bind.h"

typedef struct {
    const char *name;
    apr_int64_t count;
} part_t;

typedef struct {
    const char *text;
    apr_int64_t number;
    int flag;
    apr_time_t at;
    int color;
    apr_array_header_t *words;
    part_t *part;
    apr_array_header_t *parts;
    const ja_json_t *any;
} thing_t;

static const char *const COLORS[] = { "red", "green" };
static const ja_enumstr_t COLOR_NAMES = { COLORS, 2 };

static const ja_field_t PART_FIELDS[] = {
    { "name", JA_FIELD_STR, offsetof(part_t, name), 1, 8, NULL, NULL },
    { "count", JA_FIELD_INT, offsetof(part_t, count), 0, 10, NULL, NULL },
    { NULL, JA_FIELD_STR, 0, 0, 0, NULL, NULL },
};
static const ja_bind_t PART = { "part", sizeof(part_t), PART_FIELDS };

static const ja_field_t THING_FIELDS[] = {
    { "text", JA_FIELD_STR, offsetof(thing_t, text), 1, 5, NULL, NULL },
    { "number", JA_FIELD_INT, offsetof(thing_t, number), 0, 100, NULL, NULL },
    { "flag", JA_FIELD_BOOL, offsetof(thing_t, flag), 0, 0, NULL, NULL },
    { "at", JA_FIELD_TIME, offsetof(thing_t, at), 0, 0, NULL, NULL },
    { "color", JA_FIELD_ENUM, offsetof(thing_t, color), 0, 0, &COLOR_NAMES, NULL },
    { "words", JA_FIELD_STRS, offsetof(thing_t, words), 0, 2, NULL, NULL },
    { "part", JA_FIELD_OBJECT, offsetof(thing_t, part), 0, 0, NULL, &PART },
    { "parts", JA_FIELD_OBJECTS, offsetof(thing_t, parts), 0, 2, NULL, &PART },
    { "any", JA_FIELD_JSON, offsetof(thing_t, any), 0, 0, NULL, NULL },
    { NULL, JA_FIELD_STR, 0, 0, 0, NULL, NULL },
};
static const ja_bind_t THING = { "thing", sizeof(thing_t), THING_FIELDS };

static const char FULL[] =
    "{\"text\":\"hello\",\"number\":100,\"flag\":true,\"at\":\"2026-11-22T10:00:00Z\","
    "\"color\":\"green\",\"words\":[\"a\",\"b\"],\"part\":{\"name\":\"p\",\"count\":1},"
    "\"parts\":[{\"name\":\"q\",\"count\":2},{\"name\":\"r\",\"count\":0}],\"any\":{\"x\":[1]}}";

static ja_err_t *read_text(thing_t *thing, const char *text)
{
    apr_pool_t *document;
    ja_json_t *json;
    ja_err_t *err;

    /* Whatever is read has to outlive the document. */
    apr_pool_create(&document, pool);
    memset(thing, 0xff, sizeof(*thing));
    WORKS(ja_json_parse(&json, text, strlen(text), 10000, document, document));
    err = ja_bind_read(thing, &THING, json, pool, pool);
    apr_pool_destroy(document);
    return err;
}

static void all_kinds_are_read(void **state)
{
    thing_t thing;

    (void)state;
    WORKS(read_text(&thing, FULL));
    assert_string_equal(thing.text, "hello");
    assert_int_equal(thing.number, 100);
    assert_int_equal(thing.flag, 1);
    assert_int_equal(thing.at, apr_time_from_sec(1795341600));
    assert_int_equal(thing.color, 1);
    assert_int_equal(thing.words->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(thing.words, 1, const char *), "b");
    assert_string_equal(thing.part->name, "p");
    assert_int_equal(thing.parts->nelts, 2);
    assert_string_equal(APR_ARRAY_IDX(thing.parts, 1, part_t).name, "r");
    assert_int_equal(APR_ARRAY_IDX(thing.parts, 0, part_t).count, 2);
    assert_string_equal(ja_json_print(thing.any, pool), "{\"x\":[1]}");
}

static void what_is_read_is_printed_the_same(void **state)
{
    thing_t thing;

    (void)state;
    WORKS(read_text(&thing, FULL));
    assert_string_equal(ja_json_print(ja_bind_print(&THING, &thing, pool), pool), FULL);
}

static void check_absent(const thing_t *thing)
{
    assert_int_equal(thing->number, 0);
    assert_int_equal(thing->flag, 0);
    assert_int_equal(thing->at, 0);
    assert_int_equal(thing->color, -1);
    assert_int_equal(thing->words->nelts, 0);
    assert_null(thing->part);
    assert_int_equal(thing->parts->nelts, 0);
    assert_null(thing->any);
}

static void absent_members_leave_nothing(void **state)
{
    thing_t thing;

    (void)state;
    WORKS(read_text(&thing, "{\"text\":\"\"}"));
    assert_string_equal(thing.text, "");
    check_absent(&thing);
}

static void null_counts_as_absent(void **state)
{
    thing_t thing;

    (void)state;
    WORKS(read_text(&thing, "{\"text\":\"\",\"number\":null,\"flag\":null,\"at\":null,"
                            "\"color\":null,\"words\":null,\"part\":null,\"parts\":null,"
                            "\"any\":null}"));
    check_absent(&thing);
    FAILS(read_text(&thing, "{\"text\":null}"), JA_E_SYNTAX, "thing/text is missing");
}

static void unknown_members_are_ignored(void **state)
{
    thing_t thing;

    (void)state;
    WORKS(read_text(&thing, "{\"text\":\"a\",\"Text\":1,\"other\":{}}"));
    assert_string_equal(thing.text, "a");
}

static void absent_members_are_left_out_but_numbers_flags_and_lists(void **state)
{
    thing_t thing = { .color = -1 };

    (void)state;
    assert_string_equal(ja_json_print(ja_bind_print(&THING, &thing, pool), pool),
                        "{\"number\":0,\"flag\":false,\"words\":[],\"parts\":[]}");
}

static void wrong_members_are_refused_by_name(void **state)
{
    static const struct {
        const char *member;
        const char *message;
    } CASES[] = {
        { "\"number\":1", "thing/text is missing" },
        { "\"text\":1", "thing/text is no string" },
        { "\"text\":\"123456\"", "thing/text is too long" },
        { "\"text\":\"\",\"number\":\"1\"", "thing/number is no integer" },
        { "\"text\":\"\",\"number\":1.0", "thing/number is no integer" },
        { "\"text\":\"\",\"number\":101", "thing/number is out of range" },
        { "\"text\":\"\",\"number\":-1", "thing/number is out of range" },
        { "\"text\":\"\",\"flag\":1", "thing/flag is no boolean" },
        { "\"text\":\"\",\"at\":1", "thing/at is no RFC 3339 date" },
        { "\"text\":\"\",\"at\":\"soon\"", "thing/at is no RFC 3339 date" },
        { "\"text\":\"\",\"color\":\"blue\"", "thing/color is none of red, green" },
        { "\"text\":\"\",\"color\":1", "thing/color is none of red, green" },
        { "\"text\":\"\",\"words\":{}", "thing/words is no array" },
        { "\"text\":\"\",\"words\":[\"a\",\"b\",\"c\"]", "thing/words has too many entries" },
        { "\"text\":\"\",\"words\":[1]", "thing/words has an entry" },
        { "\"text\":\"\",\"part\":[]", "part is no JSON object" },
        { "\"text\":\"\",\"part\":{}", "part/name is missing" },
        { "\"text\":\"\",\"parts\":{}", "thing/parts is no array" },
        { "\"text\":\"\",\"parts\":[1]", "part is no JSON object" },
        { "\"text\":\"\",\"parts\":[{\"name\":\"123456789\"}]", "part/name is too long" },
        { "\"text\":\"\",\"parts\":[null,null,null]", "thing/parts has too many entries" },
    };
    thing_t thing;
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(*CASES); i++) {
        FAILS(read_text(&thing, apr_pstrcat(pool, "{", CASES[i].member, "}", NULL)), JA_E_SYNTAX,
              CASES[i].message);
    }
    FAILS(read_text(&thing, "[]"), JA_E_SYNTAX, "thing is no JSON object");
}

static void strings_in_lists_have_a_limit(void **state)
{
    char *word = apr_palloc(pool, 2050);
    thing_t thing;

    (void)state;
    memset(word, 'x', 2049);
    word[2049] = '\0';
    FAILS(read_text(&thing, apr_pstrcat(pool, "{\"text\":\"\",\"words\":[\"", word, "\"]}", NULL)),
          JA_E_SYNTAX, "thing/words has an entry");
    WORKS(read_text(&thing,
                    apr_pstrcat(pool, "{\"text\":\"\",\"words\":[\"", word + 1, "\"]}", NULL)));
    assert_int_equal(strlen(APR_ARRAY_IDX(thing.words, 0, const char *)), 2048);
}

static void nothing_is_no_object(void **state)
{
    thing_t thing;

    (void)state;
    FAILS(ja_bind_read(&thing, &THING, NULL, pool, pool), JA_E_SYNTAX, "thing is no JSON object");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(all_kinds_are_read),
        TEST(what_is_read_is_printed_the_same),
        TEST(absent_members_leave_nothing),
        TEST(null_counts_as_absent),
        TEST(unknown_members_are_ignored),
        TEST(absent_members_are_left_out_but_numbers_flags_and_lists),
        TEST(wrong_members_are_refused_by_name),
        TEST(strings_in_lists_have_a_limit),
        TEST(nothing_is_no_object),
    };

    return RUN_TESTS(tests);
}

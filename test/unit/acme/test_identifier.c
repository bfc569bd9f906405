#include "acme/identifier.h"

#include "../base/check.h"

#include <apr_strings.h>

static ja_identifier_t identifier;

static ja_err_t *read_it(const char *text)
{
    ja_json_t *json;

    WORKS(ja_json_parse(&json, text, strlen(text), 4096, pool, pool));
    return ja_bind_read(&identifier, &ja_identifier_bind, json, pool, pool);
}

static void a_name_is_read(void **state)
{
    (void)state;
    WORKS(read_it("{\"type\":\"dns\",\"value\":\"www.example.jp\",\"more\":1}"));
    assert_string_equal(identifier.value, "www.example.jp");
    assert_true(ja_identifier_is_dns(&identifier));
    WORKS(read_it("{\"type\":\"DNS\",\"value\":\"www.example.jp\"}"));
    assert_true(ja_identifier_is_dns(&identifier));
    WORKS(read_it("{\"type\":\"ip\",\"value\":\"192.0.2.1\"}"));
    assert_false(ja_identifier_is_dns(&identifier));
}

static void both_members_are_needed_and_bounded(void **state)
{
    (void)state;
    FAILS(read_it("{\"type\":\"dns\"}"), JA_E_SYNTAX, "identifier/value is missing");
    FAILS(read_it("{\"value\":\"www.example.jp\"}"), JA_E_SYNTAX, "identifier/type is missing");
    FAILS(read_it(apr_psprintf(pool, "{\"type\":\"dns\",\"value\":\"%s\"}", repeated('a', 254))),
          JA_E_SYNTAX, "identifier/value");
    FAILS(read_it(apr_psprintf(pool, "{\"type\":\"%s\",\"value\":\"a\"}", repeated('d', 65))),
          JA_E_SYNTAX, "identifier/type");
}

static void it_is_printed_as_it_is_read(void **state)
{
    const ja_identifier_t it = { "dns", "www.example.jp" };

    (void)state;
    assert_string_equal(ja_json_print(ja_bind_print(&ja_identifier_bind, &it, pool), pool),
                        "{\"type\":\"dns\",\"value\":\"www.example.jp\"}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_name_is_read),
        TEST(both_members_are_needed_and_bounded),
        TEST(it_is_printed_as_it_is_read),
    };

    return RUN_TESTS(tests);
}

#include "talk.h"

static ja_heard_t *heard;

static ja_err_t *hear(const ja_http_reply_t *reply, ja_kind_t kind)
{
    heard = NULL;
    return ja_heard_make(&heard, reply, kind, ASKED, pool);
}

static ja_http_reply_t *with_header(const char *name, const char *value)
{
    ja_http_reply_t *reply = reply_with(201, NULL, "");

    apr_table_set((apr_table_t *)reply->headers, name, value);
    return reply;
}

static void json_is_read_if_it_says_so(void **state)
{
    (void)state;
    WORKS(hear(reply_with(200, "application/json; charset=utf-8", "{\"a\":1}"), JA_KIND_ORDER));
    assert_int_equal(ja_json_get_int(heard->json, "a", 0), 1);
    assert_string_equal(heard->url, ASKED);
    assert_int_equal(heard->kind, JA_KIND_ORDER);
    WORKS(hear(reply_with(200, "application/pem-certificate-chain", "{\"a\":1}"), JA_KIND_CERT));
    assert_null(heard->json);
    WORKS(hear(reply_with(204, "application/json", ""), JA_KIND_ACCOUNT));
    assert_null(heard->json);
    FAILS(hear(reply_with(200, "application/json", "{"), JA_KIND_ORDER), JA_E_PROTOCOL, ASKED);
    FAILS(hear(reply_with(200, "application/json", "{\"a\":1,\"a\":2}"), JA_KIND_ORDER),
          JA_E_PROTOCOL, ASKED);
}

static void only_2xx_is_a_success(void **state)
{
    (void)state;
    FAILS(hear(reply_with(199, NULL, ""), JA_KIND_ORDER), JA_E_HTTP, "");
    FAILS(hear(reply_with(302, NULL, ""), JA_KIND_ORDER), JA_E_HTTP, "302");
    FAILS(hear(reply_with(500, NULL, ""), JA_KIND_ORDER), JA_E_CA_INTERNAL, "");
    FAILS(hear(reply_with(200, "application/problem+json",
                          "{\"type\":\"urn:ietf:params:acme:error:caa\"}"),
               JA_KIND_ORDER),
          JA_E_CAA, "caa");
    WORKS(hear(reply_with(299, NULL, ""), JA_KIND_ORDER));
}

static void location_becomes_absolute(void **state)
{
    (void)state;
    WORKS(hear(with_header("Location", "https://ca.example/order/1"), JA_KIND_NEW_ORDER));
    assert_string_equal(heard->location, "https://ca.example/order/1");
    WORKS(hear(with_header("Location", "/order/2"), JA_KIND_NEW_ORDER));
    assert_string_equal(heard->location, "https://ca.example/order/2");
}

static void a_bad_location_matters_where_it_is_needed(void **state)
{
    (void)state;
    FAILS(hear(with_header("Location", "http://ca.example/order/1"), JA_KIND_NEW_ORDER), JA_E_URL,
          "Location");
    FAILS(hear(with_header("Location", "javascript:x"), JA_KIND_NEW_ACCOUNT), JA_E_URL, "Location");
    WORKS(hear(with_header("Location", "http://ca.example/order/1"), JA_KIND_ORDER));
    assert_null(heard->location);
}

static void retry_after_is_a_moment(void **state)
{
    (void)state;
    ja_clock_use(tell_time, NULL);
    WORKS(hear(with_header("Retry-After", "5"), JA_KIND_ORDER));
    assert_int_equal(heard->retry_at, NOW + apr_time_from_sec(5));
    WORKS(hear(with_header("Retry-After", "?"), JA_KIND_ORDER));
    assert_int_equal(heard->retry_at, 0);
    ja_clock_use(NULL, NULL);
}

typedef struct {
    const char *name;
} thing_t;

static void a_struct_is_filled(void **state)
{
    static const ja_field_t FIELDS[] = {
        { .name = "name",
          .kind = JA_FIELD_STR,
          .offset = offsetof(thing_t, name),
          .required = 1,
          .max = 3 },
        { .name = NULL },
    };
    static const ja_bind_t THING = { "thing", sizeof(thing_t), FIELDS };
    thing_t thing;

    (void)state;
    WORKS(ja_heard_read(&thing, &THING, heard_of(JA_KIND_ORDER, NULL, "{\"name\":\"abc\"}"), pool,
                        pool));
    assert_string_equal(thing.name, "abc");
    FAILS(ja_heard_read(&thing, &THING, heard_of(JA_KIND_ORDER, NULL, "{}"), pool, pool),
          JA_E_PROTOCOL, "thing/name is missing");
    FAILS(ja_heard_read(&thing, &THING, heard_of(JA_KIND_ORDER, NULL, "{\"name\":\"abcd\"}"), pool,
                        pool),
          JA_E_PROTOCOL, "long");
    WORKS(hear(reply_with(200, "text/plain", "x"), JA_KIND_ORDER));
    FAILS(ja_heard_read(&thing, &THING, heard, pool, pool), JA_E_PROTOCOL, "should be JSON");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(json_is_read_if_it_says_so), TEST(only_2xx_is_a_success),
        TEST(location_becomes_absolute),  TEST(a_bad_location_matters_where_it_is_needed),
        TEST(retry_after_is_a_moment),    TEST(a_struct_is_filled),
    };

    return RUN_TESTS(tests);
}

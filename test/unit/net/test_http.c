#include "../base/check.h"

#include <apr_strings.h>

#include "net/http.h"

#define NOW apr_time_from_sec(1893456000) /* 2030-01-01T00:00:00Z, a Tuesday */
#define DAY (24 * 60 * 60)

static ja_http_reply_t with(const char *name, const char *value)
{
    ja_http_reply_t reply = { .status = 200, .body = "" };
    apr_table_t *headers = apr_table_make(pool, 1);

    if (value) {
        apr_table_set(headers, name, value);
    }
    reply.headers = headers;
    return reply;
}

static apr_int64_t retry_after(const char *value)
{
    const ja_http_reply_t reply = with("Retry-After", value);
    apr_time_t at = ja_http_retry_at(&reply, NOW);

    return at == 0 ? -1 : apr_time_sec(at - NOW);
}

static void finds_headers_whatever_their_case(void **state)
{
    const ja_http_reply_t reply = with("Replay-Nonce", "abc");

    (void)state;
    assert_string_equal(ja_http_header(&reply, "replay-nonce"), "abc");
    assert_null(ja_http_header(&reply, "Location"));
}

static void reads_retry_after_in_seconds(void **state)
{
    (void)state;
    assert_int_equal(retry_after("0"), 0);
    assert_int_equal(retry_after("3"), 3);
    assert_int_equal(retry_after("86400"), DAY);
    assert_int_equal(retry_after("86401"), DAY);
    assert_int_equal(retry_after("99999999999999999999999999999999"), DAY);
}

static void reads_retry_after_as_date(void **state)
{
    (void)state;
    assert_int_equal(retry_after("Tue, 01 Jan 2030 00:00:07 GMT"), 7);
    assert_int_equal(retry_after("Mon, 31 Dec 2029 23:59:59 GMT"), 0);
    assert_int_equal(retry_after("Thu, 01 Jan 2099 00:00:00 GMT"), DAY);
}

static void takes_no_nonsense_for_retry_after(void **state)
{
    static const char *const NONSENSE[] = { NULL,       "",     "-1",  "+1", "1.5",
                                            "1 second", "soon", "Tue", " ",  "0x10" };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(NONSENSE) / sizeof(NONSENSE[0]); i++) {
        assert_int_equal(retry_after(NONSENSE[i]), -1);
    }
}

static int is_json(const char *type)
{
    const ja_http_reply_t reply = with("Content-Type", type);

    return ja_http_is_type(&reply, "application/json");
}

static void compares_media_types(void **state)
{
    (void)state;
    assert_true(is_json("application/json"));
    assert_true(is_json("Application/JSON"));
    assert_true(is_json("application/json;charset=utf-8"));
    assert_true(is_json("application/json ; charset=utf-8"));
    assert_false(is_json("application/json5"));
    assert_false(is_json("application/problem+json"));
    assert_false(is_json("application/jso"));
    assert_false(is_json(""));
    assert_false(is_json(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_headers_whatever_their_case),
        TEST(reads_retry_after_in_seconds),
        TEST(reads_retry_after_as_date),
        TEST(takes_no_nonsense_for_retry_after),
        TEST(compares_media_types),
    };

    return RUN_TESTS(tests);
}

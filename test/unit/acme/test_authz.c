#include "talk.h"

#include "acme/authz.h"

#define TOKEN    "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
#define NOW      apr_time_from_sec(1893456000) /* 2030-01-01T00:00:00Z */
#define FOR_NAME "\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}"

static ja_authz_t *authz;

static ja_err_t *hear(const char *json)
{
    authz = NULL;
    return ja_authz_hear(&authz, heard_of(JA_KIND_AUTHZ, NULL, json), pool, pool);
}

static const char *challenge(const char *type, const char *more)
{
    return apr_psprintf(
        pool, "{\"type\":\"%s\",\"url\":\"https://ca.example/chal/%s\",\"status\":\"pending\"%s}",
        type, type, more);
}

static const char *with(const char *challenges)
{
    return apr_psprintf(pool, "{\"status\":\"pending\"," FOR_NAME ",\"challenges\":[%s]}",
                        challenges);
}

#define WITH_TOKEN ",\"token\":\"" TOKEN "\""

static void asking_is_a_post_as_get(void **state)
{
    ja_ask_t ask;

    (void)state;
    ja_authz_ask(&ask, ASKED);
    assert_string_equal(ask.url, ASKED);
    assert_string_equal(ask.payload, "");
    assert_int_equal(ask.kind, JA_KIND_AUTHZ);
    ja_challenge_ask(&ask, ASKED);
    assert_string_equal(ask.payload, "{}"); /* RFC 8555 7.5.1 */
    assert_int_equal(ask.kind, JA_KIND_CHALLENGE);
}

static void challenges_are_read(void **state)
{
    const ja_challenge_t *one;

    (void)state;
    WORKS(hear(with(apr_pstrcat(pool, challenge("http-01", WITH_TOKEN), ",",
                                challenge("device-01", ""), NULL))));
    assert_int_equal(authz->status, JA_AUTHZ_PENDING);
    assert_string_equal(authz->name, "a.example");
    assert_int_equal(authz->challenges->nelts, 2);
    one = &APR_ARRAY_IDX(authz->challenges, 0, ja_challenge_t);
    assert_string_equal(one->type, "http-01");
    assert_string_equal(one->token, TOKEN);
    assert_string_equal(one->url, "https://ca.example/chal/http-01");
    assert_int_equal(one->status, JA_CHALLENGE_PENDING);
    assert_null(one->error);
    assert_string_equal(APR_ARRAY_IDX(authz->challenges, 1, ja_challenge_t).token, "");
}

static void wildcards_get_their_star_back(void **state)
{
    (void)state;
    WORKS(hear("{\"status\":\"valid\",\"wildcard\":true," FOR_NAME "}"));
    assert_string_equal(authz->name, "*.a.example");
    assert_int_equal(authz->challenges->nelts, 0);
}

static void every_status_is_known(void **state)
{
    static const char *const STATUSES[] = { "pending",     "valid",   "invalid",
                                            "deactivated", "expired", "revoked" };
    int i;

    (void)state;
    for (i = 0; i < JA_AUTHZ_STATUS_COUNT; i++) {
        WORKS(hear(apr_psprintf(pool, "{\"status\":\"%s\"," FOR_NAME "}", STATUSES[i])));
        assert_int_equal(authz->status, i);
    }
    FAILS(hear("{\"status\":\"ready\"," FOR_NAME "}"), JA_E_PROTOCOL, "status");
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    FAILS(hear("{" FOR_NAME "}"), JA_E_PROTOCOL, "status");
    FAILS(hear("{\"status\":\"valid\"}"), JA_E_PROTOCOL, "identifier");
    FAILS(hear("{\"status\":\"valid\",\"identifier\":{\"type\":\"ip\",\"value\":\"192.0.2.1\"}}"),
          JA_E_PROTOCOL, "DNS");
    FAILS(hear(with("{\"type\":\"http-01\",\"status\":\"pending\"}")), JA_E_PROTOCOL, "url");
    FAILS(hear(with("{\"type\":\"http-01\",\"url\":\"https://ca.example/1\"}")), JA_E_PROTOCOL,
          "status");
    FAILS(hear(with(challenge("http-01", ""))), JA_E_PROTOCOL, "token");
    FAILS(hear(with(challenge("dns-01", ",\"token\":\"\""))), JA_E_PROTOCOL, "token");
}

/* Tokens become file names, paths and records elsewhere. */
static void tokens_are_of_their_alphabet(void **state)
{
    static const char *const TOKENS[] = { "..",        "a/b",   "a.b",   "a b",
                                          "a\\u0000b", "a\\nb", "a=",    "\xe3\x81\x82",
                                          "a%2fb",     "<b>",   "a\\\\b" };
    char longest[JA_TOKEN_MAX + 2];
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(TOKENS) / sizeof(TOKENS[0]); i++) {
        ja_http_reply_t *reply = reply_with(
            200, "application/json",
            with(challenge("any-01", apr_psprintf(pool, ",\"token\":\"%s\"", TOKENS[i]))));
        ja_heard_t *heard;
        ja_err_t *err = ja_heard_make(&heard, reply, JA_KIND_AUTHZ, ASKED, pool);

        FAILS(err ? err : ja_authz_hear(&authz, heard, pool, pool), JA_E_PROTOCOL, "");
    }
    memset(longest, 'a', sizeof(longest));
    longest[JA_TOKEN_MAX] = '\0';
    WORKS(hear(with(challenge("http-01", apr_psprintf(pool, ",\"token\":\"%s\"", longest)))));
    longest[JA_TOKEN_MAX] = 'a';
    longest[JA_TOKEN_MAX + 1] = '\0';
    FAILS(hear(with(challenge("http-01", apr_psprintf(pool, ",\"token\":\"%s\"", longest)))),
          JA_E_PROTOCOL, "token");
}

static void there_is_a_limit_to_choice(void **state)
{
    apr_array_header_t *list = apr_array_make(pool, 21, sizeof(const char *));

    (void)state;
    while (list->nelts < JA_AUTHZ_MAX_CHALLENGES) {
        APR_ARRAY_PUSH(list, const char *) = challenge("http-01", WITH_TOKEN);
    }
    WORKS(hear(with(apr_array_pstrcat(pool, list, ','))));
    APR_ARRAY_PUSH(list, const char *) = challenge("http-01", WITH_TOKEN);
    FAILS(hear(with(apr_array_pstrcat(pool, list, ','))), JA_E_PROTOCOL, "challenges");
}

static void our_order_of_preference_counts(void **state)
{
    (void)state;
    WORKS(hear(with(apr_pstrcat(pool, challenge("http-01", WITH_TOKEN), ",",
                                challenge("dns-01", WITH_TOKEN), NULL))));
    assert_string_equal(ja_authz_pick(authz, strs("http-01", NULL))->type, "http-01");
    assert_string_equal(ja_authz_pick(authz, strs("dns-01", "http-01", NULL))->type, "dns-01");
    assert_string_equal(ja_authz_pick(authz, strs("tls-alpn-01", "http-01", NULL))->type,
                        "http-01");
    assert_null(ja_authz_pick(authz, strs("tls-alpn-01", NULL)));
    assert_null(ja_authz_pick(authz, strs(NULL, NULL)));
}

static void the_reason_is_that_of_the_challenge(void **state)
{
    (void)state;
    WORKS(hear("{\"status\":\"invalid\"," FOR_NAME ",\"challenges\":["
               "{\"type\":\"dns-01\",\"url\":\"https://ca.example/"
               "1\",\"status\":\"pending\",\"token\":\"a\"},"
               "{\"type\":\"http-01\",\"url\":\"https://ca.example/"
               "2\",\"status\":\"invalid\",\"token\":\"a\",\"error\":"
               "{\"type\":\"urn:ietf:params:acme:error:connection\",\"detail\":\"refused\","
               "\"status\":400}}]}"));
    FAILS(ja_authz_why(authz, NOW, pool), JA_E_VALIDATION_CONNECT,
          "challenge http-01 of a.example: the CA says connection: refused");
    WORKS(hear("{\"status\":\"expired\"," FOR_NAME "}"));
    FAILS(ja_authz_why(authz, NOW, pool), JA_E_AUTHZ_EXPIRED, "a.example has expired");
    WORKS(hear("{\"status\":\"deactivated\"," FOR_NAME "}"));
    FAILS(ja_authz_why(authz, NOW, pool), JA_E_AUTHZ_INVALID, "a.example is deactivated");
    WORKS(hear("{\"status\":\"invalid\"," FOR_NAME ",\"challenges\":["
               "{\"type\":\"http-01\",\"url\":\"https://ca.example/"
               "2\",\"status\":\"invalid\",\"token\":\"a\"}]}"));
    FAILS(ja_authz_why(authz, NOW, pool), JA_E_AUTHZ_INVALID, "a.example is invalid");
}

static void one_that_is_past_its_time_has_expired(void **state)
{
    static const struct {
        const char *expires;
        ja_code_t code;
    } CASES[] = { { "\"2029-12-31T23:59:59Z\"", JA_E_AUTHZ_EXPIRED },
                  { "\"2030-01-01T09:00:00.5+09:00\"", JA_E_AUTHZ_EXPIRED },
                  { "\"2030-01-01T00:00:01Z\"", JA_E_AUTHZ_INVALID },
                  { "\"soon\"", JA_E_AUTHZ_INVALID },
                  { "1893456000", JA_E_AUTHZ_INVALID } };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(CASES) / sizeof(CASES[0]); i++) {
        WORKS(hear(apr_pstrcat(pool, "{\"status\":\"invalid\",\"expires\":", CASES[i].expires,
                               "," FOR_NAME "}", NULL)));
        FAILS(ja_authz_why(authz, NOW, pool), CASES[i].code, "a.example");
    }
}

static void an_answered_challenge_is_read(void **state)
{
    static const char *const STATUSES[] = { "pending", "processing", "valid", "invalid" };
    ja_challenge_t *one;
    int i;

    (void)state;
    for (i = 0; i < JA_CHALLENGE_STATUS_COUNT; i++) {
        const char *json = apr_psprintf(pool,
                                        "{\"type\":\"http-01\",\"url\":\"https://ca.example/"
                                        "1\",\"token\":\"a\",\"status\":\"%s\"}",
                                        STATUSES[i]);

        WORKS(ja_challenge_hear(&one, heard_of(JA_KIND_CHALLENGE, NULL, json), pool, pool));
        assert_int_equal(one->status, i);
    }
    WORKS(ja_challenge_hear(
        &one,
        heard_of(
            JA_KIND_CHALLENGE, NULL,
            "{\"type\":\"http-01\",\"url\":\"https://ca.example/"
            "1\",\"token\":\"a\",\"status\":\"invalid\","
            "\"error\":{\"type\":\"urn:ietf:params:acme:error:dns\",\"detail\":\"NXDOMAIN\"}}"),
        pool, pool));
    FAILS(one->error, JA_E_DNS_LOOKUP, "challenge http-01 of " ASKED ": the CA says dns: NXDOMAIN");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(asking_is_a_post_as_get),
        TEST(challenges_are_read),
        TEST(wildcards_get_their_star_back),
        TEST(every_status_is_known),
        TEST(what_is_missing_is_named),
        TEST(tokens_are_of_their_alphabet),
        TEST(there_is_a_limit_to_choice),
        TEST(our_order_of_preference_counts),
        TEST(the_reason_is_that_of_the_challenge),
        TEST(one_that_is_past_its_time_has_expired),
        TEST(an_answered_challenge_is_read),
    };

    return RUN_TESTS(tests);
}

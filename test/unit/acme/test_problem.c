#include "talk.h"

#include "acme/problem.h"

#define PROBLEM "application/problem+json"
#define URN     "urn:ietf:params:acme:error:"

static ja_err_t *hear(int status, const char *body, ja_kind_t kind)
{
    return ja_problem_hear(reply_with(status, PROBLEM, body), kind, ASKED, NOW, pool);
}

static const char *problem(const char *type, const char *detail)
{
    return apr_psprintf(pool, "{\"type\":\"" URN "%s\",\"detail\":\"%s\"}", type, detail);
}

static ja_json_t *json(const char *text)
{
    ja_json_t *parsed;

    WORKS(ja_json_parse(&parsed, text, strlen(text), 100000, pool, pool));
    return parsed;
}

typedef struct {
    const char *type;
    const char *detail;
    ja_kind_t kind;
    int status;
    ja_code_t code;
} case_t;

/* clang-format off */
static const case_t CASES[] = {
    { "accountDoesNotExist", "", JA_KIND_NEW_ORDER, 400, JA_E_ACCOUNT_NOT_FOUND },
    { "alreadyRevoked", "", JA_KIND_CERT, 400, JA_E_ALREADY_REVOKED },
    { "badCSR", "", JA_KIND_FINALIZE, 400, JA_E_BAD_CSR },
    { "badNonce", "", JA_KIND_NEW_ORDER, 400, JA_E_BAD_NONCE },
    { "badPublicKey", "", JA_KIND_NEW_ACCOUNT, 400, JA_E_BAD_KEY },
    { "badRevocationReason", "", JA_KIND_CERT, 400, JA_E_BAD_REASON },
    { "badSignatureAlgorithm", "", JA_KIND_NEW_ORDER, 400, JA_E_BAD_ALGORITHM },
    { "caa", "", JA_KIND_FINALIZE, 403, JA_E_CAA },
    { "connection", "", JA_KIND_CHALLENGE, 400, JA_E_VALIDATION_CONNECT },
    { "dns", "", JA_KIND_CHALLENGE, 400, JA_E_DNS_LOOKUP },
    { "externalAccountRequired", "", JA_KIND_NEW_ACCOUNT, 400, JA_E_EAB_REQUIRED },
    { "incorrectResponse", "", JA_KIND_CHALLENGE, 400, JA_E_VALIDATION_WRONG },
    { "invalidContact", "", JA_KIND_NEW_ACCOUNT, 400, JA_E_BAD_CONTACT },
    { "malformed", "Unable to create account", JA_KIND_NEW_ACCOUNT, 400, JA_E_EAB_REFUSED },
    { "malformed", "UNABLE TO CREATE ACCOUNT / \xe3\x82\xa2", JA_KIND_NEW_ACCOUNT, 400, JA_E_EAB_REFUSED },
    { "malformed", "Unable to create account", JA_KIND_NEW_ORDER, 400, JA_E_MALFORMED },
    { "malformed", "The request information is invalid", JA_KIND_NEW_ACCOUNT, 400, JA_E_MALFORMED },
    { "malformed", "No such order", JA_KIND_ORDER, 400, JA_E_ORDER_GONE },
    { "malformed", "", JA_KIND_AUTHZ, 404, JA_E_ORDER_GONE },
    { "malformed", "", JA_KIND_FINALIZE, 400, JA_E_ORDER_REFUSED },
    { "malformed", "Error parsing CSR", JA_KIND_FINALIZE, 400, JA_E_MALFORMED },
    { "malformed", "", JA_KIND_NEW_ORDER, 405, JA_E_BAD_METHOD },
    { "malformed", "", JA_KIND_NEW_ORDER, 415, JA_E_BAD_CONTENT_TYPE },
    { "orderNotReady", "", JA_KIND_FINALIZE, 403, JA_E_ORDER_NOT_READY },
    { "rateLimited", "", JA_KIND_NEW_ORDER, 429, JA_E_RATE_LIMITED },
    { "rejectedIdentifier", "", JA_KIND_NEW_ORDER, 400, JA_E_REJECTED_NAME },
    { "serverInternal", "", JA_KIND_NEW_ORDER, 500, JA_E_CA_INTERNAL },
    { "tls", "", JA_KIND_CHALLENGE, 400, JA_E_VALIDATION_TLS },
    { "unauthorized", "", JA_KIND_NEW_ORDER, 401, JA_E_UNAUTHORIZED },
    { "unauthorized", "", JA_KIND_CHALLENGE, 403, JA_E_ORDER_UNAUTHORIZED },
    { "unauthorized", "the field 'kid' is not known", JA_KIND_NEW_ACCOUNT, 403, JA_E_EAB_REFUSED },
    { "unauthorized", "External account binding failed", JA_KIND_NEW_ACCOUNT, 403, JA_E_EAB_REFUSED },
    { "unauthorized", "account is deactivated", JA_KIND_NEW_ACCOUNT, 403, JA_E_UNAUTHORIZED },
    { "unsupportedContact", "", JA_KIND_NEW_ACCOUNT, 400, JA_E_BAD_CONTACT },
    { "unsupportedIdentifier", "", JA_KIND_NEW_ORDER, 400, JA_E_UNSUPPORTED_NAME },
    { "userActionRequired", "", JA_KIND_NEW_ORDER, 403, JA_E_ACTION_REQUIRED },
    { "compound", "", JA_KIND_NEW_ORDER, 400, JA_E_PROBLEM },
    { "tomorrowsType", "", JA_KIND_NEW_ORDER, 400, JA_E_PROBLEM },
    { "tomorrowsType", "", JA_KIND_NEW_ORDER, 503, JA_E_CA_INTERNAL },
};
/* clang-format on */

static void every_type_has_its_code(void **state)
{
    const case_t *one;
    ja_err_t *err;

    (void)state;
    for (one = CASES; one < CASES + sizeof(CASES) / sizeof(CASES[0]); one++) {
        err = hear(one->status, problem(one->type, one->detail), one->kind);
        FAILS(err, one->code, one->type);
        assert_string_equal(err->problem->type, one->type);
        assert_string_equal(err->problem->detail, one->detail);
        assert_int_equal(err->http_status, one->status);
    }
}

static void without_a_problem_the_status_decides(void **state)
{
    static const struct {
        int status;
        ja_kind_t kind;
        ja_code_t code;
    } ROWS[] = {
        { 429, JA_KIND_NEW_ORDER, JA_E_RATE_LIMITED }, { 500, JA_KIND_NEW_ORDER, JA_E_CA_INTERNAL },
        { 503, JA_KIND_CERT, JA_E_CA_INTERNAL },       { 599, JA_KIND_CERT, JA_E_CA_INTERNAL },
        { 404, JA_KIND_ORDER, JA_E_ORDER_GONE },       { 404, JA_KIND_NEW_ORDER, JA_E_HTTP },
        { 401, JA_KIND_NEW_ORDER, JA_E_HTTP },         { 403, JA_KIND_ORDER, JA_E_HTTP },
        { 301, JA_KIND_DIRECTORY, JA_E_HTTP },         { 200, JA_KIND_DIRECTORY, JA_E_HTTP },
    };
    static const char *const BODIES[] = {
        "",
        "<html>\n<h1>Bad Gateway</h1>",
        "{",
        "[]",
        "{}",
        "null",
        "{\"type\":7}",
        "\xff\xfe",
        "  ",
        "{\"a\":1}{",
    };
    unsigned i;
    unsigned k;

    (void)state;
    for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        for (k = 0; k < sizeof(BODIES) / sizeof(BODIES[0]); k++) {
            ja_err_t *err = hear(ROWS[i].status, BODIES[k], ROWS[i].kind);

            FAILS(err, ROWS[i].code, ASKED);
            assert_null(err->problem);
            assert_int_equal(err->http_status, ROWS[i].status);
        }
    }
    FAILS(hear(502, "<h1>Bad Gateway</h1>", JA_KIND_CERT), JA_E_CA_INTERNAL,
          "certificate " ASKED ": <h1>Bad Gateway</h1>");
    FAILS(hear(502, "", JA_KIND_CERT), JA_E_CA_INTERNAL, "empty");
}

static void the_media_type_does_not_matter(void **state)
{
    const char *body = problem("caa", "no");

    (void)state;
    FAILS(ja_problem_hear(reply_with(403, NULL, body), JA_KIND_FINALIZE, ASKED, NOW, pool),
          JA_E_CAA, "no");
    FAILS(ja_problem_hear(reply_with(403, "text/html", body), JA_KIND_FINALIZE, ASKED, NOW, pool),
          JA_E_CAA, "no");
}

static void a_byte_order_mark_does_not_matter(void **state)
{
    (void)state;
    FAILS(
        hear(400, apr_pstrcat(pool, "\xef\xbb\xbf", problem("caa", "no"), NULL), JA_KIND_FINALIZE),
        JA_E_CAA, "no");
}

static void other_namespaces_keep_their_whole_type(void **state)
{
    ja_err_t *err = hear(400, "{\"type\":\"https://ca.example/malformed\",\"detail\":\"x\"}",
                         JA_KIND_NEW_ORDER);

    (void)state;
    assert_int_equal(err->code, JA_E_PROBLEM);
    assert_string_equal(err->problem->type, "https://ca.example/malformed");
    err = hear(400, "{\"detail\":\"x\"}", JA_KIND_NEW_ORDER);
    assert_string_equal(err->problem->type, "about:blank");
}

static void subproblems_are_shown_and_speak_for_compound(void **state)
{
    ja_err_t *err =
        hear(403,
             "{\"type\":\"" URN "compound\",\"detail\":\"Some failed\",\"subproblems\":["
             "{\"type\":\"" URN "unheardOf\",\"detail\":\"?\"},"
             "{\"type\":\"" URN
             "caa\",\"detail\":\"no\",\"identifier\":{\"type\":\"dns\",\"value\":\"a.example\"}},"
             "{\"type\":\"" URN "dns\",\"detail\":\"gone\"}]}",
             JA_KIND_NEW_ORDER);

    (void)state;
    assert_int_equal(err->code, JA_E_CAA);
    assert_string_equal(err->problem->type, "compound");
    assert_string_equal(err->problem->detail, "Some failed");
    assert_null(err->problem->identifier);
    assert_int_equal(err->problem->sub_count, 3);
    assert_string_equal(err->problem->subs[1].identifier, "a.example");
    assert_string_equal(err->problem->subs[1].type, "caa");
    assert_non_null(strstr(ja_err_text(err, pool), "the CA says compound: Some failed; unheardOf: "
                                                   "?; a.example: caa: no; dns: gone (HTTP 403)"));
    err = ja_err_dup(err, pool);
    assert_string_equal(err->problem->subs[2].detail, "gone");

    err = hear(400,
               "{\"type\":\"" URN "malformed\",\"subproblems\":["
               "{\"type\":\"" URN
               "rejectedIdentifier\",\"detail\":\"no\",\"identifier\":{\"value\":\"b.example\"}}]}",
               JA_KIND_NEW_ORDER);
    assert_int_equal(err->code, JA_E_MALFORMED);
    assert_string_equal(err->problem->identifier, "b.example");
    assert_string_equal(err->problem->detail, "");
    FAILS(err, JA_E_MALFORMED, "malformed: ; b.example: rejectedIdentifier: no");
}

static void subproblems_that_are_no_objects_are_passed_over(void **state)
{
    ja_err_t *err = hear(400,
                         "{\"type\":\"" URN "compound\",\"subproblems\":[7,\"caa\",null,[],"
                         "{\"type\":\"" URN "dns\",\"detail\":\"gone\"}]}",
                         JA_KIND_NEW_ORDER);

    (void)state;
    assert_int_equal(err->problem->sub_count, 1);
    FAILS(err, JA_E_DNS_LOOKUP, "the CA says compound: ; dns: gone (HTTP 400)");
}

static void many_subproblems_are_cut(void **state)
{
    const char *subs = "{\"type\":\"" URN "caa\",\"detail\":\"x\"}";
    int i;

    (void)state;
    for (i = 0; i < 200; i++) {
        subs = apr_pstrcat(pool, subs, ",7,{}", NULL);
    }
    subs = apr_pstrcat(pool, "{\"type\":\"" URN "compound\",\"subproblems\":[", subs, "]}", NULL);
    assert_int_equal(hear(400, subs, JA_KIND_NEW_ORDER)->problem->sub_count, 10);
}

static void retry_after_is_kept(void **state)
{
    ja_http_reply_t *reply = reply_with(429, PROBLEM, problem("rateLimited", "slow down"));

    (void)state;
    apr_table_set((apr_table_t *)reply->headers, "Retry-After", "120");
    assert_int_equal(ja_problem_hear(reply, JA_KIND_NEW_ORDER, ASKED, NOW, pool)->retry_at,
                     NOW + apr_time_from_sec(120));
}

/* Text is cut between characters, whatever their length. */
static void long_texts_are_cut_at_a_character(void **state)
{
    char text[3 * JA_PROBLEM_TEXT_MAX];
    apr_size_t at;
    ja_err_t *err;
    int shift;

    (void)state;
    for (shift = 0; shift < 3; shift++) {
        memset(text, 'a', (size_t)shift);
        for (at = (size_t)shift; at + 3 < sizeof(text); at += 3) {
            memcpy(text + at, "\xe3\x81\x82", 3);
        }
        text[at] = '\0';
        err = hear(400, problem("malformed", text), JA_KIND_NEW_ORDER);
        assert_in_range(strlen(err->problem->detail), JA_PROBLEM_TEXT_MAX - 2, JA_PROBLEM_TEXT_MAX);
        assert_int_equal((strlen(err->problem->detail) - (size_t)shift) % 3, 0);
    }
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    static const struct {
        const char *body;
        const char *text;
    } ROWS[] = {
        { "a\xff"
          "b",
          "a?b" },
        { "404 not found \r\n", "404 not found (HTTP" },
        { "\xc0\xaf", "??" }, /* longer than need be */
        { "\xe0\x80\xaf", "???" },
        { "\xf0\x80\x80\xaf", "????" },
        { "\xed\xa0\x80", "???" },      /* a surrogate */
        { "\xf4\x90\x80\x80", "????" }, /* beyond Unicode */
        { "\xe3\x81", "??" },           /* cut off */
        { "\xe3\x81\x82\xf0\x9f\x98\x80\xc3\xa9", "\xe3\x81\x82\xf0\x9f\x98\x80\xc3\xa9" },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        FAILS(hear(400, ROWS[i].body, JA_KIND_NEW_ORDER), JA_E_HTTP,
              apr_pstrcat(pool, ASKED ": ", ROWS[i].text, NULL));
    }
}

static void problems_inside_are_about_validation(void **state)
{
    ja_err_t *err;

    (void)state;
    err = ja_problem_inside(json(problem("unauthorized", "wrong content")), JA_KIND_CHALLENGE,
                            JA_E_AUTHZ_INVALID, "challenge of a.example", pool);
    FAILS(err, JA_E_VALIDATION_WRONG,
          "challenge of a.example: the CA says unauthorized: wrong content");
    assert_int_equal(err->http_status, 0);
    FAILS(ja_problem_inside(json(problem("connection", "x")), JA_KIND_CHALLENGE, JA_E_AUTHZ_INVALID,
                            "w", pool),
          JA_E_VALIDATION_CONNECT, "x");
    FAILS(ja_problem_inside(json(problem("new", "x")), JA_KIND_CHALLENGE, JA_E_AUTHZ_INVALID, "w",
                            pool),
          JA_E_AUTHZ_INVALID, "new");
    FAILS(ja_problem_inside(json("[]"), JA_KIND_ORDER, JA_E_ORDER_INVALID, "w", pool),
          JA_E_ORDER_INVALID, "w");
    FAILS(ja_problem_inside(NULL, JA_KIND_ORDER, JA_E_ORDER_INVALID, "order x", pool),
          JA_E_ORDER_INVALID, "order x");
    assert_null(ja_problem_inside(NULL, JA_KIND_ORDER, JA_E_ORDER_INVALID, "w", pool)->problem);
}

static void a_broken_reply_is_of_the_protocol(void **state)
{
    ja_err_t *cause = ja_err_make(JA_E_SYNTAX, pool, "order/status is missing");

    (void)state;
    FAILS(ja_problem_broken(cause, ASKED, pool), JA_E_PROTOCOL, ASKED ": order/status is missing");
}

static void kinds_have_names(void **state)
{
    int kind;

    (void)state;
    for (kind = 0; kind < JA_KIND_COUNT; kind++) {
        assert_true(strlen(ja_kind_name((ja_kind_t)kind)) > 3);
    }
    assert_string_equal(ja_kind_name(JA_KIND_COUNT), "?");
}

static void values_in_brackets_are_extracted(void **state)
{
    static const struct {
        const char *detail;
        const char *value;
    } ROWS[] = {
        { "The FQDN is invalid: [a.jp] / FQDN \xe3\x81\xa7: [b.jp]", "a.jp" },
        { "\xe4\xb8\x8d\xe6\xad\xa3: [a b]", "a b" },
        { "could not connect to validation target : [[2001:db8::1]:80]", "[2001:db8::1]:80" },
        { "no brackets", NULL },
        { "[]", NULL },
        { "[", NULL },
        { "[a", NULL },
        { "]a[", NULL },
        { "", NULL },
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(ROWS) / sizeof(ROWS[0]); i++) {
        ja_err_t *err = hear(400, problem("malformed", ROWS[i].detail), JA_KIND_NEW_ORDER);

        if (!ROWS[i].value) {
            assert_null(err->problem->value);
            continue;
        }
        assert_string_equal(err->problem->value, ROWS[i].value);
    }
}

/* Shift_JIS, in which a second byte may be a backslash or a quote's escape; a lone escape; NULs. */
static void text_in_another_encoding_is_still_a_problem(void **state)
{
    static const char *const DETAILS[] = {
        "no way / \x94\x5c\x97\xcd \x83\x5c\x83\x8b",
        "no way\\u0000\\u001b",
        "no way \\ud83d!",
        "no way \xff\xfe",
        "no way \\x41 \\",
        "no way \\ud83d\\ude00",
    };
    unsigned i;

    (void)state;
    for (i = 0; i < sizeof(DETAILS) / sizeof(DETAILS[0]) - 2; i++) {
        ja_err_t *err = hear(403, problem("caa", DETAILS[i]), JA_KIND_NEW_ORDER);

        FAILS(err, JA_E_CAA, "no way");
        assert_true(strlen(err->problem->detail) < 40);
    }
    FAILS(hear(403, problem("caa", DETAILS[4]), JA_KIND_NEW_ORDER), JA_E_HTTP, "no way");
    FAILS(hear(403, problem("caa", DETAILS[5]), JA_KIND_NEW_ORDER), JA_E_CAA,
          "no way \xf0\x9f\x98\x80");
}

/* What the log, a terminal or a page is given of hostile text is for base/err and report/escape;
 * here nothing is lost of it, and it is cut. */
static void hostile_text_is_kept_and_cut(void **state)
{
    char text[10 * 1024];
    ja_err_t *err;

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    err = hear(400, problem("malformed", text), JA_KIND_NEW_ORDER);
    assert_int_equal(strlen(err->problem->detail), JA_PROBLEM_TEXT_MAX);
    err = hear(400, problem("caa", "<b>\\u001b[31m\\r\\n[error] forged\\u202e"), JA_KIND_NEW_ORDER);
    assert_non_null(strstr(err->problem->detail, "<b>\x1b[31m\r\n"));
    assert_null(strchr(ja_err_text(err, pool), '\n'));
    assert_null(strchr(ja_err_log_text(err, pool), '\x1b'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_has_its_code),
        TEST(without_a_problem_the_status_decides),
        TEST(the_media_type_does_not_matter),
        TEST(a_byte_order_mark_does_not_matter),
        TEST(other_namespaces_keep_their_whole_type),
        TEST(subproblems_are_shown_and_speak_for_compound),
        TEST(subproblems_that_are_no_objects_are_passed_over),
        TEST(many_subproblems_are_cut),
        TEST(retry_after_is_kept),
        TEST(long_texts_are_cut_at_a_character),
        TEST(bytes_that_are_no_utf8_are_replaced),
        TEST(values_in_brackets_are_extracted),
        TEST(text_in_another_encoding_is_still_a_problem),
        TEST(hostile_text_is_kept_and_cut),
        TEST(problems_inside_are_about_validation),
        TEST(a_broken_reply_is_of_the_protocol),
        TEST(kinds_have_names),
    };

    return RUN_TESTS(tests);
}

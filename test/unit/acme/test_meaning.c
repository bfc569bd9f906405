/* The error table of the JPRS manuals, row by row: with the right status and with others, in four
 * languages. What is expected stands here a second time, so that nothing changes by accident: ids
 * and classes are what people and scripts rely on. */
#include "talk.h"

#include "acme/meaning.h"

#define URN        "urn:ietf:params:acme:error:"
#define END(table) ((table) + sizeof(table) / sizeof((table)[0]))

typedef struct {
    const char *jprs;
    const char *type;
    int status;
    const char *english;
    const char *japanese;
    ja_kind_t kind;
    const char *id;
    ja_retry_t retry;
    ja_actor_t actor;
    const char *says; /* in the English sentence */
} case_t;

/* The Japanese is made up: the manuals only describe it. */
/* clang-format off */
static const case_t CASES[] = {
    { "E1", "accountDoesNotExist", 400, "The request specified an account that does not exist",
      "指定されたアカウントは存在しません", JA_KIND_NEW_ORDER,
      "JA0400", JA_RETRY_HOLD, JA_ACTOR_RESELLER, "does not know the account" },
    { "E2", "alreadyRevoked", 400,
      "The request specified a certificate to be revoked that has already been revoked: [x]",
      "失効対象の証明書は既に失効されています: [x]", JA_KIND_REVOKE,
      "JA0401", JA_RETRY_ASKED, JA_ACTOR_NOBODY, "revoked already" },
    { "E3", "badCSR", 400, "The CSR is unacceptable", "CSR を受け付けられません", JA_KIND_FINALIZE,
      "JA0402", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "ManagedDomainKeys" },
    { "E4", "badNonce", 400, "The client sent an unacceptable anti-replay nonce",
      "受理できないノンスを受信しました", JA_KIND_NEW_ORDER,
      "JA0403", JA_RETRY_CA, JA_ACTOR_NOBODY, "nonce" },
    { "E5", "badPublicKey", 400, "The JWS was signed by a public key the server does not support",
      "アカウント公開鍵に問題があります", JA_KIND_NEW_ACCOUNT,
      "JA0404", JA_RETRY_HOLD, JA_ACTOR_OPERATOR, "account key" },
    { "E6", "badRevocationReason", 400,
      "The revocation reason provided is not allowed by the server: [x]",
      "指定された失効理由は許可されていません: [x]", JA_KIND_REVOKE,
      "JA0405", JA_RETRY_ASKED, JA_ACTOR_OPERATOR, "reason" },
    { "E7", "badSignatureAlgorithm", 400,
      "The JWS was signed with an algorithm the server does not support: [x]",
      "サポートしていないアルゴリズムで署名されています: [x]", JA_KIND_NEW_ACCOUNT,
      "JA0423", JA_RETRY_HOLD, JA_ACTOR_OPERATOR, "algorithm" },
    { "E8", "caa", 403, "CAA records forbid the CA from issuing a certificate",
      "CAA レコードにより証明書の発行が許可されていません", JA_KIND_FINALIZE,
      "JA0406", JA_RETRY_SLOW, JA_ACTOR_DNS, "jprs.jp" },
    { "E9", "connection", 400, "The server could not connect to validation target : [x]",
      "審査対象のサーバーに接続できません: [x]", JA_KIND_CHALLENGE,
      "JA0407", JA_RETRY_FRESH, JA_ACTOR_OPERATOR, "Port 80" },
    { "E10", "externalAccountRequired", 400,
      "The request must include a value for the externalAccountBinding field",
      "externalAccountBinding を指定してください", JA_KIND_NEW_ACCOUNT,
      "JA0408", JA_RETRY_HOLD, JA_ACTOR_OPERATOR, "ManagedDomainExternalAccount" },
    { "E11", "invalidContact", 400, "A contact URL for an account was invalid: [x]",
      "コンタクトの URL の形式が不正です: [x]", JA_KIND_NEW_ACCOUNT,
      "JA0410", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "ManagedDomainContact" },
    { "E12", "malformed", 400, "The request information is invalid", "リクエストの内容が不正です",
      JA_KIND_NEW_ORDER, "JA0411", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "malformed" },
    { "E13", "malformed", 400, "Unable to create account", "アカウントを作成できません",
      JA_KIND_NEW_ACCOUNT, "JA0409", JA_RETRY_HOLD, JA_ACTOR_RESELLER, "14 days" },
    { "E14", "malformed", 400, "The contact information is invalid:", "コンタクト情報が不正です:",
      JA_KIND_NEW_ACCOUNT, "JA0424", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "1 to 6" },
    { "E15", "malformed", 400, "Please agree to the term of service.",
      "利用規約に同意してください。", JA_KIND_NEW_ACCOUNT,
      "JA0428", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "ManagedDomainAgreement" },
    { "E16", "malformed", 400, "The FQDN is invalid: [x]", "発行できない FQDN です: [x]",
      JA_KIND_NEW_ORDER, "JA0429", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "FQDN" },
    { "E17", "malformed", 400, "Validity period of application has been expired",
      "申請の有効期限が切れています", JA_KIND_FINALIZE,
      "JA0509", JA_RETRY_ANEW, JA_ACTOR_NOBODY, "order has expired" },
    { "E18", "malformed", 400, "Unable to accept order", "申請のステータスが不正です",
      JA_KIND_FINALIZE, "JA0510", JA_RETRY_ANEW, JA_ACTOR_NOBODY, "order is in another" },
    { "E19", "malformed", 400, "Validity period of application has been expired",
      "申請の有効期限が切れています", JA_KIND_CHALLENGE,
      "JA0511", JA_RETRY_ANEW, JA_ACTOR_NOBODY, "authorization of a name has expired" },
    { "E20", "malformed", 400, "Unable to accept order", "申請のステータスが不正です",
      JA_KIND_CHALLENGE, "JA0512", JA_RETRY_ANEW, JA_ACTOR_NOBODY, "authorization of a name is" },
    { "E21", "malformed", 400, "The certificate does not exist: [x]",
      "失効対象の証明書が存在しません: [x]", JA_KIND_REVOKE,
      "JA0425", JA_RETRY_ASKED, JA_ACTOR_OPERATOR, "to be revoked" },
    { "E22", "malformed", 405, "The HTTP method is invalid: [x]", "HTTP メソッドが不正です: [x]",
      JA_KIND_NEW_ORDER, "JA0426", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "HTTP method" },
    { "E23", "malformed", 415, "The content-type is invalid: [x]", "形式が不正です: [x]",
      JA_KIND_NEW_ORDER, "JA0427", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "content type" },
    { "E24", "orderNotReady", 403,
      "The request attempted to finalize an order that is not ready to be finalized",
      "finalize の準備ができていないオーダーです", JA_KIND_FINALIZE,
      "JA0412", JA_RETRY_LATER, JA_ACTOR_NOBODY, "not ready" },
    { "E25", "rejectedIdentifier", 400, "The server will not issue certificates for the identifier",
      "指定された識別子に対して証明書を発行できません", JA_KIND_NEW_ORDER,
      "JA0414", JA_RETRY_SLOW, JA_ACTOR_RESELLER, "registered with the reseller" },
    { "E26", "serverInternal", 500, "The server experienced an internal error",
      "サーバーで内部エラーが発生しました", JA_KIND_NEW_ORDER,
      "JA0415", JA_RETRY_CA, JA_ACTOR_NOBODY, "problem of its own" },
    { "E27", "unauthorized", 401, "The client lacks sufficient authorization",
      "アカウントのステータスが不正です", JA_KIND_NEW_ORDER,
      "JA0416", JA_RETRY_HOLD, JA_ACTOR_RESELLER, "deactivated" },
    { "E28", "unsupportedContact", 400,
      "A contact URL for an account used an unsupported protocol scheme: [x]",
      "サポートしていないスキームのコンタクト URL です: [x]", JA_KIND_NEW_ACCOUNT,
      "JA0410", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "ManagedDomainContact" },
    { "E29", "unsupportedIdentifier", 400, "An identifier is of an unsupported type",
      "サポートしていない種類の識別子です", JA_KIND_NEW_ORDER,
      "JA0418", JA_RETRY_SLOW, JA_ACTOR_OPERATOR, "kind of name" },
};
/* clang-format on */

static ja_err_t *hear(const case_t *one, int status, const char *detail)
{
    const char *body =
        apr_psprintf(pool, "{\"type\":\"" URN "%s\",\"detail\":\"%s\"}", one->type, detail);

    return ja_problem_hear(reply_with(status, "application/problem+json", body), one->kind, ASKED,
                           NOW, pool);
}

static void check(const case_t *one, int status, const char *detail)
{
    const ja_errcode_t *row = ja_err_row(hear(one, status, detail)->code);

    if (strcmp(row->id, one->id) != 0) {
        fail_msg("%s with status %d and \"%s\" is %s %s", one->jprs, status, detail, row->id,
                 row->name);
    }
    assert_int_equal(row->retry, one->retry);
    assert_int_equal(row->actor, one->actor);
    assert_non_null(strstr(row->en, one->says));
}

static void every_row_of_jprs_is_known_by_its_words(void **state)
{
    static const int STATUS[] = { 400, 401, 403, 404, 409, 422, 500, 503, 200 };
    const case_t *one;
    const int *other;

    (void)state;
    for (one = CASES; one < END(CASES); one++) {
        const char *both = apr_pstrcat(pool, one->english, " / ", one->japanese, NULL);

        check(one, one->status, one->english);
        check(one, one->status, both);
        check(one, one->status, apr_pstrcat(pool, one->japanese, "\\n", one->english, NULL));
        for (other = STATUS; other < END(STATUS); other++) {
            check(one, *other, one->english);
            check(one, *other, both);
        }
    }
}

static void every_row_of_jprs_is_known_in_japanese(void **state)
{
    const case_t *one;

    (void)state;
    for (one = CASES; one < END(CASES); one++) {
        check(one, one->status, one->japanese);
    }
}

/* Without words the type decides. Of "malformed" it can't, so kind and status do. */
static void garbage_gives_what_type_and_kind_say(void **state)
{
    static const char *const GARBAGE[] = { "",     "\x83\x5c\x83\x8b", "\xff\xfe\xfd",
                                           "????", "\\u0000\\u001b",   "\\ud800" };
    const char *const *text;
    const case_t *one;

    (void)state;
    for (one = CASES; one < END(CASES); one++) {
        for (text = GARBAGE; text < END(GARBAGE); text++) {
            ja_err_t *err = hear(one, one->status, *text);

            if (strcmp(one->type, "malformed") != 0) {
                check(one, one->status, *text);
            }
            assert_string_equal(err->problem->type, one->type);
            assert_int_equal(err->http_status, one->status);
        }
    }
    check(&CASES[12], 400, "\x83\x5c"); /* E13: of registering */
    check(&CASES[17], 400, "\x83\x5c"); /* E18: of an order */
    check(&CASES[19], 400, "\x83\x5c"); /* E20: of an authorization */
    check(&CASES[21], 405, "\x83\x5c");
    check(&CASES[22], 415, "\x83\x5c");
}

static ja_code_t meaning(const char *type, const char *detail, ja_kind_t kind, int is_inside)
{
    return ja_meaning_of(&(ja_meaning_asked_t){ type, detail, kind, is_inside, 400 });
}

static void what_was_asked_tells_equal_texts_apart(void **state)
{
    static const char EXPIRED[] = "Validity period of application has been expired";
    static const char REFUSED[] = "Unable to accept order";

    (void)state;
    assert_int_equal(meaning("malformed", EXPIRED, JA_KIND_ORDER, 0), JA_E_ORDER_EXPIRED);
    assert_int_equal(meaning("malformed", EXPIRED, JA_KIND_CERT, 0), JA_E_ORDER_EXPIRED);
    assert_int_equal(meaning("malformed", EXPIRED, JA_KIND_AUTHZ, 0), JA_E_AUTHZ_EXPIRED);
    assert_int_equal(meaning("malformed", EXPIRED, JA_KIND_ORDER, 1), JA_E_ORDER_EXPIRED);
    assert_int_equal(meaning("malformed", EXPIRED, JA_KIND_CHALLENGE, 1), JA_E_AUTHZ_EXPIRED);
    assert_int_equal(meaning("malformed", REFUSED, JA_KIND_NEW_ORDER, 0), JA_E_ORDER_REFUSED);
    assert_int_equal(meaning("malformed", REFUSED, JA_KIND_AUTHZ, 0), JA_E_AUTHZ_REFUSED);
    assert_int_equal(meaning("unauthorized", "x", JA_KIND_NEW_ACCOUNT, 0), JA_E_UNAUTHORIZED);
    assert_int_equal(meaning("unauthorized", "x", JA_KIND_ACCOUNT, 0), JA_E_UNAUTHORIZED);
    assert_int_equal(meaning("unauthorized", "x", JA_KIND_FINALIZE, 0), JA_E_ORDER_UNAUTHORIZED);
    assert_int_equal(meaning("unauthorized", "x", JA_KIND_CHALLENGE, 1), JA_E_VALIDATION_WRONG);
    assert_int_equal(meaning("badPublicKey", "x", JA_KIND_FINALIZE, 0), JA_E_BAD_CSR);
    /* E13's words come of registering only: no order ever holds an account up. */
    assert_int_equal(meaning("malformed", "Unable to create account", JA_KIND_NEW_ORDER, 0),
                     JA_E_MALFORMED);
}

static void types_of_other_rfcs_are_known(void **state)
{
    (void)state;
    assert_int_equal(meaning("alreadyReplaced", "", JA_KIND_NEW_ORDER, 0), JA_E_ALREADY_REPLACED);
    assert_int_equal(meaning("tls", "", JA_KIND_CHALLENGE, 1), JA_E_VALIDATION_TLS);
    assert_int_equal(meaning("compound", "", JA_KIND_NEW_ORDER, 0), JA_E_COUNT);
    assert_int_equal(meaning("", "", JA_KIND_NEW_ORDER, 0), JA_E_COUNT);
    assert_int_equal(meaning("Malformed", "", JA_KIND_NEW_ORDER, 0), JA_E_COUNT);
}

static void the_status_means_something_by_itself(void **state)
{
    (void)state;
    assert_int_equal(ja_meaning_of_status(407, JA_KIND_ORDER, JA_E_HTTP), JA_E_PROXY);
    assert_int_equal(ja_meaning_of_status(408, JA_KIND_ORDER, JA_E_HTTP), JA_E_TIMEOUT);
    assert_int_equal(ja_meaning_of_status(404, JA_KIND_ORDER, JA_E_HTTP), JA_E_ORDER_GONE);
    assert_int_equal(ja_meaning_of_status(404, JA_KIND_ACCOUNT, JA_E_HTTP), JA_E_HTTP);
    assert_int_equal(ja_meaning_of_status(0, JA_KIND_ORDER, JA_E_HTTP), JA_E_HTTP);
    assert_int_equal(ja_meaning_of_status(600, JA_KIND_ORDER, JA_E_HTTP), JA_E_HTTP);
}

static const char *list(apr_array_header_t *texts)
{
    return apr_array_pstrcat(pool, texts, ' ');
}

static void the_types_and_rows_of_a_code_are_known(void **state)
{
    (void)state;
    assert_string_equal(list(ja_meaning_types(JA_E_BAD_NONCE, pool)), "badNonce");
    assert_string_equal(list(ja_meaning_types(JA_E_BAD_CONTACT, pool)),
                        "invalidContact unsupportedContact");
    assert_string_equal(list(ja_meaning_types(JA_E_EAB_REFUSED, pool)), "malformed unauthorized");
    assert_string_equal(list(ja_meaning_types(JA_E_PROBLEM, pool)), "");
    assert_string_equal(list(ja_meaning_types(JA_E_COUNT, pool)), "");
    assert_string_equal(list(ja_meaning_jprs(JA_E_BAD_CONTACT, pool)), "E11 E28");
    assert_string_equal(list(ja_meaning_jprs(JA_E_EAB_REFUSED, pool)), "E13");
    assert_string_equal(list(ja_meaning_jprs(JA_E_RATE_LIMITED, pool)), "");
}

/* Each of the 29 is in the catalogue, with the words of the manual, which are English. */
static void every_row_of_jprs_is_in_the_catalogue(void **state)
{
    const case_t *one;
    int found;
    int code;
    int i;

    (void)state;
    assert_int_equal(sizeof(CASES) / sizeof(CASES[0]), 29);
    for (one = CASES; one < END(CASES); one++) {
        found = 0;
        for (code = 0; code < JA_E_COUNT; code++) {
            apr_array_header_t *rows = ja_meaning_rows((ja_code_t)code, pool);

            for (i = 0; i < rows->nelts; i++) {
                const ja_meaning_row_t *row = &APR_ARRAY_IDX(rows, i, ja_meaning_row_t);

                if (row->jprs && strcmp(row->jprs, one->jprs) == 0) {
                    assert_string_equal(row->type, one->type);
                    assert_true(!row->text || strstr(one->english, row->text));
                    found++;
                }
            }
        }
        assert_in_range(found, 1, 2);
    }
}

/* All of RFC 8555 6.7 but "compound", which means what its subproblems mean. */
static void every_type_of_the_rfc_means_something(void **state)
{
    static const char *const TYPES[] = {
        "accountDoesNotExist",
        "alreadyRevoked",
        "badCSR",
        "badNonce",
        "badPublicKey",
        "badRevocationReason",
        "badSignatureAlgorithm",
        "caa",
        "connection",
        "dns",
        "externalAccountRequired",
        "incorrectResponse",
        "invalidContact",
        "malformed",
        "orderNotReady",
        "rateLimited",
        "rejectedIdentifier",
        "serverInternal",
        "tls",
        "unauthorized",
        "unsupportedContact",
        "unsupportedIdentifier",
        "userActionRequired",
    };
    const char *const *type;
    int kind;

    (void)state;
    for (type = TYPES; type < END(TYPES); type++) {
        for (kind = 0; kind < JA_KIND_COUNT; kind++) {
            assert_int_not_equal(meaning(*type, "x", (ja_kind_t)kind, 0), JA_E_COUNT);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_row_of_jprs_is_known_by_its_words), TEST(every_row_of_jprs_is_known_in_japanese),
        TEST(garbage_gives_what_type_and_kind_say),    TEST(what_was_asked_tells_equal_texts_apart),
        TEST(types_of_other_rfcs_are_known),           TEST(the_status_means_something_by_itself),
        TEST(the_types_and_rows_of_a_code_are_known),  TEST(every_row_of_jprs_is_in_the_catalogue),
        TEST(every_type_of_the_rfc_means_something),
    };

    return RUN_TESTS(tests);
}

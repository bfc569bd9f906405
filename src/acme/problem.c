#include "acme/problem.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/utf8.h"

#define MAX_BYTES       (64 * 1024) /* of a problem document                                */
#define MAX_SUBPROBLEMS 10          /* that are shown                                       */
#define EXCERPT_MAX     200         /* of a body that is no problem document                */

/* Bits for the column "where" below: kinds of request, and the object inside an order or a
 * challenge. */
#define IN(kind) (1u << (kind))
#define INSIDE   (1u << JA_KIND_COUNT)
#define ANYWHERE (~0u)
#define OF_AN_ORDER                                                                       \
    (IN(JA_KIND_ORDER) | IN(JA_KIND_AUTHZ) | IN(JA_KIND_CHALLENGE) | IN(JA_KIND_FINALIZE) \
     | IN(JA_KIND_CERT))

static const char *const KIND_NAMES[] = {
    [JA_KIND_DIRECTORY] = "directory",     [JA_KIND_NONCE] = "new nonce",
    [JA_KIND_NEW_ACCOUNT] = "new account", [JA_KIND_ACCOUNT] = "account",
    [JA_KIND_NEW_ORDER] = "new order",     [JA_KIND_ORDER] = "order",
    [JA_KIND_AUTHZ] = "authorization",     [JA_KIND_CHALLENGE] = "challenge",
    [JA_KIND_FINALIZE] = "finalize",       [JA_KIND_CERT] = "certificate",
};
_Static_assert(sizeof(KIND_NAMES) / sizeof(KIND_NAMES[0]) == JA_KIND_COUNT, "a kind has no name");

/* What a problem means: the first row that fits. */
typedef struct {
    const char *type;
    const char *needle; /* has to be in the detail, whatever its case; NULL: any detail     */
    unsigned where;
    int status; /* 0: any                                                           */
    ja_code_t code;
} row_t;

/* clang-format off */
static const row_t ROWS[] = {
    { "accountDoesNotExist", NULL, ANYWHERE, 0, JA_E_ACCOUNT_NOT_FOUND },
    { "alreadyRevoked", NULL, ANYWHERE, 0, JA_E_ALREADY_REVOKED },
    { "badCSR", NULL, ANYWHERE, 0, JA_E_BAD_CSR },
    { "badNonce", NULL, ANYWHERE, 0, JA_E_BAD_NONCE },
    { "badPublicKey", NULL, ANYWHERE, 0, JA_E_BAD_KEY },
    { "badRevocationReason", NULL, ANYWHERE, 0, JA_E_BAD_REASON },
    { "badSignatureAlgorithm", NULL, ANYWHERE, 0, JA_E_BAD_KEY },
    { "caa", NULL, ANYWHERE, 0, JA_E_CAA },
    { "connection", NULL, ANYWHERE, 0, JA_E_VALIDATION_CONNECT },
    { "dns", NULL, ANYWHERE, 0, JA_E_DNS_LOOKUP },
    { "externalAccountRequired", NULL, ANYWHERE, 0, JA_E_EAB_REQUIRED },
    { "incorrectResponse", NULL, ANYWHERE, 0, JA_E_VALIDATION_WRONG },
    { "invalidContact", NULL, ANYWHERE, 0, JA_E_BAD_CONTACT },
    { "malformed", "Unable to create account", IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { "malformed", "external account", IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { "malformed", NULL, IN(JA_KIND_ORDER), 0, JA_E_ORDER_GONE },
    { "malformed", NULL, OF_AN_ORDER, 404, JA_E_ORDER_GONE },
    { "malformed", NULL, ANYWHERE, 0, JA_E_MALFORMED },
    { "orderNotReady", NULL, ANYWHERE, 0, JA_E_ORDER_NOT_READY },
    { "rateLimited", NULL, ANYWHERE, 0, JA_E_RATE_LIMITED },
    { "rejectedIdentifier", NULL, ANYWHERE, 0, JA_E_REJECTED_NAME },
    { "serverInternal", NULL, ANYWHERE, 0, JA_E_CA_INTERNAL },
    { "tls", NULL, ANYWHERE, 0, JA_E_VALIDATION_CONNECT },
    { "unauthorized", NULL, INSIDE, 0, JA_E_VALIDATION_WRONG },
    { "unauthorized", "external account", IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { "unauthorized", "'kid'", IN(JA_KIND_NEW_ACCOUNT), 0, JA_E_EAB_REFUSED },
    { "unauthorized", NULL, ANYWHERE, 0, JA_E_UNAUTHORIZED },
    { "unsupportedContact", NULL, ANYWHERE, 0, JA_E_BAD_CONTACT },
    { "unsupportedIdentifier", NULL, ANYWHERE, 0, JA_E_UNSUPPORTED_NAME },
    { "userActionRequired", NULL, ANYWHERE, 0, JA_E_ACTION_REQUIRED },
};
/* clang-format on */
#define ROW_COUNT (sizeof(ROWS) / sizeof(ROWS[0]))

/* Without a known type: the first row whose range has the status. What no row has is JA_E_PROBLEM
 * if there is a problem document, and JA_E_HTTP if there is none. */
/* clang-format off */
static const struct {
    int from;
    int to;
    unsigned where;
    ja_code_t code;
} STATUS_ROWS[] = {
    { 404, 404, OF_AN_ORDER, JA_E_ORDER_GONE },
    { 429, 429, ANYWHERE, JA_E_RATE_LIMITED },
    { 500, 599, ANYWHERE, JA_E_CA_INTERNAL },
};
/* clang-format on */

const char *ja_kind_name(ja_kind_t kind)
{
    return (unsigned)kind < JA_KIND_COUNT ? KIND_NAMES[kind] : "?";
}

/* ---- text from outside ---- */

static const char *clean_str(const char *text, apr_pool_t *pool)
{
    return ja_utf8_copy(text, strlen(text), JA_PROBLEM_TEXT_MAX, pool);
}

/* Is `needle` in `text`, whatever the case of ASCII letters? */
static int has(const char *text, const char *needle)
{
    apr_size_t len = strlen(needle);

    for (; *text; text++) {
        if (apr_cstr_casecmpn(text, needle, len) == 0) {
            return 1;
        }
    }
    return 0;
}

/* ---- problem documents ---- */

static const char *type_of(const ja_json_t *json)
{
    const char *type = ja_json_get_str(json, "type", "about:blank"); /* RFC 7807 3.1 */

    if (strncmp(type, JA_PROBLEM_URN, strlen(JA_PROBLEM_URN)) == 0) {
        type += strlen(JA_PROBLEM_URN);
    }
    return type;
}

static const char *identifier_of(const ja_json_t *json)
{
    return ja_json_get_str(ja_json_get(json, "identifier"), "value", NULL);
}

/* The first row that fits, or JA_E_COUNT. */
static ja_code_t find_code(const char *type, const char *detail, unsigned where, int status)
{
    const row_t *row;

    for (row = ROWS; row < ROWS + ROW_COUNT; row++) {
        if (strcmp(row->type, type) == 0 && (row->where & where)
            && (row->status == 0 || row->status == status)
            && (!row->needle || has(detail, row->needle))) {
            return row->code;
        }
    }
    return JA_E_COUNT;
}

/* The code of a problem; that of its first subproblem with a known type if its own says nothing
 * (RFC 8555 6.7.1: "compound"). */
static ja_code_t code_of(const ja_json_t *json, unsigned where, int status)
{
    const ja_json_t *subs = ja_json_get(json, "subproblems");
    ja_code_t code = find_code(type_of(json), ja_json_get_str(json, "detail", ""), where, status);
    int i;

    for (i = 0; code == JA_E_COUNT && i < ja_json_count(subs); i++) {
        const ja_json_t *sub = ja_json_at(subs, i);

        code = find_code(type_of(sub), ja_json_get_str(sub, "detail", ""), where, status);
    }
    return code;
}

/* The detail with the subproblems behind it: "...; www.example.jp: rejectedIdentifier: ...". */
static const char *detail_of(const ja_json_t *json, apr_pool_t *pool)
{
    const ja_json_t *subs = ja_json_get(json, "subproblems");
    const char *text = ja_json_get_str(json, "detail", "");
    int i;

    for (i = 0;
         i < ja_json_count(subs) && i < MAX_SUBPROBLEMS && strlen(text) < JA_PROBLEM_TEXT_MAX;
         i++) {
        const ja_json_t *sub = ja_json_at(subs, i);
        const char *name = identifier_of(sub);

        text = apr_pstrcat(pool, text, *text ? "; " : "", name ? name : "", name ? ": " : "",
                           type_of(sub), ": ", ja_json_get_str(sub, "detail", ""), NULL);
    }
    return clean_str(text, pool);
}

static const ja_problem_t *problem_make(const ja_json_t *json, apr_pool_t *pool)
{
    ja_problem_t *problem = apr_pcalloc(pool, sizeof(*problem));
    const char *name = identifier_of(json);

    if (!name) {
        name = identifier_of(ja_json_at(ja_json_get(json, "subproblems"), 0));
    }
    problem->type = clean_str(type_of(json), pool);
    problem->detail = detail_of(json, pool);
    problem->identifier = name ? clean_str(name, pool) : NULL;
    return problem;
}

/* The problem document in a body, or NULL. The media type is not asked: a "{" at the beginning
 * says as much. */
static const ja_json_t *read_body(const ja_http_reply_t *reply, apr_pool_t *pool)
{
    apr_size_t blanks = strspn(reply->body, " \t\r\n");
    ja_json_t *json;

    if (reply->body[blanks] != '{'
        || ja_json_parse(&json, reply->body, reply->body_len, MAX_BYTES, pool, pool) != NULL
        || (!ja_json_get_str(json, "type", NULL) && !ja_json_get_str(json, "detail", NULL))) {
        return NULL;
    }
    return json;
}

/* ---- replies ---- */

static ja_code_t code_of_status(int status, unsigned where, ja_code_t fallback)
{
    unsigned i;

    for (i = 0; i < sizeof(STATUS_ROWS) / sizeof(STATUS_ROWS[0]); i++) {
        if (status >= STATUS_ROWS[i].from && status <= STATUS_ROWS[i].to
            && (STATUS_ROWS[i].where & where)) {
            return STATUS_ROWS[i].code;
        }
    }
    return fallback;
}

/* A reply without problem document: "order https://...: <html>...", so that one sees who has
 * answered. */
static ja_err_t *unknown(const ja_http_reply_t *reply, ja_kind_t kind, const char *url,
                         apr_pool_t *pool)
{
    apr_size_t len = reply->body_len;
    const char *text;

    while (len > 0 && apr_isspace(reply->body[len - 1])) {
        len--;
    }
    text = ja_utf8_copy(reply->body, len, EXCERPT_MAX, pool);
    return ja_err_make(code_of_status(reply->status, IN(kind), JA_E_HTTP), pool, "%s %s: %s",
                       ja_kind_name(kind), url, *text ? text : "an empty reply");
}

ja_err_t *ja_problem_hear(const ja_http_reply_t *reply, ja_kind_t kind, const char *url,
                          apr_time_t now, apr_pool_t *result)
{
    const ja_json_t *json = read_body(reply, result);
    ja_code_t code;
    ja_err_t *err;

    if (!json) {
        err = unknown(reply, kind, url, result);
    }
    else {
        code = code_of(json, IN(kind), reply->status);
        if (code == JA_E_COUNT) {
            code = code_of_status(reply->status, IN(kind), JA_E_PROBLEM);
        }
        err = ja_err_make(code, result, "%s %s", ja_kind_name(kind), url);
        err->problem = problem_make(json, result);
    }
    err->http_status = reply->status;
    err->retry_at = ja_http_retry_at(reply, now);
    return err;
}

ja_err_t *ja_problem_inside(const ja_json_t *problem, ja_code_t fallback, const char *what,
                            apr_pool_t *result)
{
    ja_code_t code;
    ja_err_t *err;

    if (!ja_json_is_object(problem)) {
        return ja_err_make(fallback, result, "%s", what);
    }
    code = code_of(problem, INSIDE, 0);
    err = ja_err_make(code == JA_E_COUNT ? fallback : code, result, "%s", what);
    err->problem = problem_make(problem, result);
    return err;
}

/* The rows of a type stand together. */
apr_array_header_t *ja_problem_types(ja_code_t code, apr_pool_t *result)
{
    apr_array_header_t *types = apr_array_make(result, 2, sizeof(const char *));
    const char *last = "";
    const row_t *row;

    for (row = ROWS; row < ROWS + ROW_COUNT; row++) {
        if (row->code == code && strcmp(row->type, last) != 0) {
            last = row->type;
            APR_ARRAY_PUSH(types, const char *) = last;
        }
    }
    return types;
}

ja_err_t *ja_problem_broken(const ja_err_t *cause, const char *url, apr_pool_t *result)
{
    ja_err_t *err = ja_err_make(JA_E_PROTOCOL, result, "the reply of %s", url);

    err->cause = ja_err_dup(cause, result);
    return err;
}

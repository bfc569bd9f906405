#include "acme/problem.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "acme/meaning.h"
#include "base/utf8.h"

#define MAX_BYTES       (64 * 1024) /* of a problem document */
#define MAX_SUBPROBLEMS 10          /* that are shown */
#define VALUE_MAX       256         /* of what stands in brackets */
#define EXCERPT_MAX     200         /* of a body that is no problem document */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const char *const KIND_NAMES[] = {
    [JA_KIND_DIRECTORY] = "directory",     [JA_KIND_NONCE] = "new nonce",
    [JA_KIND_NEW_ACCOUNT] = "new account", [JA_KIND_ACCOUNT] = "account",
    [JA_KIND_NEW_ORDER] = "new order",     [JA_KIND_ORDER] = "order",
    [JA_KIND_AUTHZ] = "authorization",     [JA_KIND_CHALLENGE] = "challenge",
    [JA_KIND_FINALIZE] = "finalize",       [JA_KIND_CERT] = "certificate",
    [JA_KIND_REVOKE] = "revocation",
};
_Static_assert(sizeof(KIND_NAMES) / sizeof(KIND_NAMES[0]) == JA_KIND_COUNT, "a kind has no name");

const char *ja_kind_name(ja_kind_t kind)
{
    return (unsigned)kind < JA_KIND_COUNT ? KIND_NAMES[kind] : "?";
}

/* ---- problem documents ----------------------------------------------------------------------- */

static const char *type_of(const ja_json_t *json)
{
    const char *type = ja_json_get_str(json, "type", "about:blank"); /* RFC 7807 3.1 */

    if (strncmp(type, JA_PROBLEM_URN, strlen(JA_PROBLEM_URN)) == 0) {
        type += strlen(JA_PROBLEM_URN);
    }
    return type;
}

/* The meaning of a problem; that of its first subproblem with a known type if its own says nothing
 * (RFC 8555 6.7.1: "compound"). */
static ja_code_t code_of(const ja_json_t *json, ja_meaning_asked_t *asked)
{
    const ja_json_t *subs = ja_json_get(json, "subproblems");
    const ja_json_t *at = json;
    ja_code_t code;
    int i = 0;

    do {
        asked->type = type_of(at);
        asked->detail = ja_json_get_str(at, "detail", "");
        code = ja_meaning_of(asked);
        at = ja_json_at(subs, i++);
    } while (code == JA_E_COUNT && at);
    return code;
}

static const char *clean_str(const char *text, apr_size_t max, apr_pool_t *pool)
{
    return ja_utf8_copy(text, strlen(text), max, pool);
}

/* What stands in the first brackets, which may have brackets in them: "[[2001:db8::1]]". */
static const char *value_of(const char *detail, apr_pool_t *pool)
{
    const char *begin = strchr(detail, '[');
    const char *at = begin;
    int depth = 0;

    while (at && *at) {
        depth += *at == '[' ? 1 : *at == ']' ? -1 : 0;
        if (depth == 0) {
            return at - begin < 2
                       ? NULL
                       : ja_utf8_copy(begin + 1, (apr_size_t)(at - begin - 1), VALUE_MAX, pool);
        }
        at++;
    }
    return NULL;
}

static void read_problem(ja_problem_t *problem, const ja_json_t *json, apr_size_t max,
                         apr_pool_t *pool)
{
    const char *detail = ja_json_get_str(json, "detail", "");
    const char *name = ja_json_get_str(ja_json_get(json, "identifier"), "value", NULL);

    memset(problem, 0, sizeof(*problem));
    problem->type = clean_str(type_of(json), max, pool);
    problem->detail = clean_str(detail, max, pool);
    problem->value = value_of(detail, pool);
    problem->identifier = name ? clean_str(name, VALUE_MAX, pool) : NULL;
}

static const ja_problem_t *problem_make(const ja_json_t *json, apr_pool_t *pool)
{
    const ja_json_t *subs = ja_json_get(json, "subproblems");
    ja_problem_t *problem = apr_palloc(pool, sizeof(*problem));
    ja_problem_t *made = apr_palloc(pool, sizeof(*made) * MAX_SUBPROBLEMS);
    int i, count = 0;

    read_problem(problem, json, JA_PROBLEM_TEXT_MAX, pool);
    for (i = 0; i < ja_json_count(subs) && count < MAX_SUBPROBLEMS; i++) {
        if (ja_json_is_object(ja_json_at(subs, i))) { /* else it says nothing */
            read_problem(&made[count++], ja_json_at(subs, i), JA_PROBLEM_SUB_MAX, pool);
        }
    }
    problem->subs = made;
    problem->sub_count = count;
    if (count > 0 && !problem->identifier) {
        problem->identifier = made[0].identifier;
    }
    return problem;
}

/* ---- bodies ---------------------------------------------------------------------------------- */

/* Is the escape at `at` one of NUL, or of half a character (a surrogate)? */
static int is_bad_code(const char *at)
{
    return strncmp(at + 2, "0000", 4) == 0
           || ((at[2] == 'd' || at[2] == 'D') && strchr("89abcdefABCDEF", at[3]));
}

/* What JSON can't have after a backslash becomes "?" and blanks. */
static void mend_escapes(char *text)
{
    char *at = text;

    while ((at = strchr(at, '\\')) != NULL) {
        int is_code = at[1] == 'u' && strspn(at + 2, "0123456789abcdefABCDEF") >= 4;

        if (is_code && is_bad_code(at)) {
            memcpy(at, "?     ", 6);
        }
        else if (!is_code && (at[1] == '\0' || !strchr("\"\\/bfnrt", at[1]))) {
            *at = '?';
        }
        at += *at == '\\' ? 2 : 1;
    }
}

/* Make readable what is no JSON only for the encoding of its text: bytes that are no UTF-8 become
 * "?", and so does a backslash behind one: in Shift_JIS that is half a character. */
static char *mend(const char *body, apr_size_t len, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, body, len);
    apr_size_t i;

    ja_utf8_mend(copy, len);
    for (i = 0; i + 1 < len; i++) {
        if (copy[i] != body[i] && body[i + 1] == '\\') {
            copy[i + 1] = '?';
        }
    }
    mend_escapes(copy);
    return copy;
}

/* The problem document in a body, or NULL. The media type is not asked: a "{" at the beginning
 * says as much. */
static const ja_json_t *read_body(const ja_http_reply_t *reply, apr_pool_t *pool)
{
    const char *body = reply->body;
    apr_size_t len = reply->body_len;
    ja_json_t *json;

    if (strncmp(body, BYTE_ORDER_MARK, strlen(BYTE_ORDER_MARK)) == 0) { /* RFC 8259 8.1 */
        body += strlen(BYTE_ORDER_MARK);
        len -= strlen(BYTE_ORDER_MARK);
    }
    if (body[strspn(body, " \t\r\n")] != '{') {
        return NULL;
    }
    if (ja_json_parse(&json, body, len, MAX_BYTES, pool, pool) != NULL
        && (len > MAX_BYTES
            || ja_json_parse(&json, mend(body, len, pool), len, MAX_BYTES, pool, pool) != NULL)) {
        return NULL;
    }
    if (!ja_json_get_str(json, "type", NULL) && !ja_json_get_str(json, "detail", NULL)) {
        return NULL;
    }
    return json;
}

/* ---- errors ---------------------------------------------------------------------------------- */

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
    return ja_err_make(ja_meaning_of_status(reply->status, kind, JA_E_HTTP), pool, "%s %s: %s",
                       ja_kind_name(kind), url, *text ? text : "an empty reply");
}

ja_err_t *ja_problem_hear(const ja_http_reply_t *reply, ja_kind_t kind, const char *url,
                          apr_time_t now, apr_pool_t *result)
{
    ja_meaning_asked_t asked = { .kind = kind, .status = reply->status };
    const ja_json_t *json = read_body(reply, result);
    ja_code_t code;
    ja_err_t *err;

    if (!json) {
        err = unknown(reply, kind, url, result);
    }
    else {
        code = code_of(json, &asked);
        if (code == JA_E_COUNT) {
            code = ja_meaning_of_status(reply->status, kind, JA_E_PROBLEM);
        }
        err = ja_err_make(code, result, "%s %s", ja_kind_name(kind), url);
        err->problem = problem_make(json, result);
    }
    err->http_status = reply->status;
    err->retry_at = ja_http_retry_at(reply, now);
    return err;
}

ja_err_t *ja_problem_inside(const ja_json_t *problem, ja_kind_t kind, ja_code_t fallback,
                            const char *what, apr_pool_t *result)
{
    ja_meaning_asked_t asked = { .kind = kind, .is_inside = 1 };
    ja_code_t code;
    ja_err_t *err;

    if (!ja_json_is_object(problem)) {
        return ja_err_make(fallback, result, "%s", what);
    }
    code = code_of(problem, &asked);
    err = ja_err_make(code == JA_E_COUNT ? fallback : code, result, "%s", what);
    err->problem = problem_make(problem, result);
    return err;
}

ja_err_t *ja_problem_broken(const ja_err_t *cause, const char *url, apr_pool_t *result)
{
    ja_err_t *err = ja_err_make(JA_E_PROTOCOL, result, "the reply of %s", url);

    err->cause = ja_err_dup(cause, result);
    return err;
}

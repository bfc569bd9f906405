/* base/err: the one channel in which failures travel.
 *
 * A function that can fail returns ja_err_t *, NULL being success. An error says which row of
 * errcodes.def it is (the row decides retry class, log level and the operator's sentence), what was
 * tried on which object, and what caused it. Errors are made in the pool that is handed in,
 * normally the caller's scratch pool; whoever destroys that pool while the error travels on has to
 * ja_err_dup() it first.
 *
 * Nothing here logs: the place that ends an attempt does, once, with the whole chain.
 */
#ifndef JA_BASE_ERR_H
#define JA_BASE_ERR_H

#include <apr_errno.h>
#include <apr_pools.h>
#include <apr_time.h>

#include "base/enumstr.h"

/* What a failed attempt means for the next one. */
typedef enum {
    JA_RETRY_LATER, /* try again after the back-off; an order in flight is resumed */
    JA_RETRY_FRESH, /* the order is spent: back-off, then a new order */
    JA_RETRY_SLOW,  /* somebody has to act first: from six hours on */
    JA_RETRY_ANEW,  /* the order is spent by age or status: a new one at once, then as FRESH */
    JA_RETRY_CA,    /* the CA, or the way to it: as LATER, but at most half an hour apart; if
                       several domains in a row meet it, all wait for one that tries */
    JA_RETRY_ASKED, /* a person's request, which is not repeated by itself; as SLOW otherwise */
    JA_RETRY_HOLD   /* the account: nothing is tried with it until the CA says that it is valid, or
                       EAB or configuration change, or somebody asks for it; as LATER otherwise */
} ja_retry_t;

/* Who has to act so that it can work. */
typedef enum {
    JA_ACTOR_NOBODY,   /* passes by itself */
    JA_ACTOR_OPERATOR, /* whoever runs this server */
    JA_ACTOR_RESELLER, /* the reseller (shitei jigyosha) */
    JA_ACTOR_DNS       /* whoever runs the zone */
} ja_actor_t;

/* Log levels, with the numbers of syslog(3) and of httpd. */
typedef enum {
    JA_LOG_ERROR = 3,
    JA_LOG_WARNING = 4,
    JA_LOG_NOTICE = 5,
    JA_LOG_INFO = 6,
    JA_LOG_DEBUG = 7
} ja_level_t;

typedef enum {
#define JA_ERR(name, id, retry, level, actor, en, ja) JA_E_##name,
#include "base/errcodes.def"
#undef JA_ERR
    JA_E_COUNT
} ja_code_t;

/* A row of errcodes.def. */
typedef struct {
    const char *name; /* "ORDER_INVALID" */
    const char *id;   /* message id, "JA0231" */
    ja_retry_t retry;
    ja_level_t level;
    ja_actor_t actor;
    const char *en; /* operator's sentence: what it means, what to do */
    const char *ja; /* the same in Japanese, UTF-8 */
} ja_errcode_t;

/* What the CA said, RFC 8555 6.7 and RFC 7807. Text from outside: UTF-8 checked, cut at
 * JA_PROBLEM_TEXT_MAX bytes (JA_PROBLEM_SUB_MAX in a subproblem), not escaped. */
#define JA_PROBLEM_TEXT_MAX 1024
#define JA_PROBLEM_SUB_MAX  256
typedef struct ja_problem_t ja_problem_t;
struct ja_problem_t {
    const char *type;         /* the URN's last part, "malformed"; or the whole type; never NULL */
    const char *detail;       /* may be ""; never NULL */
    const char *value;        /* what the detail has in brackets, "The FQDN is invalid: [%s]", or
                                 NULL */
    const char *identifier;   /* the name that it is about, or NULL */
    const ja_problem_t *subs; /* sub_count subproblems, which have none themselves */
    int sub_count;            /* 0 .. 10 */
};

typedef struct ja_err_t ja_err_t;
struct ja_err_t {
    ja_code_t code;
    const char *msg;             /* what was tried, on which object; one line, no secret */
    const ja_err_t *cause;       /* or NULL */
    const ja_problem_t *problem; /* or NULL */
    int http_status;             /* 0: no reply of the CA is behind it */
    apr_time_t retry_at;         /* the CA's Retry-After as absolute time; 0: none */
    apr_status_t os;             /* APR_SUCCESS: no system call is behind it */
    const char *file;            /* where it was made */
    int line;
};

#define JA_WARN_UNUSED __attribute__((warn_unused_result))

ja_err_t *ja_err_make_at(const char *file, int line, ja_code_t code, apr_pool_t *pool,
                         const char *fmt, ...)
    __attribute__((format(printf, 5, 6), returns_nonnull)) JA_WARN_UNUSED;
ja_err_t *ja_err_os_at(const char *file, int line, ja_code_t code, apr_status_t os,
                       apr_pool_t *pool, const char *fmt, ...)
    __attribute__((format(printf, 6, 7), returns_nonnull)) JA_WARN_UNUSED;
ja_err_t *ja_err_wrap_at(const char *file, int line, const ja_err_t *cause, apr_pool_t *pool,
                         const char *fmt, ...)
    __attribute__((format(printf, 5, 6), returns_nonnull)) JA_WARN_UNUSED;

/* ja_err_make(code, pool, fmt, ...): a new error. */
#define ja_err_make(...) ja_err_make_at(__FILE__, __LINE__, __VA_ARGS__)
/* ja_err_os(code, apr_status, pool, fmt, ...): a new error with the system's reason. */
#define ja_err_os(...) ja_err_os_at(__FILE__, __LINE__, __VA_ARGS__)
/* ja_err_wrap(cause, pool, fmt, ...): a frame around `cause`; code, problem, status and retry_at
 * are those of the cause. */
#define ja_err_wrap(...) ja_err_wrap_at(__FILE__, __LINE__, __VA_ARGS__)

/* Hand a failure up as it is, or with a frame that says during what. */
#define JA_TRY(call)                    \
    do {                                \
        ja_err_t *ja_try_err_ = (call); \
        if (ja_try_err_) {              \
            return ja_try_err_;         \
        }                               \
    } while (0)
#define JA_TRY_W(call, pool, ...)                               \
    do {                                                        \
        ja_err_t *ja_try_err_ = (call);                         \
        if (ja_try_err_) {                                      \
            return ja_err_wrap(ja_try_err_, pool, __VA_ARGS__); \
        }                                                       \
    } while (0)

/* A deep copy of the whole chain in `pool`; NULL gives NULL. */
ja_err_t *ja_err_dup(const ja_err_t *err, apr_pool_t *pool);

/* "later", "fresh", ... and "nobody", "operator", "reseller", "dns" */
extern const ja_enumstr_t ja_retry_names;
extern const ja_enumstr_t ja_actor_names;

/* The table row of a code. Codes out of range give the row of INTERNAL. */
const ja_errcode_t *ja_err_row(ja_code_t code);

/* The code whose message id ("JA0231") or name is `text`, case-insensitive, or JA_E_COUNT. */
ja_code_t ja_err_code_find(const char *text);

/* One line for people: "while ...: order https://... is invalid: the CA says unauthorized: ...;
 * www.example.jp: caa: ... (HTTP 403)". The frames from outermost to innermost, the CA's problem
 * and its subproblems, the system's reason. UTF-8, control characters replaced. */
const char *ja_err_text(const ja_err_t *err, apr_pool_t *pool);

/* The same in ASCII, for httpd's error log: of text in two languages the English part (see
 * base/english). The value in brackets is told even if it was in the other one. */
const char *ja_err_log_text(const ja_err_t *err, apr_pool_t *pool);

#endif

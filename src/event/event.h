/* event/event: facts worth telling, each with a name, a message id and a level, in one table. Today
 * the log is the one that is told. */
#ifndef JA_EVENT_EVENT_H
#define JA_EVENT_EVENT_H

#include "base/log.h"

typedef enum {
    JA_EVENT_REGISTERED,      /* an account is there, new or found again */
    JA_EVENT_ACCOUNT_UPDATED, /* contacts changed at the CA */
    JA_EVENT_RENEWING,        /* an attempt begins */
    JA_EVENT_RESUMED,         /* an order of before a restart goes on */
    JA_EVENT_ISSUED,          /* one certificate has come and is what was asked for */
    JA_EVENT_STAGED,          /* the set is complete and waits for activation */
    JA_EVENT_ACTIVATED,       /* a staged set has become the live one */
    JA_EVENT_RECOVERED,       /* it works again after errors */
    JA_EVENT_BATCH_DONE,      /* nothing is in flight any more */
    JA_EVENT_TEMPORARY,       /* no certificate yet: a self-signed one and 503 */
    JA_EVENT_EAB_ENDS,        /* the EAB ends soon, or has ended, and is not used */
    JA_EVENT_WAITING,         /* a staged set waits: at the gate, or for somebody's restart */
    JA_EVENT_OVERDUE,         /* it waits for a restart, and it is getting late */
    JA_EVENT_ROLLED_BACK,     /* an earlier set has been put back */
    JA_EVENT_VERIFIED,        /* the server's own listeners serve the live set */
    JA_EVENT_RESTARTING,      /* the server restarts by itself, for sets that wait for it */
    JA_EVENT_NOT_HOT,         /* certificates can't be changed without a restart here */
    JA_EVENT_CLOCK,           /* the clock was put back */
    JA_EVENT_STAPLE_ENDS,     /* a live certificate that demands a staple has none, or soon */
    JA_EVENT_ORDERS_WAIT,     /* domains are due, and the governor holds them back */
    JA_EVENT_COUNT
} ja_event_t;

/* "staged" */
const char *ja_event_name(ja_event_t event);

/* One line: "NAME: JA0006: staged: text". */
void ja_event_tell(const ja_log_t *log, ja_event_t event, const char *name, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* In place of the time of the next try: when the account can be used. */
#define JA_EVENT_WITH_ACCOUNT ((apr_time_t)-1)

/* The end of a failed attempt: "NAME: JA0407: while waiting for validation: ...; sentence of the
 * catalogue; next try at ...", at the level of the code's row. Text from outside is ASCII here
 * (ja_err_log_text): httpd would write anything else as "\x" and digits. `activity` may be NULL,
 * `next_at` 0. After an error of JA_RETRY_HOLD nothing is tried then, only asked. */
void ja_event_errored(const ja_log_t *log, const char *name, const ja_err_t *err,
                      const char *activity, apr_time_t next_at, apr_pool_t *scratch);

#endif

/* issue/accounts_private: what the files of issue/accounts share. For nobody else. Start and questions
 * are in accounts.c, what the CA's answers mean in accounts_end.c, the end of an EAB's time in
 * accounts_eab.c.
 */
#ifndef JA_ISSUE_ACCOUNTS_PRIVATE_H
#define JA_ISSUE_ACCOUNTS_PRIVATE_H

#include "acme/account.h"
#include "issue/accounts.h"

/* So long after the CA has said that an account is valid it is not doubted. */
#define JA_KEEPER_TRUST_FOR apr_time_from_sec(600)

/* What the CA is being asked. */
typedef enum {
    JA_KEEPER_FIND,     /* onlyReturnExisting: there is a key but no URL */
    JA_KEEPER_REGISTER, /* newAccount */
    JA_KEEPER_CHECK,    /* is it valid? */
    JA_KEEPER_UPDATE    /* contacts of an account that is in use meanwhile */
} ja_keeper_step_t;

struct ja_account_keeper_t {
    ja_account_conf_t conf;
    apr_pool_t *pool;
    int is_damaged;         /* there is an account.json, but it can't be read */
    ja_account_file_t file; /* what is in account.json; its memory is `pool`: it changes a few times
                               in a process's life */
    ja_jwk_t *jwk;          /* NULL until loaded or made */
    ja_keeper_step_t step;
    int is_doubted;        /* not ready until the CA has been asked */
    apr_time_t trusted_at; /* when the CA last said that it is valid; 0: not in this process */
    ja_timer_t *timer;
    ja_timer_t *countdown;
    apr_pool_t *exchange;  /* NULL if nothing is under way */
    ja_account_new_t what; /* of the newAccount under way */
};

/* The CA's. */
const char *ja_keeper_id(const ja_account_keeper_t *k);

/* Ask what `step` says. */
void ja_keeper_begin(ja_account_keeper_t *k);

/* ---- accounts_end ---------------------------------------------------------------------------- */

/* The reply: a ja_ca_fn. */
void ja_keeper_on_reply(void *keeper, const ja_heard_t *heard, ja_err_t *err);

/* There is no reply, or not the one that was hoped for: what is done then depends on the step. */
void ja_keeper_not_succeeded(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch);

/* Tell, remember, and try again later. What is registered stays so. */
void ja_keeper_failed(ja_account_keeper_t *k, const ja_err_t *err, apr_pool_t *scratch);

void ja_keeper_forget_failure(ja_account_keeper_t *k);

/* Save what is no loss if it can't be. */
void ja_keeper_note(ja_account_keeper_t *k, apr_pool_t *scratch);

/* Has the CA other contacts than the configuration? */
int ja_keeper_needs_update(const ja_account_keeper_t *k);

/* ---- accounts_eab ---------------------------------------------------------------------------- */

/* Tell how long the EAB is good for, as long as it is needed: at the start and when `countdown`
 * fires. */
void ja_keeper_on_countdown(void *keeper);

#endif

/* acme/account: the account resource, RFC 8555 7.1.2 and 7.3. */
#ifndef JA_ACME_ACCOUNT_H
#define JA_ACME_ACCOUNT_H

#include <apr_tables.h>

#include "acme/ca.h"

typedef enum {
    JA_ACCOUNT_VALID,
    JA_ACCOUNT_DEACTIVATED,
    JA_ACCOUNT_REVOKED,
    JA_ACCOUNT_STATUS_COUNT
} ja_account_status_t;

typedef struct {
    int status;      /* ja_account_status_t */
    const char *url; /* Location: the account's kid */
} ja_account_t;

/* What newAccount says. */
typedef struct {
    const ja_jwk_t *jwk;
    const apr_array_header_t *contacts; /* const char *: mail addresses without "mailto:" */
    const char *eab_kid;                /* or NULL: no external account binding */
    const ja_secret_t *eab_hmac;        /* decoded */
} ja_account_new_t;

/* Register, agreeing to the terms (7.3, 7.3.4). If the key has an account already the CA answers
 * with that one. `what` lives as long as the ask. */
void ja_account_ask_new(ja_ask_t *ask, const ja_account_new_t *what);

/* Only look for the account of the key (7.3.1). The CA answers accountDoesNotExist
 * (JA_E_ACCOUNT_NOT_FOUND) if there is none. */
void ja_account_ask_existing(ja_ask_t *ask);

/* Replace the contacts (7.3.2). */
void ja_account_ask_contacts(ja_ask_t *ask, const char *account_url,
                             const apr_array_header_t *contacts, apr_pool_t *pool);

/* Reads the answer to any of them. A missing Location is JA_E_PROTOCOL, unless the answer came from
 * the account's own URL. */
ja_err_t *ja_account_hear(ja_account_t *account, const ja_heard_t *heard, apr_pool_t *result,
                          apr_pool_t *scratch) JA_WARN_UNUSED;

#endif

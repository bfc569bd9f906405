/* acme/revoke: revoking a certificate, RFC 8555 7.6. Signed with the account's key: the account
 * that has ordered it, or one that is authorized for all its names. The answer has no body to read:
 * that there is one, is the success. */
#ifndef JA_ACME_REVOKE_H
#define JA_ACME_REVOKE_H

#include "acme/ca.h"
#include "base/fs.h"

/* The reasons of RFC 5280 5.3.1, by number. Which of them a CA takes is its own decision: JPRS takes
 * 0, 1, 3, 4 and 5. */
#define JA_REVOKE_REASONS 11 /* 0 .. 10, of which 7 is not used */

/* A reason as people write it: its number, or its name ("keyCompromise", whatever the case). -1 if
 * it is neither. */
int ja_revoke_reason(const char *word);

/* Its name; "?" out of range. */
const char *ja_revoke_reason_name(int reason);

/* "unspecified (0), keyCompromise (1), ...": for messages. */
const char *ja_revoke_reason_list(apr_pool_t *pool);

/* Ask that the certificate with that DER is revoked. */
void ja_revoke_ask(ja_ask_t *ask, const ja_bytes_t *cert_der, int reason, apr_pool_t *pool);

#endif

/* report/json: the report for programs. Members are only ever added; times are RFC 3339, UTC; what
 * there is not is left out, lists are never.
 *
 *   now            when the report was made
 *   domains[]
 *     name         the domain's name: the first of
 *     names[]      ...its names
 *     ca           URL of the CA's directory
 *     state        valid, renewing, issuing, staged, error, expired, idle
 *     bad          true: somebody has to look at it
 *     notBefore, notAfter     of the live certificate that ends first
 *     activity     what is being done right now: "waiting for validation"
 *     next         action: none, obtain, renew, retry, continue, ocsp, delay, go-live,
 *                  restart, register;
 *                  at: when, or when at the latest; none if that is not known
 *     error        id: message id; text; activity; at; advice: {en, ja}
 *     attempts     failures in a row
 *     damage       which file of the store can't be read, and why
 *     certificates[]          live: key, serial, issuer, notBefore, notAfter, sha256, names[],
 *                  ocsp (if it names a responder): status, thisUpdate, nextUpdate
 *     served       what the server's own listeners serve: verdict: verified, unstapled, old, chain,
 *                  failed, other; at; text; if that is an error, id and advice as above
 *     staged       a set that waits for activation: at, certificates[] as above
 *     history[]    oldest first: at, event, text
 *   accounts[]     id, ca, url (absent: not registered), registered, error as above,
 *                  next: when the next try is, damage, bad
 */
#ifndef JA_REPORT_JSON_H
#define JA_REPORT_JSON_H

#include "json/json.h"
#include "report/report.h"

ja_json_t *ja_report_json(const ja_report_t *report, apr_pool_t *pool);

#endif

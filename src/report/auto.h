/* report/auto: the report as lines "Key: value", for server-status?auto. Keys are only ever added.
 *
 *   JprsAcmeDomains: 3                                  how many there are
 *   JprsAcmeBad: 1                                      ...that somebody has to look at
 *   JprsAcmeValid: 1                                    ...in this state: one line for each state,
 *   JprsAcmeRenewing: 0                                    Valid Renewing Issuing Staged Error
 *   ...                                                    Expired Idle
 *   JprsAcmeFirstExpiry: 2027-02-20T10:00:00Z           of the live certificates; none: no line
 *   JprsAcmeAccounts: 1
 *   JprsAcmeAccountsRegistered: 1
 *
 * and for each domain, in the order of the configuration, what there is of
 *
 *   JprsAcmeDomain[www.example.jp]State: error          as in report/json
 *   JprsAcmeDomain[www.example.jp]NotAfter: 2027-02-20T10:00:00Z
 *   JprsAcmeDomain[www.example.jp]Next: retry
 *   JprsAcmeDomain[www.example.jp]NextAt: 2026-11-22T10:05:00Z
 *   JprsAcmeDomain[www.example.jp]Error: JA0414         the message id; no text of the CA
 *   JprsAcmeDomain[www.example.jp]Failures: 3           in a row
 */
#ifndef JA_REPORT_AUTO_H
#define JA_REPORT_AUTO_H

#include "report/report.h"

/* Pure ASCII. */
const char *ja_report_auto(const ja_report_t *report, apr_pool_t *pool);

#endif

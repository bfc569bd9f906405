/* issue/dnsname: names of sites: reading what people write, and telling what covers what. */
#ifndef JA_ISSUE_DNSNAME_H
#define JA_ISSUE_DNSNAME_H

#include <apr_pools.h>

#define JA_DNSNAME_MAX       253 /* octets of a name, RFC 1035 2.3.4 without the root's dot */
#define JA_DNSNAME_LABEL_MAX 63

/* A DNS name as A-labels in lower case: U-labels are converted (IDNA2008 with the mapping of UTS
 * #46); one trailing dot is dropped. Labels of 1 to 63 octets of [a-z0-9-], not beginning or ending
 * with "-" ("_" is not a host name's), 253 octets in all, at least two labels, the last one not all
 * digits (that would be an address); "*." only as the whole first label, with at least two labels
 * behind it. Returns NULL and `*why` (a clause: "its label \"...\" has 64 octets; at most 63") if
 * it is none. Text that is no UTF-8 is refused; bytes from `text` are shown in `*why` cut, and with
 * "?" for control characters. */
const char *ja_dnsname_parse(const char *text, const char **why, apr_pool_t *pool);

/* The following take what ja_dnsname_parse() returned. */

int ja_dnsname_is_wildcard(const char *name);

/* The wildcard that would cover a name: "*.example.jp" for "www.example.jp"; NULL for names of
 * fewer than three labels and for wildcards. */
const char *ja_dnsname_wildcard_of(const char *name, apr_pool_t *pool);

#endif

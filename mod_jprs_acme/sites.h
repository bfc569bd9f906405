/* sites: what httpd.conf says as a whole. After everything is read, before anything happens, also
 * for httpd -t: makes the plan, finds the managed domain of each virtual host, and refuses what
 * contradicts itself. Nothing is written but log lines.
 *
 * A virtual host gets the domain that its ServerName, or else a ServerAlias, belongs to. A domain
 * is used if a virtual host, with TLS or without, has one of its names; a ServerAlias *.x counts
 * for names below x that no virtual host has, if its virtual host has no other domain.
 *
 * Two virtual hosts contradict each other in one way only: by names that tie them to the same and
 * to different domains at once. It shows in the one that has names of two domains, and that is
 * refused, because there is one certificate (of each key type) for a virtual host. This, and the
 * warning about names that are not covered, concerns virtual hosts with SSLEngine on and without
 * SSLCertificateFile: others don't get a certificate from here.
 */
#ifndef JA_SITES_H
#define JA_SITES_H

#include <apr_pools.h>

void ja_sites_register(apr_pool_t *pool);

#endif

/* acme/identifier: what a certificate is for (RFC 8555 7.1.3, 7.1.4, 9.7.7), as it stands in orders
 * and authorizations. */
#ifndef JA_ACME_IDENTIFIER_H
#define JA_ACME_IDENTIFIER_H

#include "json/bind.h"

typedef struct {
    const char *type;  /* "dns"; never NULL once it has been read */
    const char *value; /* the name, as the other side writes it */
} ja_identifier_t;

/* Both members are required; 64 and 253 bytes. */
extern const ja_bind_t ja_identifier_bind;

/* A domain name? The CA may write the type in any case. */
int ja_identifier_is_dns(const ja_identifier_t *identifier);

#endif

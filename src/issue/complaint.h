/* issue/complaint: what is wrong with a configuration that can be read but makes no sense as a
 * whole: one entry per violation, with its place in httpd.conf. Faults of single directives are
 * told while they are read, by httpd itself. Whether the server starts is decided by whoever
 * collected them: not with one of level JA_LOG_ERROR. */
#ifndef JA_ISSUE_COMPLAINT_H
#define JA_ISSUE_COMPLAINT_H

#include <apr_tables.h>

#include "base/err.h"

/* A line of httpd.conf. */
typedef struct {
    const char *file;
    int line;
} ja_place_t;

typedef enum {
    JA_COMPLAINT_TWICE,       /* a name in two managed domains                                 */
    JA_COMPLAINT_COVERED,     /* a name that another domain's wildcard covers                  */
    JA_COMPLAINT_WILDCARD,    /* a wildcard without dns-01                                     */
    JA_COMPLAINT_CONTACT,     /* no contact                                                    */
    JA_COMPLAINT_AGREEMENT,   /* terms of service not agreed to                                */
    JA_COMPLAINT_DISAGREE,    /* domains of one CA, two accounts                               */
    JA_COMPLAINT_MOD_MD,      /* a name that mod_md manages as well                            */
    JA_COMPLAINT_TWO_DOMAINS, /* a virtual host with names of two managed domains              */
    JA_COMPLAINT_NOT_COVERED, /* a virtual host with names that its certificate will not have  */
    JA_COMPLAINT_UNUSED,      /* a managed domain that no virtual host uses                    */
    JA_COMPLAINT_EAB_MISSING, /* the EAB's file is not there, and it is needed                 */
    JA_COMPLAINT_EAB_GONE,    /* it is not there, and the account is                           */
    JA_COMPLAINT_EAB_FUTURE,  /* it is said to be issued at a time to come                     */
    JA_COMPLAINT_COUNT
} ja_complaint_kind_t;

typedef struct {
    ja_complaint_kind_t kind;
    const char *name; /* the managed domain                                             */
    ja_place_t place;
    const char *text; /* "ManagedDomain www.example.jp: ...; allowed: ...", no newline  */
} ja_complaint_t;

/* Append one to `complaints` (ja_complaint_t); everything is copied to its pool. */
void ja_complain(apr_array_header_t *complaints, ja_complaint_kind_t kind, const char *name,
                 const ja_place_t *place, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* JA_LOG_ERROR, JA_LOG_WARNING or JA_LOG_NOTICE. */
ja_level_t ja_complaint_level(const ja_complaint_t *complaint);

/* For the log: "www.example.jp: JA0100: line 12 of /etc/apache2/x.conf: TEXT". */
const char *ja_complaint_line(const ja_complaint_t *complaint, apr_pool_t *pool);

/* "line 12 of /etc/apache2/x.conf" */
const char *ja_place_print(const ja_place_t *place, apr_pool_t *pool);

#endif

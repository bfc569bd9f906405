/* issue/settings: the directive table. One row per directive (settings.def): name, where it may
 * stand, how its words are read, its default, and the text that docs/directives.md and httpd's -L
 * show. The glue makes httpd's command_recs out of the same rows; adding a directive = adding a
 * row, a field and its two functions. Whether settings of different domains go together is
 * issue/plan's decision.
 */
#ifndef JA_ISSUE_SETTINGS_H
#define JA_ISSUE_SETTINGS_H

#include <stddef.h>

#include <apr_tables.h>

#include "base/enumstr.h"
#include "base/span.h"
#include "issue/complaint.h"
#include "issue/eab.h"
#include "issue/gate.h"
#include "issue/window.h"
#include "pki/key.h"

typedef enum {
    JA_RENEW_AUTO,
    JA_RENEW_ALWAYS,
    JA_RENEW_MANUAL,
    JA_RENEW_COUNT
} ja_renew_t;
typedef enum {
    JA_ACTIVATION_HOT,
    JA_ACTIVATION_GRACEFUL,
    JA_ACTIVATION_MANUAL,
    JA_ACTIVATION_COUNT
} ja_activation_t;
extern const ja_enumstr_t ja_renew_names;
extern const ja_enumstr_t ja_activation_names;

#define JA_CA_JPRS_URL     "https://acme.amecert.jprs.jp/DV/getDirectory"
#define JA_CONTACTS_MAX    6
#define JA_CONCURRENCY_MAX 1000
#define JA_DELAY_MIN       apr_time_from_sec(1)
#define JA_DELAY_MAX       apr_time_from_sec(7L * 86400)
#define JA_RATE_MAX        1000000
#define JA_RATE_PER_MIN    apr_time_from_sec(60)
#define JA_RATE_PER_MAX    apr_time_from_sec(366L * 86400)

/* The rows' numbers. */
typedef enum {
#define JA_SETTING(id, ...) JA_SETTING_##id,
#include "issue/settings.def"
#undef JA_SETTING
    JA_SETTING_COUNT
} ja_setting_id_t;

/* The values of one level: of the server, or of one <ManagedDomain> section. A field means
 * something only if its row's bit is in `set`. */
typedef struct {
    ja_place_t here;        /* of the directive being read: set by whoever reads them, or 0    */
    apr_uint64_t set;       /* bit i: row i of the table has been given                */
    const char *store;      /* absolute path                                           */
    const char *ca_url;     /* "jprs" is resolved                                      */
    const char *trust_file; /* absolute path; NULL: the system's trust store           */
    const apr_array_header_t
        *contacts;       /* const char *: addresses, 1 .. JA_CONTACTS_MAX; or NULL  */
    int agreed;          /* 0 or 1                                                  */
    const ja_eab_t *eab; /* NULL: none                                              */
    const apr_array_header_t
        *challenges;                /* const char *: "http-01"; at least one                   */
    const apr_array_header_t *keys; /* ja_key_spec_t; at least one, no duplicates              */
    ja_span_t renew_before;         /* more than 0                                             */
    ja_renew_t renew;
    ja_activation_t activation;
    ja_delay_t delay; /* limit is 0, or JA_DELAY_MIN .. JA_DELAY_MAX */
    int stapling;     /* 0 or 1 */
    ja_rate_t rate;  /* max 0: none; else per is JA_RATE_PER_MIN .. JA_RATE_PER_MAX         */
    int concurrency; /* 1 .. JA_CONCURRENCY_MAX                                 */
} ja_settings_t;

typedef enum {
    JA_SCOPE_SERVER, /* outside of sections only                            */
    JA_SCOPE_DOMAIN  /* also in <ManagedDomain>                             */
} ja_scope_t;

typedef struct ja_setting_t ja_setting_t;
struct ja_setting_t {
    const char *name; /* "ManagedDomainContact"                              */
    ja_scope_t scope;
    const char *syntax;   /* "ADDRESS [ADDRESS ...]": the words after the name   */
    const char *fallback; /* the default as one word; NULL: none                 */
    const char *absent;   /* what holds without it, for people; NULL: `fallback` */
    const char *help;     /* one or two sentences                                */
    const char *details;  /* Markdown, may be ""                                 */
    const char *example;  /* complete lines                                      */
    size_t offset, size;  /* the field: inherited as a whole by copying          */

    /* Reads `words` into the field. NULL, or a sentence that says what is wrong and what is
     * allowed, without a secret. Relative paths are relative to `root`; without one (NULL) the
     * words come from print(), and no file is looked at. */
    const char *(*parse)(ja_settings_t *to, const apr_array_header_t *words, const char *root,
                         apr_pool_t *pool);
    /* Appends the words (const char *) that parse() reads back as the same value; none for a value
     * that has none or is secret. */
    void (*print)(apr_array_header_t *words, const ja_settings_t *from, apr_pool_t *pool);
};

/* The JA_SETTING_COUNT rows, ended by one without name. */
const ja_setting_t *ja_settings_table(void);

/* The row of a directive, case-insensitive, or NULL. */
const ja_setting_t *ja_setting_find(const char *name);

/* Read one directive: sets the field and its bit. NULL, or "DIRECTIVE VALUE: what is wrong;
 * allowed: ...", one line. Given twice in the same level is refused. `words` are const char *;
 * `root` as for the row's parse(). */
const char *ja_settings_give(ja_settings_t *to, const ja_setting_t *row,
                             const apr_array_header_t *words, const char *root, apr_pool_t *pool);

/* `over` on top of `base` on top of the defaults; either may be NULL. Every field then has a value
 * (contacts and trust_file may be NULL, agreed 0, eab NULL), and all bits are set, so that merging
 * on top of the result costs no parsing. Nothing is copied deeply. */
void ja_settings_merge(ja_settings_t *merged, const ja_settings_t *base, const ja_settings_t *over,
                       apr_pool_t *pool);

/* --- the rows' own functions: settings_parse.c and settings_print.c --------------------------- */

/* The word, or "" if there are not as many. */
const char *ja_settings_word(const apr_array_header_t *words, int i);

#define JA_SETTING(id, name, scope, syntax, fallback, absent, field, ...)                     \
    const char *ja_settings_parse_##field(ja_settings_t *to, const apr_array_header_t *words, \
                                          const char *root, apr_pool_t *pool);                \
    void ja_settings_print_##field(apr_array_header_t *words, const ja_settings_t *from,      \
                                   apr_pool_t *pool);
#include "issue/settings.def"
#undef JA_SETTING

#endif

/* report/words: what the renderings say in words, in English and Japanese. Everything that comes in
 * words from elsewhere (errors, the CA) stays as it is.
 */
#ifndef JA_REPORT_WORDS_H
#define JA_REPORT_WORDS_H

#include "report/report.h"

typedef enum {
    JA_LANG_EN,
    JA_LANG_JA,
    JA_LANG_COUNT
} ja_lang_t;

/* "en", "ja" */
extern const ja_enumstr_t ja_lang_names;

/* The language that the environment asks for: the first of the three that is neither NULL nor empty
 * decides, as POSIX has it ("ja_JP.UTF-8"). The locale need not be installed. Japanese in another
 * encoding than UTF-8 ("ja_JP.eucJP") gives English, which every terminal can show. */
ja_lang_t ja_words_lang(const char *lc_all, const char *lc_messages, const char *lang);

/* Headings and labels. */
typedef enum {
    JA_WORD_DOMAIN,
    JA_WORD_STATE,
    JA_WORD_VALID_UNTIL,
    JA_WORD_NEXT,
    JA_WORD_ACCOUNT,
    JA_WORD_NAMES,
    JA_WORD_CA,
    JA_WORD_CERTIFICATE,
    JA_WORD_STAGED,
    JA_WORD_NOW,
    JA_WORD_ERROR,
    JA_WORD_ABOUT, /* what the CA's text has in brackets */
    JA_WORD_EACH,  /* what it says of each name */
    JA_WORD_ADVICE,
    JA_WORD_ATTEMPTS,
    JA_WORD_DAMAGE,
    JA_WORD_OCSP,
    JA_WORD_SERVED,
    JA_WORD_HISTORY,
    JA_WORD_REGISTERED,
    JA_WORD_ACTOR,
    JA_WORD_RETRY,
    JA_WORD_EAB_ENDS,
    JA_WORD_SAYS,
    JA_WORD_AUTO_RESTART,
    JA_WORD_NOT_REGISTERED, /* from here on: in place of a value */
    JA_WORD_NO_CERTIFICATE,
    JA_WORD_NO_RESPONSE,
    JA_WORD_NO_DOMAINS,
    JA_WORD_COMPOUND, /* the problem type, explained */
    JA_WORD_COUNT
} ja_word_t;

const char *ja_words_get(ja_lang_t lang, ja_word_t word);

/* "valid", "restart httpd to activate it", "the reseller", "after the back-off" */
const char *ja_words_state(ja_lang_t lang, ja_report_state_t state);
const char *ja_words_restart(ja_lang_t lang, ja_restart_state_t state);
const char *ja_words_next(ja_lang_t lang, ja_report_next_t next);
/* The next action of a domain, what it waits for included. */
const char *ja_words_domain_next(ja_lang_t lang, const ja_report_domain_t *domain);

const char *ja_words_actor(ja_lang_t lang, ja_actor_t actor);
const char *ja_words_retry(ja_lang_t lang, ja_retry_t retry);

/* An activity of issue/flow, which is English, in `lang`; one that is not in the table stays as it
 * is. NULL gives NULL. */
const char *ja_words_activity(ja_lang_t lang, const char *activity);

/* "in 59 days", "3 minutes ago", "now": whole units, rounded down, of the largest unit of which
 * there are at least two. */
const char *ja_words_when(ja_lang_t lang, apr_time_t at, apr_time_t now, apr_pool_t *pool);

/* Who has to act, by the catalogue ("the reseller"); NULL: the id is none. */
const char *ja_words_who(ja_lang_t lang, const char *id);

/* What the catalogue says to an error's message id; NULL: the id is none. */
const char *ja_words_advice(ja_lang_t lang, const char *id);

#endif

#include "report/words.h"

#include <string.h>

#include <apr_cstr.h>
#include <apr_strings.h>

#include "issue/flow.h"

static const char *const LANGS[JA_LANG_COUNT] = { [JA_LANG_EN] = "en", [JA_LANG_JA] = "ja" };
const ja_enumstr_t ja_lang_names = { LANGS, JA_LANG_COUNT };

/* clang-format off */
static const char *const WORDS[][JA_LANG_COUNT] = {
    [JA_WORD_DOMAIN]         = { "Domain", "ドメイン" },
    [JA_WORD_STATE]          = { "State", "状態" },
    [JA_WORD_VALID_UNTIL]    = { "Valid until", "有効期限" },
    [JA_WORD_NEXT]           = { "Next", "次の動作" },
    [JA_WORD_ACCOUNT]        = { "Account", "アカウント" },
    [JA_WORD_NAMES]          = { "Names", "名前" },
    [JA_WORD_CA]             = { "CA", "認証局" },
    [JA_WORD_CERTIFICATE]    = { "Certificate", "証明書" },
    [JA_WORD_STAGED]         = { "Staged", "切り替え待ち" },
    [JA_WORD_NOW]            = { "Now", "現在の処理" },
    [JA_WORD_ERROR]          = { "Error", "エラー" },
    [JA_WORD_ABOUT]          = { "About", "対象" },
    [JA_WORD_EACH]           = { "For each name", "名前ごと" },
    [JA_WORD_ADVICE]         = { "Advice", "対処" },
    [JA_WORD_ATTEMPTS]       = { "Failures in a row", "連続失敗回数" },
    [JA_WORD_DAMAGE]         = { "Damaged", "破損" },
    [JA_WORD_SERVED]         = { "Served", "配信の確認" },
    [JA_WORD_OCSP]           = { "OCSP response", "OCSP 応答" },
    [JA_WORD_HISTORY]        = { "History", "履歴" },
    [JA_WORD_REGISTERED]     = { "Registered", "登録日時" },
    [JA_WORD_EAB_ENDS]       = { "EAB to be used until", "EAB の使用期限" },
    [JA_WORD_NO_RESPONSE]    = { "none yet", "未取得" },
    [JA_WORD_NOT_REGISTERED] = { "not registered", "未登録" },
    [JA_WORD_NO_CERTIFICATE] = { "no certificate", "証明書なし" },
    [JA_WORD_NO_DOMAINS]     = { "No domain is managed.", "管理対象のドメインはありません。" },
    [JA_WORD_ACTOR]          = { "Who acts", "対応者" },
    [JA_WORD_RETRY]          = { "Next try", "再試行" },
    [JA_WORD_AUTO_RESTART]   = { "Automatic restart", "自動再起動" },
    [JA_WORD_COMPOUND]       = { "compound: one answer about several names; status shows the problem of each, "
                                 "which is in this catalogue.",
                                 "compound: 複数の名前についての 1 つの応答です。名前ごとのエラーは status で確認できます。" },
    [JA_WORD_SAYS]           = { "The CA says", "認証局の応答" },
};

static const char *const STATES[][JA_LANG_COUNT] = {
    [JA_REPORT_VALID]    = { "valid", "有効" },
    [JA_REPORT_RENEWING] = { "renewing", "更新中" },
    [JA_REPORT_ISSUING]  = { "issuing", "発行手続き中" },
    [JA_REPORT_STAGED]   = { "staged", "切り替え待ち" },
    [JA_REPORT_ERROR]    = { "error", "エラー" },
    [JA_REPORT_EXPIRED]  = { "expired", "期限切れ" },
    [JA_REPORT_REVOKED]  = { "revoked", "失効" },
    [JA_REPORT_IDLE]     = { "idle", "対象外" },
};

static const char *const NEXT[][JA_LANG_COUNT] = {
    [JA_REPORT_NOTHING]  = { "nothing", "なし" },
    [JA_REPORT_OBTAIN]   = { "obtain a certificate", "証明書を取得" },
    [JA_REPORT_RENEW]    = { "renew", "証明書を更新" },
    [JA_REPORT_RETRY]    = { "try again", "再試行" },
    [JA_REPORT_CONTINUE] = { "go on", "処理を継続" },
    [JA_REPORT_OCSP]     = { "wait for OCSP, then go live; at the latest", "OCSP の確認後に切り替え、遅くとも" },
    [JA_REPORT_DELAY]    = { "go live", "切り替え" },
    [JA_REPORT_GO_LIVE]  = { "go live by itself in a moment", "まもなく自動的に切り替え" },
    [JA_REPORT_RESTART]  = { "restart httpd to activate it", "httpd の再起動で切り替え" },
    [JA_REPORT_HELD]     = { "renew (held back after a rollback)", "証明書を更新 (切り戻しのため保留中)" },
    [JA_REPORT_REGISTER] = { "register the account", "アカウントを登録" },
    [JA_REPORT_ACCOUNT]  = { "wait until the account is put right (see the advice); the CA is asked again",
                             "アカウントの問題が解消されるまで待機 (対処を参照)、認証局への再確認" },
    [JA_REPORT_WAIT]     = { "wait", "待機" },
};

/* In place of JA_REPORT_WAIT. */
static const char *const WAITS[][JA_LANG_COUNT] = {
    [JA_GOVERNOR_FREE]     = { "place the order", "オーダーを作成" },
    [JA_GOVERNOR_TURN]     = { "place the order when others have ended", "他の処理の終了後にオーダーを作成" },
    [JA_GOVERNOR_HELD]     = { "place the order when the CA's waiting time (Retry-After) is over",
                               "認証局が指定した待機時間 (Retry-After) の経過後にオーダーを作成" },
    [JA_GOVERNOR_DOWN]     = { "see whether the CA answers again", "認証局の応答が回復したかを確認" },
    [JA_GOVERNOR_ORDERS]   = { "place the order when ManagedDomainRateLimit lets it",
                               "ManagedDomainRateLimit の範囲内になり次第オーダーを作成" },
    [JA_GOVERNOR_FAILING]  = { "place the order when fewer have failed within an hour",
                               "直近 1 時間に失敗したオーダーが減り次第オーダーを作成" },
    [JA_GOVERNOR_REQUESTS] = { "place the order when there were fewer requests within an hour",
                               "直近 1 時間の要求数が減り次第オーダーを作成" },
};

static const char *const RESTARTS[][JA_LANG_COUNT] = {
    [JA_RESTART_WAITING]  = { "waiting", "待機中" },
    [JA_RESTART_CHECKING] = { "checking", "設定を確認中" },
    [JA_RESTART_REFUSED]  = { "refused", "見合わせ" },
    [JA_RESTART_DONE]     = { "done", "実施済み" },
};

static const char *const ACTORS[][JA_LANG_COUNT] = {
    [JA_ACTOR_NOBODY]   = { "nobody: it passes by itself", "不要 (自動的に解消します)" },
    [JA_ACTOR_OPERATOR] = { "whoever runs this server", "このサーバーの管理者" },
    [JA_ACTOR_RESELLER] = { "the reseller", "指定事業者" },
    [JA_ACTOR_DNS]      = { "whoever runs the DNS zone", "DNS ゾーンの管理者" },
};

static const char *const RETRIES[][JA_LANG_COUNT] = {
    [JA_RETRY_LATER] = { "soon, with growing intervals; an order in flight goes on",
                         "間隔を広げながら再試行 (進行中のオーダーを継続)" },
    [JA_RETRY_FRESH] = { "soon, with growing intervals, with a new order",
                         "間隔を広げながら再試行 (新しいオーダーを作成)" },
    [JA_RETRY_SLOW]  = { "every few hours, or as soon as the configuration changes",
                         "数時間ごと、または設定の変更後すぐに再試行" },
    [JA_RETRY_ANEW]  = { "at once with a new order, then with growing intervals",
                         "すぐに新しいオーダーで再試行、以後は間隔を広げながら再試行" },
    [JA_RETRY_CA]    = { "soon, then every half hour; an order in flight goes on",
                         "間隔を広げながら最長 30 分ごとに再試行 (進行中のオーダーを継続)" },
    [JA_RETRY_ASKED] = { "not by itself: when it is asked for again",
                         "自動では再試行しません (操作をやり直したときに実行)" },
    [JA_RETRY_HOLD]  = { "when the account works: after a change of EAB or configuration, or "
                         "`jprs-acme register`",
                         "アカウントの回復後 (EAB や設定の変更後、または jprs-acme register の実行後)" },
};

/* English is the table of issue/flow. */
static const char *const ACTIVITIES_JA[JA_ST_COUNT] = {
    [JA_ST_RESUME]   = "オーダーの再確認",
    [JA_ST_ORDER]    = "オーダーの作成",
    [JA_ST_AUTHZ]    = "認可情報の取得",
    [JA_ST_PRESENT]  = "チャレンジの準備",
    [JA_ST_ANSWER]   = "チャレンジへの応答",
    [JA_ST_VALIDATE] = "ドメイン名利用権の確認待ち",
    [JA_ST_KEY]      = "鍵の生成",
    [JA_ST_FINALIZE] = "CSR の送信",
    [JA_ST_ISSUE]    = "証明書の発行待ち",
    [JA_ST_DOWNLOAD] = "証明書のダウンロード",
    [JA_ST_KEEP]     = "証明書の検査",
    [JA_ST_WHY]      = "確認に失敗した理由の照会",
};
/* clang-format on */

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))
_Static_assert(COUNT(WORDS) == JA_WORD_COUNT, "a row for each word");
_Static_assert(COUNT(STATES) == JA_REPORT_STATE_COUNT, "a row for each state");
_Static_assert(COUNT(RESTARTS) == JA_RESTART_STATE_COUNT, "a row for each state");
_Static_assert(COUNT(NEXT) == JA_REPORT_NEXT_COUNT, "a row for each action");
_Static_assert(COUNT(WAITS) == JA_GOVERNOR_WHY_COUNT, "a row for each reason");

/* "ja", "ja_JP", "ja_JP.UTF-8", "ja_JP.utf8@x"; not "jam", not "ja_JP.eucJP" */
static int is_japanese(const char *locale)
{
    const char *codeset = strchr(locale, '.');
    size_t len = strcspn(locale, "_.@");

    if (len != 2 || apr_cstr_casecmpn(locale, "ja", 2) != 0) {
        return 0;
    }
    return !codeset || apr_cstr_casecmpn(codeset, ".utf-8", 6) == 0
           || apr_cstr_casecmpn(codeset, ".utf8", 5) == 0;
}

ja_lang_t ja_words_lang(const char *lc_all, const char *lc_messages, const char *lang)
{
    const char *locale = lc_all && *lc_all             ? lc_all
                         : lc_messages && *lc_messages ? lc_messages
                                                       : lang;

    return locale && is_japanese(locale) ? JA_LANG_JA : JA_LANG_EN;
}

const char *ja_words_get(ja_lang_t lang, ja_word_t word)
{
    return WORDS[word][lang];
}

const char *ja_words_state(ja_lang_t lang, ja_report_state_t state)
{
    return STATES[state][lang];
}

const char *ja_words_next(ja_lang_t lang, ja_report_next_t next)
{
    return NEXT[next][lang];
}

const char *ja_words_domain_next(ja_lang_t lang, const ja_report_domain_t *domain)
{
    return domain->next_action == JA_REPORT_WAIT ? WAITS[domain->waits_for][lang]
                                                 : ja_words_next(lang, domain->next_action);
}

const char *ja_words_restart(ja_lang_t lang, ja_restart_state_t state)
{
    return RESTARTS[state][lang];
}

const char *ja_words_actor(ja_lang_t lang, ja_actor_t actor)
{
    return ACTORS[actor][lang];
}

const char *ja_words_retry(ja_lang_t lang, ja_retry_t retry)
{
    return RETRIES[retry][lang];
}

const char *ja_words_activity(ja_lang_t lang, const char *activity)
{
    int state;

    if (!activity || lang == JA_LANG_EN) {
        return activity;
    }
    for (state = 0; state < JA_ST_COUNT; state++) {
        const char *english = ja_flow_row((ja_state_t)state)->activity;

        if (english && ACTIVITIES_JA[state] && strcmp(english, activity) == 0) {
            return ACTIVITIES_JA[state];
        }
    }
    return activity;
}

const char *ja_words_when(ja_lang_t lang, apr_time_t at, apr_time_t now, apr_pool_t *pool)
{
    static const struct {
        apr_int64_t seconds;
        const char *words[JA_LANG_COUNT];
    } UNITS[] = {
        { 86400, { "days", "日" } },
        { 3600, { "hours", "時間" } },
        { 60, { "minutes", "分" } },
        { 1, { "seconds", "秒" } },
    };
    static const char *const FORMS[2][JA_LANG_COUNT] = {
        { "%" APR_INT64_T_FMT " %s ago", "%" APR_INT64_T_FMT " %s前" },
        { "in %" APR_INT64_T_FMT " %s", "%" APR_INT64_T_FMT " %s後" },
    };
    int is_ahead = at > now;
    apr_int64_t seconds = apr_time_sec(is_ahead ? at - now : now - at);
    size_t i;

    for (i = 0; i < COUNT(UNITS); i++) {
        if (seconds >= 2 * UNITS[i].seconds) {
            return apr_psprintf(pool, FORMS[is_ahead][lang], seconds / UNITS[i].seconds,
                                UNITS[i].words[lang]);
        }
    }
    return lang == JA_LANG_JA ? "今" : "now";
}

const char *ja_words_who(ja_lang_t lang, const char *id)
{
    ja_code_t code = ja_err_code_find(id);

    return code == JA_E_COUNT ? NULL : ja_words_actor(lang, ja_err_row(code)->actor);
}

const char *ja_words_advice(ja_lang_t lang, const char *id)
{
    ja_code_t code = ja_err_code_find(id);

    if (code == JA_E_COUNT) {
        return NULL;
    }
    return lang == JA_LANG_JA ? ja_err_row(code)->ja : ja_err_row(code)->en;
}

/* The command jprs-acme. */
#include <stdio.h>
#include <stdlib.h>

#include <apr_general.h>

#include "cli/cmd.h"

/* clang-format off */
static const ja_cmd_t COMMANDS[] = {
    { "status", "[NAME]", 1, JA_OPT_BIT(JA_OPT_JSON),
      { "show the managed domains, or all about one of them",
        "管理対象ドメインの一覧、または指定したドメインの詳細を表示する" },
      { "\nExits 1 if somebody has to look at something: a domain in error, expired or without\n"
        "certificate, or an account that could not be registered.\n",
        "\nエラー、期限切れ、証明書のないドメイン、または登録に失敗したアカウントがあると、\n"
        "終了ステータスは 1 になります。\n" },
      ja_cmd_status },
    { "errors", "[TYPE|ROW|ID]", 1, JA_OPT_BIT(JA_OPT_JSON),
      { "explain errors and other messages: what each means, who has to do what",
        "エラーなどのメッセージの意味と対処方法を表示する" },
      { "\nTYPE is what a CA says (rejectedIdentifier), ROW one of the error table in\n"
        "JPRS's manuals (E13), ID what the log says (JA0414).\n",
        "\nTYPE は認証局が返す種類 (rejectedIdentifier)、ROW は JPRS マニュアルのエラー表の行 (E13)、\n"
        "ID はログに出る番号 (JA0414) です。\n" },
      ja_cmd_errors },
    { "register", "", 0, JA_OPT_BIT(JA_OPT_JSON),
      { "register the account now, or look at it, and show the result",
        "アカウントを今すぐ登録 (登録済みなら確認) し、結果を表示する" },
      { "\nThe running httpd does it; root asks. Needed only if a registration was refused and nothing\n"
        "in the configuration has changed since. Exits 0 if the CA calls all accounts valid.\n",
        "\n実行中の httpd が処理します (root 権限が必要)。登録が拒否され、設定を変更していない場合に\n"
        "使います。認証局がすべてのアカウントを有効と応答した場合、終了ステータスは 0 です。\n" },
      ja_cmd_register },
    { "revoke", "[NAME]", 1,
      JA_OPT_BIT(JA_OPT_JSON) | JA_OPT_BIT(JA_OPT_CERT) | JA_OPT_BIT(JA_OPT_REASON),
      { "have the CA revoke the certificates that a domain uses, or the one in a file",
        "ドメインの使用中の証明書、または指定したファイルの証明書を失効する" },
      { "\nEither NAME or --cert. This can't be undone. The account asks for it whose certificate it is;\n"
        "root runs it, and httpd need not. If the certificate is in use, the running httpd orders another\n"
        "one within a minute and serves the revoked one until then: to end a name, take it out of the\n"
        "configuration first. JPRS takes the reasons unspecified (0), keyCompromise (1),\n"
        "affiliationChanged (3), superseded (4) and cessationOfOperation (5). Exits 0 if it is revoked\n"
        "now, or was before.\n",
        "\nNAME か --cert のどちらか一方を指定します。失効は取り消せません。証明書を発行したアカウントで依頼します。\n"
        "root 権限が必要ですが、httpd は停止中でも構いません。使用中の証明書を失効すると、実行中の httpd が 1 分以内に\n"
        "新しい証明書の発行を開始し、それまでは失効した証明書を使用します。FQDN の利用を終了する場合は、先に設定から\n"
        "削除してください。JPRS で使用できる理由は unspecified (0)、keyCompromise (1)、affiliationChanged (3)、\n"
        "superseded (4)、cessationOfOperation (5) です。失効した場合、または既に失効していた場合、\n"
        "終了ステータスは 0 です。\n" },
      ja_cmd_revoke },
    { "rollback", "NAME", 1, JA_OPT_BIT(JA_OPT_JSON),
      { "put the previous certificate of a domain back into use",
        "以前の証明書に切り戻す" },
      { "\nThe running httpd does it, without a restart where it can; root asks. The newest earlier one that\n"
        "is whole and still valid is used; doing it again goes one further back. It is not renewed for a\n"
        "day. If httpd does not run, it is done when it starts. Exits 0 once it has been done.\n",
        "\n実行中の httpd が、可能であれば再起動なしで切り戻します (root 権限が必要)。破損がなく有効期限内の、\n"
        "直前の証明書を使用します。再度実行すると、さらに前の証明書に切り戻します。切り戻し後 24 時間は\n"
        "更新しません。httpd が停止中の場合は起動時に切り戻します。切り戻しが完了すると終了ステータスは 0 です。\n" },
      ja_cmd_rollback },
    { "version", "", 0, JA_OPT_BIT(JA_OPT_JSON),
      { "print the version", "バージョンを表示する" }, { "", "" },
      ja_cmd_version },
    { NULL, NULL, 0, 0, { NULL, NULL }, { NULL, NULL }, NULL },
};
/* clang-format on */

static int run(int argc, const char *const *argv, apr_pool_t *pool)
{
    ja_cmd_args_t args = { .pool = pool };
    const ja_cmd_t *cmd;
    const char *fault;

    args.lang = ja_words_lang(getenv("LC_ALL"), getenv("LC_MESSAGES"), getenv("LANG"));
    fault = ja_cmd_parse(&cmd, &args, COMMANDS, argc, argv);
    if (fault) {
        ja_cmd_complain(pool, "%s", fault);
        fputs(ja_cmd_help(COMMANDS, cmd, args.lang, pool), stderr);
        return JA_CMD_USAGE;
    }
    if (args.options[JA_OPT_HELP]) {
        fputs(ja_cmd_help(COMMANDS, cmd, args.lang, pool), stdout);
        return JA_CMD_FINE;
    }
    return cmd->run(&args);
}

int main(int argc, const char *const *argv, const char *const *env)
{
    apr_pool_t *pool;
    int status;

    if (apr_app_initialize(&argc, &argv, &env) != APR_SUCCESS) {
        return JA_CMD_PROBLEM;
    }
    atexit(apr_terminate);
    apr_pool_create(&pool, NULL);
    status = run(argc, argv, pool);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        ja_cmd_complain(pool, "writing the output failed");
        return JA_CMD_PROBLEM;
    }
    return status;
}

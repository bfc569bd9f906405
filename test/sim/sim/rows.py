"""The error table of the JPRS manuals (section 6 of both), and problem documents made of it.

Type, status and English text are the manuals'.  The Japanese text is the simulator's own: the
manuals say when an error occurs but do not show the Japanese that is sent with it.
"""

import dataclasses
import json

from .message import Answer

URN = "urn:ietf:params:acme:error:"


@dataclasses.dataclass(frozen=True)
class Row:
    """[%s] in a text stands for the value that caused the error."""

    id: str
    type: str
    status: int
    english: str
    japanese: str


ROWS = {row.id: row for row in (
    Row("E1", "accountDoesNotExist", 400,
        "The request specified an account that does not exist",
        "指定されたアカウントは存在しません"),
    Row("E2", "alreadyRevoked", 400,
        "The request specified a certificate to be revoked that has already been revoked: [%s]",
        "失効対象の証明書は既に失効されています: [%s]"),
    Row("E3", "badCSR", 400,
        "The CSR is unacceptable",
        "CSR を受け付けられません"),
    Row("E4", "badNonce", 400,
        "The client sent an unacceptable anti-replay nonce",
        "受理できないノンスを受信しました"),
    Row("E5", "badPublicKey", 400,
        "The JWS was signed by a public key the server does not support",
        "アカウント公開鍵に問題があります"),
    Row("E6", "badRevocationReason", 400,
        "The revocation reason provided is not allowed by the server: [%s]",
        "指定された失効理由は許可されていません: [%s]"),
    Row("E7", "badSignatureAlgorithm", 400,
        "The JWS was signed with an algorithm the server does not support: [%s]",
        "サポートしていないアルゴリズムで署名されています: [%s]"),
    Row("E8", "caa", 403,
        "CAA records forbid the CA from issuing a certificate",
        "CAA レコードにより証明書の発行が許可されていません"),
    Row("E9", "connection", 400,
        "The server could not connect to validation target : [%s]",
        "審査対象のサーバーに接続できません: [%s]"),
    Row("E10", "externalAccountRequired", 400,
        "The request must include a value for the externalAccountBinding field",
        "externalAccountBinding を指定してください"),
    Row("E11", "invalidContact", 400,
        "A contact URL for an account was invalid: [%s]",
        "コンタクトの URL の形式が不正です: [%s]"),
    Row("E12", "malformed", 400,
        "The request information is invalid",
        "リクエストの内容が不正です"),
    Row("E13", "malformed", 400,
        "Unable to create account",
        "アカウントを作成できません"),
    Row("E14", "malformed", 400,
        "The contact information is invalid:",
        "コンタクト情報が不正です:"),
    Row("E15", "malformed", 400,
        "Please agree to the term of service.",
        "利用規約に同意してください。"),
    Row("E16", "malformed", 400,
        "The FQDN is invalid: [%s]",
        "発行できない FQDN です: [%s]"),
    Row("E17", "malformed", 400,            # of the order
        "Validity period of application has been expired",
        "申請の有効期限が切れています"),
    Row("E18", "malformed", 400,            # of the order
        "Unable to accept order",
        "申請を受け付けられません"),
    Row("E19", "malformed", 400,            # of the authorization: no other text than E17
        "Validity period of application has been expired",
        "申請の有効期限が切れています"),
    Row("E20", "malformed", 400,            # of the authorization: no other text than E18
        "Unable to accept order",
        "申請を受け付けられません"),
    Row("E21", "malformed", 400,
        "The certificate does not exist: [%s]",
        "失効対象の証明書が存在しません: [%s]"),
    Row("E22", "malformed", 405,
        "The HTTP method is invalid: [%s]",
        "HTTP メソッドが不正です: [%s]"),
    Row("E23", "malformed", 415,
        "The content-type is invalid: [%s]",
        "Content-Type が不正です: [%s]"),
    Row("E24", "orderNotReady", 403,
        "The request attempted to finalize an order that is not ready to be finalized",
        "finalize の準備ができていないオーダーです"),
    Row("E25", "rejectedIdentifier", 400,
        "The server will not issue certificates for the identifier",
        "指定された識別子に対して証明書を発行できません"),
    Row("E26", "serverInternal", 500,
        "The server experienced an internal error",
        "サーバーで内部エラーが発生しました"),
    Row("E27", "unauthorized", 401,
        "The client lacks sufficient authorization",
        "アカウントのステータスが不正です"),
    Row("E28", "unsupportedContact", 400,
        "A contact URL for an account used an unsupported protocol scheme: [%s]",
        "サポートしていないスキームのコンタクト URL です: [%s]"),
    Row("E29", "unsupportedIdentifier", 400,
        "An identifier is of an unsupported type",
        "サポートしていない種類の識別子です"),
)}

# How the detail is written.  The last three are what a client must survive.
LANGUAGES = {
    "both": "English, then Japanese, between them a slash",
    "en": "English only",
    "ja": "Japanese only",
    "sjis": "both, the Japanese as Shift_JIS: bytes that are not UTF-8, so no JSON either",
    "hostile": "both, with control characters, HTML and a bidirectional override between them",
    "nul": "both, with a NUL between them: right in JSON, but no text for many a program",
}
_HOSTILE = " <b>\x1b[31m</b>&\u202e\r\n[error] forged\x7f "
_SJIS_MARK = "@@sjis@@"


def problem_of(row, value="", language="both", status=None):
    """The problem document (a dict) of that row.  language: not "sjis", which is bytes."""
    english = row.english.replace("%s", value)
    japanese = row.japanese.replace("%s", value)
    details = {
        "both": f"{english} / {japanese}",
        "en": english,
        "ja": japanese,
        "hostile": english + _HOSTILE + japanese,
        "nul": f"{english}\0{japanese}",
    }
    return {"type": URN + row.type, "detail": details[language], "status": status or row.status}


def problem_answer(problem, status, by):
    body = json.dumps(problem, ensure_ascii=False).encode()
    return Answer(status, [("Content-Type", "application/problem+json")], body, by=by)


def row_answer(row, value="", language="both", status=None):
    """The answer that row is sent as."""
    status = status or row.status
    if language != "sjis":
        return problem_answer(problem_of(row, value, language, status), status, row.id)
    problem = problem_of(row, value, "en", status)
    japanese = row.japanese.replace("%s", value)
    answer = problem_answer({**problem, "detail": f"{problem['detail']} / {_SJIS_MARK}"},
                            status, row.id)
    answer.body = answer.body.replace(_SJIS_MARK.encode(), japanese.encode("cp932", "replace"))
    return answer

"""pebble's answers as JPRS would give them: paths, challenges, and the rows of the error table."""

from .kinds import DIRECTORY_PATH, PEBBLE_DIRECTORY_PATH
from .memory import revoked_cert
from .rows import ROWS, URN, problem_of, row_answer

# Types that have one row only.
_ROW_OF_TYPE = {row.type: row for row in ROWS.values() if row.type != "malformed"}


def translate(kind, request, jws, answer, challenges):
    """Change the answer in place or make another one -> (Answer, pebble's own words or "").

    challenges: the types that are offered
    """
    _point_to_directory(answer, request.host)
    if answer.status == 404 and not answer.body:        # an object that pebble does not have
        return _as_row(ROWS["E12"], "", answer), "no such object"
    if answer.is_problem:
        said = answer.json()
        row, value = _row_of(kind, request, jws, said)
        if row is None:
            return answer, said.get("detail", "")
        return _as_row(row, value, answer), said.get("detail", "")
    if kind == "authz" and answer.status == 200:
        _offer(answer, challenges)
    return answer, ""


def _as_row(row, value, answer):
    """That row, with the headers of pebble's answer: the nonce above all."""
    other = row_answer(row, value)
    other.headers += [one for one in answer.headers if one[0].lower() != "content-type"]
    return other


def _point_to_directory(answer, host):
    """The link that RFC 8555 7.1 asks for."""
    here = f"https://{host}"
    answer.headers = [
        (name, value.replace(here + PEBBLE_DIRECTORY_PATH, here + DIRECTORY_PATH))
        if name.lower() == "link" else (name, value) for name, value in answer.headers]


def _offer(answer, challenges):
    """Only these types, and what went wrong in the words of JPRS."""
    authz = answer.json()
    name = authz.get("identifier", {}).get("value", "")
    authz["challenges"] = [one for one in authz.get("challenges", ())
                           if one.get("type") in challenges]
    for one in authz["challenges"]:
        if one.get("error", {}).get("type") == URN + "connection":
            one["error"] = problem_of(ROWS["E9"], name)
    answer.set_json(authz)


def _row_of(kind, request, jws, problem):
    """-> (row, value); (None, "") if the table has no such type."""
    name = str(problem.get("type", "")).removeprefix(URN)
    if name == "malformed":
        return _row_of_malformed(kind, request, jws, problem)
    if kind == "newAccount" and name == "unauthorized":
        return ROWS["E13"], ""              # the HMAC of the binding is wrong
    row = _ROW_OF_TYPE.get(name)
    return row, _value(row, jws) if row else ""


def _row_of_malformed(kind, request, jws, problem):
    if problem.get("status") == 405:
        return ROWS["E22"], request.method
    if problem.get("status") == 415:
        return ROWS["E23"], request.headers.get("content-type", "")
    if kind == "revoke" and "find" in str(problem.get("detail")):
        return ROWS["E21"], _serial(jws)
    if kind == "newAccount" and "external" in str(problem.get("detail")).lower():
        return ROWS["E13"], ""
    return ROWS["E12"], ""


def _value(row, jws):
    """What the row's [%s] is, as far as the request shows it."""
    if row.id == "E2":
        return _serial(jws)
    if row.id == "E6":
        return str(jws.payload.get("reason")) if jws else ""
    if row.id == "E7":
        return str(jws.protected.get("alg")) if jws else ""
    return ""


def _serial(jws):
    cert = revoked_cert(jws.payload) if jws else None
    return f"{cert.serial_number:x}" if cert else ""

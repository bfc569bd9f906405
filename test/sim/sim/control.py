"""The control API: plain HTTP and JSON on a loopback port of its own."""

import datetime
import json
from urllib.parse import parse_qs, urlsplit

from .eab import UTC, read_date
from .faults import FAULTS
from .kinds import KINDS
from .message import Answer, json_answer
from .rows import LANGUAGES, ROWS
from .rules import MEMBERS

_HELP = {
    "GET /": "this list",
    "GET /state": "addresses, files, settings, EABs",
    "GET /rules": "the rules and how often each was used",
    "POST /rules": "a new rule, the last to be asked; answers with its id",
    "DELETE /rules": "all rules go",
    "DELETE /rules/ID": "this rule goes",
    "GET /settings": "registered, ocsp_delay_s, ocsp_status, rate_limit, challenges",
    "POST /settings": "changes those that are given",
    "GET /eab": "the EABs that were handed out",
    "POST /eab": 'one more; {"issued": "YYYY-MM-DD"} dates it back',
    "GET /requests": "the log; ?since=NUMBER, ?kind=KIND, ?name=NAME choose",
    "DELETE /requests": "the list is emptied, the file is not",
    "GET /tables": "what a rule may have; rows, faults, kinds, languages",
}


class _Wrong(Exception):
    """The caller's mistake: (status, what is wrong)."""


class Control:
    """state: a function -> dict of what does not change, for GET /state."""

    def __init__(self, simulator, state):
        self.sim, self.state = simulator, state

    async def answer(self, request):
        """For listeners.listen()."""
        url = urlsplit(request.path)
        first, _, rest = url.path.strip("/").partition("/")
        doer = getattr(self, f"_{request.method.lower()}_{first or 'help'}", None)
        try:
            if not doer:
                raise _Wrong(404, "nothing like that; GET / lists what there is")
            done = doer(rest, parse_qs(url.query), _read(request.body))
        except _Wrong as wrong:
            return json_answer({"error": wrong.args[1]}, wrong.args[0])
        except ValueError as error:
            return json_answer({"error": str(error)}, 400)
        return Answer(204) if done is None else json_answer(done)

    def _get_help(self, _rest, _query, _body):
        return _HELP

    def _get_state(self, _rest, _query, _body):
        return {**self.state(), "settings": self.sim.settings.show(),
                "eab": self._get_eab("", {}, {})}

    # -- rules

    def _get_rules(self, _rest, _query, _body):
        return [rule.show() for rule in self.sim.rules.all()]

    def _post_rules(self, _rest, _query, body):
        return self.sim.rules.add(body).show()

    def _delete_rules(self, rest, _query, _body):
        if not rest:
            return self.sim.rules.clear()
        rule = self.sim.rules.find(int(rest)) if rest.isdigit() else None
        if not rule:
            raise _Wrong(404, f"no rule {rest}")
        return self.sim.rules.remove(rule)

    # -- settings and EABs

    def _get_settings(self, _rest, _query, _body):
        return self.sim.settings.show()

    def _post_settings(self, _rest, _query, body):
        self.sim.settings.change(body)
        return self.sim.settings.show()

    def _get_eab(self, _rest, _query, _body):
        now = datetime.datetime.now(UTC)
        return [eab.show(now) for eab in self.sim.eabs.issued()]

    def _post_eab(self, _rest, _query, body):
        now = datetime.datetime.now(UTC)
        if set(body) - {"issued"}:
            raise _Wrong(400, "an EAB takes issued, and nothing else")
        issued = read_date(str(body["issued"])) if "issued" in body else now
        eab = self.sim.eabs.issue(issued)
        if not eab:
            raise _Wrong(409, "no EAB is left: pebble has to know them all when it starts")
        return eab.show(now)

    # -- the log and the tables

    def _get_requests(self, _rest, query, _body):
        since = query.get("since", ["0"])[0]
        if not since.isdigit():
            raise _Wrong(400, "since: a number")
        return self.sim.journal.list(int(since), query.get("kind", [None])[0],
                                     query.get("name", [None])[0])

    def _delete_requests(self, _rest, _query, _body):
        return self.sim.journal.forget()

    def _get_tables(self, _rest, _query, _body):
        return {
            "rule": {name: member.about for name, member in MEMBERS.items()},
            "rows": {row.id: {"type": row.type, "status": row.status, "en": row.english,
                              "ja": row.japanese} for row in ROWS.values()},
            "faults": {one.name: {"about": one.about, "settings": one.settings}
                       for one in FAULTS.values()},
            "kinds": {kind.name: kind.about for kind in KINDS.values()},
            "languages": LANGUAGES,
        }


def _read(body):
    if not body:
        return {}
    try:
        found = json.loads(body)
    except ValueError as error:
        raise _Wrong(400, f"the body is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise _Wrong(400, "the body is no JSON object")
    return found

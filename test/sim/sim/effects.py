"""What a rule makes of an answer."""

import dataclasses
import email.utils
import time

from .message import Answer
from .rows import ROWS, URN, problem_answer, problem_of, row_answer


def apply(rule, real, value, host):
    """-> a new Answer.

    real:   pebble's answer, None unless rule.needs_real
    value:  what stands for [%s] unless the rule says it
    host:   for a redirect to nowhere
    """
    value = rule.get("value", value)
    if rule.is_object:
        answer = _as_object(real, _problem(rule, value))
    elif rule.get("row"):
        answer = row_answer(ROWS[rule.get("row")], value, rule.get("language", "both"),
                            rule.get("status"))
    elif rule.get("problem") is not None:
        problem = _problem(rule, value)
        answer = problem_answer(problem, problem["status"], "problem")
    elif rule.fault:
        answer = _faulty(rule, real, host)
    else:
        answer = _copy(real, "edit" if rule.get("edit") else real.by)
        if rule.get("edit"):
            answer.set_json(merge(real.json(), rule.get("edit")))
    _finish(rule, answer)
    return answer


def wants_nonce(rule):
    """Whether an answer that did not come from pebble gets a Replay-Nonce."""
    if rule.get("nonce") is False:
        return False
    return rule.fault.has_nonce if rule.fault else True


def merge(target, patch):
    """RFC 7396."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged


def retry_after(wanted, now):
    """The header's value.  wanted: seconds, "date:SECONDS", or text; now: seconds since 1970."""
    if isinstance(wanted, str) and wanted.startswith("date:") and wanted[5:].isdigit():
        return email.utils.formatdate(now + int(wanted[5:]), usegmt=True)
    return str(wanted)


def _copy(answer, by):
    return dataclasses.replace(answer, headers=list(answer.headers), by=by)


def _problem(rule, value):
    """The document of a rule with a row or a problem.  A type without a colon gets ACME's URN."""
    if rule.get("row"):
        return problem_of(ROWS[rule.get("row")], value, rule.get("language", "both"),
                          rule.get("status"))
    problem = {"type": "about:blank", "status": rule.get("status", 400), **rule.get("problem")}
    if isinstance(problem["type"], str) and ":" not in problem["type"]:
        problem["type"] = URN + problem["type"]
    return problem


def _as_object(real, problem):
    """The order, authorization or challenge of a good answer, invalid because of that."""
    if real.status not in (200, 201):
        return real
    shown = real.json()
    shown["status"] = "invalid"
    target = _failed_challenge(shown["challenges"]) if shown.get("challenges") else shown
    target.update(status="invalid", error=problem)
    answer = _copy(real, "object")
    answer.set_json(shown)
    return answer


def _failed_challenge(challenges):
    """The one that the client has answered; before that http-01, or whatever there is."""
    for fits in (lambda one: one["status"] != "pending", lambda one: one["type"] == "http-01"):
        found = [one for one in challenges if fits(one)]
        if found:
            return found[0]
    return challenges[0]


def _faulty(rule, real, host):
    fault = rule.fault
    settings = {name: rule.get(name, default) for name, default in fault.settings.items()}
    answer = _copy(real, fault.name) if fault.needs_real else Answer(by=fault.name)
    fault.change(answer, settings, host)
    return answer


def _finish(rule, answer):
    answer.status = rule.get("status", answer.status) if not rule.is_object else answer.status
    answer.delay_ms = rule.get("delay_ms", 0)
    if rule.get("retry_after") is not None:
        answer.set("Retry-After", retry_after(rule.get("retry_after"), time.time()))
    if rule.get("nonce") is False:
        answer.drop("Replay-Nonce")

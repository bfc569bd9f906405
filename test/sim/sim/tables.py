"""The tables of docs/simulator.md, made from the tables of the code."""

from .faults import FAULTS
from .kinds import KINDS
from .rows import LANGUAGES, ROWS
from .rules import MEMBERS


def _table(head, rows):
    lines = [head, ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |\n"
                   for line in lines)


def _settings(fault):
    return ", ".join(f"`{name}` ({value!r})" if value else f"`{name}`"
                     for name, value in fault.settings.items())


def markdown():
    """One text; the page has it word for word."""
    parts = [
        ("### Members of a rule",
         _table(["member", ""], [(f"`{name}`", one.about) for name, one in MEMBERS.items()])),
        ("### Kinds of request",
         _table(["kind", "path", ""],
                [(f"`{one.name}`", f"`{one.start}`", one.about) for one in KINDS.values()])),
        ("### Rows",
         _table(["row", "type", "status", "English", "Japanese"],
                [(row.id, f"`{row.type}`", row.status, row.english, row.japanese)
                 for row in ROWS.values()])),
        ("### Faults",
         _table(["fault", "", "settings (and defaults)"],
                [(f"`{one.name}`", one.about, _settings(one)) for one in FAULTS.values()])),
        ("### Languages",
         _table(["language", ""], [(f"`{name}`", text) for name, text in LANGUAGES.items()])),
    ]
    return "\n".join(f"{title}\n\n{table}" for title, table in parts)

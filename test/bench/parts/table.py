"""Rows of results and how they are printed."""

import dataclasses

# Measured once on a machine of this size with this bench's kind of CA; not measured again here.
REFERENCE_NOTE = "reference: measured earlier on such a machine"


@dataclasses.dataclass
class Row:
    """One measured figure.

    target:     the highest good value, None where there is nothing to reach
    values:     client name -> figure; None: could not be measured
    reference:  what others needed, as text
    note:       what stands behind the figure, client name -> text
    """

    what: str
    unit: str
    target: float = None
    reference: str = ""
    values: dict = dataclasses.field(default_factory=dict)
    notes: dict = dataclasses.field(default_factory=dict)

    def is_met(self, client):
        value = self.values.get(client)
        return None if value is None or self.target is None else value <= self.target


class Report:
    """Rows in the order in which they were first mentioned."""

    def __init__(self, clients):
        self.clients = clients
        self.rows = {}

    def add(self, client, what, unit, value, target=None, reference="", note=""):
        row = self.rows.setdefault(what, Row(what, unit, target, reference))
        row.values[client] = value
        if note:
            row.notes[client] = note

    def print(self):
        head = ["measured", "unit", "target"]
        for client in self.clients:
            head += [client, "met"]
        lines = [head + ["reference"]]
        for row in self.rows.values():
            line = [row.what, row.unit, _figure(row.target)]
            for client in self.clients:
                line += [_figure(row.values.get(client)), _yes_no(row.is_met(client))]
            lines.append(line + [row.reference])
        _print_columns(lines)
        print(f"\n{REFERENCE_NOTE}.")
        self._print_notes()

    def _print_notes(self):
        for row in self.rows.values():
            for client, note in row.notes.items():
                print(f"  {client}, {row.what}: {note}")

    def as_data(self):
        return [dataclasses.asdict(row) for row in self.rows.values()]


def _figure(value):
    if value is None:
        return "-"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2f}"


def _yes_no(met):
    return {None: "", True: "yes", False: "NO"}[met]


def _print_columns(lines):
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for number, line in enumerate(lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        if number == 0:
            print("  ".join("-" * width for width in widths))

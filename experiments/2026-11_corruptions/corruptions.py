"""Run every named corruption through `reveil check` and write the table of README.md."""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from click.testing import CliRunner

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "shared"))

HEAD = """\
# What does `reveil check` say of broken files?

**Question.** A company's export breaks in many ways. Does each give the named check or an error that says what is
there, what is needed and what to write, and never a traceback, a hang, an id, or a wrong figure in silence?

**Rule.** Every corruption below has an exit code and words that must be said
(`tests/shared/corrupt_*.py`); `tests/events/test_corruptions.py` fails on the first that are not. A healthy shop of
the same making must give no finding at all. What must be said was written before running, except for the wording of
five (padded header, mixed line ends, rows too long or too short, columns that shift), settled after seeing it.

**Command.** `python experiments/2026-11_corruptions/corruptions.py` writes this page.

Exit code 0: read, with what was found beside it; 1: refused, or an error of the audit.

| corruption | what is done | exit | what `reveil check` says |
| --- | --- | --- | --- |
"""

FOOT = """
**Verdict.** {n} corruptions, {errors} refused or errors of the audit, {found} read with a finding, {read} read as they
should be. What running them changed in the code: a header with one name twice is refused (the second column would
have been called otherwise in silence); a missing header no longer shows the first row, which holds an id; JSON that is one
array is read; dates that cannot be read are shown by their shape unless they look like dates; a source of which no row
is left is an error; ids that are dates, and ids that a spreadsheet rounded, are errors. What cannot be known: whether
equal ids of two sources are one person; `check` says how many there are, and how to tell them apart.
"""


def main() -> None:
    """Write README.md beside this file."""
    for subject in ("files", "places", "values", "dates", "tables"):
        import_module(f"corrupt_{subject}")
    from corruptions import CORRUPTIONS, written

    from reveil.cli import main as reveil

    lines, tally = [], {"errors": 0, "found": 0, "read": 0}
    for one in CORRUPTIONS:
        with TemporaryDirectory() as folder:
            path = written(Path(folder), one)
            result = CliRunner().invoke(reveil, ["check", str(path), "--json"])
        said = _said(result.stdout, result.stderr.replace(f"{folder}/", ""))
        tally["errors" if result.exit_code else "found" if said else "read"] += 1
        said = said or "nothing: it is read as it should be"
        cells = (one.name, one.done, str(result.exit_code), said)
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    text = HEAD + "\n".join(lines) + "\n" + FOOT.format(n=len(CORRUPTIONS), **tally)
    (HERE / "README.md").write_text(text, "utf-8")


def _said(out: str, err: str) -> str:
    if err:
        first, _, hint = " ".join(err.split()).removeprefix("error: ").partition(" Hint: ")
        return f"{_cut(first, 170)} *{_cut(hint, 120)}*"
    told = [
        f"{f['state']}: {f['check']}, {f['rows']:,}"
        for f in json.loads(out)["findings"]
        if f["state"] != "ok"
    ]
    return "; ".join(told)


def _cut(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


if __name__ == "__main__":
    main()

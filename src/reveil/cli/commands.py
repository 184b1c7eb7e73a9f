"""The command line: one command per pipeline function; it prints, and does nothing else.

In:  arguments.
Out: text or `--json` on standard output, progress on a terminal, an exit code:
     0 done, 1 an error to mend, 2 wrong usage, 3 the gate refused, 4 monitoring blocks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, cast

import click

from reveil import __version__
from reveil.errors import ReveilError

if TYPE_CHECKING:
    from reveil.config import Study, Target

STUDY = click.argument("study", type=click.Path(path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
TARGET = click.option(
    "--target",
    "targets",
    multiple=True,
    type=click.Choice(["attrition", "reactivation", "margin_if_returns"]),
    help="Only this target; may be repeated.",
)


class _Day(click.ParamType[date]):
    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a date; write it as 2011-09-01", param, ctx)


class _Commands(click.Group):
    """Turn errors the user can mend into one paragraph and an exit code."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ReveilError as error:
            if ctx.params.get("debug"):
                raise
            click.echo(f"error: {error}", err=True)
            ctx.exit(error.exit_code)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="reveil")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def main(debug: bool) -> None:
    """Turn raw customer events into a ranked, explained and affordable reactivation list.

    Begin with `reveil demo`, then `reveil check STUDY` on your own files.
    """


@main.command()
@click.option("--customers", type=click.IntRange(min=1), default=20_000, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("demo"),
    show_default=True,
    help="Folder to write to.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--threads", type=click.IntRange(min=1), default=2, show_default=True)
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@JSON
def demo(customers: int, out: Path, seed: int, threads: int, language: str, as_json: bool) -> None:
    """Simulate a shop, and go the whole way to a list and reports."""
    from reveil.cli import announcing
    from reveil.pipeline.demo import run_demo

    with _progress() as (say, step):
        made = run_demo(
            out,
            customers=customers,
            seed=seed,
            threads=threads,
            language=language,
            say=say,
            step=step,
        )
    _print(as_json, announcing.demo(made), announcing.demo_json(made))


@main.command()
@STUDY
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for audit.html, audit.csv and audit.json.",
)
@JSON
@click.pass_context
def check(context: click.Context, study: Path, out: Path | None, as_json: bool) -> None:
    """Audit the data, plan the cutoffs, count who can be learned from. Trains nothing."""
    loaded = _load(study)

    from reveil.cli import printing
    from reveil.pipeline.checking import check_study

    with _progress() as (say, _):
        say("reading and auditing")
        ready = check_study(loaded, out)
    _print(as_json, printing.check(loaded, ready, out), printing.check_json(loaded, ready))
    if ready.audit.worst == "error":
        context.exit(1)


@main.command()
@STUDY
@click.option("--cutoff", type=_Day(), required=True)
@click.option(
    "--since",
    type=_Day(),
    help="Tell moves from this date.  [default: a year before the cutoff]",
)
@click.option(
    "--periods",
    type=click.IntRange(min=1),
    help="The same, as a number of periods of 28 days.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for every customer's state, who moved, and the lifecycle report.",
)
@JSON
def states(
    study: Path,
    cutoff: date,
    since: date | None,
    periods: int | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Tell who is active, how engaged, and who moved since when."""
    if since is not None and periods is not None:
        raise click.UsageError("--since and --periods say the same thing; give one of them")
    loaded = _load(study)

    from reveil.cli import standing
    from reveil.pipeline.lifecycle import lifecycle

    with _progress() as (say, _):
        found = lifecycle(loaded, cutoff, out=out, since=since, periods=periods, say=say)
    _print(as_json, standing.told(loaded, found), standing.told_json(found))


@main.command()
@STUDY
@TARGET
@click.option("--small", is_flag=True, help="Accept too little data: the baseline is the model.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for report.html and the model card.  [default: runs/<study>]",
)
@JSON
def train(
    study: Path, targets: tuple[str, ...], small: bool, out: Path | None, as_json: bool
) -> None:
    """Train, judge out of time beside baselines, log to MLflow."""
    loaded = _load(study)

    from reveil.cli import printing
    from reveil.pipeline.recording import record_run
    from reveil.pipeline.stores import require_store, store_of
    from reveil.pipeline.training import look
    from reveil.pipeline.training import train as learn

    with _progress() as (say, step):
        say("computing features")
        require_store(loaded)
        observed = look(loaded, progress=step)
        made = learn(loaded, targets=_targets(targets), observed=observed, small=small, say=say)
        say("logging to MLflow")
        # Not before: a training that is refused leaves no empty store.
        store = store_of(loaded, say=say)
        recorded = record_run(made, out or Path("runs") / loaded.name, store=store)
    _print(
        as_json,
        printing.training(made, recorded, store),
        printing.training_json(made, recorded),
    )


@main.command()
@STUDY
@TARGET
@click.option("--dry-run", is_flag=True, help="Ask the gate, move nothing.")
@JSON
@click.pass_context
def promote(
    context: click.Context, study: Path, targets: tuple[str, ...], dry_run: bool, as_json: bool
) -> None:
    """Make champions of the challengers that the gate lets through.

    Exit code 3 when the gate refuses one.
    """
    loaded = _load(study)

    from reveil.cli import announcing
    from reveil.pipeline.promoting import promote_challengers

    with _progress() as (say, _):
        say("judging on the test cutoff")
        verdicts = promote_challengers(loaded, targets=_targets(targets), dry_run=dry_run)
    _print(as_json, announcing.verdicts(verdicts), announcing.verdicts_json(verdicts))
    if any(not verdict.decision.promote for verdict in verdicts):
        context.exit(3)


@main.command()
@STUDY
@click.option(
    "--target",
    required=True,
    type=click.Choice(["attrition", "reactivation", "margin_if_returns"]),
)
@JSON
def rollback(study: Path, target: str, as_json: bool) -> None:
    """Give the champion's place back to the version before it."""
    loaded = _load(study)

    from reveil.pipeline.promoting import roll_back

    move = roll_back(loaded, cast("Target", target))
    _print(as_json, str(move), {"before": move.before, "after": move.after, "actor": move.actor})


@main.command()
@STUDY
@JSON
def registry(study: Path, as_json: bool) -> None:
    """List the models: versions, aliases, gate results, moves."""
    loaded = _load(study)

    from reveil.cli import announcing
    from reveil.pipeline.promoting import registered

    found = registered(loaded)
    _print(as_json, announcing.registry(found), announcing.registry_json(found))


@main.command()
@STUDY
@click.option("--cutoff", type=_Day(), required=True, help="Score as of this date.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@JSON
def score(study: Path, cutoff: date, out: Path, as_json: bool) -> None:
    """Score every customer with the champions, and publish the scores."""
    loaded = _load(study)

    from reveil.cli import announcing
    from reveil.pipeline.scoring import score_customers

    with _progress() as (say, step):
        say("scoring")
        done = score_customers(loaded, cutoff, out, progress=step)
    _print(as_json, announcing.scoring(done), announcing.scoring_json(done))


@main.command()
@STUDY
@click.option(
    "--scores",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder that `reveil score` wrote.",
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@JSON
def target(study: Path, scores: Path, out: Path, as_json: bool) -> None:
    """Decide whom to contact with which offer, and whom not, and why."""
    loaded = _load(study)

    from reveil.cli import announcing
    from reveil.pipeline.listing import make_reactivation_list

    made = make_reactivation_list(loaded, scores, out)
    _print(as_json, announcing.listing(loaded, made), announcing.listing_json(made))


@main.command()
@click.option("--customers", type=click.IntRange(min=1), default=20_000, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@JSON
def simulate(customers: int, seed: int, out: Path, as_json: bool) -> None:
    """Write a simulated customer base, and the truth behind it."""
    from reveil.simulation.settings import SimulationSettings
    from reveil.simulation.simulate import simulate as make
    from reveil.simulation.simulate import write

    base = make(SimulationSettings(customers=customers, seed=seed))
    write(base, out)
    events = base.events.num_rows
    _print(
        as_json,
        f"{events:,} events of {customers:,} customers written to {out}",
        {"events": events, "customers": customers, "folder": str(out)},
    )


def _load(path: Path) -> Study:
    """Read a study; done before a command loads its stages, so that a typo is told at once."""
    from reveil.config import load_study

    return load_study(path)


def _targets(names: tuple[str, ...]) -> tuple[Target, ...]:
    from reveil.config import TARGETS

    return tuple(t for t in TARGETS if not names or t in names)


def _print(as_json: bool, text: str, value: object) -> None:
    if as_json:
        import json

        # Strict: what JSON has no word for is a defect here, not a string or NaN over there.
        click.echo(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
    else:
        click.echo(text)


@contextmanager
def _progress() -> Iterator[tuple[Callable[[str], None], Callable[[int, int], None]]]:
    """Yield what tells the present step, and what moves a bar; both silent off a terminal."""
    if not sys.stderr.isatty():
        yield (lambda _: None), (lambda _done, _of: None)
        return
    from tqdm import tqdm

    bar = tqdm(total=1, file=sys.stderr, leave=False, bar_format="{desc} {bar} {elapsed}")

    def say(what: str) -> None:
        bar.set_description_str(f"{what:<45.45}")

    def step(done: int, of: int) -> None:
        bar.total = of
        bar.n = done
        bar.refresh()

    try:
        yield say, step
    finally:
        bar.close()

"""The command `reveil features`; it prints, and does nothing else.

In:  arguments.
Out: the catalogue as text, Markdown or `--json`; or a matrix in a Parquet file.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reveil.cli.commands import JSON, _Day, _load, _print, _progress, main

if TYPE_CHECKING:
    from reveil.features.declare import Language


@main.command()
@click.argument("study", type=click.Path(path_type=Path), required=False)
@click.option(
    "--language",
    type=click.Choice(["en", "fr"]),
    help="Of the meanings.  [default: the study's]",
)
@click.option("--markdown", is_flag=True, help="Print the catalogue as Markdown.")
@click.option(
    "--cutoff",
    "cutoffs",
    type=_Day(),
    multiple=True,
    help="Write the matrix of this cutoff; may be repeated.",
)
@click.option(
    "--out", metavar="FILE", type=click.Path(path_type=Path), help="Parquet file of the matrix."
)
@click.option("--explain", is_flag=True, help="Say how the matrix would be computed, and why so.")
@JSON
def features(  # noqa: PLR0917  (click passes arguments)
    study: Path | None,
    language: Language | None,
    markdown: bool,
    cutoffs: tuple[date, ...],
    out: Path | None,
    explain: bool,
    as_json: bool,
) -> None:
    """Print the catalogue of features, or write their matrix."""
    if explain and (out is not None or not cutoffs):
        raise click.UsageError("--explain needs a --cutoff, and writes nothing")
    if not explain and bool(cutoffs) != (out is not None):
        raise click.UsageError("--cutoff and --out go together")
    if cutoffs and study is None:
        raise click.UsageError("a matrix needs a STUDY")
    if markdown and (cutoffs or as_json):
        raise click.UsageError("--markdown prints the catalogue, and nothing else")
    loaded = None if study is None else _load(study)

    from reveil.cli import describing  # noqa: PLC0415  (--help loads no stage)
    from reveil.pipeline.catalogue import catalogue  # noqa: PLC0415
    from reveil.pipeline.matrices import explain_matrix  # noqa: PLC0415
    from reveil.pipeline.matrix_files import write_matrix  # noqa: PLC0415

    if loaded is not None and explain:
        with _progress() as (say, _):
            say("reading")
            plan = explain_matrix(loaded, cutoffs)
        _print(as_json, describing.explained(plan), describing.explained_json(plan))
        return

    if study is not None and loaded is not None and out is not None:
        with _progress() as (say, _):
            say("computing features")
            rows = write_matrix(loaded, cutoffs, out)
        if not out.exists():  # a URI: what Spark wrote is not read back
            _print(as_json, f"{rows:,} rows written to {out}", {"rows": rows, "file": str(out)})
            return
        made = describing.described(out)
        _print(as_json, describing.matrix(made, study), describing.matrix_json(made))
        return
    with _progress() as (say, _):
        say("reading")
        found = catalogue(loaded, language=language)
        digest = None if loaded is None else found.fingerprint
    if markdown:
        click.echo(found.markdown(), nl=False)
        return
    _print(
        as_json,
        describing.catalogue(found, digest),
        describing.catalogue_json(found, digest),
    )

"""The command `reveil init`; it prints, and does nothing else.

In:  arguments.
Out: text or `--json` on standard output, the study file.
"""

from __future__ import annotations

from pathlib import Path

import click

from reveil.cli.commands import JSON, _print, _progress, main


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("study.yaml"),
    show_default=True,
    help="Study file to write.",
)
@click.option("--force", is_flag=True, help="Replace the study file that is there.")
@click.option("--language", type=click.Choice(["en", "fr"]), default="en", show_default=True)
@JSON
def init(folder: Path, out: Path, force: bool, language: str, as_json: bool) -> None:
    """Propose a commented study.yaml for the files of a folder."""
    from reveil.cli import starting  # noqa: PLC0415  (--help loads no stage)
    from reveil.pipeline.starting import start_study  # noqa: PLC0415

    with _progress() as (say, _):
        say("looking at the files")
        made = start_study(folder, out, force=force, language=language)
    _print(as_json, starting.started(made), starting.started_json(made))

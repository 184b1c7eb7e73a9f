"""Demo: a simulated base goes the whole way, from events to a list.

In:  how many customers, a folder, a seed.
Out: the study, its files, and what every stage made of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from reveil.config import Study, load_study
from reveil.errors import DataError, GateRefusedError
from reveil.pipeline.listing import NEEDED, Listing, make_reactivation_list
from reveil.pipeline.promoting import Verdict, promote_challengers
from reveil.pipeline.recording import Recorded, record_run
from reveil.pipeline.scoring import Scoring, score_customers
from reveil.pipeline.stores import store_of
from reveil.pipeline.training import Training, look, train
from reveil.simulation.settings import SimulationSettings
from reveil.simulation.simulate import simulate, write

STUDY = """\
# Written by `reveil demo`: a simulated shop. Edit it and run the commands on it.
name: demo
language: {language}
currency: EUR

sources:
  - name: events
    path: data/events.parquet
    columns:
      customer: customer_id
      at: at
      amount: amount
      order: order_id
      item: item
      category: category
      channel: channel
      campaign: campaign
      offer: offer
      rating: rating
      is_machine: is_machine
    kind: {{column: kind}}

customers:
  path: data/customers.parquet
  customer: customer_id
  since: created_on
  consent: {{email: consent_email, print: consent_print}}
  usable: {{email: usable_email, print: usable_print}}

coverage: {{start: {start}, end: {end}}}

# A purchase or a reaction within eight months: readers who click are not asleep.
activity:
  any_of: [purchase, engagement]
  within: 8 months

windows: {{observation: 728 days, gap: 7 days, horizon: 90 days}}
cutoffs: {{min_history: 364 days}}
labels: {{returns_on: [purchase], margin_rate: 0.4}}

engine: {{threads: {threads}, memory: 1GB}}
learning: {{seed: {seed}, threads: {threads}}}
registry: {{uri: sqlite:///mlflow.db}}

targeting:
  budget: {budget}
  channels:
    email: {{cost: 0.02, capacity: {emails}, co2e_grams: 4}}
    print: {{cost: 0.90, capacity: {prints}, co2e_grams: 25}}
  offers:
    - {{name: miss_you, channels: [email, print]}}
  # Newsletters count as contacts: more than this in four weeks is too much already.
  pressure: {{max_contacts: 6, within_days: 28}}
  control_share: 0.10
  holdout_share: 0.05
"""

FIRST_LINE = STUDY.splitlines()[0]
"""How a folder of an earlier demo is told from any other."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Demo:
    """What the demo made, stage by stage."""

    study: Study
    study_path: Path
    training: Training
    recorded: Recorded
    verdicts: tuple[Verdict, ...]
    scoring: Scoring
    listing: Listing


def run_demo(
    folder: Path,
    *,
    customers: int = 20_000,
    seed: int = 1,
    threads: int = 2,
    language: str = "en",
    say: Callable[[str], None] = lambda _: None,
    step: Callable[[int, int], object] | None = None,
) -> Demo:
    """Simulate, train, promote, score and target; everything is written into `folder`.

    The same settings give the same list, byte for byte, on any number of threads.

    Parameters
    ----------
    folder
        New, empty, or of an earlier demo, whose registry is then begun anew.
    say
        Told what begins.
    step
        Called with steps done and steps in all.

    Raises
    ------
    DataError
        When the folder holds anything else.
    GateRefusedError
        When a model that the list needs does not pass the gate.
    ReveilError
        When a stage cannot do its work: too few customers to learn from, for one.
    """
    settings = SimulationSettings(customers=customers, seed=seed)
    stages = 6
    done = 0

    def begin(what: str) -> None:
        nonlocal done
        if step is not None:
            step(done, stages)
        done += 1
        say(what)

    study_path = _prepared(folder) / "study.yaml"
    study_path.write_text(_study(settings, threads=threads, language=language), "utf-8")
    begin(f"simulating {customers:,} customers")
    write(simulate(settings), folder / "data")
    study = load_study(study_path)
    begin("computing features")
    observed = look(study)
    training = train(study, observed=observed, say=say)
    begin("logging to MLflow")
    store = store_of(study, say=say)
    recorded = record_run(training, folder / "training", store=store)
    begin("asking the gate")
    verdicts = promote_challengers(study, observed=observed, store=store)
    _require_promoted(verdicts)
    begin("scoring")
    scoring = score_customers(study, settings.end, folder / "scores", log=observed.log, store=store)
    begin("choosing whom to contact")
    listing = make_reactivation_list(study, folder / "scores", folder / "list")
    if step is not None:
        step(stages, stages)
    return Demo(
        study=study,
        study_path=study_path,
        training=training,
        recorded=recorded,
        verdicts=verdicts,
        scoring=scoring,
        listing=listing,
    )


def _prepared(folder: Path) -> Path:
    """Make room for a demo: no file of anybody else, no champion of an earlier demo."""
    study = folder / "study.yaml"
    if folder.exists() and any(folder.iterdir()):
        ours = study.is_file() and study.read_text("utf-8", "replace").startswith(FIRST_LINE)
        if not ours:
            raise DataError(
                f"{folder} holds files that no demo wrote",
                hint="name a folder that is new or empty: --out",
            )
        (folder / "mlflow.db").unlink(missing_ok=True)
        shutil.rmtree(folder / "mlartifacts", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _require_promoted(verdicts: Sequence[Verdict]) -> None:
    """Stop where the list would lack a score, with what the gate saw."""
    for verdict in verdicts:
        if verdict.target in NEEDED and not verdict.decision.promote:
            seen = "; ".join(
                f"{c.rule}: {c.observed}, required: {c.required}" for c in verdict.decision.refusals
            )
            raise GateRefusedError(
                f"the gate refused the model of {verdict.target}, and a list needs it ({seen})",
                hint="simulate more customers: with 20,000 there is enough to learn from",
            )


def _study(settings: SimulationSettings, *, threads: int, language: str) -> str:
    """Write the study of a simulated shop, its budget and capacities in step with its size."""
    customers = settings.customers
    return STUDY.format(
        language=language,
        start=settings.start,
        end=settings.end,
        threads=threads,
        seed=settings.seed,
        budget=round(customers * 0.025),
        emails=round(customers * 0.05),
        prints=round(customers * 0.02),
    )

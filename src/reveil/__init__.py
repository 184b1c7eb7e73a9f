"""reveil: from raw customer events to a ranked, explained and affordable reactivation list.

In a notebook::

    import reveil as rv

    study = rv.load_study("models/online_retail/study.yaml")
    log = rv.open_events(study)
    data = rv.training_set(log, study, target="reactivation")
    tuned = rv.tune(data, study.learning)
    rv.compare(tuned.candidate, data)
    rv.drivers(tuned.candidate, data).top(10)

Names are loaded when they are first used, so that importing reveil is quick.

Examples
--------
>>> import reveil as rv
>>> rv.parse_study({"name": "shop", "sorces": []})
Traceback (most recent call last):
...
reveil.errors.StudyError: study: `sorces` is not a known setting (2 more after this one)
Hint: did you mean `sources`?
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reveil.config import Study as Study
    from reveil.config import load_study as load_study
    from reveil.config import parse_study as parse_study
    from reveil.engine.asof import AsOf as AsOf
    from reveil.errors import ReveilError as ReveilError
    from reveil.features.declare import Text as Text
    from reveil.features.declare import Unit as Unit
    from reveil.features.family import Declared as Declared
    from reveil.features.family import family as family
    from reveil.features.family import feature as feature
    from reveil.learning.drivers import drivers as drivers
    from reveil.learning.drivers import reasons as reasons
    from reveil.learning.evaluate import compare as compare
    from reveil.learning.evaluate import evaluate as evaluate
    from reveil.learning.evaluate import first_line as first_line
    from reveil.learning.tune import tune as tune
    from reveil.pipeline.catalogue import catalogue as catalogue
    from reveil.pipeline.checking import check_study as check
    from reveil.pipeline.demo import run_demo as demo
    from reveil.pipeline.listing import make_reactivation_list as target
    from reveil.pipeline.matrices import feature_matrix as feature_matrix
    from reveil.pipeline.matrix_files import write_matrix as write_matrix
    from reveil.pipeline.observing import open_events as open_events
    from reveil.pipeline.own_family import check_family as check_family
    from reveil.pipeline.promoting import promote_challengers as promote
    from reveil.pipeline.promoting import registered as registered
    from reveil.pipeline.promoting import roll_back as rollback
    from reveil.pipeline.recording import record_run as record
    from reveil.pipeline.scoring import score_customers as score
    from reveil.pipeline.standing import states as states
    from reveil.pipeline.standing import transitions as transitions
    from reveil.pipeline.training import look as look
    from reveil.pipeline.training import train as train
    from reveil.pipeline.training_sets import training_set as training_set
    from reveil.simulation.settings import SimulationSettings as SimulationSettings
    from reveil.simulation.simulate import simulate as simulate

__version__ = "0.1.0"

# LightGBM's threads wait for each other by spinning: beside another busy process that takes ten
# times longer (experiments/2026-11_threads-on-a-shared-machine). OpenMP reads this when it loads.
os.environ.setdefault("GOMP_SPINCOUNT", "1000")

_PUBLIC = {
    "AsOf": "engine.asof.AsOf",
    "Declared": "features.family.Declared",
    "ReveilError": "errors.ReveilError",
    "SimulationSettings": "simulation.settings.SimulationSettings",
    "Study": "config.Study",
    "Text": "features.declare.Text",
    "Unit": "features.declare.Unit",
    "catalogue": "pipeline.catalogue.catalogue",
    "check": "pipeline.checking.check_study",
    "check_family": "pipeline.own_family.check_family",
    "compare": "learning.evaluate.compare",
    "demo": "pipeline.demo.run_demo",
    "drivers": "learning.drivers.drivers",
    "evaluate": "learning.evaluate.evaluate",
    "family": "features.family.family",
    "feature": "features.family.feature",
    "feature_matrix": "pipeline.matrices.feature_matrix",
    "first_line": "learning.evaluate.first_line",
    "load_study": "config.load_study",
    "look": "pipeline.training.look",
    "open_events": "pipeline.observing.open_events",
    "parse_study": "config.parse_study",
    "promote": "pipeline.promoting.promote_challengers",
    "reasons": "learning.drivers.reasons",
    "record": "pipeline.recording.record_run",
    "registered": "pipeline.promoting.registered",
    "rollback": "pipeline.promoting.roll_back",
    "score": "pipeline.scoring.score_customers",
    "simulate": "simulation.simulate.simulate",
    "states": "pipeline.standing.states",
    "target": "pipeline.listing.make_reactivation_list",
    "train": "pipeline.training.train",
    "training_set": "pipeline.training_sets.training_set",
    "transitions": "pipeline.standing.transitions",
    "tune": "learning.tune.tune",
    "write_matrix": "pipeline.matrix_files.write_matrix",
}

__all__ = sorted(_PUBLIC)  # noqa: PLE0605  (a sorted list of the names above)


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'reveil' has no attribute {name!r}")
    module, _, attribute = _PUBLIC[name].rpartition(".")
    return getattr(import_module(f"reveil.{module}"), attribute)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]

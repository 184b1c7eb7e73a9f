"""Sample values and a real browser for the tests of the reports."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from html import escape, unescape
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reveil.reports.audit import audit_report
from reveil.reports.listing import list_report
from reveil.reports.training import training_report

from .list_samples import listing

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
PHONE = 390
"""Width of a common phone, CSS pixels."""

MEASURE = """
const found = {};
for (const frame of document.querySelectorAll("iframe")) {
  const page = frame.contentDocument;
  found[frame.id] = {
    width: page.documentElement.scrollWidth,
    room: page.documentElement.clientWidth,
    wide: [...page.body.querySelectorAll("*")]
      .filter(e => e.getBoundingClientRect().right > page.documentElement.clientWidth + 1)
      .map(e => e.tagName + "." + e.getAttribute("class")).slice(0, 5),
    resources: frame.contentWindow.performance.getEntriesByType("resource").map(e => e.name),
    small: [...page.querySelectorAll("svg.plot text")]
      .filter(e => e.getBoundingClientRect().height < 10).map(e => e.textContent).slice(0, 5),
  };
}
document.title = JSON.stringify(found);
"""

Poisoned = Callable[[Any, str], Any]
Measure = Callable[[Mapping[str, str]], dict[str, dict[str, object]]]


@pytest.fixture(scope="session")
def samples() -> ModuleType:
    path = Path(__file__).with_name("samples.py")
    spec = spec_from_file_location("report_samples", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["report_samples"] = module
    spec.loader.exec_module(module)
    return module


def _poisoned(value: Any, words: str) -> Any:
    """Put `words` into every free text of a value, however deep."""
    if isinstance(value, tuple):
        return tuple(words if isinstance(v, str) else _poisoned(v, words) for v in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    changed = {
        f.name: words
        if f.type in ("str", "str | None")
        else _poisoned(getattr(value, f.name), words)
        for f in dataclasses.fields(value)
    }
    return dataclasses.replace(value, **changed)


@pytest.fixture(scope="session")
def poisoned() -> Poisoned:
    return _poisoned


@pytest.fixture(scope="session")
def pages(samples: ModuleType) -> dict[str, str]:
    """Every kind of page in both languages, `kind_language` -> HTML."""
    made = {}
    for language in ("en", "fr"):
        made[f"training_{language}"] = training_report(samples.training(language), language)
        made[f"list_{language}"] = list_report(listing(language), language)
        made[f"audit_{language}"] = audit_report(samples.audit(language), language)
    return made


@pytest.fixture(scope="session")
def browser() -> str:
    """Path of a Chromium; without one the test skips, or fails when everything is required."""
    found = next((path for name in NAMES if (path := shutil.which(name))), None)
    if found is None:
        reason = "needs Chromium: apt-get install chromium, or put Google Chrome on the PATH"
        if os.environ.get("REVEIL_REQUIRE_ALL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="session")
def on_a_phone(browser: str, tmp_path_factory: pytest.TempPathFactory) -> Measure:
    """Load pages in frames as wide as a phone and tell what the browser made of them.

    The pages' own content policy is taken out, so that it cannot hide a request.
    """

    def measure(pages: Mapping[str, str]) -> dict[str, dict[str, object]]:
        folder = tmp_path_factory.mktemp("browser")
        frames = "".join(
            f'<iframe id="{name}" style="width:{PHONE}px;height:60000px;border:0" '
            f'srcdoc="{escape(page.replace("Content-Security-Policy", "x-none"))}"></iframe>'
            for name, page in pages.items()
        )
        host = folder / "host.html"
        host.write_text(
            f'<meta charset="utf-8"><title>waiting</title>{frames}'
            f"<script>addEventListener('load', () => {{{MEASURE}}})</script>",
            encoding="utf-8",
        )
        done = subprocess.run(
            [
                browser,
                *FLAGS,
                f"--user-data-dir={folder / 'profile'}",
                "--host-resolver-rules=MAP * ~NOTFOUND",
                "--virtual-time-budget=4000",
                "--dump-dom",
                host.as_uri(),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        title = done.stdout.split("<title>", 1)[1].split("</title>", 1)[0]
        answer: dict[str, dict[str, object]] = json.loads(unescape(title))
        return answer

    return measure

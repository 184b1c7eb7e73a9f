"""The catalogue is complete in both languages, used whole, and its colours can be read."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

import reveil.reports
from reveil.reports.formats import MINUS, NARROW, Formats
from reveil.reports.words import Words, catalogue

FOLDER = Path(reveil.reports.__path__[0])


def test_each_key_has_both_languages_and_the_same_fields() -> None:
    raw = yaml.safe_load(files("reveil.reports").joinpath("words.yaml").read_text(encoding="utf-8"))
    for key, entry in raw.items():
        assert set(entry) == {"en", "fr"}, key
        assert entry["en"].strip(), key
        assert entry["fr"].strip(), key
        fields = [sorted(re.findall(r"\{(\w+)\}", entry[language])) for language in ("en", "fr")]
        assert fields[0] == fields[1], key


def test_each_key_is_asked_for_somewhere() -> None:
    """Either literally, or through a prefix that is completed at run time."""
    code = "".join(
        path.read_text(encoding="utf-8")
        for pattern in ("*.py", "templates/*.html")
        for path in sorted(FOLDER.glob(pattern))
    )
    literal = set(re.findall(r'"([a-z_.]+)"', code))
    prefixes = set(re.findall(r'f"([a-z_.]+\.)\{', code))
    prefixes |= {f"{p}." for p in re.findall(r'\.(?:known|heading)\("(\w+)"', code)}
    unused = [k for k in catalogue() if k not in literal and not k.startswith(tuple(prefixes))]
    assert unused == []


def test_an_unknown_key_is_refused() -> None:
    with pytest.raises(KeyError):
        Words(language="en")("no.such.key")


def test_french_has_no_plain_space_before_high_punctuation() -> None:
    wrong = {k: t.fr for k, t in catalogue().items() if re.search(r" [;:!?%»]|« ", t.fr)}
    assert wrong == {}


@given(st.integers(-(10**9), 10**9), st.integers(0, 3))
def test_a_french_number_reads_back(thousandths: int, digits: int) -> None:
    """No digit is lost to the language, and zero never carries a sign."""
    value = thousandths / 1000
    text = Formats(language="fr").number(value, digits)
    back = float(text.replace(NARROW, "").replace(",", ".").replace(MINUS, "-"))
    assert abs(back - value) <= 0.5 * 10**-digits + 1e-9
    assert not (back == 0 and MINUS in text)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.1."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def test_words_stand_out_from_their_ground_in_every_theme() -> None:
    """At least 4.5 to 1, the AA level of WCAG 2.1 for text."""
    style = (FOLDER / "templates" / "style.css").read_text(encoding="utf-8")
    themes = [dict(re.findall(r"--(\w+): (#\w{6});", block)) for block in style.split(":root")[1:]]
    assert len(themes) == 3
    for theme in themes:
        for words in ("ink", "muted", "accent", "second"):
            for ground in ("paper", "ground", "tint") + (("warm",) if words == "ink" else ()):
                light, dark = sorted(
                    (luminance(theme[words]), luminance(theme[ground])), reverse=True
                )
                assert (light + 0.05) / (dark + 0.05) >= 4.5, (words, ground)

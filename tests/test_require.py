"""A missing thing skips a test and says how to get it; where all is required, it fails."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def test_missing_things_skip(
    require: Callable[[bool, str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REVEIL_REQUIRE_ALL", raising=False)
    require(True, "bread", "bake it")
    with pytest.raises(pytest.skip.Exception, match="bread is missing; bake it"):
        require(False, "bread", "bake it")


def test_missing_things_fail_where_all_is_required(
    require: Callable[[bool, str, str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REVEIL_REQUIRE_ALL", "1")
    require(True, "bread", "bake it")
    with pytest.raises(pytest.fail.Exception, match="bread is missing; bake it"):
        require(False, "bread", "bake it")

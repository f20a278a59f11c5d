"""What a test needs of the machine."""

import os
from typing import NoReturn

import pytest


def missing(what: str) -> NoReturn:
    """Skip the test for want of `what`; under `CI=true` nothing may be missing, so fail instead."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is absent, and CI must have it", pytrace=False)
    pytest.skip(f"{what} is absent")

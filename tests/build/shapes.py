"""Comparing an answer's shape with one that was recorded from the real venue."""

from typing import Any


def shape_gaps(recorded: Any, served: Any, at: str = "") -> list[str]:
    """Where `served` lacks something that `recorded` has, or has it in another JSON type."""
    if isinstance(recorded, dict):
        if not isinstance(served, dict):
            return [f"{at}: not an object"]
        gaps = [f"{at}.{key}: absent" for key in recorded if key not in served]
        shared = [key for key in recorded if key in served]
        return gaps + [gap for key in shared for gap in shape_gaps(recorded[key], served[key], f"{at}.{key}")]
    if isinstance(recorded, list):
        if not isinstance(served, list):
            return [f"{at}: not a list"]
        if not recorded or not served:
            return [] if not recorded else [f"{at}: empty"]
        if not isinstance(recorded[0], (dict, list)) and len(recorded) != len(served):
            return [f"{at}: {len(served)} entries, not {len(recorded)}"]
        pairs = zip(recorded, served, strict=False)
        return [gap for number, (a, b) in enumerate(pairs) for gap in shape_gaps(a, b, f"{at}[{number}]")]
    return [] if type(recorded) is type(served) else [f"{at}: {type(served).__name__}"]

"""Requests checked against a Bot API reference: unknown parameters, missing ones, wrong types."""

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

NEWER_THAN_10_1: frozenset[tuple[str, str]] = frozenset({("InputRichMessage", "media")})
"""Fields (of a method or type) that came after Bot API 10.1 and are sent by us."""


class BotApiReference:
    """Methods and types of the Bot API, as the official documentation lists them."""

    def __init__(self, methods: Mapping[str, Any], types: Mapping[str, Any]) -> None:
        self._methods = methods
        self._types = types

    @classmethod
    def load(cls, file: Path) -> "BotApiReference":
        """Read the gzipped JSON of recorded data."""
        with gzip.open(file) as stream:
            reference = json.load(stream)
        return cls(reference["methods"], reference["types"])

    def complaints(self, method: str, fields: Mapping[str, Any]) -> list[str]:
        """What is wrong with a request as it was sent (form fields as text); empty when nothing is."""
        described = self._methods.get(method)
        if described is None:
            return [f"{method}: no such method"]
        # parts of multipart bodies that an attach:// refers to are not parameters
        referred = " ".join(value for value in fields.values() if isinstance(value, str))
        sent = {name: value for name, value in fields.items() if f"attach://{name}" not in referred}
        return list(self._check_fields(method, described.get("fields", []), sent, is_form=True))

    def faults_of(self, kind: str, value: Mapping[str, Any]) -> list[str]:
        """What is wrong with an object of a type; an inner one of a wrong type is named by its field."""
        return list(self._check_fields(kind, self._types[kind].get("fields", []), value))

    def _check_fields(
        self, owner: str, described: list[dict[str, Any]], sent: Mapping[str, Any], *, is_form: bool = False
    ) -> Iterator[str]:
        known = {field["name"]: field for field in described}
        for name in sent:
            if name not in known and (owner, name) not in NEWER_THAN_10_1:
                yield f"{owner}: unknown {name}"
        for name, field in known.items():
            if name not in sent:
                if field["required"]:
                    yield f"{owner}: {name} is missing"
            elif not any(self._fits(kind, sent[name], is_form=is_form) for kind in field["types"]):
                yield f"{owner}: {name} is no {' or '.join(field['types'])}: {sent[name]!r}"

    def _fits(self, kind: str, value: Any, *, is_form: bool = False) -> bool:
        if kind in ("String", "InputFile"):
            return isinstance(value, str | bytes)
        if is_form and isinstance(value, str):
            try:
                value = json.loads(value)
            except json.JSONDecodeError:
                return False
        if kind.startswith("Array of "):
            return isinstance(value, list) and all(
                self._fits(kind.removeprefix("Array of "), item) for item in value
            )
        if kind in _PLAIN:
            return isinstance(value, _PLAIN[kind]) and (kind == "Boolean" or not isinstance(value, bool))
        described = self._types[kind]
        if "subtypes" in described:
            return any(self._fits(subtype, value) for subtype in described["subtypes"])
        return isinstance(value, dict) and not list(
            self._check_fields(kind, described.get("fields", []), value)
        )


_PLAIN: dict[str, type | tuple[type, ...]] = {"Integer": int, "Float": (int, float), "Boolean": bool}

"""Stripe's own description of its objects, as a judge of those that the sandbox makes."""

import json
from pathlib import Path
from typing import Any

import jsonschema


class Description:
    """Stripe's own description of its objects, with OpenAPI's `nullable` put into JSON Schema."""

    def __init__(self, recordings: Path) -> None:
        document = json.loads((recordings / "openapi" / "stripe_subset_2026-08-26.dahlia.json").read_text())
        self._components = self._translated(document["components"])
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}

    def check(self, value: dict[str, Any]) -> None:  # Any: a JSON document
        """Refuses what does not fit the description of its kind."""
        kind = value["object"]
        if kind not in self._validators:
            schema = {"$ref": f"#/components/schemas/{kind}", "components": self._components}
            self._validators[kind] = jsonschema.Draft202012Validator(schema)
        self._validators[kind].validate(value)

    def _translated(self, part: Any) -> Any:  # Any: any part of it
        if isinstance(part, list):
            return [self._translated(one) for one in part]
        if not isinstance(part, dict):
            return part
        inner = {key: self._translated(value) for key, value in part.items() if key != "nullable"}
        return {"anyOf": [inner, {"type": "null"}]} if part.get("nullable") is True else inner

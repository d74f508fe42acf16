"""Requests of APIs whose operation stands in method and path (EFS): which operation it is, and what is given to it, from path, query and body."""

import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

#: By the name that requests are signed for.
SERVICES = {"elasticfilesystem": "efs"}


def operation(service: str, method: str, path: str) -> str | None:
    """The name of the operation, for example `CreateMountTarget`."""
    found = _found(service, method, path)
    return found[0].name if found else None


def given(service: str, method: str, path: str, query: str, body: bytes) -> dict[str, Any] | None:
    """What the request gives to the operation, by the names of its model. None: the body is no JSON."""
    found = _found(service, method, path)
    try:
        values = json.loads(body or b"{}")
    except ValueError:
        return None
    if found is None or not isinstance(values, dict):
        return values if isinstance(values, dict) else None
    model, parts = found
    members = model.input_shape.members if model.input_shape else {}
    names = {shape.serialization.get("name", name): (name, shape) for name, shape in members.items()}
    for key, text in [*parts.items(), *parse_qsl(query, keep_blank_values=True)]:
        name, shape = names.get(key, (key, None))
        if shape is not None and shape.type_name == "list":
            values.setdefault(name, []).append(text)
        else:
            values[name] = int(text) if shape is not None and shape.type_name in ("integer", "long") and text.isdigit() else text
    return values


def _found(service: str, method: str, path: str) -> tuple[Any, dict[str, str]] | None:
    for of_method, pattern, model in _operations(service):
        match = pattern.fullmatch(path) if of_method == method else None
        if match:
            return model, {key: unquote(value) for key, value in match.groupdict().items()}
    return None


@lru_cache
def _operations(service: str) -> list[tuple[str, re.Pattern[str], Any]]:
    from moto.core.utils import get_service_model

    if service not in SERVICES:
        return []
    model = get_service_model(SERVICES[service])
    operations = [model.operation_model(name) for name in model.operation_names]
    return [(each.http["method"], _pattern(each.http["requestUri"]), each) for each in operations]


def _pattern(uri: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\+?\}", uri.split("?")[0])
    return re.compile("".join(re.escape(part) if index % 2 == 0 else f"(?P<{part}>[^/]+)" for index, part in enumerate(parts)) + "/?")

"""Whether requests have the shape that AWS's own models of its APIs give them: names, types, what is required, values, patterns, lengths.

The models are botocore's, which AWS writes. moto takes most requests as they come.
"""

import base64
import binascii
import json
import re
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

from . import rest

#: By the name that requests are signed for; where two APIs share one, by the API's version.
_SERVICES = {"ec2": "ec2", "fsx": "fsx", "iam": "iam", "kms": "kms", "ssm": "ssm", "sts": "sts", "servicequotas": "service-quotas"}
_BALANCING = {"2012-06-01": "elb", "2015-12-01": "elbv2"}

_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


def misfits(service: str, action: str, content_type: str, body: bytes) -> list[str]:
    """What is wrong with a request, by the path of each parameter, without their values. What is asked of other services fits."""
    if content_type.startswith("application/x-amz-json"):
        model = _model(_SERVICES.get(service))
        try:
            given = json.loads(body or b"{}")
        except ValueError:
            return ["the body is no JSON"]
        return _examined(model, action, given, False) if model else []
    form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    form.pop("Action", None)
    version = form.pop("Version", "")
    name = _BALANCING.get(version) if service == "elasticloadbalancing" else _SERVICES.get(service)
    model = _model(name)
    if model is None:
        return []
    wrong = [] if version == model.api_version else [f"Version: {version} is not {model.api_version}"]
    return wrong + _examined(model, action, _tree(form), True)


def misfits_of_path(service: str, method: str, path: str, query: str, body: bytes) -> list[str]:
    """The same where the operation stands in the path."""
    action = rest.operation(service, method, path)
    if action is None:
        return [f"{method} {path}: no operation"]
    given = rest.given(service, method, path, query, body)
    return ["the body is no JSON"] if given is None else _examined(_model(rest.SERVICES[service]), action, given, False)


@lru_cache
def _model(name: str | None) -> Any:
    from moto.core.utils import get_service_model

    return get_service_model(name) if name else None


def _tree(form: dict[str, str]) -> dict[str, Any]:
    """`Filter.1.Name` as nested parameters. An empty list is written as an empty text."""
    tree: dict[str, Any] = {}
    for path, value in form.items():
        node = tree
        *parts, last = path.split(".")
        for part in parts:
            below = node.get(part)
            node[part] = below if isinstance(below, dict) else {}
            node = node[part]
        node[last] = value
    return tree


def _examined(model: Any, action: str, given: Any, is_form: bool) -> list[str]:
    if action not in model.operation_names:
        return [f"{action}: no operation of {model.service_name}"]
    shape = model.operation_model(action).input_shape
    if shape is None:
        return [f"{name}: the operation takes nothing" for name in given]
    examination = _Examination(model.metadata["protocol"], is_form)
    examination.in_structure(shape, given, "")
    return examination.wrong


class _Examination:
    def __init__(self, protocol: str, is_form: bool):
        self.protocol = protocol
        self.is_form = is_form
        self.wrong: list[str] = []

    def value(self, shape: Any, given: Any, path: str) -> None:
        if shape.type_name == "structure":
            self.in_structure(shape, given, f"{path}.")
        elif shape.type_name == "list":
            self.in_list(shape, given, path)
        elif shape.type_name == "map":
            self.in_map(shape, given, path)
        elif isinstance(given, (dict, list)):
            self.refuse(path, f"is no {shape.type_name}")
        else:
            self.scalar(shape, given, path)

    def in_structure(self, shape: Any, given: Any, path: str) -> None:
        if not isinstance(given, dict):
            return self.refuse(path, "is no structure")
        members = {self.name_of(member, name): member for name, member in shape.members.items()}
        required = [self.name_of(shape.members[name], name) for name in shape.metadata.get("required", [])]
        for name in required:
            if name not in given:
                self.refuse(f"{path}{name}", "is required")
        for name, value in given.items():
            if name in members:
                self.value(members[name], value, f"{path}{name}")
            else:
                self.refuse(f"{path}{name}", f"is no member of {shape.name}")

    def in_list(self, shape: Any, given: Any, path: str) -> None:
        elements = self.elements(shape, given)
        if elements is None:
            return self.refuse(path, "is no list")
        self.measure(shape, len(elements), "elements", path)
        for index, element in enumerate(elements):
            self.value(shape.member, element, f"{path}[{index}]")

    def elements(self, shape: Any, given: Any) -> list[Any] | None:
        if not self.is_form:
            return given if isinstance(given, list) else None
        if given == "":
            return []
        flat = self.protocol == "ec2" or shape.serialization.get("flattened")
        name = shape.member.serialization.get("name", "member")
        numbered = given if flat or not isinstance(given, dict) else given.get(name)
        # An element that is one more structure stands at its number.
        if not isinstance(numbered, dict) or not all(key.isdigit() for key in numbered):
            return None
        return [numbered[key] for key in sorted(numbered, key=int)]

    def in_map(self, shape: Any, given: Any, path: str) -> None:
        if not isinstance(given, dict) or self.is_form:
            return self.refuse(path, "is no map")
        for key, value in given.items():
            self.scalar(shape.key, key, f"{path}.{key}")
            self.value(shape.value, value, f"{path}.{key}")

    def scalar(self, shape: Any, given: Any, path: str) -> None:
        kind, text = shape.type_name, str(given)
        if self.is_form or kind in ("string", "blob"):
            right_type = isinstance(given, str)
        else:
            right_type = isinstance(given, bool) == (kind == "boolean") and not isinstance(given, str)
        if not right_type or not _is(kind, given if self.is_form else text.lower() if kind == "boolean" else text):
            return self.refuse(path, f"is no {kind}")
        if kind == "string":
            self.string(shape, text, path)
        elif kind in ("integer", "long", "float", "double"):
            self.measure(shape, float(text), "", path)

    def string(self, shape: Any, text: str, path: str) -> None:
        enum, pattern = shape.metadata.get("enum"), shape.metadata.get("pattern")
        if enum and text not in enum:
            self.refuse(path, f"is none of {', '.join(enum)}" if len(enum) < 20 else f"is no {shape.name}")
        if pattern and not _matches(pattern, text):
            self.refuse(path, f"does not match {pattern}")
        self.measure(shape, len(text), "characters", path)

    def measure(self, shape: Any, size: float, what: str, path: str) -> None:
        least, most = shape.metadata.get("min"), shape.metadata.get("max")
        if (least is not None and size < least) or (most is not None and size > most):
            self.refuse(path, f"has {size:g} {what}, and must have {least} to {most}" if what else f"is not from {least} to {most}")

    def name_of(self, shape: Any, name: str) -> str:
        """As it stands in a request. Reference: Smithy, "AWS EC2 query protocol"."""
        if not self.is_form:
            return name
        if self.protocol != "ec2":
            return shape.serialization.get("name", name)
        written = shape.serialization.get("name")
        return shape.serialization.get("queryName") or (written[0].upper() + written[1:] if written else name)

    def refuse(self, path: str, reason: str) -> None:
        self.wrong.append(f"{path.rstrip('.')}: {reason}")


def _is(kind: str, text: str) -> bool:
    if kind in ("integer", "long"):
        return text.lstrip("-").isdigit()
    if kind in ("float", "double"):
        return _NUMBER.fullmatch(text) is not None
    if kind == "boolean":
        return text in ("true", "false")
    if kind == "timestamp":
        return (_TIME.fullmatch(text) or _NUMBER.fullmatch(text)) is not None
    if kind == "blob":
        try:
            base64.b64decode(text, validate=True)
        except binascii.Error:
            return False
    return True


def _matches(pattern: str, text: str) -> bool:
    # Classes of Unicode that Python's `re` lacks: all letters, digits and spaces are as good here.
    for written, ours in ((r"\p{L}", r"\w"), (r"\p{Z}", r"\s"), (r"\p{N}", r"\d"), (r"\p{M}", "")):
        pattern = pattern.replace(written, ours)
    try:
        return re.fullmatch(pattern, text, re.DOTALL) is not None
    except re.error:
        return True

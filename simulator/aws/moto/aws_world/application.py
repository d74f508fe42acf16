"""The WSGI application around moto's: faults and the request log for the API, and the administration under /_simulator."""

import io
import json
import re
import time
import traceback
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qs

from . import account, authorization, images, instances, provided, quota, rest, shapes, zones
from .faults import Fault, faults, status_of
from .inventory import inventory
from .world import world

LOG_LENGTH = 20_000

#: What AWS calls a request that is not of the API's shape, by the protocol.
_MISFIT = {"json": "ValidationException", "ec2": "InvalidParameterValue", "query": "ValidationError"}


class Application:
    def __init__(self, moto: Any) -> None:
        self._moto = moto
        self._log: deque[dict[str, Any]] = deque(maxlen=LOG_LENGTH)
        #: In the order in which they were seen.
        self._misfits: dict[str, None] = {}

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        body = environ["wsgi.input"].read(length) if length else b""
        environ["wsgi.input"] = io.BytesIO(body)
        if environ.get("PATH_INFO", "").startswith("/_simulator/"):
            return self._administer(environ, body, start_response)
        return self._call(environ, body, start_response)

    def _call(self, environ: dict[str, Any], body: bytes, start_response: Callable[..., Any]) -> Iterable[bytes]:
        service, region, action = _addressee(environ, body)
        started = time.monotonic()
        method, path, query = environ["REQUEST_METHOD"], environ.get("PATH_INFO", ""), environ.get("QUERY_STRING", "")
        by_path = service in rest.SERVICES
        if by_path:
            misfits = shapes.misfits_of_path(service, method, path, query, body)
        else:
            misfits = shapes.misfits(service, action, environ.get("CONTENT_TYPE", ""), body)
        for misfit in misfits:
            self._misfits[f"{action}: {misfit}"] = None
        form = "json" if by_path or "HTTP_X_AMZ_TARGET" in environ else "ec2" if service == "ec2" else "query"
        fault = None if misfits else zones.foreign(environ, region, action) or account.denial(service, action) or faults.for_action(action)
        answer = _Answer()
        if misfits:
            answer.refuse(Fault("misfit", code=_MISFIT[form], message="; ".join(misfits)), form)
        elif fault is None or fault.afterEffect:
            # One request at a time: moto's models are not made for several threads.
            with world.lock:
                world.advance()
                refused = authorization.refusal(environ, body, service, region, action)
                if refused:
                    answer.refuse(Fault("policy", code=refused[0], message=refused[1], status=403 if form == "query" else 400), form)
                else:
                    self._ask_moto(answer, environ)
        if fault is not None:
            answer.refuse(fault, form)
        content = answer.content.decode("utf-8", "replace") if answer.status >= 400 else ""
        code = re.search(r"<Code>([^<]+)</Code>|\"__type\": ?\"([^\"]+)\"", content)
        self._log.append(
            {
                "at": datetime.now(timezone.utc).isoformat(),
                "service": service,
                "region": region,
                "action": action,
                "status": answer.status,
                "code": next(filter(None, code.groups()), None) if code else None,
                "milliseconds": round((time.monotonic() - started) * 1000, 1),
            }
        )
        return answer.send(start_response)

    def _ask_moto(self, answer: "_Answer", environ: dict[str, Any]) -> None:
        """What moto stumbles over is answered, and in the request log, all the same."""
        try:
            answer.read(self._moto, environ)
            # Where AWS has nothing to say, as of PutKeyPolicy, its answer has no body; moto's is this.
            if answer.content == b"null":
                answer.content = b""
        except Exception as error:
            traceback.print_exc()
            answer.json(500, {"__type": "InternalFailure", "message": f"{type(error).__name__}: {error}"})

    def _administer(self, environ: dict[str, Any], body: bytes, start_response: Callable[..., Any]) -> Iterable[bytes]:
        answer = _Answer()
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"].removeprefix("/_simulator/")
        try:
            given = json.loads(body) if body else {}
            with world.lock:
                world.advance()
                result = self._administration(method, path, given)
            answer.json(200, result)
        except LookupError as error:
            answer.json(404, {"error": str(error)})
        except (TypeError, ValueError) as error:
            answer.json(400, {"error": str(error)})
        except Exception as error:
            answer.json(500, {"error": f"{type(error).__name__}: {error}"})
        return answer.send(start_response)

    def _administration(self, method: str, path: str, given: Any) -> Any:
        match method, path.split("/"):
            case "GET", ["state"]:
                return inventory()
            case "GET", ["requests"]:
                return list(self._log)
            case "GET", ["misfits"]:
                return list(self._misfits)
            case "DELETE", ["requests"]:
                self._log.clear()
                self._misfits.clear()
                return {}
            case "GET", ["faults"]:
                return faults.all()
            case "POST", ["faults"]:
                return {"id": faults.add(given).id}
            case "DELETE", ["faults", *ids]:
                faults.remove(ids[0] if ids else None)
                return {}
            case "PUT", ["key-pairs"]:
                provided.add_key_pair(given["region"], given["name"], given["publicKey"])
                return {}
            case "POST", ["reset"]:
                self._log.clear()
                faults.remove()
                quota.settings.clear()
                zones.states.clear()
                account.reset()
                _forget_everything()
                return {}
            case "PUT", ["quotas"]:
                quota.settings.update({str(code): float(value) for code, value in given.items()})
                return {}
            case "PUT", ["account"]:
                account.configure(given)
                return {}
            case "PUT", ["zones"]:
                zones.states.update(given)
                return {}
            case "PUT", ["images", image_id]:
                for backend in _backends():
                    if image_id in backend.amis:
                        images.change(backend, image_id, given["fate"])
                return {}
            case "PUT", ["timing"]:
                unknown = set(given) - set(world.timing)
                if unknown:
                    raise ValueError(f"no such timing: {sorted(unknown)}; known: {sorted(world.timing)}")
                world.timing.update({key: float(value) for key, value in given.items()})
                return {}
            case "POST", ["instances", instance_id, "interrupt"]:
                return _interrupt(instance_id)
            case "POST", ["instances", instance_id, "fail"]:
                return _fail(instance_id, str(given.get("message", "")))
            case "POST", ["fleets", fleet_id, "history"]:
                _fleet(fleet_id).note(
                    given.get("eventType", "service-error"),
                    given.get("eventSubType", ""),
                    given.get("instanceId"),
                    given.get("description", ""),
                )
                return {}
        raise LookupError(f"no such administration: {method} /_simulator/{path}")


def _backends() -> Iterable[Any]:
    from moto.backends import get_backend

    return [backend for regions in get_backend("ec2").values() for backend in regions.values()]


def _forget_everything() -> None:
    """As if nobody had ever asked for anything."""
    from moto.core.base_backend import BackendDict
    from moto.core.model_instances import reset_model_data

    world.forget()
    for backend in _backends():
        for instance in backend.all_instances():
            if instance.state_code != instances.TERMINATED[1]:
                instances.set_state(instance, instances.TERMINATED)
    world.forget()
    BackendDict.reset()
    reset_model_data()


def _interrupt(instance_id: str) -> dict[str, Any]:
    for backend in _backends():
        for fleet in backend.fleets.values():
            for member in fleet.members:
                if member.instance.id == instance_id:
                    fleet.interrupt(member)
                    return {}
    raise LookupError(f"no fleet has an instance {instance_id}")


def _fail(instance_id: str, message: str) -> dict[str, Any]:
    for backend in _backends():
        for instance in backend.all_instances():
            if instance.id == instance_id:
                instances.fail(instance, message)
                return {}
    raise LookupError(f"no instance {instance_id}")


def _fleet(fleet_id: str) -> Any:
    for backend in _backends():
        if fleet_id in backend.fleets:
            return backend.fleets[fleet_id]
    raise LookupError(f"no fleet {fleet_id}")


def _addressee(environ: dict[str, Any], body: bytes) -> tuple[str, str, str]:
    """Service, region and action of a request. Of the credentials only the scope is looked at."""
    scope = re.search(r"Credential=[^/]*/\d+/([^/]+)/([^/]+)/aws4_request", environ.get("HTTP_AUTHORIZATION", ""))
    region, service = scope.groups() if scope else ("", "")
    target = environ.get("HTTP_X_AMZ_TARGET")
    if target:
        return service, region, target.rsplit(".", 1)[-1]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        action = parse_qs(body.decode("utf-8", "replace")).get("Action", [""])[0]
        if action:
            return service, region, action
    method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
    return service, region, rest.operation(service, method, path) or f"{method} {path}"


class _Answer:
    """An answer held back until it is known whether it will be sent."""

    def __init__(self) -> None:
        self.status = 200
        self.reason = "OK"
        self.headers: list[tuple[str, str]] = []
        self.content = b""

    def read(self, application: Any, environ: dict[str, Any]) -> None:
        def start(status: str, headers: list[tuple[str, str]], _: Any = None) -> None:
            number, _, self.reason = status.partition(" ")
            self.status, self.headers = int(number), headers

        parts = application(environ, start)
        try:
            self.content = b"".join(parts)
        finally:
            close = getattr(parts, "close", None)
            if close:
                close()

    def refuse(self, fault: Fault, protocol: str) -> None:
        if protocol == "json":
            self.json(status_of(fault), {"__type": fault.code, "message": fault.message})
            return
        self.status, self.reason = status_of(fault), "Fault"
        error = f"<Code>{_xml(fault.code)}</Code><Message>{_xml(fault.message)}</Message>"
        if protocol == "ec2":
            text = f"<Response><Errors><Error>{error}</Error></Errors><RequestID>{fault.id}</RequestID></Response>"
        else:
            text = f"<ErrorResponse><Error>{error}</Error><RequestId>{fault.id}</RequestId></ErrorResponse>"
        self.content = text.encode()
        self.headers = [("Content-Type", "text/xml")]

    def json(self, status: int, value: Any) -> None:
        self.status, self.reason = status, "OK" if status < 400 else "Refused"
        self.content = json.dumps(value, default=str).encode()
        self.headers = [("Content-Type", "application/json")]

    def send(self, start_response: Callable[..., Any]) -> Iterable[bytes]:
        headers = [(name, value) for name, value in self.headers if name.lower() != "content-length"]
        start_response(f"{self.status} {self.reason}", [*headers, ("Content-Length", str(len(self.content)))])
        return [self.content]


def _xml(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

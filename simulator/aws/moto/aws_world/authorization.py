"""What an instance's role may do with SSM's parameters, and what the first load balancer asks of it. moto itself asks no policy: whoever calls may do
everything."""

import json
import re
from typing import Any

from . import keys

ALLOWED = None
Refusal = tuple[str, str]


def refusal(environ: dict[str, Any], body: bytes, service: str, region: str, action: str) -> Refusal | None:
    """Code and message for a request that an instance signs with its role's credentials and may not make."""
    token = environ.get("HTTP_X_AMZ_SECURITY_TOKEN")
    key = re.search(r"Credential=([^/]+)/", environ.get("HTTP_AUTHORIZATION", ""))
    if service not in ("ssm", "elasticloadbalancing") or not token or not key:
        return ALLOWED
    role = _assumed(key[1])
    if role is None or role.session_token != token:
        return "UnrecognizedClientException", "The security token included in the request is invalid."
    # EC2 names the sessions of instances after them.
    if not role.session_name.startswith("i-"):
        return ALLOWED
    if service == "elasticloadbalancing":
        return _first_balancer(role) if action == "CreateLoadBalancer" else ALLOWED
    given = json.loads(body or b"{}")
    name = str(given.get("Name", ""))
    resource = f"arn:{role.partition}:ssm:{region}:{role.account_id}:parameter/{name.removeprefix('/')}"
    caller = _caller(role)
    if _permits(role, f"ssm:{action}", resource):
        parameter = _parameter(role, region, name) if given.get("WithDecryption") else None
        if parameter is None or keys.may_open(role, region, parameter, resource, _policies(role)):
            return ALLOWED
        return (
            "AccessDeniedException",
            f"The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access "
            f"({caller}, {parameter.keyid}).",
        )
    return (
        "AccessDeniedException",
        f"User: {caller} is not authorized to perform: ssm:{action} on resource: {resource} "
        "because no identity-based policy allows the action",
    )


def _caller(role: Any) -> str:
    return f"arn:{role.partition}:sts::{role.account_id}:assumed-role/{role.role_arn.split('/')[-1]}/{role.session_name}"


def _first_balancer(role: Any) -> Refusal | None:
    """Elastic Load Balancing makes its role with the caller's rights, and looks with them at what the account has."""
    from moto.iam.models import iam_backends

    roles = iam_backends[role.account_id][role.partition].roles.values()
    if any(each.name == "AWSServiceRoleForElasticLoadBalancing" for each in roles):
        return ALLOWED
    for needed in ("DescribeAccountAttributes", "DescribeAddresses", "DescribeInternetGateways"):
        if not _permits(role, f"ec2:{needed}", "*"):
            return "AccessDenied", f"User: {_caller(role)} is not authorized to perform: ec2:{needed}"
    return ALLOWED


def _assumed(access_key: str) -> Any:
    from moto.backends import get_backend

    for partitions in get_backend("sts").values():
        for backend in partitions.values():
            for role in backend.assumed_roles:
                if role.access_key_id == access_key:
                    return role
    return None


def _parameter(role: Any, region: str, name: str) -> Any:
    from moto.ssm.models import ssm_backends

    versions = dict.get(ssm_backends[role.account_id][region]._parameters, name)
    return versions[-1] if versions else None


def _policies(role: Any) -> list[Any]:
    """Documents, and managed policies as moto has them."""
    from moto.iam.models import iam_backends

    backend = iam_backends[role.account_id][role.partition]
    name = role.role_arn.split("/")[-1]
    attached, _ = backend.list_attached_role_policies(name)
    return [*(backend.get_role_policy(name, policy)[1] for policy in backend.list_role_policies(name)), *attached]


def _permits(role: Any, action: str, resource: str) -> bool:
    from moto.iam.access_control import IAMPolicy, PermissionResult

    answers = [IAMPolicy(policy).is_action_permitted(action, resource) for policy in _policies(role)]
    return PermissionResult.PERMITTED in answers and PermissionResult.DENIED not in answers

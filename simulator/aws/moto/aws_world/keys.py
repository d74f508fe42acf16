"""Whether a role may open a parameter that is under a key of the customer's: its own policies and the key's must both say so."""

import fnmatch
import json
from typing import Any

Statement = dict[str, Any]


def may_open(role: Any, region: str, parameter: Any, resource: str, policies: list[Any]) -> bool:
    """`resource`: ARN of the parameter, which SSM tells KMS. `policies`: the role's, as texts or documents."""
    from moto.kms.models import kms_backends

    if parameter.parameter_type != "SecureString" or str(parameter.keyid).startswith("alias/aws/"):
        return True
    keys = kms_backends[role.account_id][region]
    key = keys.keys.get(keys.any_id_to_key_id(parameter.keyid))
    if key is None or key.key_state != "Enabled":
        return False
    context = {"kms:EncryptionContext:PARAMETER_ARN": resource, "aws:PrincipalArn": role.role_arn}
    own = [statement for policy in policies for statement in _statements(policy)]
    account = f"arn:{role.partition}:iam::{role.account_id}:root"
    keys_own = [each for each in _statements(key.policy) if each.get("Principal", {}).get("AWS") in (account, role.role_arn, "*")]
    return all(_allows(statements, "kms:Decrypt", key.arn, context) for statements in (own, keys_own))


def _statements(policy: Any) -> list[Statement]:
    document = json.loads(policy) if isinstance(policy, str) else policy
    return _list(document.get("Statement", []))


def _allows(statements: list[Statement], action: str, resource: str, context: dict[str, str]) -> bool:
    found = {each["Effect"] for each in statements if _concerns(each, action, resource, context)}
    return found == {"Allow"}


def _concerns(statement: Statement, action: str, resource: str, context: dict[str, str]) -> bool:
    if not any(fnmatch.fnmatchcase(action.lower(), pattern.lower()) for pattern in _list(statement.get("Action", []))):
        return False
    if not any(fnmatch.fnmatchcase(resource, pattern) for pattern in _list(statement.get("Resource", []))):
        return False
    return all(
        _holds(operator, context.get(key, ""), _list(values))
        for operator, keys in statement.get("Condition", {}).items()
        for key, values in keys.items()
    )


def _holds(operator: str, value: str, wanted: list[str]) -> bool:
    if operator == "StringEquals":
        return value in wanted
    if operator in ("StringLike", "ArnLike"):
        return any(fnmatch.fnmatchcase(value, pattern) for pattern in wanted)
    raise ValueError(f"a policy has the condition {operator}, which the simulated AWS does not know")


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

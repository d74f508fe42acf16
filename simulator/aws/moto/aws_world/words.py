"""Names and tags that AWS refuses and moto takes."""

import re
from typing import Any

from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.security_groups import SecurityGroupBackend
from moto.iam.exceptions import ValidationError
from moto.iam.models import IAMBackend

_tag_verification = IAMBackend._tag_verification
_create_security_group = SecurityGroupBackend.create_security_group


def tag_verification(self: Any, tags: list[dict[str, str]]) -> dict[str, dict[str, str]]:
    """moto looks at the keys only."""
    for tag in tags or []:
        if not re.fullmatch(r"[\w\s_.:/=+\-@]*", tag["Value"]):
            raise ValidationError(
                f"1 validation error detected: Value '{tag['Value']}' at 'tags.1.member.value' failed to satisfy constraint: "
                "Member must satisfy regular expression pattern: [\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*"
            )
    return _tag_verification(self, tags)


def create_security_group(self: Any, name: str, *args: Any, **kwargs: Any) -> Any:
    if name.lower().startswith("sg-"):
        raise EC2ClientError("InvalidParameterValue", f"Invalid value '{name}' for groupName. It may not begin with sg-.")
    return _create_security_group(self, name, *args, **kwargs)


def install() -> None:
    IAMBackend._tag_verification = tag_verification  # type: ignore[method-assign]
    SecurityGroupBackend.create_security_group = create_security_group  # type: ignore[method-assign]

"""Ubuntu's images, and AWS's with GPU drivers, in every region: moto's own are too old to run a node."""

import hashlib
from datetime import datetime, timezone
from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.responses.amis import AmisResponse

CANONICAL = "099720109477"
AMAZON = "898082745236"
DATES = [datetime(2026, 3, 4, tzinfo=timezone.utc), datetime(2026, 9, 30, tzinfo=timezone.utc)]

_load_amis = AmiBackend._load_amis
_describe_images = AmisResponse.describe_images


def _names(date: datetime) -> list[tuple[str, str, str]]:
    """Owner, architecture and name of each."""
    day = date.strftime("%Y%m%d")
    found = []
    for architecture, word, arm in (("x86_64", "amd64", ""), ("arm64", "arm64", "ARM64 ")):
        for release, code, folder in (("22.04", "jammy", "hvm-ssd"), ("24.04", "noble", "hvm-ssd-gp3")):
            found.append((CANONICAL, architecture, f"ubuntu/images/{folder}/ubuntu-{code}-{release}-{word}-server-{day}"))
            name = f"Deep Learning {arm}Base OSS Nvidia Driver GPU AMI (Ubuntu {release}) {day}"
            found.append((AMAZON, architecture, name))
    return found


def load_amis(self: Any) -> None:
    _load_amis(self)
    for date in DATES:
        for owner, architecture, name in _names(date):
            digest = hashlib.sha256(f"{self.region_name}/{name}".encode()).hexdigest()
            ami_id = f"ami-{digest[:17]}"
            self.amis[ami_id] = Ami(
                self,
                ami_id,
                owner_id=owner,
                owner_alias="amazon" if owner == AMAZON else None,
                name=name,
                description=name,
                architecture=architecture,
                virtualization_type="hvm",
                root_device_name="/dev/sda1",
                root_device_type="ebs",
                public=True,
                creation_date=date,
            )


def describe_images(self: Any) -> ActionResult:
    """What is deprecated shows to who names it, or asks for it."""
    answer = _describe_images(self)
    if self._get_param("ImageIds") or self._get_bool_param("IncludeDeprecated"):
        return answer
    return ActionResult({"Images": [image for image in answer.result["Images"] if not getattr(image, "deprecated", False)]})


def require(backend: Any, image_id: str) -> None:
    """moto starts machines from images that do not exist."""
    if image_id not in backend.amis:
        raise EC2ClientError("InvalidAMIID.NotFound", f"The image id '[{image_id}]' does not exist")


def change(backend: Any, image_id: str, fate: str) -> None:
    """What its owner does with an image: `deprecated`, `deregistered`."""
    require(backend, image_id)
    if fate == "deprecated":
        backend.amis[image_id].deprecated = True
    elif fate == "deregistered":
        del backend.amis[image_id]
    else:
        raise ValueError(f"an image is deprecated or deregistered, not {fate}")


def install() -> None:
    AmisResponse.describe_images = describe_images  # type: ignore[method-assign]
    AmiBackend._load_amis = load_amis  # type: ignore[method-assign]

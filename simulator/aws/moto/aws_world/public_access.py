"""VPC Block Public Access, which moto does not have: an account's setting for a region, and what subnets say of it. Without exclusions."""

from typing import Any

from moto.core.responses import ActionResult
from moto.ec2.exceptions import EC2ClientError
from moto.ec2.models.subnets import Subnet
from moto.ec2.responses import EC2Response

MODES = ("off", "block-bidirectional", "block-ingress")


def _mode(backend: Any) -> str:
    return str(backend.__dict__.get("internet_gateway_block_mode", "off"))


def _described(backend: Any) -> dict[str, Any]:
    return {
        "AwsAccountId": backend.account_id,
        "AwsRegion": backend.region_name,
        "State": "default-state" if _mode(backend) == "off" else "update-complete",
        "InternetGatewayBlockMode": _mode(backend),
    }


def describe_vpc_block_public_access_options(self: Any) -> ActionResult:
    return ActionResult({"VpcBlockPublicAccessOptions": _described(self.ec2_backend)})


def modify_vpc_block_public_access_options(self: Any) -> ActionResult:
    mode = self._get_param("InternetGatewayBlockMode")
    self.error_on_dryrun()
    if mode not in MODES:
        raise EC2ClientError("InvalidParameterValue", f"Value ({mode}) for parameter InternetGatewayBlockMode is invalid.")
    self.ec2_backend.internet_gateway_block_mode = mode
    return ActionResult({"VpcBlockPublicAccessOptions": _described(self.ec2_backend)})


def install() -> None:
    Subnet.block_public_access_states = property(  # type: ignore[attr-defined]
        lambda self: {"InternetGatewayBlockMode": _mode(self.ec2_backend)}
    )
    for call in (describe_vpc_block_public_access_options, modify_vpc_block_public_access_options):
        setattr(EC2Response, call.__name__, call)

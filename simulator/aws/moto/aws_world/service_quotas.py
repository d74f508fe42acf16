"""Service Quotas for EC2: moto knows the quotas of VPCs only."""

from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.models import ServiceQuotasBackend

from . import quota

_get_service_quota = ServiceQuotasBackend.get_service_quota


def get_service_quota(self: Any, service_code: str, quota_code: str) -> dict[str, Any]:
    known = (service_code, quota_code) in quota.NETWORK
    if service_code != "ec2" and not known:
        return _get_service_quota(self, service_code, quota_code)
    if quota_code not in quota.NAMES and not known:
        raise NoSuchResource
    return {
        "ServiceCode": service_code,
        "ServiceName": "Amazon Elastic Compute Cloud (Amazon EC2)",
        "QuotaArn": f"arn:aws:servicequotas:{self.region_name}:{self.account_id}:{service_code}/{quota_code}",
        "QuotaCode": quota_code,
        "QuotaName": quota.NAMES.get(quota_code, quota_code),
        "Value": float(quota.value_of(quota_code)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def install() -> None:
    ServiceQuotasBackend.get_service_quota = get_service_quota  # type: ignore[method-assign]

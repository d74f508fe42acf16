"""FSx for Lustre, of which moto keeps little more than the request: a network interface, which holds on to the subnet and the security groups,
the name that clients mount, growing, and what FSx refuses."""

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.ec2.models import ec2_backends
from moto.fsx.exceptions import FileSystemNotFound
from moto.fsx.models import FileSystem, FSxBackend
from moto.fsx.responses import FSxResponse

_create = FSxBackend.create_file_system
_delete = FSxBackend.delete_file_system
_describe = FSxBackend.describe_file_systems
_to_dict = FileSystem.to_dict

_LUSTRE_PORT = 988
_THROUGHPUTS = {"PERSISTENT_1": (50, 100, 200), "PERSISTENT_2": (125, 250, 500, 1000)}


def _check(capacity: int, configuration: dict[str, Any]) -> None:
    if capacity != 1200 and (capacity <= 0 or capacity % 2400):
        raise JsonRESTError("BadRequest", f"StorageCapacity of {capacity} is not supported")
    kind = configuration.get("DeploymentType", "SCRATCH_1")
    throughput = configuration.get("PerUnitStorageThroughput")
    if kind in _THROUGHPUTS and throughput not in _THROUGHPUTS[kind]:
        raise JsonRESTError("BadRequest", f"PerUnitStorageThroughput of {throughput} is not supported for {kind}")


def _check_network(ec2: Any, group_ids: list[str]) -> None:
    """Servers must reach each other."""
    rules = [rule for group in group_ids for rule in ec2.get_security_group_from_id(group).ingress_rules]
    if not any(
        (rule.source_group or {}).get("GroupId") in group_ids
        and (str(rule.ip_protocol) == "-1" or int(rule.from_port) <= _LUSTRE_PORT <= int(rule.to_port))
        for rule in rules
    ):
        raise JsonRESTError(
            "InvalidNetworkSettings",
            "The file system cannot be created because the security group provided does not permit Lustre LNET network traffic on port 988",
        )


def create_file_system(self: Any, **given: Any) -> Any:
    ec2 = ec2_backends[self.account_id][self.region_name]
    subnet = ec2.get_subnet(given["subnet_ids"][0])
    configuration = given["lustre_configuration"] or {}
    _check(given["storage_capacity"], configuration)
    _check_network(ec2, given["security_group_ids"] or [])
    found = _create(self, **given)
    eni = ec2.create_network_interface(
        subnet, subnet.get_available_subnet_ip(found), given["security_group_ids"], description=f"Created by Amazon FSx for {found.file_system_id}"
    )
    eni.requester_managed, eni.requester_id, eni.status = True, "amazon-fsx", "in-use"
    found.eni_id = eni.id
    found.lustre_configuration = {**configuration, "MountName": found.file_system_id[-8:]}
    found.version = given["file_system_type_version"]
    return found


def delete_file_system(self: Any, file_system_id: str, **given: Any) -> Any:
    found = self.file_systems.get(file_system_id)
    answer = _delete(self, file_system_id=file_system_id, **given)
    ec2_backends[self.account_id][self.region_name].enis.pop(found.eni_id, None)
    return answer


def describe_file_systems(self: Any, file_system_ids: list[str] | None, **pages: Any) -> Any:
    for each in file_system_ids or []:
        if each not in self.file_systems:
            raise FileSystemNotFound(each)
    return _describe(self, file_system_ids=file_system_ids, **pages)


def to_dict(self: Any) -> dict[str, Any]:
    return {**_to_dict(self), "Lifecycle": "AVAILABLE", "NetworkInterfaceIds": [self.eni_id], "FileSystemTypeVersion": self.version}


def update_file_system(self: Any) -> str:
    given = json.loads(self.body)
    found = self.fsx_backend.file_systems.get(given["FileSystemId"])
    if found is None:
        raise FileSystemNotFound(given["FileSystemId"])
    capacity = given.get("StorageCapacity", found.storage_capacity)
    configuration = {**found.lustre_configuration, **given.get("LustreConfiguration", {})}
    _check(capacity, configuration)
    if capacity < found.storage_capacity:
        raise JsonRESTError("BadRequest", "Storage capacity can only be increased")
    found.storage_capacity, found.lustre_configuration = capacity, configuration
    return json.dumps({"FileSystem": found.to_dict()})


def install() -> None:
    FSxBackend.create_file_system = create_file_system  # type: ignore[method-assign]
    FSxBackend.delete_file_system = delete_file_system  # type: ignore[method-assign]
    FSxBackend.describe_file_systems = describe_file_systems  # type: ignore[method-assign]
    FileSystem.to_dict = to_dict  # type: ignore[method-assign]
    FSxResponse.update_file_system = update_file_system  # type: ignore[attr-defined]

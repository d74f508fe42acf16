"""Everything that exists, without what moto itself put there: for tests that ask what is left."""

from collections.abc import Callable
from typing import Any

from moto.backends import get_backend

from .instances import TERMINATED
from .placement import groups_of
from .provided import is_provided


def inventory() -> dict[str, list[dict[str, Any]]]:
    """By kind, over all accounts and regions. Contains no secrets and no user data."""
    found: dict[str, list[dict[str, Any]]] = {}
    for account, regions in list(get_backend("ec2").items()):
        for region, backend in list(regions.items()):
            for kind, objects in _of_ec2(backend).items():
                found.setdefault(kind, []).extend({"account": account, "region": region, **entry} for entry in objects)
    for service, collect in (("efs", _of_efs), ("fsx", _of_fsx), ("iam", _of_iam), ("kms", _of_kms), ("ssm", _of_ssm), ("elb", _of_elb), ("elbv2", _of_elbv2)):
        for account, regions in list(get_backend(service).items()):
            for region, backend in list(regions.items()):
                if service == "iam" and region != "aws":
                    continue  # Other partitions: China, government clouds.
                for kind, objects in collect(backend).items():
                    found.setdefault(kind, []).extend({"account": account, "region": region, **entry} for entry in objects)
    return found


def _tags(thing: Any) -> dict[str, str]:
    return {tag["key"]: tag["value"] for tag in thing.get_tags()}


def _list(things: Any, describe: Callable[[Any], dict[str, Any]], keep: Callable[[Any], bool] = lambda _: True) -> list[dict[str, Any]]:
    return [{"id": thing.id, "tags": _tags(thing), **describe(thing)} for thing in list(things) if keep(thing)]


def _of_ec2(backend: Any) -> dict[str, list[dict[str, Any]]]:
    default_vpcs = {vpc.id for vpc in backend.vpcs.values() if vpc.is_default == "true" or vpc.is_default is True}

    def own(thing: Any) -> bool:
        return thing.vpc_id not in default_vpcs

    subnets = [subnet for zone in backend.subnets.values() for subnet in zone.values()]
    groups = [group for vpc in backend.groups.values() for group in vpc.values()]
    return {
        "vpcs": _list(backend.vpcs.values(), lambda vpc: {"cidr": vpc.cidr_block}, lambda vpc: vpc.id not in default_vpcs),
        "subnets": _list(
            subnets,
            lambda subnet: {"vpc": subnet.vpc_id, "cidr": subnet.cidr_block, "zone": subnet.availability_zone},
            own,
        ),
        "routeTables": _list(backend.route_tables.values(), lambda table: {"vpc": table.vpc_id}, own),
        "internetGateways": _list(
            backend.internet_gateways.values(),
            lambda gateway: {"vpc": getattr(gateway.vpc, "id", None)},
            lambda gateway: getattr(gateway.vpc, "id", None) not in default_vpcs,
        ),
        "natGateways": _list(
            backend.nat_gateways.values(),
            lambda gateway: {"state": gateway.state, "subnet": gateway.subnet_id},
            lambda gateway: gateway.state != "deleted",
        ),
        "vpcEndpoints": _list(
            backend.vpc_end_points.values(),
            lambda endpoint: {"service": endpoint.service_name, "state": endpoint.state},
            lambda endpoint: endpoint.state != "deleted",
        ),
        "securityGroups": _list(
            groups, lambda group: {"name": group.name, "vpc": group.vpc_id}, lambda group: group.name != "default"
        ),
        "networkInterfaces": _list(backend.enis.values(), lambda eni: {"subnet": eni.subnet.id, "status": eni.status}),
        "addresses": _list(
            backend.addresses, lambda address: {"publicIp": address.public_ip, "instance": address.instance_id or None}
        ),
        "instances": _list(
            [instance for reservation in backend.reservations.values() for instance in reservation.instances],
            _instance,
            lambda instance: instance.state_code != TERMINATED[1],
        ),
        "volumes": _list(backend.volumes.values(), lambda volume: {"size": volume.size, "status": volume.status}),
        "launchTemplates": _list(
            backend.launch_templates.values(),
            lambda template: {"name": template.name, "latestVersion": template.latest_version_number},
        ),
        "fleets": _list(
            backend.fleets.values(),
            lambda fleet: {
                "state": fleet.state,
                "target": fleet.target,
                "excessCapacityTerminationPolicy": fleet.excess,
                "instances": [member.instance.id for member in fleet.live()],
            },
            lambda fleet: fleet.state != "deleted",
        ),
        "placementGroups": [
            {"id": group.id, "name": group.name, "tags": _tags(group)} for group in groups_of(backend).values()
        ],
        "keyPairs": [
            {"id": pair.id, "name": pair.key_name, "tags": _tags(pair)}
            for pair in backend.key_pairs.values()
            if not is_provided(backend.region_name, pair.key_name)
        ],
    }


def _instance(instance: Any) -> dict[str, Any]:
    association = instance.ec2_backend.iam_instance_profile_associations.get(instance.id)
    return {
        "state": instance.state,
        "type": instance.instance_type,
        "lifecycle": "spot" if instance.lifecycle == "spot" else "on-demand",
        "subnet": instance.subnet_id,
        "zone": instance.availability_zone,
        "privateIp": instance.private_ip,
        "publicIp": instance.public_ip,
        "securityGroups": sorted({group.id for eni in instance.nics.values() for group in eni.group_set}),
        "instanceProfile": association.iam_instance_profile.name if association else None,
        "httpTokens": instance.metadata_options.http_tokens,
        "hopLimit": instance.metadata_options.http_put_response_hop_limit,
        "keyName": instance.key_name,
    }


def _of_iam(backend: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        "roles": [{"id": role.id, "name": role.name} for role in backend.roles.values() if not role.path.startswith("/aws-service-role/")],
        "instanceProfiles": [
            {"id": profile.id, "name": profile.name, "roles": [role.name for role in profile.roles]}
            for profile in backend.instance_profiles.values()
        ],
        "policies": [
            {"id": policy.arn, "name": policy.name}
            for policy in backend.managed_policies.values()
            if ":iam::aws:" not in policy.arn
        ],
    }


def _of_efs(backend: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        "fileSystems": [
            {"id": found.file_system_id, "encrypted": found.encrypted, "tags": {tag["Key"]: tag["Value"] for tag in backend.list_tags_for_resource(found.file_system_id)}}
            for found in backend.file_systems_by_id.values()
        ],
        "mountTargets": [
            {"id": target.mount_target_id, "subnet": target.subnet_id, "securityGroups": target.security_groups}
            for target in backend.mount_targets_by_id.values()
        ],
    }


def _of_fsx(backend: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        "lustreFileSystems": [
            {
                "id": found.file_system_id,
                "size": found.storage_capacity,
                "subnet": found.subnet_ids[0],
                "tags": {tag["Key"]: tag["Value"] for tag in backend.list_tags_for_resource(found.resource_arn)},
            }
            for found in backend.file_systems.values()
        ]
    }


def _of_kms(backend: Any) -> dict[str, list[dict[str, Any]]]:
    """Without those that are going to be deleted, which cost nothing."""
    keys = [key for key in backend.keys.values() if key.key_state != "PendingDeletion"]
    own = [key for key in keys if not any(name.startswith("alias/aws/") for name in key.aliases)]
    return {"keys": [{"id": key.id, "description": key.description} for key in own]}


def _of_ssm(backend: Any) -> dict[str, list[dict[str, Any]]]:
    names = [name for name in dict.keys(backend._parameters) if not name.startswith("/aws/")]
    return {"parameters": [{"id": name, "name": name} for name in names]}


def _of_elb(backend: Any) -> dict[str, list[dict[str, Any]]]:
    balancers = backend.load_balancers.values()
    return {"classicLoadBalancers": [{"id": balancer.name, "name": balancer.name} for balancer in balancers]}


def _of_elbv2(backend: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        "loadBalancers": [{"id": arn, "name": balancer.name} for arn, balancer in backend.load_balancers.items()],
        "targetGroups": [{"id": arn, "name": group.name} for arn, group in backend.target_groups.items()],
    }

"""Addresses that can be reached: public ones are loopback addresses, on which the simulator forwards to the machines."""

import itertools
from typing import Any

from moto.ec2.models import elastic_ip_addresses, elastic_network_interfaces
from moto.ec2.models.elastic_ip_addresses import ElasticAddressBackend
from moto.ec2.models.elastic_network_interfaces import NetworkInterface

from .instances import describe
from .world import world

_numbers = itertools.count()


def begin_at(number: int) -> None:
    global _numbers
    _numbers = itertools.count(number)


def next_public_address() -> str:
    """127.79.0.1, .2, … without those that end in 0 or 255."""
    block, host = divmod(next(_numbers), 254)
    return f"127.79.{block % 256}.{host + 1}"


def _telling(call: Any) -> Any:
    """Tells the simulator when an instance's public address may have changed."""

    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        result = call(self, *args, **kwargs)
        for instance in self.all_instances():
            if instance.state_code in (0, 16):
                world.emit(describe(instance))
        return result

    return wrapped


def _unless_elastic(call: Any) -> Any:
    """An elastic address stays while its instance is off; moto would give the instance another one at its start."""

    def wrapped(self: Any) -> None:
        if not any(address.eni is self for address in self.ec2_backend.addresses):
            call(self)

    return wrapped


def install() -> None:
    NetworkInterface.start = _unless_elastic(NetworkInterface.start)  # type: ignore[method-assign]
    NetworkInterface.stop = _unless_elastic(NetworkInterface.stop)  # type: ignore[method-assign]
    elastic_ip_addresses.random_ip = next_public_address
    elastic_network_interfaces.random_public_ip = next_public_address
    ElasticAddressBackend.associate_address = _telling(ElasticAddressBackend.associate_address)  # type: ignore[method-assign]
    ElasticAddressBackend.disassociate_address = _telling(ElasticAddressBackend.disassociate_address)  # type: ignore[method-assign]

"""What an account has before anybody makes anything in it, besides what moto gives it: the simulator's user asked for it."""

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

_key_pairs: set[tuple[str, str]] = set()


def add_key_pair(region: str, name: str, public_key: str) -> None:
    """In the account of those who assume no role. There already: it stays."""
    backend = get_backend("ec2")[DEFAULT_ACCOUNT_ID][region]
    if name not in backend.key_pairs:
        backend.import_key_pair(name, public_key.encode(), {})
        _key_pairs.add((region, name))


def is_provided(region: str, name: str) -> bool:
    return (region, name) in _key_pairs

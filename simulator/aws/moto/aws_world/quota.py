"""vCPU quotas by family of instance types, as EC2 counts them."""

import re

#: (family pattern, on-demand code, on-demand name, spot code, spot name); the first that fits counts.
CLASSES = [
    (r"p[56]", "L-417A185B", "Running On-Demand P instances", "L-C4BD4855", "All P5 Spot Instance Requests"),
    (r"p\d", "L-417A185B", "Running On-Demand P instances", "L-7212CCBC", "All P4, P3 and P2 Spot Instance Requests"),
    (r"(g\d|gr\d|vt)", "L-DB2E81BA", "Running On-Demand G and VT instances", "L-3819A6DF", "All G and VT Spot Instance Requests"),
    (r"trn", "L-2C3B7624", "Running On-Demand Trn instances", "L-6B0D517C", "All Trn Spot Instance Requests"),
    (r"inf", "L-1945791B", "Running On-Demand Inf instances", "L-B5D1601B", "All Inf Spot Instance Requests"),
    (r"dl", "L-6E869C2A", "Running On-Demand DL instances", "L-85EED4F7", "All DL Spot Instance Requests"),
    (r"f\d", "L-74FC7D96", "Running On-Demand F instances", "L-88CF9481", "All F Spot Instance Requests"),
    (r"x\d", "L-7295265B", "Running On-Demand X and Mac instances", "L-E3A00192", "All X Spot Instance Requests"),
    (
        r"[acdhimrtz]",
        "L-1216C47A",
        "Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances",
        "L-34B43A08",
        "All Standard (A, C, D, H, I, M, R, T, Z) Spot Instance Requests",
    ),
]

#: What every quota is until a test sets another.
DEFAULT_VCPUS = 100_000

NAMES = {code: name for row in CLASSES for code, name in ((row[1], row[2]), (row[3], row[4]))}

#: Quotas of what networks are made of: (service, code).
ADDRESSES = "L-0263D0A3"
VPCS = "L-F678F1CE"
#: In one zone.
NAT_GATEWAYS = "L-FE5A380F"
NETWORK = {("ec2", ADDRESSES), ("vpc", VPCS), ("vpc", NAT_GATEWAYS), ("vpc", "L-0EA8095F")}

#: Quotas that a test has set, by code.
settings: dict[str, float] = {}


def code_of(instance_type: str, spot: bool) -> str | None:
    for pattern, on_demand, _, spot_code, _ in CLASSES:
        if re.match(pattern, instance_type):
            return spot_code if spot else on_demand
    return None


def value_of(code: str) -> float:
    return settings.get(code, DEFAULT_VCPUS)


def vcpus_of(instance_type: str) -> int:
    from moto.ec2.models.instance_types import INSTANCE_TYPES

    known = INSTANCE_TYPES.get(instance_type)
    return int(known["VCpuInfo"]["DefaultVCpus"]) if known else 1

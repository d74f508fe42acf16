import assert from "node:assert/strict";
import fc from "fast-check";
import { firstServiceAddress } from "../../../simulator/machines/control-plane/service-subnet";

describe("the kubernetes service's address", () => {
  it("is the first of the subnet", () => {
    assert.equal(firstServiceAddress("10.96.0.0/12"), "10.96.0.1");
    assert.equal(firstServiceAddress("10.97.3.4/12"), "10.96.0.1");
    assert.equal(firstServiceAddress("255.255.255.0/24"), "255.255.255.1");
  });

  it("lies in the subnet, one after its network", () => {
    const octets = fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255), fc.nat(255));
    const number = (address: string) => address.split(".").reduce((value, octet) => value * 256 + Number(octet), 0);
    fc.assert(
      fc.property(octets, fc.integer({ min: 8, max: 30 }), (network, prefix) => {
        const first = number(firstServiceAddress(`${network.join(".")}/${prefix}`));
        const size = 2 ** (32 - prefix);
        assert.equal(first % size, 1);
        assert.equal(Math.floor(first / size), Math.floor(number(network.join(".")) / size));
      }),
    );
  });

  it("wants IPv4", () => {
    for (const subnet of ["fd00::/108", "10.96.0.0", "10.96.0.300/12"])
      assert.throws(() => firstServiceAddress(subnet), /IPv4 subnet/);
  });
});

import assert from "node:assert/strict";
import fc from "fast-check";
import { formatCidr, formatIpv4, isPrivate, parseCidr, parseIpv4, rangeOf } from "../../sdk/ip-ranges";

describe("IPv4 ranges", () => {
  it("are read as they are written", () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (text, prefix) => {
        assert.equal(formatIpv4(parseIpv4(text)!), text);
        const range = rangeOf(`${text}/${prefix}`)!;
        assert.ok(range.base <= parseIpv4(text)! && parseIpv4(text)! < range.base + range.size);
        assert.deepEqual(parseCidr(formatCidr(range)), range);
        assert.deepEqual(parseCidr(`${text}/${prefix}`), range.base === parseIpv4(text) ? range : undefined);
      }),
    );
  });

  it("have four plain decimals and a prefix: what others read in different ways is none", () => {
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "1.2.3.256",
      "01.2.3.4",
      "0x1.2.3.4",
      "a.b.c.d",
      "1.2.3.-4",
      " 1.2.3.4",
    ])
      assert.deepEqual([parseIpv4(text), rangeOf(`${text}/8`)], [undefined, undefined], text);
    for (const text of [
      "10.0.0.0",
      "10.0.0.0/33",
      "10.0.0.0/",
      "/8",
      "10.0.0.0/08",
      "10/8",
      "10.0.0.0/255.0.0.0",
      "::/0",
    ])
      assert.equal(rangeOf(text), undefined, text);
  });

  it("are private as a whole", () => {
    const given = [
      "10.0.0.0/8",
      "172.16.0.0/12",
      "192.168.1.0/24",
      "172.32.0.0/16",
      "10.0.0.0/7",
      "8.8.8.0/24",
      "0.0.0.0/0",
    ];
    assert.deepEqual(
      given.map((text) => isPrivate(parseCidr(text)!)),
      [true, true, true, false, false, false, false],
    );
  });
});

/** As much of protobuf's wire format as kubelet's device plugins need: messages of fields that have a length. */

/** A field with text or a message of other fields. */
export function field(number: number, content: string | Buffer[]): Buffer {
  const body = typeof content === "string" ? Buffer.from(content) : Buffer.concat(content);
  return Buffer.concat([Buffer.from([(number << 3) | 2]), varint(body.length), body]);
}

/** The contents of a message's fields, which all have the same number. */
export function fields(message: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < message.length;) {
    let length = 0;
    let shift = 0;
    do {
      at += 1;
      length |= (message[at]! & 0x7f) << shift;
      shift += 7;
    } while (message[at]! & 0x80);
    found.push(message.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return found;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return Buffer.from([...bytes, rest]);
    bytes.push((rest & 0x7f) | 0x80);
  }
}

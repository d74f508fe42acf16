/** Metal3's kind of a server, written from its description: what is required, and the words that fields may have. */
import { choice, flag, kind, object, text } from "../schemas";

const bareMetalHost = object(
  {
    online: flag,
    bmc: object({ address: text, credentialsName: text, disableCertificateVerification: flag }, [
      "address",
      "credentialsName",
    ]),
    bootMACAddress: { type: "string", pattern: "[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}" },
    bootMode: choice("UEFI", "UEFISecureBoot", "legacy"),
    rootDeviceHints: object({
      deviceName: text,
      serialNumber: text,
      rotational: flag,
      minSizeGigabytes: { type: "integer", minimum: 0 },
    }),
    image: object({ url: text, checksum: text, checksumType: choice("md5", "sha256", "sha512", "auto") }, ["url"]),
    consumerRef: object({ apiVersion: text, kind: text, name: text, namespace: text }),
  },
  ["online"],
);

export const metal3Definition = kind(
  "metal3.io",
  "v1alpha1",
  { kind: "BareMetalHost", plural: "baremetalhosts" },
  bareMetalHost,
  "Namespaced",
);

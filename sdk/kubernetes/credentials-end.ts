/** When the credentials of a kubeconfig's user end, where they say so. */
import { X509Certificate } from "node:crypto";
import { isRecord } from "../schema/record";

interface Life {
  what: string;
  /** Undefined where it is not said. */
  begins: number | undefined;
  ends: number;
}

const longestNoticeMs = 30 * 24 * 3_600_000;

/** That they have ended; a sentence that quotes no secret. */
export function endedCredentials(user: Readonly<Record<string, unknown>>): string | undefined {
  const life = lifeOf(user);
  return life && life.ends <= Date.now() ? `its ${life.what} ended at ${timeOf(life)}` : undefined;
}

/** That they end soon: in the last third of their life, and within thirty days. */
export function endingCredentials(user: Readonly<Record<string, unknown>>): string | undefined {
  const life = lifeOf(user);
  if (life === undefined) return undefined;
  const left = life.ends - Date.now();
  const noticeMs = Math.min(longestNoticeMs, life.begins === undefined ? Infinity : (life.ends - life.begins) / 3);
  return left > 0 && left < noticeMs ? `its ${life.what} ends at ${timeOf(life)}` : undefined;
}

/** Tokens are asked first, as by the API server's clients. */
function lifeOf({ token, "client-certificate-data": data }: Readonly<Record<string, unknown>>): Life | undefined {
  if (typeof token === "string" && token !== "") return lifeOfToken(token);
  return typeof data === "string" ? lifeOfCertificate(Buffer.from(data, "base64")) : undefined;
}

/** Of a JSON Web Token; others do not say it. */
function lifeOfToken(token: string): Life | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8"));
    if (!isRecord(claims) || typeof claims["exp"] !== "number") return undefined;
    const { iat, exp } = claims;
    return { what: "token", begins: typeof iat === "number" ? iat * 1000 : undefined, ends: exp * 1000 };
  } catch {
    return undefined;
  }
}

function lifeOfCertificate(certificate: Buffer): Life | undefined {
  try {
    const { validFrom, validTo } = new X509Certificate(certificate);
    return { what: "client's certificate", begins: Date.parse(validFrom), ends: Date.parse(validTo) };
  } catch {
    // It is somebody else's text.
    return undefined;
  }
}

function timeOf({ ends }: Life): string {
  return new Date(ends).toISOString();
}

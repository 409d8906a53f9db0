// What the configuration says of who we are to a NATS server, and what its files hold: passwords,
// tokens, seeds, JWTs, certificates. Pure: text in, a proof of identity or the reason why not out.

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { nkeys } from "@nats-io/nats-core/internal";
import { errorText } from "../platform/notice.ts";

/** The keys that sections `nats` and `forwarder` share. */
export interface Credentials {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
  readonly token?: string | undefined;
  readonly token_file?: string | undefined;
  readonly nkey_seed_file?: string | undefined;
  readonly creds_file?: string | undefined;
  readonly tls?: {
    readonly ca_file?: string | undefined;
    readonly cert_file?: string | undefined;
    readonly key_file?: string | undefined;
  } | undefined;
}

export type CredentialKey =
  | "password_file"
  | "token_file"
  | "nkey_seed_file"
  | "creds_file"
  | "tls.ca_file"
  | "tls.cert_file"
  | "tls.key_file";

/** A key that names a file, and the file. */
export interface CredentialFile {
  readonly key: CredentialKey;
  readonly path: string;
}

/** What we show to a server, and by what we know it. */
export interface Proof {
  readonly password?: string;
  readonly token?: string;
  readonly seed?: string;
  readonly jwt?: string;
  /** PEM */
  readonly ca?: string;
  readonly certificate?: string;
  readonly privateKey?: string;
}

/** When something that a file holds ceases to be valid. */
export interface Expiry {
  readonly key: CredentialKey;
  /** For people, such as `the certificate CN=box`. */
  readonly what: string;
  readonly expiresMs: number;
}

export function credentialFiles({ tls, ...credentials }: Credentials): CredentialFile[] {
  const paths: readonly (readonly [CredentialKey, string | undefined])[] = [
    ["password_file", credentials.password_file],
    ["token_file", credentials.token_file],
    ["nkey_seed_file", credentials.nkey_seed_file],
    ["creds_file", credentials.creds_file],
    ["tls.ca_file", tls?.ca_file],
    ["tls.cert_file", tls?.cert_file],
    ["tls.key_file", tls?.key_file],
  ];
  return paths.flatMap(([key, path]) => path === undefined ? [] : [{ key, path }]);
}

/** @throws {Error} when a file does not hold what it should, or two do not belong together */
export function readProof(contents: ReadonlyMap<CredentialKey, string>): Proof {
  const read = <T>(key: CredentialKey, use: (text: string) => T): T | undefined => {
    const text = contents.get(key);
    if (text === undefined) return undefined;
    try {
      if (text.trim() === "") throw new Error("the file is empty");
      return use(text);
    } catch (error) {
      throw new Error(`${key}: ${errorText(error)}`, { cause: error });
    }
  };
  const password = read("password_file", (text) => text.trim());
  const token = read("token_file", (text) => text.trim());
  const creds = read("creds_file", (text) => ({ jwt: findJwt(text), seed: findSeed(text) }));
  const seed = creds?.seed ?? read("nkey_seed_file", findSeed);
  read("tls.ca_file", certificates);
  const leaf = read("tls.cert_file", (text) => certificates(text)[0]);
  const key = read("tls.key_file", (text) => createPrivateKey(text));
  if (leaf !== undefined && key !== undefined && !belongTogether(leaf, key)) {
    throw new Error("tls.key_file: it is not the key of the certificate in tls.cert_file");
  }
  const ca = contents.get("tls.ca_file");
  const certificate = contents.get("tls.cert_file");
  const privateKey = contents.get("tls.key_file");
  return {
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(seed === undefined ? {} : { seed }),
    ...(creds === undefined ? {} : { jwt: creds.jwt }),
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(privateKey === undefined ? {} : { privateKey }),
  };
}

/** Of whatever has an end. */
export function expiries({ jwt, ca, certificate }: Proof): Expiry[] {
  const found: Expiry[] = [];
  const jwtMs = jwt === undefined ? null : jwtExpiryMs(jwt);
  if (jwtMs !== null) found.push({ key: "creds_file", what: "the user JWT", expiresMs: jwtMs });
  // A chain ends with its first certificate; of several authorities, one is enough.
  const chain = certificateExpiries("tls.cert_file", certificate);
  const authorities = certificateExpiries("tls.ca_file", ca);
  return [...found, ...chain.slice(0, 1), ...authorities.slice(-1)];
}

function findJwt(text: string): string {
  const [, jwt] = /BEGIN NATS USER JWT-+\s+(\S+)\s+-+END NATS USER JWT/.exec(text) ?? [];
  if (jwt === undefined) throw new Error("there is no user JWT in it");
  jwtPayload(jwt);
  return jwt;
}

function findSeed(text: string): string {
  const [seed] = /\bSU[A-Z2-7]{56}\b/.exec(text) ?? [];
  if (seed === undefined) throw new Error("there is no user's NKey seed (SU…) in it");
  nkeys.fromSeed(new TextEncoder().encode(seed));
  return seed;
}

/** What a JWT claims; nobody but the server checks its signature. */
function jwtPayload(jwt: string): { readonly exp?: number } {
  const [, payload = ""] = jwt.split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}

function jwtExpiryMs(jwt: string): number | null {
  const { exp } = jwtPayload(jwt);
  return typeof exp === "number" && exp > 0 ? exp * 1000 : null;
}

/** All of a PEM file. @throws {Error} when there is none, or one cannot be read */
function certificates(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? [];
  const begun = text.split("-----BEGIN CERTIFICATE-----").length - 1;
  if (begun === 0) throw new Error("there is no certificate (PEM) in it");
  if (blocks.length < begun) throw new Error("it ends in the middle of a certificate");
  return blocks.map((block) => new X509Certificate(block));
}

/** From the first to expire on. */
function certificateExpiries(key: CredentialKey, text: string | undefined): Expiry[] {
  if (text === undefined) return [];
  return certificates(text)
    .map(({ subject, validTo }) => ({
      key,
      what: `the certificate ${subject.replaceAll("\n", ", ")}`,
      expiresMs: Date.parse(validTo),
    }))
    .filter(({ expiresMs }) => Number.isFinite(expiresMs))
    .sort((a, b) => a.expiresMs - b.expiresMs);
}

function belongTogether(certificate: X509Certificate, privateKey: KeyObject): boolean {
  const form = { type: "spki", format: "der" } as const;
  const stated = Buffer.from(certificate.publicKey.export(form));
  return stated.equals(Buffer.from(createPublicKey(privateKey).export(form)));
}

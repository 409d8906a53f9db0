// X.509 certificates of our own making: an authority and what it signs, valid from and to whenever
// a test wants. Only as much of RFC 5280 as TLS asks for.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from "node:crypto";
import { Buffer } from "node:buffer";

export interface CertificateOptions {
  readonly name: string;
  /** Of the server, in the certificate: host names and IPv4 addresses. @default {none} */
  readonly hosts?: readonly string[];
  /** Milliseconds since 1970. @default {an hour ago} */
  readonly fromMs?: number;
  /** @default {in a year} */
  readonly toMs?: number;
}

/** A certificate and its private key, as the contents of PEM files. */
export interface Identity {
  readonly certificate: string;
  readonly key: string;
}

export class Authority {
  /** Contents of a PEM file. */
  readonly certificate: string;
  readonly #name: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(options: CertificateOptions = { name: "an authority" }) {
    const { publicKey, privateKey } = newKeys();
    this.#name = distinguishedName(options.name);
    this.#privateKey = privateKey;
    this.certificate = this.#signed(options, publicKey, [
      extension("551d13", true, sequence(der(0x01, Uint8Array.of(0xff)))),
    ]);
  }

  issue(options: CertificateOptions): Identity {
    const { publicKey, privateKey } = newKeys();
    const hosts = options.hosts ?? [];
    const names = hosts.map((host) =>
      /^[\d.]+$/.test(host)
        ? der(0x87, Uint8Array.from(host.split("."), Number))
        : der(0x82, Buffer.from(host))
    );
    const extensions = names.length === 0
      ? [extension("551d13", true, sequence())]
      : [extension("551d13", true, sequence()), extension("551d11", false, sequence(...names))];
    return {
      certificate: this.#signed(options, publicKey, extensions),
      key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    };
  }

  #signed(
    { name, fromMs = Date.now() - 3_600_000, toMs = Date.now() + 365 * 86_400_000 }:
      CertificateOptions,
    publicKey: KeyObject,
    extensions: readonly Uint8Array[],
  ): string {
    const algorithm = sequence(objectId("2a8648ce3d040302"));
    const body = sequence(
      der(0xa0, der(0x02, Uint8Array.of(2))),
      der(0x02, Uint8Array.of(1, ...randomBytes(8))),
      algorithm,
      this.#name,
      sequence(time(fromMs), time(toMs)),
      distinguishedName(name),
      publicKey.export({ type: "spki", format: "der" }),
      der(0xa3, sequence(...extensions)),
    );
    const signature = sign("sha256", body, this.#privateKey);
    const bytes = sequence(body, algorithm, der(0x03, Uint8Array.of(0, ...signature)));
    const lines = Buffer.from(bytes).toString("base64").replace(/.{64}/g, "$&\n");
    return `-----BEGIN CERTIFICATE-----\n${lines.trimEnd()}\n-----END CERTIFICATE-----\n`;
  }
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

/** Tag, length, contents. */
function der(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const bytes = Buffer.concat(contents);
  if (bytes.length < 128) return Uint8Array.of(tag, bytes.length, ...bytes);
  const length = bytes.length < 256
    ? [0x81, bytes.length]
    : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Uint8Array.of(tag, ...length, ...bytes);
}

function sequence(...contents: readonly Uint8Array[]): Uint8Array {
  return der(0x30, ...contents);
}

function objectId(hex: string): Uint8Array {
  return der(0x06, Buffer.from(hex, "hex"));
}

function distinguishedName(name: string): Uint8Array {
  return sequence(der(0x31, sequence(objectId("550403"), der(0x0c, Buffer.from(name)))));
}

function extension(id: string, isCritical: boolean, value: Uint8Array): Uint8Array {
  const critical = isCritical ? [der(0x01, Uint8Array.of(0xff))] : [];
  return sequence(objectId(id), ...critical, der(0x04, value));
}

/** GeneralizedTime */
function time(ms: number): Uint8Array {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, "");
  return der(0x18, Buffer.from(text));
}

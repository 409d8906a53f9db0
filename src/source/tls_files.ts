// The files of a network source's TLS, read anew for each connection: a certificate that was
// exchanged is used from the next one on.

import { Buffer } from "node:buffer";
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { errorText } from "../platform/notice.ts";

/** Paths of PEM files. */
export interface TlsFiles {
  readonly ca_file?: string | undefined;
  readonly cert_file?: string | undefined;
  readonly key_file?: string | undefined;
}

/** What the files hold. */
export interface TlsContents {
  readonly ca?: string;
  /** Our certificate and its private key. */
  readonly own?: { readonly cert: string; readonly key: string };
}

/** A file of TLS that cannot be used; the message begins with its key. */
export class TlsFileError extends Error {
  override readonly name = "TlsFileError";
}

/** @throws {TlsFileError} */
export async function readTlsFiles(files: TlsFiles): Promise<TlsContents> {
  const { ca_file, cert_file, key_file } = files;
  const certificate = (text: string): unknown => new X509Certificate(text);
  const [ca, cert, key] = [
    await readPem("tls.ca_file", ca_file, certificate),
    await readPem("tls.cert_file", cert_file, certificate),
    await readPem("tls.key_file", key_file, createPrivateKey),
  ];
  if (cert !== undefined && key !== undefined && !belongTogether(cert, key)) {
    throw new TlsFileError("tls.key_file: it is not the key of the certificate in tls.cert_file");
  }
  return {
    ...ca === undefined ? {} : { ca },
    ...cert === undefined || key === undefined ? {} : { own: { cert, key } },
  };
}

async function readPem(
  key: string,
  path: string | undefined,
  parse: (text: string) => unknown,
): Promise<string | undefined> {
  if (path === undefined) return undefined;
  try {
    const text = await readFile(path, "utf8");
    parse(text);
    return text;
  } catch (cause) {
    throw new TlsFileError(`${key}: ${path}: ${errorText(cause)}`, { cause });
  }
}

function belongTogether(cert: string, key: string): boolean {
  const form = { type: "spki", format: "der" } as const;
  const stated = Buffer.from(new X509Certificate(cert).publicKey.export(form));
  return stated.equals(Buffer.from(createPublicKey(createPrivateKey(key)).export(form)));
}

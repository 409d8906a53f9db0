// What proves a release: SHA-256 sums of its files, and an Ed25519 signature of the sums.

import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const sumsName = "SHA256SUMS";

/** Writes the sums of files in `folder`, as sha256sum does, and the signature beside them. */
export function signFiles(folder: string, names: readonly string[], keyFile: string): void {
  const lines = names.map((name) => {
    const sum = createHash("sha256").update(readFileSync(join(folder, name))).digest("hex");
    return `${sum}  ${name}\n`;
  });
  const sums = new TextEncoder().encode(lines.join(""));
  writeFileSync(join(folder, sumsName), sums);
  const key = createPrivateKey(readFileSync(keyFile, "utf8"));
  writeFileSync(join(folder, `${sumsName}.sig`), sign(null, sums, key));
}

/** The public half of a private key, as install.sh holds it. @throws {Error} for another kind */
export function publicKey(keyFile: string): string {
  const key = createPrivateKey(readFileSync(keyFile, "utf8"));
  if (key.asymmetricKeyType !== "ed25519") {
    throw new Error(
      `sign with ${keyFile}: it is no Ed25519 key: openssl genpkey -algorithm ed25519`,
    );
  }
  return createPublicKey(key).export({ type: "spki", format: "pem" }).toString().trim();
}

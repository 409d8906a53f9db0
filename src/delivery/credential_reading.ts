// The files that prove who we are, read into a proof.

import { readFile } from "node:fs/promises";
import { errorText } from "../platform/notice.ts";
import { type CredentialFile, type CredentialKey, type Proof, readProof } from "./credentials.ts";

export type ReadText = (path: string) => Promise<string>;

const fromDisk: ReadText = (path) => readFile(path, "utf8");

/** @throws {Error} when one cannot be read, or they prove nothing; its message begins with the key */
export async function readCredentials(
  files: readonly CredentialFile[],
  readText = fromDisk,
): Promise<Proof> {
  const contents = new Map<CredentialKey, string>();
  for (const { key, path } of files) {
    try {
      contents.set(key, await readText(path));
    } catch (error) {
      throw new Error(`${key}: ${errorText(error)}`, { cause: error });
    }
  }
  return readProof(contents);
}

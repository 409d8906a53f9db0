// Who we are to a WebSocket server, as a header of HTTP. Files are read anew for each connection.

import { Buffer } from "node:buffer";
import { readFile } from "node:fs/promises";
import { errorText } from "../../platform/notice.ts";

export interface Login {
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly password_file?: string | undefined;
  readonly token?: string | undefined;
  readonly token_file?: string | undefined;
}

/** Nothing for nobody in particular. @throws {Error} when a file cannot be read */
export async function authorization(login: Login): Promise<Record<string, string>> {
  const { username, password, password_file, token, token_file } = login;
  if (username !== undefined) {
    const secret = password ?? await secretIn("password_file", password_file);
    const basic = Buffer.from(`${username}:${secret}`).toString("base64");
    return { Authorization: `Basic ${basic}` };
  }
  if (token === undefined && token_file === undefined) return {};
  return { Authorization: `Bearer ${token ?? await secretIn("token_file", token_file)}` };
}

async function secretIn(key: string, path: string | undefined): Promise<string> {
  if (path === undefined) return "";
  try {
    const secret = (await readFile(path, "utf8")).trim();
    if (/[^\x20-\x7e\x80-\uffff]/.test(secret)) throw new Error("it has more than one line");
    return secret;
  } catch (error) {
    throw new Error(`${key}: ${path}: ${errorText(error)}`, { cause: error });
  }
}

// Who may post: addresses, and a user name with a password.

import { Buffer } from "node:buffer";
import { createHash, timingSafeEqual } from "node:crypto";
import { BlockList, isIPv6 } from "node:net";
import { errorText } from "../../platform/notice.ts";
import type { Fault } from "./http_answer.ts";
import type { RemoteAddress } from "./http_route.ts";

export interface AccessOptions {
  /** Addresses and networks, such as `192.0.2.7` and `192.0.2.0/24`. @default {everybody} */
  readonly allowFrom?: readonly string[] | undefined;
  /** @default {nobody is asked for one} */
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Read anew for every post, so that a new password counts at once. */
  readonly passwordFile?: string | undefined;
  readonly readText: (path: string) => string;
}

export class HttpAccess {
  readonly #options: AccessOptions;
  readonly #allowed: BlockList | null;

  constructor(options: AccessOptions) {
    this.#options = options;
    this.#allowed = options.allowFrom === undefined ? null : networks(options.allowFrom);
  }

  /** What is told to who may not post; `null` to who may. */
  refusal(request: Request, remote: RemoteAddress): Fault | null {
    const family = isIPv6(remote.ip) ? "ipv6" : "ipv4";
    if (this.#allowed !== null && !this.#allowed.check(remote.ip, family)) {
      return {
        status: 403,
        error: `${remote.ip} may not post here`,
        hint: "add the address to allow_from of the port in the configuration",
      };
    }
    const { username } = this.#options;
    if (username === undefined) return null;
    let password: string;
    try {
      password = this.#password();
    } catch (error) {
      return {
        status: 503,
        error: `nobody can be let in: ${errorText(error)}`,
        hint: "mend password_file of the port in the configuration; send it again then",
        headers: { "retry-after": "30" },
      };
    }
    if (isSame(request.headers.get("authorization"), username, password)) return null;
    return {
      status: 401,
      error: "user name or password is missing or wrong",
      hint: "send those of the port in the configuration: curl --user NAME:PASSWORD",
      headers: { "www-authenticate": 'Basic realm="NectarCollector", charset="UTF-8"' },
    };
  }

  #password(): string {
    const { password, passwordFile, readText } = this.#options;
    if (passwordFile === undefined) return password ?? "";
    return readText(passwordFile).replace(/\r?\n$/, "");
  }
}

/** Takes as long whatever is wrong. */
function isSame(authorization: string | null, username: string, password: string): boolean {
  const given = /^basic +([\w+/=-]+)$/i.exec(authorization ?? "")?.[1] ?? "";
  const wanted = Buffer.from(`${username}:${password}`);
  return timingSafeEqual(digest(Buffer.from(given, "base64")), digest(wanted));
}

function digest(bytes: Uint8Array): Uint8Array {
  return createHash("sha256").update(bytes).digest();
}

function networks(allowFrom: readonly string[]): BlockList {
  const list = new BlockList();
  for (const each of allowFrom) {
    const [address = "", bits] = each.split("/");
    const family = isIPv6(address) ? "ipv6" : "ipv4";
    if (bits === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(bits), family);
  }
  return list;
}

// How a connection becomes a WebSocket (RFC 6455, section 4): what is asked over HTTP, and what must
// be answered.

import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const longestAnswer = 64 * 1024;

/** The other side does not want to speak WebSocket with us. */
export class UpgradeRefused extends Error {
  override readonly name = "UpgradeRefused";

  /** `status` is HTTP's; 0 when it does not speak HTTP. */
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

/** `key` is 16 random bytes in base64. */
export function upgradeRequest(
  url: URL,
  key: string,
  headers: Readonly<Record<string, string>>,
): string {
  const lines = [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    `Sec-WebSocket-Key: ${key}`,
    "Sec-WebSocket-Version: 13",
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/**
 * What follows the answer in `bytes`, which is WebSocket's already; `null` when the answer is not
 * complete. @throws {UpgradeRefused}
 */
export function readUpgrade(bytes: Uint8Array, key: string): Uint8Array | null {
  const text = Buffer.from(bytes).toString("latin1");
  if (!"HTTP/1.1 ".startsWith(text.slice(0, 9))) {
    throw new UpgradeRefused("it does not speak HTTP", 0);
  }
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (text.length > longestAnswer) throw new UpgradeRefused("its answer has no end", 0);
    return null;
  }
  const [statusLine = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(statusLine.split(" ")[1]);
  const headers = new Map(lines.map((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  }));
  if (status !== 101) {
    const location = headers.get("location");
    const elsewhere = location === undefined ? "" : `, at ${location}`;
    throw new UpgradeRefused(`it answers ${statusLine.slice(9, 109)}${elsewhere}`, status);
  }
  const expected = createHash("sha1").update(key + guid).digest("base64");
  if (headers.get("sec-websocket-accept") !== expected) {
    throw new UpgradeRefused("its answer is not that of a WebSocket server", status);
  }
  return bytes.slice(end + 4);
}

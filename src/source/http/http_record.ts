// A post as a record, in the original service's form: request line, headers, `X-Remote-Addr`, a blank
// line, the body, with line feeds between. Where Deno does not tell what the original wrote, the
// nearest: every request is HTTP/1.1, and headers are sorted by name. Pure.

import { Buffer } from "node:buffer";
import type { RemoteAddress } from "./http_route.ts";

/** Not of the call: how the message travelled, and secrets. */
const leftOut = ["host", "transfer-encoding", "authorization", "proxy-authorization"];

const idempotencyKey = "Idempotency-Key: ";

/** All that stands in front of the body. */
export function recordHead(request: Request, remote: RemoteAddress): Uint8Array {
  const lines = [`${request.method} ${requestTarget(request)} HTTP/1.1`];
  for (const [name, value] of request.headers) {
    if (!leftOut.includes(name)) lines.push(`${canonicalName(name)}: ${value}`);
  }
  const ip = remote.ip.includes(":") ? `[${remote.ip}]` : remote.ip;
  lines.push(`X-Remote-Addr: ${ip}:${remote.port}`, "", "");
  // Headers are told a byte a character.
  return Buffer.from(lines.join("\n"), "latin1");
}

/** Path and query as they were sent. */
export function requestTarget({ url }: Request): string {
  const at = url.indexOf("/", url.indexOf("://") + 3);
  return at < 0 ? "/" : url.slice(at);
}

export function requestPath(request: Request): string {
  return requestTarget(request).split("?", 1)[0] ?? "/";
}

/** A post as its record tells of it. */
export interface RecordedPost {
  /** Of the header `Idempotency-Key`. */
  readonly key: string | null;
  readonly target: string;
  readonly body: Uint8Array;
}

/** Reads a post back; `null` when the record is none. */
export function readPost(record: Uint8Array): RecordedPost | null {
  const text = Buffer.from(record.buffer, record.byteOffset, record.length);
  const end = text.indexOf("\n\n");
  if (end < 0) return null;
  const [request = "", ...headers] = text.toString("latin1", 0, end).split("\n");
  const [, target] = request.split(" ");
  if (target === undefined) return null;
  const found = headers.find((header) => header.startsWith(idempotencyKey));
  const key = found?.slice(idempotencyKey.length) ?? null;
  return { key, target, body: record.subarray(end + 2) };
}

/** `content-type` as `Content-Type`. */
function canonicalName(name: string): string {
  return name.replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

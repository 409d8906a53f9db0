// Connects to a WebSocket server: TCP, TLS where the URL says so, and the upgrade.

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Clock } from "../../platform/clock.ts";
import type { Connector } from "../tcp/connecting.ts";
import type { SocketCare } from "../tcp/socket_care.ts";
import type { Piece, TcpConnection } from "../tcp/tcp_connection.ts";
import { TcpDialer } from "../tcp/tcp_dialer.ts";
import { within } from "../tcp/time_limit.ts";
import type { TlsFiles } from "../tls_files.ts";
import { readUpgrade, UpgradeRefused, upgradeRequest } from "./upgrade.ts";
import { WebSocketConnection } from "./websocket_connection.ts";
import { loadWsLibrary } from "./ws_library.ts";

const defaultTimeoutMs = 10_000;

export interface WebSocketDialerOptions {
  /** `ws:` or `wss:`. */
  readonly url: URL;
  readonly tls?: TlsFiles & { readonly server_name?: string | undefined } | undefined;
  /** For each connection anew. @throws {Error} with the reason why there are none */
  readonly headers: () => Promise<Readonly<Record<string, string>>>;
  readonly care: SocketCare;
  readonly clock: Clock;
  /** For each step of connecting. @default {10 s} */
  readonly timeoutMs?: number;
}

export class WebSocketDialer implements Connector<WebSocketConnection> {
  readonly name: string;
  readonly dials = true;
  readonly #options: WebSocketDialerOptions;
  readonly #tcp: TcpDialer;

  constructor(options: WebSocketDialerOptions) {
    const { url, tls = {} } = options;
    const isSecure = url.protocol === "wss:";
    this.name = nameOf(url);
    this.#options = options;
    this.#tcp = new TcpDialer({
      ...options,
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: Number(url.port || (isSecure ? 443 : 80)),
      tls: isSecure ? tls : undefined,
    });
  }

  async next(signal: AbortSignal): Promise<WebSocketConnection> {
    const { url, headers, clock, timeoutMs = defaultTimeoutMs } = this.#options;
    const library = await loadWsLibrary();
    const key = randomBytes(16).toString("base64");
    const request = upgradeRequest(url, key, await headers());
    const tcp = await this.#tcp.next(signal);
    try {
      tcp.send(new TextEncoder().encode(request));
      const first = await within(timeoutMs, { clock, signal }, () => answer(tcp, key));
      return new WebSocketConnection({ tcp, library, first });
    } catch (error) {
      tcp.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#tcp.close();
  }
}

/** A URL as people may see it: without what is secret in it, perhaps. */
export function nameOf({ protocol, host, pathname }: URL): string {
  return `${protocol}//${host}${pathname}`;
}

/** What comes behind the answer to the upgrade. @throws {UpgradeRefused} */
async function answer(tcp: TcpConnection, key: string): Promise<Piece> {
  let bytes: Uint8Array = new Uint8Array(0);
  for (;;) {
    const piece = await tcp.read();
    if (piece === null) throw new UpgradeRefused(tcp.ending ?? "", 0);
    bytes = Buffer.concat([bytes, piece.bytes]);
    const rest = readUpgrade(bytes, key);
    if (rest !== null) return { bytes: rest, timeMs: piece.timeMs };
  }
}

// Connects out to a feed: a terminal server, an exchange that waits to be called. Every address of a
// name is tried; names are looked up, and files of TLS read, anew for each attempt.

import type { Clock } from "../../platform/clock.ts";
import { hostAddresses } from "../../platform/host_addresses.ts";
import { readTlsFiles, type TlsContents, type TlsFiles } from "../tls_files.ts";
import type { Connector } from "./connecting.ts";
import { hostAndPort } from "./host_and_port.ts";
import type { SocketCare } from "./socket_care.ts";
import { closeConn, TcpConnection } from "./tcp_connection.ts";
import { within } from "./time_limit.ts";

/** For each address, and again for TLS. */
const defaultTimeoutMs = 10_000;

export interface TcpDialerOptions {
  readonly host: string;
  readonly port: number;
  /** @default {none: bytes go as they are} */
  readonly tls?: TlsFiles & { readonly server_name?: string | undefined } | undefined;
  readonly care: SocketCare;
  readonly clock: Clock;
  /** @default {10 s} */
  readonly timeoutMs?: number;
}

export class TcpDialer implements Connector<TcpConnection> {
  readonly name: string;
  readonly dials = true;
  readonly #options: TcpDialerOptions;

  constructor(options: TcpDialerOptions) {
    this.name = hostAndPort({ hostname: options.host, port: options.port });
    this.#options = options;
  }

  async next(signal: AbortSignal): Promise<TcpConnection> {
    const { tls, care, clock } = this.#options;
    const contents = tls === undefined ? null : await readTlsFiles(tls);
    const conn = contents === null
      ? await this.#connect(signal)
      : await this.#connectSecurely(contents, signal);
    care.noticeDeath(conn);
    return new TcpConnection(conn, clock);
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #connect(signal: AbortSignal): Promise<Deno.TcpConn> {
    const { host, port } = this.#options;
    const found = await this.#within(signal, () => hostAddresses(host));
    let failure: unknown = new Error(`${host} has no address`);
    for (const address of found) {
      try {
        return await this.#open(
          signal,
          (signal) => Deno.connect({ hostname: address, port, signal }),
        );
      } catch (error) {
        if (signal.aborted) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  async #connectSecurely({ ca, own }: TlsContents, signal: AbortSignal): Promise<Deno.TlsConn> {
    const { host, port, tls, care } = this.#options;
    const caCerts = ca === undefined ? [] : [ca];
    // Only a connection that begins with TLS can show a certificate of ours.
    const conn = own === undefined
      ? await Deno.startTls(await this.#connect(signal), {
        hostname: tls?.server_name ?? host,
        caCerts,
      })
      : await this.#open(signal, () => Deno.connectTls({ hostname: host, port, caCerts, ...own }));
    try {
      await this.#within(signal, () => conn.handshake());
      return conn;
    } catch (error) {
      care.hangUp(conn);
      throw error;
    }
  }

  async #open<Conn extends Deno.Conn>(
    signal: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<Conn>,
  ): Promise<Conn> {
    return await this.#within(signal, async (signal) => {
      const conn = await attempt(signal);
      // Nobody waits for it any more.
      if (signal.aborted) closeConn(conn);
      return conn;
    });
  }

  async #within<Result>(
    signal: AbortSignal,
    attempt: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { clock, timeoutMs = defaultTimeoutMs } = this.#options;
    return await within(timeoutMs, { clock, signal }, attempt);
  }
}

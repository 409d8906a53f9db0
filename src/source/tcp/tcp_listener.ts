// Listens for senders that connect to us, with TLS or without. A certificate that was exchanged on
// the disk is used for the connection after the next.

import type { Clock } from "../../platform/clock.ts";
import { errorText, type Report } from "../../platform/notice.ts";
import { readTlsFiles, type TlsFiles } from "../tls_files.ts";
import { Callers } from "./callers.ts";
import type { Connector } from "./connecting.ts";
import { hostAndPort } from "./host_and_port.ts";
import type { SocketCare } from "./socket_care.ts";
import { closeConn, TcpConnection } from "./tcp_connection.ts";
import { within } from "./time_limit.ts";

const defaultHandshakeMs = 10_000;
/** Connections that do not come to an end with TLS. */
const mostHandshakes = 8;
/** When the system takes no connection for us, such as without a free descriptor. */
const pauseMs = 1000;

export interface TcpListenerOptions {
  readonly host: string;
  readonly port: number;
  /** @default {none: bytes come as they are} */
  readonly tls?: TlsFiles | undefined;
  readonly care: SocketCare;
  readonly clock: Clock;
  readonly report: Report;
  /** @default {10 s} */
  readonly handshakeMs?: number;
}

/** What is listened with. */
interface Standing {
  readonly listener: Deno.Listener<Deno.Conn>;
  readonly own: { readonly cert: string; readonly key: string } | undefined;
}

export class TcpListener implements Connector<TcpConnection> {
  readonly name: string;
  readonly dials = false;
  readonly #options: TcpListenerOptions;
  readonly #callers: Callers;
  readonly #over = new AbortController();
  #standing: Standing | null = null;
  #listening: Promise<void> = Promise.resolve();
  #accepting: Promise<void> = Promise.resolve();
  #handshakes = 0;

  constructor(options: TcpListenerOptions) {
    this.name = hostAndPort({ hostname: options.host, port: options.port });
    this.#options = options;
    this.#callers = new Callers({
      replaced: (former, next) =>
        options.report({
          level: "warning",
          kind: "sender_replaced",
          message: `${this.name}: ${next.peer} sends and takes the place of ${former.peer}`,
          hint: "nothing, if the equipment has connected anew; where two senders are at work, " +
            "give each a port of its own",
        }),
    });
  }

  async next(signal: AbortSignal): Promise<TcpConnection> {
    if (this.#standing !== null) await this.#renew();
    if (this.#standing === null) await this.#listen();
    return await this.#callers.next(signal);
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#listening;
    if (this.#standing !== null) closeConn(this.#standing.listener);
    this.#standing = null;
    this.#callers.close();
    await this.#accepting;
  }

  /** Listens, with what the files of TLS hold now; one call after the other. */
  async #listen(): Promise<void> {
    const before = this.#listening;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#listening = promise;
    try {
      await before;
      await this.#listenAnew();
    } finally {
      resolve();
    }
  }

  async #listenAnew(): Promise<void> {
    const { host, port, tls } = this.#options;
    const own = tls === undefined ? undefined : (await readTlsFiles(tls)).own;
    if (this.#standing !== null) {
      if (this.#standing.own?.cert === own?.cert && this.#standing.own?.key === own?.key) return;
      closeConn(this.#standing.listener);
      this.#standing = null;
      // Until then it has the port.
      await this.#accepting;
    }
    if (this.#over.signal.aborted) return;
    const at = { hostname: host, port };
    const listener = own === undefined ? Deno.listen(at) : Deno.listenTls({ ...at, ...own });
    this.#standing = { listener, own };
    this.#accepting = this.#accept(listener);
  }

  async #accept(listener: Deno.Listener<Deno.Conn>): Promise<void> {
    const { clock } = this.#options;
    while (this.#standing?.listener === listener) {
      try {
        this.#admit(await listener.accept());
      } catch {
        // The listener was closed, or there is no descriptor free for a caller: it waits outside.
        if (this.#standing?.listener === listener) await clock.delay(pauseMs, this.#over.signal);
      }
    }
  }

  async #admit(conn: Deno.Conn): Promise<void> {
    const { care, clock } = this.#options;
    care.noticeDeath(conn);
    if (!await this.#secured(conn) || this.#over.signal.aborted) return care.hangUp(conn);
    this.#callers.add(new TcpConnection(conn, clock));
  }

  /** Goes through the handshake, where there is one. */
  async #secured(conn: Deno.Conn): Promise<boolean> {
    if (!isTls(conn)) return true;
    if (this.#handshakes >= mostHandshakes) return false;
    const { clock, handshakeMs = defaultHandshakeMs } = this.#options;
    this.#handshakes += 1;
    try {
      await within(handshakeMs, { clock, signal: this.#over.signal }, () => conn.handshake());
      return true;
    } catch (error) {
      this.#tellRefused(conn, error);
      return false;
    } finally {
      this.#handshakes -= 1;
      this.#renew();
    }
  }

  /** Files that cannot be used leave it as it is: they may be being exchanged just now. */
  async #renew(): Promise<void> {
    if (this.#over.signal.aborted) return;
    try {
      await this.#listen();
    } catch (error) {
      if (this.#standing === null) return this.#callers.noMoreCome(error);
      this.#options.report({
        level: "warning",
        kind: "source_bad_certificate",
        message: `${this.name}: ${errorText(error)}; what was read before stays in use`,
        hint: "put a certificate and its key there that belong together, both in PEM",
      });
    }
  }

  #tellRefused({ remoteAddr }: Deno.TlsConn, error: unknown): void {
    if (this.#over.signal.aborted) return;
    this.#options.report({
      level: "warning",
      kind: "sender_refused",
      message: `${this.name}: ${hostAndPort(remoteAddr)}: TLS: ${errorText(error)}`,
      hint: "the sender must use TLS, and know the authority that has signed tls.cert_file",
    });
  }
}

function isTls(conn: Deno.Conn): conn is Deno.TlsConn {
  return "handshake" in conn;
}

// What connections need and Deno does not do. It asks a silent peer only after Linux's two hours:
// here somebody who went without a word, switched off or behind a link that is down, is found out
// within a minute. And it keeps a connection open that is closed in the middle of TLS's handshake,
// until the other side says something.

import type { Libc } from "../../platform/libc.ts";
import { OwnSockets, type SocketOption } from "../../platform/own_sockets.ts";
import { closeConn } from "./tcp_connection.ts";

/** Options of a socket, Linux: level and name. */
const SO_KEEPALIVE: SocketOption = { level: 1, name: 9 };
const TCP_KEEPIDLE: SocketOption = { level: 6, name: 4 };
const TCP_KEEPINTVL: SocketOption = { level: 6, name: 5 };
const TCP_KEEPCNT: SocketOption = { level: 6, name: 6 };
const TCP_USER_TIMEOUT: SocketOption = { level: 6, name: 18 };

export interface KeepAlive {
  /** Silence after which the other side is asked, in seconds. */
  readonly idleSec: number;
  /** Between two questions, in seconds. */
  readonly intervalSec: number;
  /** Questions without an answer, after which it is gone. */
  readonly count: number;
}

/** Gone for 40 s is gone. */
const usual: KeepAlive = { idleSec: 20, intervalSec: 5, count: 4 };

export class SocketCare {
  readonly #libc: Libc;
  readonly #keepAlive: KeepAlive;

  constructor(options: { readonly libc: Libc; readonly keepAlive?: KeepAlive }) {
    this.#libc = options.libc;
    this.#keepAlive = options.keepAlive ?? usual;
  }

  /** Makes the system end the connection when the other side does not answer any more. */
  noticeDeath(conn: Deno.Conn): void {
    const { idleSec, intervalSec, count } = this.#keepAlive;
    using sockets = new OwnSockets(this.#libc);
    for (const fd of sockets.descriptorsOf(conn)) {
      sockets.set(fd, SO_KEEPALIVE, 1);
      sockets.set(fd, TCP_KEEPIDLE, idleSec);
      sockets.set(fd, TCP_KEEPINTVL, intervalSec);
      sockets.set(fd, TCP_KEEPCNT, count);
      // What we have sent counts as a question, too.
      sockets.set(fd, TCP_USER_TIMEOUT, (idleSec + count * intervalSec) * 1000);
    }
  }

  /** Closes a connection that TLS has not come to terms with. */
  hangUp(conn: Deno.Conn): void {
    using sockets = new OwnSockets(this.#libc);
    for (const fd of sockets.descriptorsOf(conn)) sockets.shutDown(fd);
    closeConn(conn);
  }
}

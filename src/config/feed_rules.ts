// Rules for the keys of a port whose feed comes over a connection: which of them go together.

import type { Fault, Path } from "./fault.ts";

/** As much of a port as these rules need; what is `undefined` is not there. */
export interface GlimpsedFeed {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly listen_port?: number | undefined;
  readonly tls?: {
    readonly ca_file?: unknown;
    readonly cert_file?: unknown;
    readonly key_file?: unknown;
    readonly server_name?: unknown;
  } | undefined;
}

/** The keys by which a WebSocket server knows us. */
export interface GlimpsedWebSocket extends GlimpsedFeed {
  readonly username?: unknown;
  readonly password?: unknown;
  readonly password_file?: unknown;
  readonly token?: unknown;
  readonly token_file?: unknown;
}

/** `at` is the path of the port, `["ports", 0]`. */
export function tcpFaults(at: Path, feed: GlimpsedFeed): Fault[] {
  const name = `ports[${String(at[1])}]`;
  const connects = feed.host !== undefined || feed.port !== undefined;
  const listens = (feed.listen_port ?? 0) !== 0;
  if (connects === listens) {
    const message = `${name} needs either host and port, to connect, or listen_port, to listen` +
      (connects ? "; both are given" : "");
    return [{ path: at, message }];
  }
  if (connects && feed.host === undefined) {
    return [{ path: [...at, "host"], mustBe: "must be the host to connect to" }];
  }
  if (connects && feed.port === undefined) {
    return [{ path: [...at, "port"], mustBe: "must be the TCP port to connect to" }];
  }
  return listens ? listeningTlsFaults(at, feed) : connectingTlsFaults(at, feed);
}

/** `at` is the path of a port that is a WebSocket. */
export function websocketFaults(at: Path, feed: GlimpsedWebSocket): Fault[] {
  const { username, password, password_file, token, token_file } = feed;
  const found = connectingTlsFaults(at, feed);
  const fault = (message: string): void => {
    found.push({ path: at, message: `ports[${String(at[1])}] ${message}` });
  };
  const hasPassword = password !== undefined || password_file !== undefined;
  const hasToken = token !== undefined || token_file !== undefined;
  if (password !== undefined && password_file !== undefined) {
    fault("has both password and password_file: keep one of them");
  }
  if (token !== undefined && token_file !== undefined) {
    fault("has both token and token_file: keep one of them");
  }
  if ((username !== undefined) !== hasPassword) {
    fault("needs both username and a password, or neither");
  }
  if (hasPassword && hasToken) fault("has both a password and a token: keep one of them");
  return found;
}

function listeningTlsFaults(at: Path, { tls }: GlimpsedFeed): Fault[] {
  if (tls === undefined) return [];
  const { ca_file, cert_file, key_file, server_name } = tls;
  if (ca_file !== undefined || server_name !== undefined) {
    return tlsFault(at, "of a port that listens takes cert_file and key_file only");
  }
  return cert_file === undefined || key_file === undefined
    ? tlsFault(at, "needs cert_file and key_file, because the port listens")
    : [];
}

function connectingTlsFaults(at: Path, { tls }: GlimpsedFeed): Fault[] {
  if (tls === undefined) return [];
  const { cert_file, key_file, server_name } = tls;
  if ((cert_file === undefined) !== (key_file === undefined)) {
    return tlsFault(at, "needs both cert_file and key_file, or neither");
  }
  return server_name !== undefined && cert_file !== undefined
    ? tlsFault(at, "cannot have server_name beside cert_file: write that name as host")
    : [];
}

function tlsFault(at: Path, what: string): Fault[] {
  return [{ path: [...at, "tls"], message: `ports[${String(at[1])}].tls ${what}` }];
}

// What is wrong with a server's certificate. Node's sockets on Deno call every fault the same; Deno's
// own tell an expired one from a stranger's. So the handshake is done once more, on a connection of
// its own, and nothing is said on it.

import type { ServerOptions } from "./connection.ts";

const timeoutMs = 2000;
const greetingBytes = 64 * 1024;

/** `null` when there is nothing wrong with it, or it cannot be looked at in time. */
export async function certificateFault({ servers, tls }: ServerOptions): Promise<Error | null> {
  const url = URL.parse(servers);
  if (url === null) return null;
  const late = Promise.withResolvers<null>();
  const timer = setTimeout(() => late.resolve(null), timeoutMs);
  const opened: Deno.Conn[] = [];
  try {
    return await Promise.race([late.promise, shakeHands(url, tls?.ca, opened)]);
  } finally {
    clearTimeout(timer);
    opened.forEach(close);
  }
}

async function shakeHands(
  { hostname, port }: URL,
  ca: string | undefined,
  opened: Deno.Conn[],
): Promise<Error | null> {
  const host = hostname.replace(/^\[(.*)\]$/, "$1");
  try {
    const plain = await Deno.connect({ hostname: host, port: Number(port || 4222) });
    opened.push(plain);
    await plain.read(new Uint8Array(greetingBytes));
    const caCerts = ca === undefined ? [] : [ca];
    const secure = await Deno.startTls(plain, { hostname: host, caCerts });
    opened.push(secure);
    await secure.handshake();
    return null;
  } catch (error) {
    return error instanceof Deno.errors.InvalidData ? error : null;
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    // TLS has taken it over, or it is gone.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

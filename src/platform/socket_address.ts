// Reads the addresses of sockets as the C library writes them.

const AF_INET = 2;
const AF_INET6 = 10;

/** Of a `struct sockaddr_in6`, the longest that has a port. */
export const socketAddressBytes = 28;

/** One end of a TCP connection. */
export interface SocketEnd {
  /** As text; an IPv4 address also where the socket takes it for an IPv6 one. */
  readonly ip: string;
  readonly port: number;
}

/** The first bytes of an IPv6 address that stands for an IPv4 one. */
const mappedPrefix = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];

/** A `struct sockaddr_in` or `sockaddr_in6`; `null` for anything else. */
export function decodeSocketAddress(bytes: Uint8Array<ArrayBuffer>): SocketEnd | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const family = view.getUint16(0, true);
  const port = view.getUint16(2);
  if (family === AF_INET) return { ip: bytes.subarray(4, 8).join("."), port };
  if (family !== AF_INET6) return null;
  const address = bytes.subarray(8, 24);
  if (mappedPrefix.every((byte, i) => address[i] === byte)) {
    return { ip: address.subarray(12).join("."), port };
  }
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(8 + 2 * i).toString(16));
  // A URL writes them in their shortest form, as everybody does.
  return { ip: new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1), port };
}

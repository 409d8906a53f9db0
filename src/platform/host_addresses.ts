// The addresses of a host, as the system finds them. Not by `node:dns/promises`: there Deno 2.4 prints
// a warning of its own.

import { lookup } from "node:dns";
import { promisify } from "node:util";

/** IPv4 and IPv6, in the system's order. @throws {Error} when the name is not known */
export async function hostAddresses(host: string): Promise<string[]> {
  return (await promisify(lookup)(host, { all: true })).map(({ address }) => address);
}

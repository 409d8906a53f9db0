// An address as people write it.

/** `10.1.2.3:4001`, `[fd00::2]:4001` */
export function hostAndPort(address: Deno.Addr | { hostname: string; port: number }): string {
  if (!("hostname" in address)) return address.transport;
  const { hostname, port } = address;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

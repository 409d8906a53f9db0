// The nats-server that demos and tests run.

import { findDebianProgram, type ProgramSearch } from "./debian_program.ts";

/** Its path: `NATS_SERVER`, then `PATH`, then Debian's package. @throws {ProgramMissing} */
export async function findNatsServer(search: ProgramSearch = {}): Promise<string> {
  return await findDebianProgram(
    { name: "nats-server", place: "usr/sbin/nats-server", variable: "NATS_SERVER" },
    search,
  );
}

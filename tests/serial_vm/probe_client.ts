// The probe in the virtual machine, as a test talks to it. See probe_calls.ts.

import type { LineSocket } from "../support/line_socket.ts";
import { guestFiles } from "../support/machine_image.ts";
import type { VirtualMachine } from "../support/virtual_machine.ts";
import { type Answer, type Ask, type CallName, probeGreeting, type Reply } from "./probe_calls.ts";

/** Emulated, a program of Deno's takes its time to start. */
const startTimeoutMs = 180_000;

/** What the probe could not do; its name tells what was wrong: `PortBusy`, `EBUSY`. */
export class ProbeError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export class ProbeClient {
  readonly #socket: LineSocket;

  private constructor(socket: LineSocket) {
    this.#socket = socket;
  }

  /** Starts `program`, a file that the machine was given, and waits until it answers. */
  static async start(options: {
    readonly machine: VirtualMachine;
    readonly program: string;
    /** A channel of the machine, for this probe alone. */
    readonly channel: string;
    /** A user and a group by number. @default {"0:0"} */
    readonly user?: string;
  }): Promise<ProbeClient> {
    const { machine, program, channel, user = "0:0" } = options;
    const [uid, gid] = user.split(":");
    const as = `setpriv --reuid=${uid} --regid=${gid} --clear-groups env HOME=/tmp`;
    await machine.shell.run(
      `${as} ${guestFiles}/${program} <>/dev/virtio-ports/${channel} >&0 2>/tmp/${channel}.log &`,
    );
    const client = new ProbeClient(machine.channel(channel));
    const wait = { what: `the probe on ${channel}`, timeoutMs: startTimeoutMs };
    try {
      while ((await client.#socket.readLine(wait)) !== probeGreeting);
    } catch (cause) {
      const log = await machine.shell.run(`cat /tmp/${channel}.log`);
      throw new Error(`start ${program} in the guest: it said: ${log}`, { cause });
    }
    return client;
  }

  /** @throws {ProbeError} */
  async call<Name extends CallName>(
    name: Name,
    ...[ask]: Ask<Name> extends undefined ? [] : [Ask<Name>]
  ): Promise<Answer<Name>> {
    await this.#socket.send(JSON.stringify({ call: name, ask }));
    const line = await this.#socket.readLine({ what: `the probe's answer to ${name}` });
    const reply: Reply = JSON.parse(line);
    if ("error" in reply) throw new ProbeError(reply.error, reply.message);
    return reply.answer as Answer<Name>;
  }
}

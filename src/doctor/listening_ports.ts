// TCP ports that the service listens on: whether it may, and whether somebody else does already.

import { type Config, type EnabledPort, enabledPorts } from "../config/config.ts";
import { type Finding, unseen, well } from "./finding.ts";
import type { Machine } from "./machine.ts";
import type { Surroundings } from "./surroundings.ts";

interface Listening {
  readonly host: string;
  readonly port: number;
}

export function examineListening(
  config: Config,
  { machine, account, isAbsent }: Surroundings,
): Finding[] {
  const first = Number(machine.text("/proc/sys/net/ipv4/ip_unprivileged_port_start") ?? 1024);
  const all = enabledPorts(config).flatMap(listeningOf);
  const each = [...new Map(all.map((one) => [`${one.host} ${one.port}`, one])).values()];
  return each.flatMap(({ host, port }): Finding[] => {
    const subject = `tcp port ${port}`;
    if (port < first && account !== null && account.uid !== 0) {
      return [{
        level: "error",
        subject,
        message: `the user ${account.name} may not listen on it`,
        cause: `ports below ${first} are for root alone`,
        hint: `name one from ${first} on as "listen_port", and let the sender use that`,
      }];
    }
    return isAbsent ? [tryListening({ host, port }, { subject, machine })] : [];
  });
}

function listeningOf(port: EnabledPort): Listening[] {
  if (port.type !== "http" && port.type !== "tcp") return [];
  const { listen_port, listen_host = "0.0.0.0" } = port;
  return listen_port === undefined ? [] : [{ host: listen_host, port: listen_port }];
}

/** Listens for no longer than it takes to see that it is possible. */
function tryListening(
  { host, port }: Listening,
  { subject, machine }: { readonly subject: string; readonly machine: Machine },
): Finding {
  try {
    Deno.listen({ hostname: host, port }).close();
    return well(subject, `free, on ${host}`);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied && !machine.seesAll) {
      return unseen(subject, "whether it is free: this user may not listen on it", machine);
    }
    const isTaken = error instanceof Deno.errors.AddrInUse;
    return {
      level: "error",
      subject,
      message: isTaken ? "another program listens on it" : `nobody can listen on ${host}:${port}`,
      cause: isTaken ? "the service could not take what is sent to it" : String(error),
      hint: isTaken
        ? `see which: sudo ss -ltnp 'sport = :${port}'`
        : 'see which addresses this machine has: ip address; correct "listen_host"',
    };
  }
}

// Why a TCP address cannot be listened on, in words for whoever has to mend it. Pure.

import { errorText } from "../../platform/notice.ts";
import type { SourceProblem } from "../source.ts";

/** `error` is what listening threw. */
export function listenProblem(
  error: unknown,
  { host, port }: { readonly host: string | null; readonly port: number },
): SourceProblem {
  if (error instanceof Deno.errors.AddrInUse) {
    return {
      kind: "busy",
      message: `listen on port ${port}: another program uses it`,
      hint: `see which: ss -ltnp 'sport = :${port}'; end it, or set another listen_port`,
    };
  }
  if (error instanceof Deno.errors.PermissionDenied) {
    return {
      kind: "no_permission",
      message: `listen on port ${port}: ports below 1024 are for privileged programs`,
      hint: "set a listen_port from 1024 on, or give the service AmbientCapabilities=" +
        "CAP_NET_BIND_SERVICE: systemctl edit nectarcollector",
    };
  }
  if (error instanceof Deno.errors.AddrNotAvailable) {
    return {
      kind: "missing",
      message: `listen on ${host ?? "any address"}: this machine does not have that address`,
      hint: "see which it has: ip address; set listen_host to one, or leave it out",
    };
  }
  return {
    kind: "failed",
    message: `listen on port ${port}: ${errorText(error)}`,
    hint: "see listen_host and listen_port of the port in the configuration",
  };
}

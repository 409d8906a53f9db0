// What systemd and the service tell each other (sd_notify(3), sd_listen_fds(3)): that it is ready,
// how it is, that it is still alive; and descriptors that systemd keeps while the service is started
// anew, so that nothing is lost that arrives meanwhile.

import type { Libc } from "./libc.ts";
import { errorText, type Report } from "./notice.ts";
import { UnixDatagram } from "./unix_datagram.ts";

/** The first descriptor that systemd hands over. */
const firstKeptFd = 3;
/** ioctl: closed in programs that this one starts. */
const FIOCLEX = 0x5451;
const longestName = 255;

const environmentNames = [
  "NOTIFY_SOCKET",
  "WATCHDOG_USEC",
  "WATCHDOG_PID",
  "LISTEN_FDS",
  "LISTEN_FDNAMES",
  "LISTEN_PID",
];

/** The variables of a process. */
export interface ServiceEnvironment {
  readonly get: (name: string) => string | undefined;
  readonly delete: (name: string) => void;
}

export interface ServiceManagerOptions {
  readonly libc: Libc;
  readonly report: Report;
  /** @default {Deno.env} */
  readonly environment?: ServiceEnvironment;
  /** @default {Deno.pid} */
  readonly pid?: number;
}

export class ServiceManager implements Disposable {
  /** How often it must hear that we are alive, in milliseconds; `null` when it does not watch. */
  readonly watchdogMs: number | null;
  readonly #socket: UnixDatagram | null;
  readonly #report: Report;
  /** Descriptors that were kept, by name; taken out as they are taken over. */
  readonly #kept: Map<string, number>;
  readonly #libc: Libc;
  #hasFailed = false;
  #isEnding = false;

  /** Without systemd all that is told is told to nobody. */
  constructor(options: ServiceManagerOptions) {
    const { libc, report, environment = Deno.env, pid = Deno.pid } = options;
    this.#report = report;
    this.#libc = libc;
    this.#socket = this.#open(environment.get("NOTIFY_SOCKET") ?? "");
    this.watchdogMs = watchdogOf(environment, pid);
    this.#kept = keptFds(environment, pid);
    for (const fd of this.#kept.values()) libc.ioctl(fd, FIOCLEX, null);
    // What belongs to this process must not reach those that it starts.
    for (const name of environmentNames) environment.delete(name);
  }

  ready(): void {
    this.#tell(["READY=1"]);
  }

  /** A line about how the service is, for `systemctl status`. */
  status(line: string): void {
    this.#tell([`STATUS=${line.replaceAll("\n", " ")}`]);
  }

  /** To be told while all makes progress. */
  alive(): void {
    this.#tell(["WATCHDOG=1"]);
  }

  /** `ready` ends it. */
  reloading(): void {
    this.#tell(["RELOADING=1"]);
  }

  stopping(): void {
    this.#isEnding = true;
    this.#tell(["STOPPING=1"]);
  }

  /** It was told that the service stops: what is in its keeping stays open. */
  get isEnding(): boolean {
    return this.#isEnding && this.#socket !== null;
  }

  /** A descriptor was kept under this name, and nobody has taken it yet. */
  has(name: string): boolean {
    return this.#kept.has(name);
  }

  /** The descriptor that was kept under this name, if there is one; it is the caller's then. */
  take(name: string): number | null {
    const fd = this.#kept.get(name) ?? null;
    this.#kept.delete(name);
    return fd;
  }

  /** Closes what was kept under other names than these. */
  letGoOfAllBut(names: ReadonlySet<string>): void {
    for (const [name, fd] of [...this.#kept]) {
      if (names.has(name)) continue;
      this.#kept.delete(name);
      this.#libc.close(fd);
      this.forget(name);
    }
  }

  /**
   * Gives a descriptor into keeping, in place of one that was kept under this name. It is let go when
   * the other end hangs up.
   */
  keep(name: string, fd: number): void {
    this.forget(name);
    if (fdName(name).length <= longestName) {
      this.#tell(["FDSTORE=1", `FDNAME=${fdName(name)}`], [fd]);
    }
  }

  forget(name: string): void {
    if (fdName(name).length <= longestName) {
      this.#tell(["FDSTOREREMOVE=1", `FDNAME=${fdName(name)}`]);
    }
  }

  [Symbol.dispose](): void {
    this.#socket?.[Symbol.dispose]();
  }

  #open(path: string): UnixDatagram | null {
    if (path === "") return null;
    try {
      return new UnixDatagram(path);
    } catch (error) {
      this.#failed(`open ${path}`, error);
      return null;
    }
  }

  #tell(lines: readonly string[], fds: readonly number[] = []): void {
    try {
      this.#socket?.send(lines.join("\n"), fds);
      this.#hasFailed = false;
    } catch (error) {
      this.#failed(`tell systemd ${lines[0]}`, error);
    }
  }

  #failed(what: string, error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const message = `${what}: ${errorText(error)}`;
    this.#report({ level: "warning", kind: "systemd_not_told", message });
  }
}

/** Names of descriptors must not hold colons. */
function fdName(name: string): string {
  return encodeURIComponent(name);
}

function watchdogOf({ get }: ServiceEnvironment, pid: number): number | null {
  const isOurs = Number(get("WATCHDOG_PID") ?? pid) === pid;
  const microseconds = Number(get("WATCHDOG_USEC"));
  return isOurs && microseconds > 0 ? microseconds / 1000 : null;
}

function keptFds({ get }: ServiceEnvironment, pid: number): Map<string, number> {
  if (Number(get("LISTEN_PID")) !== pid) return new Map();
  const names = (get("LISTEN_FDNAMES") ?? "").split(":");
  const count = Number(get("LISTEN_FDS"));
  return new Map(
    names.slice(0, count).map((name, i) => [decodeURIComponent(name), firstKeptFd + i]),
  );
}

// Answers what a running service is asked over its socket, which only its user and root can reach.
// Without it the service runs all the same.

import type { Clock } from "../platform/clock.ts";
import { errorText, type Report } from "../platform/notice.ts";
import { type ControlAnswer, readLine, requestShape, writeLine } from "./control_message.ts";
import { fileIdentity, socketIn } from "./control_place.ts";

/** What a command does; its result is JSON. What it throws is answered. */
export type ControlCommand = () => Promise<unknown>;

/** Connections at a time. */
const mostConnections = 8;
/** How long a request may take to arrive. */
const requestMs = 5000;
/** Between two attempts to let somebody in. */
const refusedMs = 1000;

export interface ControlServerOptions {
  /** Made when it is missing, for us alone. */
  readonly folder: string;
  /** What the service runs on. */
  readonly configFile: string;
  readonly commands: Readonly<Record<string, ControlCommand>>;
  readonly clock: Clock;
  readonly report: Report;
}

export class ControlServer implements AsyncDisposable {
  readonly #options: ControlServerOptions;
  readonly #listener: Deno.UnixListener;
  readonly #connections = new Set<Deno.UnixConn>();
  readonly #done: Promise<void>;
  #isClosed = false;

  /** Takes the place of a socket that a dead service has left. `null` when the system refuses. */
  static open(options: ControlServerOptions): ControlServer | null {
    const { folder, report } = options;
    const path = socketIn(folder);
    try {
      claimOwn(folder);
      removeStale(path);
      const umask = Deno.umask(0o177);
      try {
        return new ControlServer(options, Deno.listen({ transport: "unix", path }));
      } finally {
        Deno.umask(umask);
      }
    } catch (error) {
      report({
        level: "warning",
        kind: "control_refused",
        message: `listen on ${path}: ${errorText(error)}; commands such as reload cannot ask`,
        hint: "SIGHUP reloads all the same; look at the folder and its owner",
      });
      return null;
    }
  }

  private constructor(options: ControlServerOptions, listener: Deno.UnixListener) {
    this.#options = options;
    this.#listener = listener;
    this.#done = this.#listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await this.#done;
    removeStale(socketIn(this.#options.folder));
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      try {
        const connection = await this.#listener.accept();
        if (this.#connections.size >= mostConnections) close(connection);
        else this.#serve(connection);
      } catch {
        // Without descriptors nobody can be let in for a while.
        if (!this.#isClosed) await this.#options.clock.delay(refusedMs);
      }
    }
  }

  async #serve(connection: Deno.UnixConn): Promise<void> {
    this.#connections.add(connection);
    const late = setTimeout(() => close(connection), requestMs);
    try {
      const line = await readLine(connection);
      clearTimeout(late);
      await writeLine(connection, await this.#answer(line));
    } catch {
      // Whoever asked has gone away, or says nothing: nobody is left to be told.
    }
    clearTimeout(late);
    close(connection);
    this.#connections.delete(connection);
  }

  async #answer(line: string): Promise<ControlAnswer> {
    const parsed = requestShape.safeParse(jsonOf(line));
    if (!parsed.success) return refused("read a request: it is not understood");
    const { command, config } = parsed.data;
    const { commands, configFile } = this.#options;
    const own = fileIdentity(configFile);
    if (config !== undefined && config !== own) {
      return refused(`ask the service: it runs on ${own}`, `name that one: --config ${own}`);
    }
    const act = Object.hasOwn(commands, command) ? commands[command] : undefined;
    if (act === undefined) return refused(`ask the service: it does not know "${command}"`);
    try {
      return { v: 1, ok: true, result: await act() };
    } catch (error) {
      return refused(errorText(error), "look at the service's log");
    }
  }
}

function refused(
  error: string,
  hint = "is it of the same version as this program? restart it after an upgrade",
): ControlAnswer {
  return { v: 1, ok: false, error, hint };
}

/** @throws {Error} when somebody else has the folder */
function claimOwn(folder: string): void {
  Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid } = Deno.statSync(folder);
  if (uid !== Deno.uid()) throw new Error(`use ${folder}: it belongs to uid ${uid}`);
}

function removeStale(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function close(connection: Deno.UnixConn): void {
  try {
    connection.close();
  } catch {
    // It was closed already.
  }
}

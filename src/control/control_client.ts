// Asks a running service over its socket.

import { errorText } from "../platform/notice.ts";
import { answerShape, type ControlAnswer, readLine, writeLine } from "./control_message.ts";
import { fileIdentity, socketsOf } from "./control_place.ts";

/** Why nobody could be asked. */
export class NobodyAnswers extends Error {
  override readonly name = "NobodyAnswers";

  constructor(message: string, readonly hint: string, cause?: unknown) {
    super(message, { cause });
  }
}

/**
 * Asks the service that runs on `configFile`, or whichever runs here when `isNamed` is false, and
 * waits for the answer until `signal` aborts. @throws {NobodyAnswers}
 */
export async function askService(
  command: string,
  { configFile, isNamed, signal }: {
    readonly configFile: string;
    readonly isNamed: boolean;
    readonly signal?: AbortSignal;
  },
): Promise<ControlAnswer> {
  const config = isNamed ? { config: fileIdentity(configFile) } : {};
  let refusal: NobodyAnswers | null = null;
  for (const path of socketsOf(configFile)) {
    try {
      using connection = await Deno.connect({ transport: "unix", path });
      const giveUp = (): void => connection.close();
      signal?.addEventListener("abort", giveUp, { once: true });
      try {
        signal?.throwIfAborted();
        await writeLine(connection, { v: 1, command, ...config });
        return answerShape.parse(JSON.parse(await readLine(connection)));
      } finally {
        signal?.removeEventListener("abort", giveUp);
      }
    } catch (error) {
      if (isNobody(error)) continue;
      if (signal?.aborted) throw silent(path, error);
      refusal = new NobodyAnswers(`ask ${path}: ${errorText(error)}`, hintFor(error), error);
    }
  }
  throw refusal ?? new NobodyAnswers(
    `ask the service: none runs on ${fileIdentity(configFile)}`,
    "start it: systemctl start nectarcollector; or name its file: --config FILE",
  );
}

function silent(path: string, cause: unknown): NobodyAnswers {
  const hint = "it hangs, or the machine is very busy; systemd starts it anew after a minute";
  return new NobodyAnswers(`ask ${path}: the service is there and does not answer`, hint, cause);
}

/** No socket, or one that a dead service has left. */
function isNobody(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.ConnectionRefused;
}

function hintFor(error: unknown): string {
  return error instanceof Deno.errors.PermissionDenied
    ? "ask as root, or as the service's user: sudo nectarcollector …"
    : "look at the service's log: journalctl -u nectarcollector";
}

// Whether the service runs, asked over its own socket.

import { askService, NobodyAnswers } from "../control/control_client.ts";
import { type ServiceStatus, serviceStatusShape } from "../control/service_status.ts";
import { type Finding, unseen, well } from "./finding.ts";
import type { Machine } from "./machine.ts";
import type { ServiceUnit } from "./service_unit.ts";

const answerMs = 3000;
const subject = "service";

export interface ServiceSeen {
  /** `null` where none runs, or none may be asked. */
  readonly status: ServiceStatus | null;
  /** It is certain that none runs on this configuration. */
  readonly isAbsent: boolean;
  readonly findings: readonly Finding[];
}

export async function askRunning(
  { configFile, isNamed, machine, unit, isRunnable }: {
    readonly configFile: string;
    readonly isNamed: boolean;
    readonly machine: Machine;
    readonly unit: ServiceUnit | null;
    /** Whether its configuration can be run, as far as is known. */
    readonly isRunnable: boolean;
  },
): Promise<ServiceSeen> {
  const stop = new AbortController();
  const answered = new AbortController();
  const late = machine.clock.delay(answerMs, answered.signal).then(() => stop.abort());
  try {
    const answer = await askService("status", { configFile, isNamed, signal: stop.signal });
    const shaped = answer.ok ? serviceStatusShape.safeParse(answer.result) : null;
    if (shaped?.success) return { status: shaped.data, isAbsent: false, findings: [] };
    const message = answer.ok ? "what it tells is not understood" : answer.error;
    return {
      status: null,
      isAbsent: false,
      findings: [{
        level: "warning",
        subject,
        message,
        cause: "it is of another version than this program, or runs on another configuration",
        hint: answer.ok ? "sudo systemctl restart nectarcollector" : answer.hint,
      }],
    };
  } catch (error) {
    if (!(error instanceof NobodyAnswers)) throw error;
    return nobody(error, { isStuck: stop.signal.aborted, machine, unit, isRunnable });
  } finally {
    answered.abort();
    await late;
  }
}

function nobody(
  { message, hint, cause }: NobodyAnswers,
  { isStuck, machine, unit, isRunnable }: {
    readonly isStuck: boolean;
    readonly isRunnable: boolean;
    readonly machine: Machine;
    readonly unit: ServiceUnit | null;
  },
): ServiceSeen {
  if (isStuck) {
    const stuck: Finding = { level: "error", subject, message, cause: hint, hint: byRestart };
    return { status: null, isAbsent: false, findings: [stuck] };
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return {
      status: null,
      isAbsent: false,
      findings: [unseen(subject, "how it is running", machine)],
    };
  }
  if (cause !== undefined) {
    const failed: Finding = { level: "error", subject, message, cause: null, hint };
    return { status: null, isAbsent: false, findings: [failed] };
  }
  const absent: Finding = unit === null
    ? well(subject, "none is installed, and none runs on this configuration")
    : {
      level: "error",
      subject,
      message: "it does not run",
      cause: isRunnable
        ? "it was stopped, or it ended by itself: journalctl -u nectarcollector -n 50 tells"
        : "its configuration does not check, and systemd does not try again",
      hint: isRunnable
        ? "sudo systemctl start nectarcollector"
        : "mend the configuration, then: sudo nectarcollector install",
    };
  return { status: null, isAbsent: true, findings: [absent] };
}

const byRestart = "sudo systemctl restart nectarcollector";

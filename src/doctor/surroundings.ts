// What is known of a box before anything that its configuration names is looked at.

import type { DispensableSection } from "../config/fail_open.ts";
import type { ServiceStatus } from "../control/service_status.ts";
import type { Account } from "../install/target.ts";
import type { Machine } from "./machine.ts";

export interface Surroundings {
  readonly machine: Machine;
  /** Who the service runs as; `null` where that user is not there. */
  readonly account: Account | null;
  /** Whether systemd runs it, which hides some folders from it. */
  readonly hasUnit: boolean;
  /** What the running service tells; `null` where none runs, or none may be asked. */
  readonly service: ServiceStatus | null;
  /** It is certain that none runs. */
  readonly isAbsent: boolean;
  /** Sections that do not check, and are told as that. */
  readonly broken: readonly DispensableSection[];
}

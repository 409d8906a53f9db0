// Looks at everything that keeps a box from capturing and delivering, whether the service runs or
// not, as root or as somebody else. It changes nothing, publishes nothing and opens no serial port.

import { loadConfig } from "../config/load.ts";
import { fileIdentity } from "../control/control_place.ts";
import type { Account } from "../install/target.ts";
import { errorText } from "../platform/notice.ts";
import { examineClock } from "./clock.ts";
import { examineConfiguration } from "./configuration.ts";
import { type Finding, unseen } from "./finding.ts";
import { examineFolders } from "./folders.ts";
import { examineInstallation, examineRunning } from "./installed_service.ts";
import { examineListening } from "./listening_ports.ts";
import type { Machine } from "./machine.ts";
import { examineNats } from "./nats.ts";
import { askRunning } from "./running_service.ts";
import { examinePorts } from "./serial_ports.ts";
import { ownAccount, readUnit, type ServiceUnit } from "./service_unit.ts";

export interface DoctorOptions {
  readonly machine: Machine;
  readonly configFile: string;
  /** Somebody has named the file: a service that runs on another one is not meant. */
  readonly isNamed: boolean;
  /** What is being looked at now. */
  readonly progress: (what: string) => void;
}

export interface Examined {
  readonly findings: readonly Finding[];
  /** The configuration could be read, and has no problems. */
  readonly configChecks: boolean;
}

type Examination = () => readonly Finding[] | Promise<readonly Finding[]>;

export async function examine(options: DoctorOptions): Promise<Examined> {
  const { machine, configFile, isNamed, progress } = options;
  const loaded = await loadConfig(machine.path(configFile));
  const config = loaded.ok ? loaded.config : loaded.captureOnly?.config ?? null;
  const broken = loaded.ok ? [] : loaded.captureOnly?.broken.map(({ name }) => name) ?? [];
  const unit = unitFor(machine, configFile);
  const account = accountFor(machine, unit);
  progress("the service");
  const isRunnable = config !== null || machine.hides(configFile);
  const asked = await askRunning({ configFile, isNamed, machine, unit, isRunnable });
  const { status: service, isAbsent } = asked;
  const around = { machine, account, hasUnit: unit !== null, service, isAbsent, broken };
  const examinations: [string, Examination][] = [
    ["the configuration", () => examineConfiguration(configFile, loaded, machine)],
    ["the service", () => service === null ? asked.findings : examineRunning(service)],
  ];
  if (unit !== null) {
    const look: Examination = () => examineInstallation(machine, { unit, account, config });
    examinations.push(["what is installed", look]);
  }
  if (config !== null) {
    examinations.push(
      ["the serial ports", () => examinePorts(config, around)],
      ["the TCP ports", () => examineListening(config, around)],
      ["the folders", () => examineFolders(config, around)],
      ["NATS, which takes seconds where it does not answer", () => examineNats(config, around)],
    );
  }
  examinations.push(["the clock", () => examineClock(machine)]);
  const findings: Finding[] = [];
  for (const [what, look] of examinations) {
    progress(what);
    findings.push(...await orUnseen(what, look, machine));
  }
  return { findings, configChecks: loaded.ok };
}

/** The unit, where it is for this configuration. */
function unitFor(machine: Machine, configFile: string): ServiceUnit | null {
  const unit = readUnit(machine);
  if (unit === null || unit.configFile === null) return unit;
  return fileIdentity(unit.configFile) === fileIdentity(configFile) ? unit : null;
}

function accountFor(machine: Machine, unit: ServiceUnit | null): Account | null {
  if (unit === null) return ownAccount(machine);
  return machine.target.accountOf(unit.user, unit.groups);
}

/** What stops one examination stops no other. */
async function orUnseen(
  what: string,
  look: Examination,
  machine: Machine,
): Promise<readonly Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [unseen(what, `it could not be looked at: ${errorText(error)}`, machine)];
  }
}

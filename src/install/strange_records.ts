// Records that another program left where the journals will be: a journal takes a log that it finds
// for its own, and would deliver what that program has sent long ago.

import { statSync } from "node:fs";
import { type Config, enabledPorts } from "../config/config.ts";
import { channelName } from "../record.ts";
import { StepFailed } from "./step.ts";
import { isThere, type Target } from "./target.ts";

/** @throws {StepFailed} where there are some */
export function refuseStrangeRecords(config: Config, target: Target): void {
  const { logging: { base_path: folder }, journal: { state_path: statePath } } = config;
  const logs = enabledPorts(config).flatMap((port) => {
    const name = channelName({ fips: port.fips_code, side: port.side_designation });
    const log = `${folder}/${name}.log`;
    const ours = [`${folder}/${name}.idx`, `${statePath}/${name}.journal.json`];
    const isStrange = isThere(target.path(log)) && statSync(target.path(log)).size > 0 &&
      !ours.some((path) => isThere(target.path(path)));
    return isStrange ? [log] : [];
  });
  if (logs.length === 0) return;
  throw new StepFailed(
    `another program's records would be delivered again: ${logs.join(", ")}`,
    `put them aside: ${logs.map((log) => `sudo mv ${log} ${log}.before`).join("; ")}`,
  );
}

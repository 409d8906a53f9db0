// The nats-server that tests run against, looked for once.

import { ProgramMissing } from "../../src/simulate/debian_program.ts";
import { findNatsServer } from "../../src/simulate/nats_server_program.ts";
import type { Requirement } from "./requirements.ts";

/** Path of the executable, empty where there is none. */
export const natsProgram = await findNatsServer({ report: (message) => console.log(message) })
  .catch((error) => {
    if (!(error instanceof ProgramMissing)) throw error;
    console.error(error.message);
    return "";
  });

export const natsServer: Requirement = { name: "a nats-server", isMet: () => natsProgram !== "" };

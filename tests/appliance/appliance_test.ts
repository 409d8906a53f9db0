// What a technician and the years do to a box, under a real systemd and the unit that is shipped: one
// machine goes through all of it. Only a watchdog's time is shorter for once.

import { guestProgramNeeds } from "../support/guest_program.ts";
import { program, requires } from "../support/requirements.ts";
import { virtualMachineNeeds } from "../support/virtual_machine.ts";
import { Appliance } from "./appliance.ts";
import { configSteps } from "./config_steps.ts";
import { faultSteps } from "./fault_steps.ts";
import { installSteps } from "./install_steps.ts";
import { powerSteps } from "./power_steps.ts";
import { removalSteps } from "./removal_steps.ts";
import { restartSteps } from "./restart_steps.ts";
import { Story } from "./story.ts";
import { upgradeSteps } from "./upgrade_steps.ts";

const needs = [...virtualMachineNeeds, ...guestProgramNeeds, program("dpkg-deb")];

/** Without the upgrades, the full disk and what else takes longest. */
const isShort = Deno.env.get("APPLIANCE") === "short";

function report(message: string): void {
  console.error(`${Math.round(performance.now() / 1000)} s: ${message}`);
}

requires(...needs).test(
  "a box is installed, captures through all that happens to it in its years, and is emptied",
  async (context) => {
    await using box = new Appliance(report);
    const story = new Story(context, { isShort });
    try {
      await story.step("a box starts on which nothing of ours is", async () => {
        await box.start();
        return await box.run("systemctl --version | head -n 1; uname -r");
      });
      await installSteps(story, box);
      await restartSteps(story, box);
      await upgradeSteps(story, box);
      await configSteps(story, box);
      await powerSteps(story, box);
      await faultSteps(story, box);
      await removalSteps(story, box);
    } finally {
      console.error(`\n${story.table}\n`);
    }
  },
);

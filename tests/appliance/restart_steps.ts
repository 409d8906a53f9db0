// The service is killed and comes back. What the line says meanwhile stays.

import { type Appliance, type ServiceState } from "./appliance.ts";
import { atFullSpeed } from "./full_speed.ts";
import type { Story } from "./story.ts";

export async function restartSteps(story: Story, box: Appliance): Promise<void> {
  await story.step(
    "kill -9 at 115,200 baud loses no byte",
    async () =>
      await atFullSpeed(box, async () => {
        const { pid } = await box.service();
        await box.run(`kill -9 ${pid}`);
        await box.serviceIs(
          "it to be back",
          (state) => isBack(state, pid),
        );
      }),
  );
}

function isBack({ active, pid }: ServiceState, former: number): boolean {
  return active === "active" && pid !== 0 && pid !== former;
}

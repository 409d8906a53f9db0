// The service under a wall clock that a test sets: so many milliseconds from the machine's as stand in
// the file that WALL_CLOCK names, read at the start and at each SIGUSR2. Nothing else is another time:
// not timers, not the monotonic clock.

const path = Deno.env.get("WALL_CLOCK") ?? "";
const machineNow = Date.now;
let aheadMs = 0;

function set(): void {
  aheadMs = Number(Deno.readTextFileSync(path));
}

Date.now = () => machineNow() + aheadMs;
Deno.addSignalListener("SIGUSR2", set);
set();
await import("../../src/main.ts");

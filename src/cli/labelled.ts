// A line of a report for people: what it is, and its value.

/** `  hardware   mainboard, driver serial`; without a name the value goes on from the line before. */
export function labelled(name: string, value: string): string {
  return `  ${name.padEnd(9)}  ${value}`;
}

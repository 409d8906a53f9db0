// The side designations there are: which of a site's lines a port is on.

/** All of them, in the order in which ports get them. */
export const sides: readonly string[] = ["A", "B"].flatMap((letter) =>
  Array.from({ length: 16 }, (_, i) => `${letter}${i + 1}`)
);

// install.sh of a release: the same script, which knows version, address and key.

export interface ReleaseFacts {
  readonly version: string;
  /** Where the archives will be. */
  readonly url: string;
  /** PEM. */
  readonly key: string;
}

/** @throws {Error} when the script has no such places, or a value would end its quotes */
export function filledScript(script: string, { version, url, key }: ReleaseFacts): string {
  const values = {
    release_version: version,
    release_url: url.replace(/\/+$/, ""),
    release_key: key,
  };
  return Object.entries(values).reduce((text, [name, value]) => {
    const [before, after, ...others] = text.split(`\n${name}=''\n`);
    if (before === undefined || after === undefined || others.length > 0) {
      throw new Error(`fill install.sh: ${name}='' must stand there once`);
    }
    if (value.includes("'")) throw new Error(`fill install.sh: ${name} has a quote: ${value}`);
    return `${before}\n${name}='${value}'\n${after}`;
  }, script);
}

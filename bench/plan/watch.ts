import type { Registry } from "../../src/registry/registry.ts";

/** What a run did with a registry, and what it did while it waited for nothing. */
export interface Watched {
  readonly registry: Registry;
  readonly counts: () => { readonly resolved: number; readonly manifests: number };
  /** From the first tag asked for to the last answer. Seconds. */
  readonly resolvingSeconds: () => number;
  /** CPU time of this process, all threads, after the first answer while no call was open. Ends the last stretch. */
  readonly idleSeconds: () => number;
}

/** Watches the calls that read single things. */
export function watchRegistry(registry: Registry): Watched {
  let open = 0;
  let idleSince: NodeJS.CpuUsage | undefined;
  let microseconds = 0;
  let resolved = 0;
  let manifests = 0;
  let resolvingSince: number | undefined;
  let resolvingUntil = 0;

  return {
    registry: {
      ...registry,
      async resolve(reference, options) {
        resolvingSince ??= performance.now();
        resolved += 1;
        const found = await watch(() => registry.resolve(reference, options));
        resolvingUntil = performance.now();
        return found;
      },
      getManifest(reference, options) {
        manifests += 1;
        return watch(() => registry.getManifest(reference, options));
      },
      getBlob: (...call) => watch(() => registry.getBlob(...call)),
    },
    counts: () => ({ resolved, manifests }),
    resolvingSeconds: () => (resolvingUntil - (resolvingSince ?? resolvingUntil)) / 1000,
    idleSeconds() {
      endIdling();
      return microseconds / 1e6;
    },
  };

  async function watch<Result>(call: () => Promise<Result>): Promise<Result> {
    endIdling();
    open += 1;
    try {
      return await call();
    } finally {
      open -= 1;
      if (open === 0) idleSince = process.cpuUsage();
    }
  }

  function endIdling(): void {
    if (idleSince === undefined) return;
    const { user, system } = process.cpuUsage(idleSince);
    microseconds += user + system;
    idleSince = undefined;
  }
}

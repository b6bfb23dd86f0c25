import type { Registry } from "../registry/registry.ts";

/**
 * Opens a registry once for all who want it at the same time: it is closed when the last of them gives it back, and
 * whoever comes then opens another one. Each of them has to give it back once.
 */
export function shareRegistry(open: () => Promise<Registry>): () => Promise<Registry> {
  let shared: Shared | undefined;
  return async () => {
    const mine = (shared ??= { registry: open(), holders: 0 });
    mine.holders += 1;
    const registry = await mine.registry.catch((error: unknown) => {
      shared = undefined;
      throw error;
    });
    let isMine = true;
    return {
      ...registry,
      async [Symbol.asyncDispose]() {
        if (!isMine) return;
        isMine = false;
        mine.holders -= 1;
        if (mine.holders > 0) return;
        if (shared === mine) shared = undefined;
        await registry[Symbol.asyncDispose]();
      },
    };
  };
}

interface Shared {
  readonly registry: Promise<Registry>;
  holders: number;
}

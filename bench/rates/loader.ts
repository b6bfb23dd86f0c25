import type { Digest } from "../../src/oci/digest.ts";

/** What both loaders read. */
export interface Content {
  readonly tags: readonly string[];
  readonly images: readonly { readonly manifest: Digest; readonly config: Digest }[];
}

/** Requests in flight. */
export const CONCURRENCY = 32;

/** What one loader reached, requests a second, and what a request cost it, microseconds of CPU. */
export interface Rates {
  readonly headPerSecond: number;
  readonly headMicroseconds: number;
  readonly readPerSecond: number;
  readonly readMicroseconds: number;
}

/** Reads everything once to warm up and once for the figures: tags by HEAD, then images by manifest and config. */
export async function measureLoader(
  { tags, images }: Content,
  loader: {
    readonly head: (tag: string) => Promise<unknown>;
    readonly read: (image: Content["images"][number]) => Promise<unknown>;
  },
): Promise<Rates> {
  await timed(tags, loader.head);
  const head = await timed(tags, loader.head);
  await timed(images, loader.read);
  const read = await timed(images, loader.read);
  return {
    headPerSecond: head.perSecond,
    headMicroseconds: head.microseconds,
    readPerSecond: read.perSecond * 2,
    readMicroseconds: read.microseconds / 2,
  };
}

async function timed<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<unknown>,
): Promise<{ readonly perSecond: number; readonly microseconds: number }> {
  const start = performance.now();
  const before = process.cpuUsage();
  const entries = items.values();
  const workers = Array.from({ length: CONCURRENCY }, async () => {
    for (const item of entries) await work(item);
  });
  await Promise.all(workers);
  const { user, system } = process.cpuUsage(before);
  return {
    perSecond: items.length / ((performance.now() - start) / 1000),
    microseconds: (user + system) / items.length,
  };
}

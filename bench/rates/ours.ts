import { openRegistry } from "../../adapters/default/adapter.ts";
import { readFacts } from "../../src/commands/facts.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { REPOSITORY, content } from "./content.ts";
import { CONCURRENCY, measureLoader } from "./loader.ts";

/** `ours.ts HOST`: as a cleanup reads, through the default adapter, with digests verified and JSON read. */
const [host = ""] = process.argv.slice(2);
await using http = openHttpClient({ userAgent: "bench", concurrency: CONCURRENCY });
await using registry = await openRegistry({
  host,
  http,
  credentials: { find: async () => undefined },
  env: {},
  options: {},
  sleep: async () => undefined,
  warn: () => undefined,
  now: () => new Date(),
});
const repository = { host, name: REPOSITORY };
const rates = await measureLoader(content(), {
  head: async (tag) => {
    const found = await registry.resolve({ ...repository, tag });
    if (found === undefined) throw new Error(`${tag} is not there`);
  },
  read: async ({ manifest }) => {
    const facts = await readFacts(registry, repository, { digest: manifest, config: true });
    if (facts.kind !== "image") throw new Error(`${manifest} is ${facts.kind}`);
  },
});
process.stdout.write(JSON.stringify(rates));

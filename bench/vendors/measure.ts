import { withFaults } from "../../contract-tests/fakes/faults.ts";
import { imageOf, seedContent } from "../../contract-tests/fakes/seed.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import { VENDORS } from "../../contract-tests/vendors/index.ts";
import type { Vendor } from "../../contract-tests/vendors/vendor.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { DeletionOutcome, TagOutcome } from "../../src/registry/registry.ts";
import type { Figure } from "../figure.ts";

const TAGS = 10_000;

/** Tags deleted where no budget says how many calls 10 000 may take. */
const SOME = 1000;

/** Requests that a listing of 10 000 tags may take, besides two for authorisation. Source: design, section 7. */
const LISTING_BUDGET: Readonly<Record<string, number>> = {
  ecr: 10,
  acr: 100,
  gcr: 1,
  github: 100,
  quay: 100,
  harbor: 100,
  dockerhub: 100,
};

/** Delete calls that 10 000 tags may take. Source: design, section 7. */
const DELETE_BUDGET: Readonly<Record<string, number>> = { ecr: 101 };

/** Counts, on every simulated registry, the requests of a listing of 10 000 tags and of a deletion. */
export async function measureVendors(): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const vendor of VENDORS) {
    process.stderr.write(`${vendor.id} …\n`);
    figures.push(...(await measureVendor(vendor)));
  }
  return figures;
}

async function measureVendor(vendor: Vendor): Promise<Figure[]> {
  let waited = 0;
  const now = (): Date => new Date(Date.now() + waited);
  const sleep = async (ms: number): Promise<void> => void (waited += ms);
  const simulation = vendor.simulate({ now: () => now().getTime() });
  let deletions = 0;
  let listings = 0;
  const counting = withFaults(simulation.registry, {
    when(request) {
      if (vendor.isDeletion(request)) deletions += 1;
      if (vendor.isListing(request)) listings += 1;
      return false;
    },
  });
  await using server = await counting.listen();
  const { host } = server;
  const { options, env, credentials } = simulation.access(host);
  await using http = openHttpClient({ userAgent: "bench", now, sleep });
  const { openRegistry, capabilities } = await vendor.load();
  await using registry = await openRegistry({
    host,
    http,
    credentials: { find: async () => credentials },
    options,
    env,
    now,
    sleep,
    warn: (message) => process.stderr.write(`${vendor.id}: ${message}\n`),
  });
  const repository = { host, name: simulation.repositoryName("shop") };
  const tags = seed(simulation.registry.state, repository.name);

  const listed = await Array.fromAsync(registry.listTags(repository));
  const requests = server.requests().length;
  if (listed.length !== TAGS) throw new Error(`${vendor.id} lists ${listed.length} tags`);
  const what = `${vendor.id}, simulated: ${TAGS} tags`;
  const listing = `${requests}, of them ${listings} pages`;
  const bound = LISTING_BUDGET[vendor.id];

  const most = DELETE_BUDGET[vendor.id];
  const going = most === undefined ? SOME : TAGS;
  await remove([...tags.keys()].slice(0, going));
  const left = repositoryIn(simulation.registry.state, repository.name).tags.size;
  if (left > TAGS - going) throw new Error(`${vendor.id} keeps ${left} tags`);
  const removal = `${deletions} of ${server.requests().length - requests} requests`;
  const deleted = `${vendor.id}, simulated: ${going} tags deleted, delete calls`;
  return [
    bound === undefined
      ? { work: `${what} listed`, figure: listing }
      : {
          work: `${what} listed`,
          figure: listing,
          budget: `≤ ${bound} + 2 for authorisation`,
          isMet: requests <= bound + 2,
        },
    most === undefined
      ? { work: deleted, figure: removal }
      : {
          work: deleted,
          figure: removal,
          budget: `≤ ${most}`,
          isMet: deletions <= most,
        },
  ];

  /** In batches as large as the record allows, the first of one, as a cleanup does. */
  async function remove(digests: readonly Digest[]): Promise<void> {
    const size = Math.max(10, capabilities.deletionBatchSize, capabilities.tagBatchSize);
    for (let at = 0; at < digests.length; at = at === 0 ? 1 : at + size) {
      const batch = digests.slice(at, at === 0 ? 1 : at + size);
      for await (const outcome of removeBatch(batch)) {
        if (outcome.status === "failed") throw outcome.error;
      }
    }
  }

  function removeBatch(batch: readonly Digest[]): AsyncIterable<DeletionOutcome | TagOutcome> {
    if (capabilities.manifestDeletion === "none") {
      const names = batch.flatMap((digest) => tags.get(digest) ?? []);
      return registry.deleteTags(repository, names);
    }
    return registry.deleteManifests(repository, batch, { tags });
  }
}

function seed(
  state: Parameters<typeof repositoryIn>[0],
  name: string,
): ReadonlyMap<Digest, readonly string[]> {
  const repository = repositoryIn(state, name);
  const tags = new Map<Digest, readonly string[]>();
  for (let at = 0; at < TAGS; at += 1) {
    const tag = `build-${String(at).padStart(5, "0")}`;
    tags.set(seedContent(repository, imageOf({ labels: { at: tag } }), [tag]), [tag]);
  }
  return tags;
}

import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assemble } from "../../contract-tests/fakes/distribution.ts";
import type { FakeRegistry } from "../../contract-tests/fakes/distribution.ts";
import { withFaults } from "../../contract-tests/fakes/faults.ts";
import { repositoryIn } from "../../contract-tests/fakes/state.ts";
import type { RepositoryState } from "../../contract-tests/fakes/state.ts";
import { learn } from "../../contract-tests/suite/harness.ts";
import { subjectOf } from "../../contract-tests/vendors/subject.ts";
import type { Simulation, Vendor, VendorAccess } from "../../contract-tests/vendors/vendor.ts";
import { openHttpClient } from "../../src/http/open-client.ts";
import { isDigest } from "../../src/oci/digest.ts";
import type { Digest } from "../../src/oci/digest.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { Credentials } from "../../src/registry/adapter.ts";
import type { Backend, CliAccess, SeedRepository } from "./backend.ts";
import type { Content } from "./content.ts";
import { readRepository } from "./reading.ts";

/** What a registry of this process lets be done to tags; the rest is asked of it. */
type Traits = Pick<Backend, "untags" | "lastTagTakesManifest" | "onlyMedia">;

/** Answers the traits of a vendor's record, its probes answered. */
export async function traitsOf(vendor: Vendor): Promise<Traits> {
  const { learned } = await learn(await subjectOf(vendor));
  const { tagDeletion, lastTagTakesManifest } = learned;
  return { untags: tagDeletion !== "none", lastTagTakesManifest };
}

/** Long before every stage of a scenario. Milliseconds. */
const LONG_AGO = 400 * 86_400_000;

/** Repositories of a simulated registry; the command line gets in as its users do. */
export async function openVendorBackend(vendor: Vendor, traits: Traits): Promise<Backend> {
  let behind = 0;
  let distance = LONG_AGO;
  const now = (): number => Date.now() - behind;
  const { registry, repositoryName, access, hinder } = vendor.simulate({ now });
  const dir = await mkdtemp(join(tmpdir(), "tidemark-docker-"));
  return openSimulated(registry, {
    ...traits,
    repositoryName,
    accessTo: (host) => accessTo(vendor.id, host, access(host), dir),
    pushNow: () => void (distance = 0),
    async longAgo(work) {
      behind = distance;
      try {
        return await work();
      } finally {
        behind = 0;
      }
    },
    look: (repository) => look(vendor, access(repository.host), repository, now),
    ...(hinder === undefined ? {} : { hinder }),
    close: () => rm(dir, { recursive: true, force: true }),
  });
}

/** Lists a repository, so that its registry has seen what is in it. */
async function look(
  vendor: Vendor,
  { options, env, credentials }: VendorAccess,
  repository: Repository,
  now: () => number,
): Promise<void> {
  await using http = openHttpClient({ userAgent: "tidemark-scenario" });
  const { openRegistry } = await vendor.load();
  await using registry = await openRegistry({
    host: repository.host,
    http,
    credentials: { find: async () => credentials },
    options,
    env,
    now: () => new Date(now()),
    sleep: () => Promise.resolve(),
    warn: () => undefined,
  });
  await Array.fromAsync(registry.listTags(repository));
  if (registry.capabilities.untaggedListing) {
    await Array.fromAsync(registry.listManifests(repository));
  }
}

export interface SimulatedOptions extends Traits {
  readonly repositoryName?: (short: string) => string;
  readonly accessTo?: (host: string) => Promise<CliAccess>;
  /** Works while the registry's clock stands far back. */
  readonly longAgo?: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly pushNow?: () => void;
  /** Makes a registry that remembers when it saw something first see all that is there. */
  readonly look?: (repository: Repository) => Promise<void>;
  readonly hinder?: NonNullable<Simulation["hinder"]>;
  readonly close?: () => Promise<void>;
}

/** Repositories of a registry of this process, seeded and read behind its back. */
export async function openSimulated(
  registry: FakeRegistry,
  {
    repositoryName = (short) => `scenarios/${short}`,
    accessTo,
    longAgo = (work) => work(),
    look: lookAt = async () => undefined,
    hinder,
    pushNow,
    close,
    ...traits
  }: SimulatedOptions,
): Promise<Backend> {
  let door = registry.handle;
  const server = await assemble({ ...registry, gate: registry }, (request) =>
    door(request),
  ).listen();
  const access = await accessTo?.(server.host);
  return {
    ...traits,
    ...(access === undefined ? {} : { access }),
    async createRepository(short) {
      const { host } = server;
      const name = repositoryName(short);
      const seeded = seedRepository(`${host}/${name}`, repositoryIn(registry.state, name));
      return {
        ...seeded,
        push: (content, tag) => longAgo(() => seeded.push(content, tag)),
        remove: (tag) => longAgo(() => seeded.remove(tag)),
        settle: () => longAgo(() => lookAt({ host, name })),
        ...(hinder === undefined
          ? {}
          : {
              hinder: ({ digest }: Content, tag: string) =>
                hinder(name, { digest: known(digest), tag }),
            }),
      };
    },
    ...(pushNow === undefined ? {} : { pushNow }),
    trouble(rules) {
      door = withFaults(registry, ...rules).handle;
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await close?.();
    },
  };
}

function seedRepository(address: string, state: RepositoryState): SeedRepository {
  const { manifests, tags, blobs } = state;
  return {
    address,
    async push(content, tag) {
      store(content);
      if (tag !== undefined) tags.set(tag, known(content.digest));
    },
    async remove(tag) {
      const digest = tags.get(tag);
      if (digest !== undefined) manifests.delete(digest);
      tags.delete(tag);
    },
    read: () =>
      readRepository({
        tags: async () => new Map(tags),
        manifest: async (reference) => manifests.get(digestOf(reference))?.bytes,
        blob: async (digest) => blobs.get(known(digest)),
      }),
  };

  function digestOf(reference: string): Digest {
    return isDigest(reference) ? reference : known(tags.get(reference) ?? reference);
  }

  function store(content: Content): void {
    for (const child of content.children) store(child);
    for (const { digest, bytes } of content.blobs) blobs.set(known(digest), bytes);
    const { digest, mediaType, bytes } = content;
    manifests.set(known(digest), { mediaType, bytes });
  }
}

function known(digest: string): Digest {
  if (isDigest(digest)) return digest;
  throw new Error(`${digest} is no digest`);
}

/** The options of an adapter as the command line takes them, and a docker configuration. */
async function accessTo(
  id: string,
  host: string,
  { options, env, credentials }: VendorAccess,
  dir: string,
): Promise<CliAccess> {
  const given = Object.entries(options).flatMap(([name, value]) =>
    value === "true" ? [`--repo-${name}`] : [`--repo-${name}`, value],
  );
  await mkdir(dir, { recursive: true });
  const auths = credentials === undefined ? {} : { [host]: entryOf(credentials) };
  await writeFile(join(dir, "config.json"), JSON.stringify({ auths }));
  return {
    args: ["--repo-implementation", id, "--docker-config", dir, ...given],
    env,
  };
}

/** Source: docker's config.json, `auths`. */
function entryOf(credentials: Credentials): object {
  switch (credentials.kind) {
    case "password": {
      const { username, password } = credentials;
      return { auth: Buffer.from(`${username}:${password}`).toString("base64") };
    }
    case "identity-token":
      return { identitytoken: credentials.token };
    case "bearer-token":
      return { registrytoken: credentials.token };
  }
}

import { openWire } from "../../src/distribution/open-distribution.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import { RegistryError } from "../../src/registry/error.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import { createClient, findApi } from "./client.ts";
import type { Client, Component, Send } from "./client.ts";
import { readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** One host's images, and the API that knows them. */
export interface Images {
  readonly context: AdapterContext;
  readonly settings: Settings;
  readonly wire: Wire;
  /** What a listing found, by `host/name` and tag: a hint where to look, which may be out of date. */
  readonly listed: Map<string, ReadonlyMap<string, Component>>;
  /** Rejects with `unsupported` where the host has no API and no other address was named. */
  client(name: string, options?: CallOptions): Promise<Client>;
  /** Rejects with `unsupported` too where nobody knows which repository of Nexus is meant. */
  open(repository: Repository, options?: CallOptions): Promise<Image>;
}

/** One image as the API sees it. */
export interface Image {
  readonly repository: Repository;
  /** `host/name`. */
  readonly text: string;
  /** Name of the repository of Nexus. */
  readonly store: string;
  /** Name of the image in it. */
  readonly name: string;
  readonly client: Client;
}

const FORMATS: readonly (string | undefined)[] = ["docker", "oci"];

export function openImages(given: AdapterContext): Images {
  const settings = readSettings(given);
  const own = settings.credentials;
  const context: AdapterContext =
    own === undefined ? given : { ...given, credentials: { find: async () => own } };
  const { host } = context;
  const wire = openWire(context);
  const clients = new Map<string, Client>();
  const formats = new Map<string, string | undefined>();
  let api: Promise<Send | undefined> | undefined;

  return {
    context,
    settings,
    wire,
    listed: new Map(),
    client,
    async open(repository, options = {}) {
      const opened = await client(repository.name, options);
      const text = formatRepository(repository);
      const place =
        (await placeBySetting(opened, repository, options)) ??
        (await placeByPath(opened, repository, options));
      return { repository, text, client: opened, ...place };
    },
  };

  async function client(name: string, options: CallOptions = {}): Promise<Client> {
    options.signal?.throwIfAborted();
    api ??= findApi(context, wire, settings, options).catch((error: unknown) => {
      api = undefined; // The next call may have more luck.
      throw error;
    });
    const send = await api;
    if (send === undefined) {
      throw new RegistryError(
        "unsupported",
        `${host}: cannot use the API of Nexus: unsupported (this address serves images only)`,
        { hint: "Name the address of Nexus itself with --repo-nexus-api-url." },
      );
    }
    const known = clients.get(name) ?? createClient(context, send, name);
    clients.set(name, known);
    return known;
  }

  /**
   * Where the address shows the repository all the same, the rest of it is the image, unless there is an image of the whole
   * name. With both, a guess could remove the tags of the other one.
   */
  async function placeBySetting(
    opened: Client,
    repository: Repository,
    options: CallOptions,
  ): Promise<Pick<Image, "store" | "name"> | undefined> {
    const { name } = repository;
    const store = settings.repository;
    if (store === undefined) return undefined;
    if (!name.startsWith(`${store}/`)) return { store, name };
    const rest = name.slice(store.length + 1);
    if (!(await hasImage(opened, { store, name }, repository, options))) {
      return { store, name: rest };
    }
    if (!(await hasImage(opened, { store, name: rest }, repository, options))) {
      return { store, name };
    }
    throw new RegistryError(
      "unsupported",
      `${host}: cannot tell which image ${formatRepository(repository)} is: unsupported (the repository "${store}" has the images ${name} and ${rest})`,
      { hint: "Where the address shows the repository, leave --repo-nexus-repository out." },
    );
  }

  async function hasImage(
    opened: Client,
    { store, name }: Pick<Image, "store" | "name">,
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<boolean> {
    const query = new URLSearchParams({ repository: store, name });
    const purpose = { verb: "find the image", reference: formatRepository(repository), signal };
    const path = `/service/rest/v1/search?${query.toString()}`;
    for await (const one of opened.components(path, purpose)) {
      if (one.repository === store && one.image === name) return true;
    }
    return false;
  }

  /** `<host>/<repository>/<image>`, when there is a repository of that name. */
  async function placeByPath(
    opened: Client,
    repository: Repository,
    { signal }: CallOptions,
  ): Promise<Pick<Image, "store" | "name">> {
    const [store = "", ...rest] = repository.name.split("/");
    const text = formatRepository(repository);
    if (rest.length > 0 && !formats.has(store)) {
      const purpose = { verb: "find the repository of", reference: text, signal };
      formats.set(store, await opened.formatOf(store, purpose));
    }
    if (rest.length > 0 && FORMATS.includes(formats.get(store))) {
      return { store, name: rest.join("/") };
    }
    throw new RegistryError(
      "unsupported",
      `${host}: cannot tell the repository of ${text}: unsupported ("${store}" is none that this user may browse)`,
      {
        hint: "Where host or port stand for a repository, name it with --repo-nexus-repository.",
      },
    );
  }
}

import { openWire } from "../../src/distribution/open-distribution.ts";
import type { Wire } from "../../src/distribution/open-distribution.ts";
import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import type { AdapterContext } from "../../src/registry/adapter.ts";
import type { CallOptions } from "../../src/registry/registry.ts";
import { findAddressing, placeOf } from "./address.ts";
import type { Addressing, Place } from "./address.ts";
import { createClient } from "./client.ts";
import type { Client } from "./client.ts";
import { readSettings } from "./settings.ts";
import type { Settings } from "./settings.ts";

/** One host's images, and the API that knows them. */
export interface Images {
  readonly context: AdapterContext;
  readonly settings: Settings;
  readonly wire: Wire;
  /** Sends one request at most, the first time. */
  addressing(options?: CallOptions): Promise<Addressing>;
  open(repository: Repository, options?: CallOptions): Promise<Image>;
}

/** One image as the API sees it. */
export interface Image {
  readonly repository: Repository;
  /** `host/name`. */
  readonly text: string;
  readonly place: Place;
  readonly client: Client;
}

export function openImages(given: AdapterContext): Images {
  const settings = readSettings(given);
  const own = settings.credentials?.registry;
  const context: AdapterContext =
    own === undefined ? given : { ...given, credentials: { find: async () => own } };
  const wire = openWire(context);
  const clients = new Map<string, Client>();
  let known: Promise<Addressing> | undefined;

  return {
    context,
    settings,
    wire,
    addressing,
    async open(repository, options) {
      const found = await addressing(options);
      const place = placeOf(found, repository);
      const { name } = repository;
      const client =
        clients.get(name) ?? createClient({ context, wire, settings, addressing: found, name });
      clients.set(name, client);
      return { repository, text: formatRepository(repository), place, client };
    },
  };

  function addressing(options: CallOptions = {}): Promise<Addressing> {
    options.signal?.throwIfAborted();
    known ??= findAddressing(context, wire.origin, settings, options).catch((error: unknown) => {
      known = undefined; // The next call may have more luck.
      throw error;
    });
    return known;
  }
}

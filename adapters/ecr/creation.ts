import { formatRepository } from "../../src/oci/reference.ts";
import type { Repository } from "../../src/oci/reference.ts";
import { RegistryError, isRegistryError } from "../../src/registry/error.ts";
import type { Registry } from "../../src/registry/registry.ts";
import type { CallPurpose, EcrClient } from "./client.ts";
import type { Names } from "./names.ts";

export interface PushParts {
  readonly client: EcrClient;
  readonly names: Names;
  readonly base: Pick<Registry, "putBlob" | "putManifest" | "resolve">;
  /** Whether a repository that a push does not find is made. */
  readonly isAsked: boolean;
}

type Push = Pick<Registry, "putBlob" | "putManifest" | "createRepository">;

/** Up to here the bytes of a blob are kept for a second try: `putBlob` reads those before it asks for an upload. */
const MAX_HELD_BYTES = 1024 * 1024;

/** Pushes that make their repository where that was asked for, and that tell an immutable tag from a malformed one. */
export function createPush({ client, names, base, isAsked }: PushParts): Push {
  /** By repository name. */
  const made = new Map<string, Promise<void>>();

  return {
    async createRepository(repository, { signal } = {}) {
      signal?.throwIfAborted();
      await make(repository, signal);
    },

    async putBlob(repository, blob, content, options = {}) {
      const again =
        isAsked && blob.size <= MAX_HELD_BYTES && !("open" in content)
          ? replayable(content)
          : () => content;
      await inRepository(repository, options.signal, () =>
        base.putBlob(repository, blob, again(), options),
      );
    },

    async putManifest(reference, body, options = {}) {
      try {
        return await inRepository(reference, options.signal, () =>
          base.putManifest(reference, body, options),
        );
      } catch (error) {
        if (!isRegistryError(error) || error.registryCode !== "TAG_INVALID") throw error;
        if ((await base.resolve(reference, options)) === undefined) throw error;
        throw immutable(error);
      }
    },
  };

  async function inRepository<Answer>(
    repository: Repository,
    signal: AbortSignal | undefined,
    push: () => Promise<Answer>,
  ): Promise<Answer> {
    try {
      return await push();
    } catch (error) {
      if (!isRegistryError(error, "not-found") || error.registryCode !== "NAME_UNKNOWN")
        throw error;
      if (!isAsked) throw unmade(error);
      await make(repository, signal);
      return push();
    }
  }

  function make(repository: Repository, signal: AbortSignal | undefined): Promise<void> {
    const { host, name } = repository;
    const known =
      made.get(name) ??
      create({ host, name }, signal).catch((error: unknown) => {
        made.delete(name);
        throw error;
      });
    made.set(name, known);
    return known;
  }

  async function create(repository: Repository, signal: AbortSignal | undefined): Promise<void> {
    const what: CallPurpose = { verb: "create", reference: formatRepository(repository), signal };
    const input = await names.toApi(repository, what);
    try {
      await client.call(what, (api, options) => api.createRepository(input, options));
    } catch (error) {
      const isThere =
        isRegistryError(error) && error.registryCode === "RepositoryAlreadyExistsException";
      if (!isThere) throw error;
    }
  }
}

/** The same chunks each time it is asked, as far as they were read; the rest from the source. */
function replayable(content: AsyncIterable<Uint8Array>): () => AsyncIterable<Uint8Array> {
  const read: Uint8Array[] = [];
  const source = content[Symbol.asyncIterator]();
  return async function* replay() {
    yield* read;
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      read.push(next.value);
      yield next.value;
    }
  };
}

function unmade(error: RegistryError): RegistryError {
  return new RegistryError(error.code, error.message, {
    ...detailsOf(error),
    hint: "A repository has to be made before the first push: do so, or ask for it with create-repositories.",
  });
}

function immutable(error: RegistryError): RegistryError {
  return new RegistryError("conflict", error.message.replace(": invalid (", ": conflict ("), {
    ...detailsOf(error),
    hint: "Tags of this repository are immutable.",
  });
}

function detailsOf({ status, registryCode, cause }: RegistryError): {
  readonly status?: number;
  readonly registryCode?: string;
  readonly cause?: unknown;
} {
  return {
    ...(status === undefined ? {} : { status }),
    ...(registryCode === undefined ? {} : { registryCode }),
    cause,
  };
}

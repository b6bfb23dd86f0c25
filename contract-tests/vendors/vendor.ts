import type { Digest } from "../../src/oci/digest.ts";
import type {
  AdapterModule,
  AdapterOptionValues,
  Credentials,
} from "../../src/registry/adapter.ts";
import type { FakeRegistry } from "../fakes/distribution.ts";
import type { FakeRequest } from "../fakes/message.ts";

/**
 * A registry of one implementation, simulated by a strict program, with all that is needed to reach it: for the
 * contract, the scenarios and the measurements alike.
 */
export interface Vendor {
  /** As in the adapter table. */
  readonly id: string;
  readonly load: () => Promise<AdapterModule>;
  /** A fresh, empty registry. */
  readonly simulate: (options?: SimulationOptions) => Simulation;
  /** More tags than this do not fit into one page of the adapter's listing; `SimulationOptions.pageSize` sets it. */
  readonly pages: boolean;
  /** Which request lists tags, so that a fault can hit it. */
  readonly isListing: (request: FakeRequest) => boolean;
  /** Which request removes a tag or a manifest, so that a fault can hit it. */
  readonly isDeletion: (request: FakeRequest) => boolean;
  /** Which request may change something. Absent: every one but GET and HEAD; listings by POST have to be told apart. */
  readonly isWrite?: (request: FakeRequest) => boolean;
}

export interface SimulationOptions {
  /** Milliseconds since the epoch. Default: the clock. Limits by the hour and lifetimes of tokens look at it. */
  readonly now?: () => number;
  /** Most tags of a page, below the registry's own maximum; default: that maximum. */
  readonly pageSize?: number;
}

export interface Simulation {
  /** Answers `/v2/` and the registry's own API; counts every request. Its `state` is what it holds. */
  readonly registry: FakeRegistry;
  /**
   * A repository's full name for a short one like `shop` or `shop/api`, valid for this registry, with everything made
   * that has to be there before the first push: a project, a namespace, the repository itself.
   */
  readonly repositoryName: (short: string) => string;
  /**
   * Makes the registry refuse to delete a manifest and its tag, by a rule of its own: a lock, a protected tag, too many
   * downloads. Absent: it has no such rule.
   */
  readonly hinder?: (
    repository: string,
    item: { readonly digest: Digest; readonly tag: string },
  ) => void;
  /** How a user gets in, given the `host:port` that the registry listens on. */
  readonly access: (host: string) => VendorAccess;
}

export interface VendorAccess {
  /** The adapter's options. */
  readonly options: AdapterOptionValues;
  readonly env: Readonly<Record<string, string>>;
  /** What docker's configuration holds for the host; absent: the options are enough. */
  readonly credentials?: Credentials;
  /** Everything above that must never be seen in an error or a log. */
  readonly secrets: readonly string[];
}

import type { FaultRule } from "../../contract-tests/fakes/faults.ts";
import type { Content, Media } from "./content.ts";
import type { RunCli } from "./run-cli.ts";

/** A kind of registry the scenarios run on; filled and read without the product. */
export interface Backend extends AsyncDisposable {
  /** Whether a tag can go while its manifest stays. Otherwise such a tag is left, reason `shared-digest`. */
  readonly untags: boolean;
  /** Whether a manifest goes with its last tag, so that such a tag stays while the manifest does. Default: no. */
  readonly lastTagTakesManifest?: boolean;
  /** Default: in a process of its own. */
  readonly run?: RunCli;
  /** The one format it takes. Absent: it takes what a scenario says. */
  readonly onlyMedia?: Media | undefined;
  /** How the command line gets in. Absent: `--insecure-registry`, without credentials. */
  readonly access?: CliAccess;
  /** An empty repository of its own. */
  createRepository(name: string): Promise<SeedRepository>;
  /** From now on what is pushed is of now, where the registry tells such times. Absent: it tells none. */
  pushNow?(): void;
  /** Answers like this from now on. Absent where faults cannot be put in front. */
  trouble?(rules: readonly FaultRule[]): void;
}

export interface CliAccess {
  readonly args: readonly string[];
  /** Added to the environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface SeedRepository {
  /** What `--repo` takes. */
  readonly address: string;
  push(content: Content, tag?: string): Promise<void>;
  /** Removes a tag whose manifest nothing else names. */
  remove(tag: string): Promise<void>;
  /** Called when all is pushed: makes it look long there, where the registry remembers when it saw something first. */
  settle?(): Promise<void>;
  /** Makes the registry refuse to delete a manifest and its tag, by a rule of its own. Absent: it has none. */
  hinder?(content: Content, tag: string): void;
  /** Every tag with its manifest's digest and labels, and what below it cannot be fetched. */
  read(): Promise<RepositoryReading>;
}

export interface RepositoryReading {
  readonly digests: ReadonlyMap<string, string>;
  /** One line each. */
  readonly broken: readonly string[];
  /** The bytes of the config of a tag; rejects when there is none. */
  config(tag: string): Promise<Uint8Array>;
  /** Whether a manifest is there now, by its digest. */
  holds(digest: string): Promise<boolean>;
}

import type { Repository } from "../oci/reference.ts";
import type { Registry } from "../registry/registry.ts";

/** What opening a source needs. */
export interface SourceDeps {
  /**
   * The registry of a repository, directories included; a source does not dispose it, and needs it until it is disposed
   * itself.
   */
  openRegistry(repository: Repository): Promise<Registry>;
  /** Makes a path absolute. */
  resolvePath(path: string): string;
  /** Where archives are unpacked that cannot be read at any place: a directory that is there. */
  readonly tempDir: string;
  /** Sentences for people. */
  readonly warn: (message: string) => void;
  readonly signal: AbortSignal;
}

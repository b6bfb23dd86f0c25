import { basename, dirname, relative, resolve } from "node:path";

import type { DefinedImages } from "../config/image-names.ts";
import { openGit } from "../git/open.ts";
import type { OpenGitOptions } from "../git/open.ts";
import type { FileAt } from "../git/files.ts";

/** Where a project's configuration is looked for in a commit. */
export interface ImageNamesRequest {
  /** Hex ids. */
  readonly commits: readonly string[];
  /** The configuration file of this run. */
  readonly configPath: string;
}

const TIDEMARK = ["tidemark.yaml", "tidemark.yml"];
const WERF = ["werf.yaml", "werf.yml"];

/** The image names that the configuration defines at each commit; a commit without any is left out. */
export async function readImageNames(
  dir: string,
  { commits, configPath }: ImageNamesRequest,
  options: OpenGitOptions,
): Promise<ReadonlyMap<string, DefinedImages>> {
  const { definedImages } = await import("../config/image-names.ts");
  const git = await openGit(dir, options);
  const given = givenName(resolve(dir), resolve(configPath));
  const isOurs = given !== undefined && basename(given).startsWith("tidemark");
  const names = {
    tidemark: isOurs ? [given, ...TIDEMARK] : TIDEMARK,
    werf: given === undefined || isOurs ? WERF : [given, ...WERF],
  };
  const files = await git.readFiles({ commits, names: [...names.tidemark, ...names.werf] });
  const found = new Map<string, DefinedImages>();
  for (const [commit, byName] of files) {
    const first = (candidates: readonly string[]): FileAt | undefined =>
      candidates.map((name) => byName.get(name)).find((file) => file?.kind !== "absent");
    const [tidemark, werf] = [first(names.tidemark), first(names.werf)];
    const unreadable = [tidemark, werf].find((file) => file?.kind === "unreadable");
    if (unreadable?.kind === "unreadable") {
      found.set(commit, { kind: "unknown", why: unreadable.why });
      continue;
    }
    const images = definedImages({ tidemark: textOf(tidemark), werf: textOf(werf) });
    if (images !== undefined) found.set(commit, images);
  }
  return found;
}

/** A configuration below the project's directory that has a name of its own; `undefined` for any other. */
function givenName(dir: string, path: string): string | undefined {
  const name = relative(dir, path);
  const isUsual = dirname(path) === dir && [...TIDEMARK, ...WERF].includes(basename(path));
  return isUsual || name.startsWith("..") ? undefined : name;
}

function textOf(file: FileAt | undefined): string | undefined {
  return file?.kind === "file" ? file.text : undefined;
}

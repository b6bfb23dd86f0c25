import { join } from "node:path";

import { DIRECTORY_HOST } from "../oci/reference.ts";
import type { Repository } from "../oci/reference.ts";
import type { Environment } from "./environment.ts";
import { stageDirectory } from "./state-directory.ts";

/** The stages that a project keeps on this machine, what `:local` stands for. */
export interface LocalStages {
  readonly project: string;
  /** A directory in OCI layout. */
  readonly repository: Repository;
  /** The file that says where they went; absent until they went somewhere. */
  readonly blockPath: string;
}

/** Where a project keeps its stages on this machine: `$XDG_STATE_HOME/tidemark/stages/<project>`. */
export function localStagesOf(env: Environment, project: string): LocalStages {
  const directory = stageDirectory(env);
  return {
    project,
    repository: { host: DIRECTORY_HOST, name: join(directory, project) },
    blockPath: join(directory, `${project}.moved.json`),
  };
}

import type { Because } from "../engine/cleanup/decision.ts";
import type { Reason } from "../engine/cleanup/reason.ts";

/** A reason as words for one line. */
export function describeReason(reason: Reason): string {
  switch (reason.kind) {
    case "git-policy": {
      const image = reason.image === "" ? "the nameless image" : `image ${reason.image}`;
      const commit = reason.commit.slice(0, 12);
      return `keep policy ${reason.policy + 1}: ${reason.reference} has ${image} at commit ${commit}`;
    }
    case "git-policy-more":
      return reason.count === 1
        ? "and 1 more reference keeps it"
        : `and ${reason.count} more references keep it`;
    case "built-recently":
      return `built at ${reason.builtAt}, within the last ${reason.hours} hours`;
    case "unknown-commit":
      return `its commit ${reason.commit.slice(0, 12)} is not in this clone, and the remote was not asked`;
    case "keep-list":
      return "the keep list names it";
    case "in-use": {
      const { cluster, namespace, object, container, image } = reason;
      const place = namespace === "" ? "" : `, namespace ${namespace}`;
      return `${object} uses it as ${image} (${container}) in cluster ${cluster}${place}`;
    }
    case "in-use-more":
      return reason.count === 1
        ? "and 1 more place uses it"
        : `and ${reason.count} more places use it`;
    case "lease":
      return `${reason.holder} said that it is about to use it, until ${reason.until}`;
    case "primary":
      return `copy of ${reason.of}, which stays`;
    case "index-child":
      return `child of the index ${reason.of}`;
    case "ancestor":
      return `ancestor of ${reason.of}`;
    case "import-source":
      return `${reason.of} imports files from it`;
    case "import-record":
      return `tells where an import of ${reason.of} came from`;
    case "dependency":
      return `${reason.of} depends on it`;
    case "subject":
      return `${reason.of} is about it`;
    case "referrer":
      return `is about ${reason.of}`;
    case "custom-tag":
      return `custom tag of ${reason.of}, which stays`;
    case "moved":
      return `was moved away from ${reason.of}, so it is not ours to remove`;
    case "record":
      return `record of ${reason.of}, which stays`;
    case "last-record":
      return `newest record of ${reason.of}, which stays and keeps one record`;
    case "rejected-but-needed":
      return `marks ${reason.of}, which is still needed`;
    case "rule":
      return `${reason.rule} keeps it: it is ${reason.because}`;
    case "undecided":
      return `${reason.rule} claims it and does not decide about it: ${reason.because}`;
    case "service":
      return "a service record, which cleanup leaves alone";
    case "foreign":
      return "none of this project's stages, records and custom tags, so it is left alone";
    case "untagged":
      return "no tag names it, and such manifests were not asked to go";
    case "unknown-age":
      return "nobody knows when it was pushed, and doubt keeps";
    case "unreadable":
      return "cannot be read, and doubt keeps";
    case "shared-digest":
      return `the registry cannot remove it without ${reason.of}`;
    case "not-in-plan":
      return "the plan does not name it";
    case "cleanup-disabled":
      return "cleanup is switched off";
  }
}

/** Why a tag goes, as words for one line. */
export function describeBecause(because: Because): string {
  switch (because) {
    case "unneeded":
      return "nothing needs it";
    case "rejected":
      return "it is marked as rejected, and nothing kept needs it";
    case "stage-gone":
      return "its stage goes or is gone";
    case "source-gone":
      return "the stage it tells of goes or is gone";
    case "subject-gone":
      return "what it is about goes";
    case "untagged":
      return "no tag names it, nothing that stays leads to it, and it is old enough";
    case "orphan":
      return "what it is about is not there";
    case "unknown-commit":
      return "its commit is in no reference's history";
    case "retired":
      return "no reference defines an image of this name any more";
    case "asked":
      return "it was asked for";
    case "purged":
      return "everything of the project is to go";
    case "unknown-image":
      return "its image name is not known to the project";
    case "journal-old":
      return "it is older than --journal-keep";
    case "lease-over":
      return "its time is up, or its process is dead";
    case "superseded":
      return "a newer record of its stage serves, or no reference needs it";
  }
}
